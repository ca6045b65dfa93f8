//! Whether this machine's clock agrees with those of services.

use std::time::Duration;

use crate::model::{Finding, Level};

/// Up to here it may be the time that an answer takes, and the whole seconds in which it is told.
const LEAST: Duration = Duration::from_mins(1);

/// The clocks of this machine and of a service do not agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockSkew {
    host: String,
    ours: Duration,
    theirs: Duration,
}

impl ClockSkew {
    /// Compares two clocks by the time since 1970 that they show; nothing where they agree.
    #[must_use]
    pub fn between(host: &str, ours: Duration, theirs: Duration) -> Option<Self> {
        (ours.abs_diff(theirs) > LEAST).then(|| Self { host: host.to_owned(), ours, theirs })
    }

    /// What an operator should know of it.
    #[must_use]
    pub fn finding(&self) -> Finding {
        let Self { host, ours, theirs } = self;
        let minutes = ours.abs_diff(*theirs).as_secs() / 60;
        let off = if minutes == 1 { "1 minute".to_owned() } else { format!("{minutes} minutes") };
        let way = if ours > theirs { "ahead of" } else { "behind" };
        Finding {
            level: Level::Warning,
            code: "clock-skew".to_owned(),
            message: format!("this machine's clock is {off} {way} that of {host}"),
            fix: Some(
                "set it by a time service: tokens, one-time codes and expiry dates go by it".to_owned(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_agree_within_a_minute() {
        let at = Duration::from_secs;
        assert_eq!(ClockSkew::between("api.test", at(1000), at(1060)), None);
        assert_eq!(ClockSkew::between("api.test", at(1060), at(1000)), None);
        let told =
            |ours, theirs| ClockSkew::between("api.test", at(ours), at(theirs)).unwrap().finding().message;
        assert_eq!(told(1000, 1061), "this machine's clock is 1 minute behind that of api.test");
        assert_eq!(told(8200, 1000), "this machine's clock is 120 minutes ahead of that of api.test");
    }
}
