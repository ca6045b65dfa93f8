//! What there is, from which a request is made.

use serde_json::Value;

use super::RequestError;
use crate::cli::SetValue;
use crate::model::{Field, FieldView, Place, Record, RecordUid, Role, Twice, is_secret_kind};
use crate::secret::Secret;

/// What there is, from which a request is made.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// The record to rotate.
    pub target_uid: &'a str,
    /// The PAM configuration, where the gateway named one.
    pub provider_uid: Option<&'a str>,
    /// All records at hand, fresh where the vault has them.
    pub records: &'a [Record],
    /// The option that gives `sets`, as people know it: `--set` or `--deliver`.
    pub option: &'a str,
    /// What that gave, in the order given; the last one of a key counts.
    pub sets: &'a [(String, SetValue)],
    /// `[[plugin]] settings` of the configuration file.
    pub config: &'a [(String, SetValue)],
    /// `[[plugin]] lock`: settings that a record may not override.
    pub locked: &'a [String],
    /// The password that the gateway proposes.
    pub new_password: Option<&'a Secret>,
    /// The password that the gateway replaces.
    pub old_password: Option<&'a Secret>,
}

impl Sources<'_> {
    /// The target.
    ///
    /// # Errors
    /// It is not there.
    pub(super) fn target(&self) -> Result<&Record, RequestError> {
        let target = self.records.iter().find(|record| record.uid == self.target_uid);
        target.ok_or_else(|| RequestError::NoTarget { uid: self.target_uid.to_owned() })
    }

    /// All but the target, in their order.
    pub(super) fn others(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(|record| record.uid != self.target_uid)
    }

    /// Why a record is here.
    pub(super) fn role(&self, record: &Record) -> Role {
        if record.uid == self.target_uid {
            Role::Target
        } else if Some(record.uid.as_str()) == self.provider_uid {
            Role::Provider
        } else {
            Role::Attached
        }
    }
}

/// Two fields of one label, one place and one type: which one a plugin should be given, nobody can tell.
pub(super) fn told_apart_by_nothing(record: &Record, name: &str) -> Option<Twice> {
    let twice = |place| record.only_field_in(place, name, "").err();
    let is_same = |twice: &Twice| {
        let [(_, one), (_, other)] = &twice.at;
        one == other
    };
    [Place::Standard, Place::Custom].into_iter().filter_map(twice).find(is_same)
}

/// The field as the plugin is given it, under this name.
pub(super) fn copy(field: &FieldView<'_>, name: &str) -> Field {
    let values = || field.values.iter().filter(|value| !value.is_null());
    Field {
        place: field.place,
        label: name.to_owned(),
        // What Keeper hides is a hidden field, for whoever is told no more than its type.
        kind: if field.is_screened && !is_secret_kind(field.kind) { "secret" } else { field.kind }.to_owned(),
        values: values().map(|value| Secret::new(text(value))).collect(),
        json: values().all(|value| !value.is_string()),
    }
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Lists the records to read fresh: the target, then the others of the params, then the PAM
/// configuration; each once.
pub fn wanted_uids<'a>(
    target: &str,
    others: impl IntoIterator<Item = &'a str>,
    provider: Option<&'a str>,
) -> Vec<RecordUid> {
    let mut wanted = vec![target.to_owned()];
    for uid in others.into_iter().chain(provider) {
        if !wanted.iter().any(|known| known == uid) {
            wanted.push(uid.to_owned());
        }
    }
    wanted
}

/// Records alone: the target is `t`, and the PAM configuration `p`.
#[cfg(test)]
pub(super) fn records_alone(records: &[Record]) -> Sources<'_> {
    Sources {
        option: "--set",
        target_uid: "t",
        provider_uid: Some("p"),
        records,
        sets: &[],
        config: &[],
        locked: &[],
        new_password: None,
        old_password: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_is_wanted_first_the_provider_last_and_each_record_once() {
        let wanted = wanted_uids("t", ["a", "t", "p", "a", "b"], Some("q"));
        assert_eq!(wanted, ["t", "a", "p", "b", "q"]);
        assert_eq!(wanted_uids("t", ["p"], Some("p")), ["t", "p"]);
        assert_eq!(wanted_uids("t", [], None), ["t"]);
    }
}
