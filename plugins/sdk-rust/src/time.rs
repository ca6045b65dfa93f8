//! Times as they pass between a plugin and its host: RFC 3339 in UTC.

use std::time::{Duration, SystemTime};

/// A time as a request takes it, in whole seconds. One that RFC 3339 cannot say is the last that it can.
///
/// ```
/// use std::time::Duration;
/// use pamrun_plugin::{Host, rfc3339, testing::FakeHost};
///
/// let host = FakeHost::new();
/// assert_eq!(rfc3339(host.now() + Duration::from_secs(24 * 3600)), "2030-01-02T00:00:00Z");
/// ```
#[must_use]
pub fn rfc3339(time: SystemTime) -> String {
    let last = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    humantime::format_rfc3339_seconds(rounded(time).clamp(SystemTime::UNIX_EPOCH, last)).to_string()
}

/// Reads a time of an answer, if it is one in UTC.
#[must_use]
pub fn time(text: &str) -> Option<SystemTime> {
    humantime::parse_rfc3339(text).ok()
}

/// A time in whole seconds: services answer with fractions, and not all of them take any.
fn rounded(time: SystemTime) -> SystemTime {
    let half = time.checked_add(Duration::from_millis(500)).unwrap_or(time);
    let fraction = half.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.subsec_nanos());
    half - Duration::from_nanos(fraction.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written_in_whole_seconds() {
        for (text, written) in [
            ("2030-01-30T12:00:00Z", "2030-01-30T12:00:00Z"),
            ("2030-01-30T12:00:00.7654321Z", "2030-01-30T12:00:01Z"),
            ("2031-12-31T23:59:59.5Z", "2032-01-01T00:00:00Z"),
            ("2031-01-01T00:00:00.1234567Z", "2031-01-01T00:00:00Z"),
        ] {
            assert_eq!(time(text).map(rfc3339).as_deref(), Some(written));
        }
        for text in ["", "never", "2030-01-30", "2030-13-01T00:00:00Z"] {
            assert_eq!(time(text), None, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_written_is_the_last_that_can() {
        let far = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 40);
        assert_eq!(rfc3339(far), "9999-12-31T23:59:59Z");
    }
}
