//! `Retry-After`, in every spelling that services use.

use std::time::Duration;

use jiff::Timestamp;

use crate::answer::received::Answer;

/// How long an answer asks to wait: seconds, seconds with decimals, or a date. A date counts from the answer's
/// own, so that a clock which is wrong does not matter; one that has passed is no wait.
#[must_use]
pub fn retry_after(answer: &Answer, now: Timestamp) -> Option<Duration> {
    let header = answer.header("retry-after")?;
    let text =
        header.split(", ").next().filter(|first| first.parse::<f64>().is_ok()).unwrap_or(&header).trim();
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return seconds(text);
    }
    let until = date(text)?;
    let now = answer.header("date").as_deref().and_then(date).unwrap_or(now);
    Some(bounded(Duration::try_from(until.duration_since(now)).unwrap_or_default()))
}

/// A day: whoever asks for more has made a mistake, and nobody waits that long.
fn bounded(wait: Duration) -> Duration {
    wait.min(Duration::from_hours(24))
}

fn seconds(text: &str) -> Option<Duration> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() || decimals.contains('.') {
        return None;
    }
    // More digits than a number has room for are more than a day, too.
    let whole = Duration::from_secs(whole.parse().unwrap_or(u64::MAX));
    let nanoseconds: String = decimals.chars().chain(std::iter::repeat('0')).take(9).collect();
    Some(bounded(whole.saturating_add(Duration::from_nanos(nanoseconds.parse().ok()?))))
}

fn date(text: &str) -> Option<Timestamp> {
    let time = httpdate::parse_http_date(text).ok()?;
    Timestamp::try_from(time).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(headers: &[(&str, &str)]) -> Option<Duration> {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        retry_after(&Answer::new(429, headers, Vec::new()), "2026-11-29T10:00:00Z".parse().unwrap())
    }

    #[test]
    fn seconds_decimals_and_dates_are_read() {
        for (text, ms) in [
            ("0", 0),
            ("5", 5000),
            (" 7 ", 7000),
            ("1.5", 1500),
            ("0.250", 250),
            ("86401", 86_400_000),
            ("99999999999999999999999", 86_400_000),
            ("Sun, 29 Nov 2026 10:00:30 GMT", 30_000),
            ("Sunday, 29-Nov-26 10:00:30 GMT", 30_000),
            ("Sun Nov 29 10:00:30 2026", 30_000),
            ("Sun, 29 Nov 2026 09:00:00 GMT", 0),
            ("5, 9", 5000),
        ] {
            assert_eq!(wait(&[("Retry-After", text)]), Some(Duration::from_millis(ms)), "{text}");
        }
    }

    #[test]
    fn a_date_counts_from_the_answers_own() {
        let headers =
            [("Retry-After", "Sun, 29 Nov 2026 12:00:30 GMT"), ("Date", "Sun, 29 Nov 2026 12:00:00 GMT")];
        assert_eq!(wait(&headers), Some(Duration::from_secs(30)));
    }

    #[test]
    fn what_cannot_be_read_is_no_wait() {
        for text in ["", "soon", "-5", "1.2.3", ".", "1e3", "Sun, 99 Nov 2026 10:00:30 GMT"] {
            assert_eq!(wait(&[("Retry-After", text)]), None, "{text}");
        }
        assert_eq!(wait(&[]), None);
    }
}
