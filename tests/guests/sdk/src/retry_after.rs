//! How long a service asks to wait.

use std::time::SystemTime;

use http::Response;
use http::header::RETRY_AFTER;

/// Reads how many seconds an answer asks to wait: its `Retry-After`, which is a number of seconds, with or
/// without a fraction, or a date. A date counts from `now`, the time of [`Host::now`](crate::Host::now); one
/// that has passed is 0. Nothing where the header is missing or says neither.
#[must_use]
pub fn retry_after(answer: &Response<Vec<u8>>, now: SystemTime) -> Option<u32> {
    let text = answer.headers().get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Some(seconds) = seconds(text) {
        return Some(seconds);
    }
    let left = httpdate::parse_http_date(text).ok()?.duration_since(now).unwrap_or_default();
    Some(u32::try_from(left.as_secs()).unwrap_or(u32::MAX).saturating_add((left.subsec_nanos() > 0).into()))
}

/// A number of seconds. A part of one is waited for as a whole one: to come early is to be turned away again.
fn seconds(text: &str) -> Option<u32> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = [whole, part].iter().all(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    if whole.is_empty() || part.is_empty() || !is_number {
        return None;
    }
    let has_part = part.bytes().any(|digit| digit != b'0');
    Some(whole.parse().unwrap_or(u32::MAX).saturating_add(has_part.into()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Half a second into 2030.
    fn asked(text: &str) -> Option<u32> {
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(1_893_456_000_500);
        let mut answer = Response::new(Vec::new());
        answer.headers_mut().insert(RETRY_AFTER, text.parse().unwrap());
        retry_after(&answer, now)
    }

    #[test]
    fn a_number_is_a_number_of_seconds() {
        assert_eq!(asked("7"), Some(7));
        assert_eq!(asked(" 0 "), Some(0));
        assert_eq!(asked("99999999999"), Some(u32::MAX));
    }

    #[test]
    fn n13_a_part_of_a_second_is_waited_for_as_a_whole_one() {
        for (text, seconds) in [
            ("45.5", 46),
            ("0.001", 1),
            ("7.0", 7),
            ("0.0", 0),
            ("4294967295.1", u32::MAX),
            ("99999999999.9", u32::MAX),
        ] {
            assert_eq!(asked(text), Some(seconds), "{text}");
        }
    }

    #[test]
    fn a_date_in_any_spelling_of_http_counts_from_now_and_is_rounded_up() {
        assert_eq!(asked("Tue, 01 Jan 2030 00:00:20 GMT"), Some(20));
        assert_eq!(asked("Tuesday, 01-Jan-30 00:01:00 GMT"), Some(60));
        assert_eq!(asked("Tue Jan  1 00:00:02 2030"), Some(2));
    }

    #[test]
    fn a_date_that_has_passed_is_no_reason_to_wait() {
        assert_eq!(asked("Tue, 01 Jan 2030 00:00:00 GMT"), Some(0));
        assert_eq!(asked("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
    }

    #[test]
    fn a_date_far_away_is_the_longest_wait() {
        assert_eq!(asked("Fri, 31 Dec 9999 23:59:59 GMT"), Some(u32::MAX));
    }

    #[test]
    fn what_is_neither_says_nothing() {
        for text in
            ["", "soon", "-1", "-1.5", "+7", "1.", ".5", "1.5.2", "1e3", "NaN", "7 s", "2030-01-01T00:00:20Z"]
        {
            assert_eq!(asked(text), None, "{text}");
        }
        assert_eq!(retry_after(&Response::new(Vec::new()), SystemTime::UNIX_EPOCH), None);
    }
}
