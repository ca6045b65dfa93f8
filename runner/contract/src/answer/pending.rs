//! `pending`: answers that say that something goes on, and how to ask again.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};

use crate::answer::alternative::Alternative;
use crate::answer::document::{Look, Scope};
use crate::answer::place::Place;
use crate::given::Given;
use crate::value::Value;

/// How long a value for a poll may be.
const LONGEST_HANDLE: usize = 2048;

/// What says that a request is not over, and which request asks for its end.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pending {
    /// The answers that say so: a status and conditions.
    #[schemars(example = &"202")]
    pub status: Alternative,
    /// The request that asks again, a read; its answers are judged as those of the request that is not over.
    #[schemars(example = &"operation")]
    pub request: String,
    /// Its parameters of kind `answer`, each from a place in the answer.
    #[serde(default)]
    #[schemars(example = serde_json::json!({ "handle": "/id" }))]
    pub with: BTreeMap<String, Place>,
    /// How long to wait before each time, from `100ms` to `60s`; longer where the service asks for it.
    #[serde(default = "one_second", deserialize_with = "wait")]
    #[schemars(with = "String", extend("default" = "1s"), example = &"2s")]
    pub every: Duration,
}

fn one_second() -> Duration {
    Duration::from_secs(1)
}

fn wait<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    let units = [("ms", 1), ("s", 1000), ("m", 60_000)];
    let (number, scale) =
        units.iter().find_map(|(unit, scale)| Some((text.strip_suffix(unit)?, *scale))).unwrap_or_default();
    let ms = number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(scale))
        .filter(|ms| (100..=60_000).contains(ms));
    ms.map(Duration::from_millis)
        .ok_or_else(|| de::Error::custom("`every` is no time from 100ms to 60s; write one such as \"1s\""))
}

/// What a poll sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poll {
    /// The parameters, by name.
    pub with: BTreeMap<String, Value>,
}

impl Pending {
    /// Whether an answer says that it is not over.
    pub(super) fn holds(&self, status: u16, scope: Scope<'_>, given: &dyn Given) -> bool {
        self.status.holds(status, scope, given)
    }

    /// What the next poll sends: of this answer, or else what the last one sent.
    pub(super) fn poll(
        &self,
        scope: Scope<'_>,
        given: &dyn Given,
        last: Option<&Poll>,
    ) -> Result<Poll, String> {
        let mut with = BTreeMap::new();
        for (name, place) in &self.with {
            let found = match scope.look(place, given) {
                Ok(Look::One(found)) => found.filter(|found| !found.is_empty()),
                _ => None,
            };
            let handle = match (found, last.and_then(|last| last.with.get(name))) {
                (Some(found), _) => found,
                (None, Some(last)) => last.clone(),
                (None, None) => {
                    return Err(format!(
                        "it goes on, but says no `{name}` (`{place}`) to ask for its end with"
                    ));
                }
            };
            let is_handle = handle
                .to_text()
                .is_ok_and(|text| text.len() <= LONGEST_HANDLE && !text.chars().any(char::is_control));
            if !is_handle {
                return Err(format!(
                    "it goes on, but its `{name}` (`{place}`) is no text to ask for its end with"
                ));
            }
            with.insert(name.clone(), handle);
        }
        Ok(Poll { with })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(toml: &str) -> Result<Pending, String> {
        toml::from_str(toml).map_err(|error| error.to_string())
    }

    #[test]
    fn pending_is_read() {
        let pending = pending(
            "status = '202'\nrequest = 'statement'\nwith = { handle = '/statementHandle' }\nevery = '250ms'",
        )
        .unwrap();
        assert_eq!(pending.every, Duration::from_millis(250));
        assert_eq!(pending.with.len(), 1);
        let minute = self::pending("status = '202'\nrequest = 's'\nevery = '1m'").unwrap();
        assert_eq!(minute.every, Duration::from_mins(1));
    }

    #[test]
    fn what_does_not_fit_is_refused_with_a_mend() {
        for (toml, part) in [
            ("request = 's'", "missing field `status`"),
            ("status = '202'", "missing field `request`"),
            ("status = '202'\nrequest = 's'\nevery = '1'", "\"1s\""),
            ("status = '202'\nrequest = 's'\nevery = '1ms'", "\"1s\""),
            ("status = '202'\nrequest = 's'\nevery = '2m'", "\"1s\""),
            ("status = '202'\nrequest = 's'\nwith = { a = 'b' }", "`/pointer`"),
            ("status = '202'\nrequest = 's'\nuntil = '3'", "unknown field"),
        ] {
            let error = pending(toml).unwrap_err();
            assert!(error.contains(part), "{toml}: {error}");
        }
    }
}
