//! Durations and sizes as people write them, `500ms 2s 5m 1h`, `64MiB`, and as services do.
//!
//! In: text. Out: values, and text again. Touches: nothing.

use std::time::{Duration, SystemTime};

/// Why a text is no duration or size. Each message continues a sentence that begins with the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// It does not look like a duration.
    #[error("is not a duration: write a whole number and ms, s, m or h, as in 500ms, 2s, 5m")]
    NotADuration,
    /// It does not look like a size.
    #[error("is not a size: write a whole number and B, KiB, MiB or GiB, as in 64MiB")]
    NotASize,
    /// The number is beyond what the machine can count.
    #[error("is too large")]
    TooLarge,
}

// From the largest to the smallest, so that the first that divides a value is the one to show.
const DURATIONS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];
const SIZES: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

/// Reads a duration, such as `500ms`, `2s`, `5m` or `1h`.
///
/// # Errors
/// When it is not a whole number with one of these units, or too large.
pub fn parse_duration(text: &str) -> Result<Duration, UnitError> {
    parse(text, &DURATIONS, UnitError::NotADuration).map(Duration::from_millis)
}

/// Reads how long `Retry-After` asks to wait: a number of seconds, with decimals or without, or a date in
/// one of the spellings of HTTP, which counts from `now` and is nothing to wait for once it has passed.
#[must_use]
pub fn parse_retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return Duration::try_from_secs_f64(text.parse().ok()?).ok();
    }
    Some(httpdate::parse_http_date(text).ok()?.duration_since(now).unwrap_or_default())
}

/// Writes a duration in the largest unit in which it is a whole number; less than a millisecond
/// is cut off.
#[must_use]
pub fn format_duration(duration: Duration) -> String {
    format(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX), &DURATIONS, "0s")
}

/// Reads a size in bytes, such as `512B`, `64KiB`, `64MiB` or `1GiB`.
///
/// # Errors
/// When it is not a whole number with one of these units, or too large.
pub fn parse_size(text: &str) -> Result<usize, UnitError> {
    parse(text, &SIZES, UnitError::NotASize)
        .and_then(|bytes| usize::try_from(bytes).map_err(|_| UnitError::TooLarge))
}

/// Writes a size in the largest unit in which it is a whole number.
#[must_use]
pub fn format_size(bytes: usize) -> String {
    format(u64::try_from(bytes).unwrap_or(u64::MAX), &SIZES, "0B")
}

fn parse(text: &str, units: &[(&str, u64)], shape: UnitError) -> Result<u64, UnitError> {
    let text = text.trim();
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).ok_or(shape)?);
    if number.is_empty() {
        return Err(shape);
    }
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim_start()).ok_or(shape)?;
    // All digits, so that only its length can be wrong.
    let number: u64 = number.parse().map_err(|_| UnitError::TooLarge)?;
    number.checked_mul(*factor).ok_or(UnitError::TooLarge)
}

fn format(value: u64, units: &[(&str, u64)], zero: &str) -> String {
    units
        .iter()
        .find(|(_, factor)| value != 0 && value.is_multiple_of(*factor))
        .map_or_else(|| zero.to_owned(), |(unit, factor)| format!("{}{unit}", value / factor))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Half a second into 2030.
    fn asked(text: &str) -> Option<Duration> {
        parse_retry_after(text, SystemTime::UNIX_EPOCH + Duration::from_millis(1_893_456_000_500))
    }

    #[test]
    fn n14_retry_after_is_seconds_decimals_or_a_date() {
        for (text, millis) in [
            ("7", 7000),
            (" 0 ", 0),
            ("45.5", 45_500),
            ("0.25", 250),
            ("Tue, 01 Jan 2030 00:00:20 GMT", 19_500),
            ("Tuesday, 01-Jan-30 00:01:00 GMT", 59_500),
            ("Tue Jan  1 00:00:02 2030", 1500),
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ] {
            assert_eq!(asked(text), Some(Duration::from_millis(millis)), "{text}");
        }
        for text in
            ["", ".", "soon", "-1", "1e3", "inf", "1.2.3", "2030-01-01T00:00:20Z", "9".repeat(40).as_str()]
        {
            assert_eq!(asked(text), None, "{text}");
        }
    }

    #[test]
    fn durations_are_read_with_their_unit() {
        for (text, millis) in
            [("500ms", 500), ("2s", 2000), ("5m", 300_000), ("1h", 3_600_000), ("0s", 0), (" 2 s ", 2000)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn what_lacks_a_number_or_a_known_unit_is_no_duration() {
        for text in ["", "5", "s", "1.5s", "-1s", "5 minutes", "1m30s", "5M", "٣s"] {
            assert_eq!(parse_duration(text), Err(UnitError::NotADuration), "{text}");
        }
    }

    #[test]
    fn sizes_are_binary_and_name_their_unit() {
        assert_eq!(parse_size("64MiB"), Ok(64 << 20));
        assert_eq!(parse_size("512B"), Ok(512));
        for text in ["64", "64MB", "64mib", "MiB", "-1B"] {
            assert_eq!(parse_size(text), Err(UnitError::NotASize), "{text}");
        }
    }

    #[test]
    fn numbers_beyond_the_machine_are_too_large_and_do_not_wrap() {
        assert_eq!(parse_duration("18446744073709551615h"), Err(UnitError::TooLarge));
        assert_eq!(parse_size("99999999999999999999999B"), Err(UnitError::TooLarge));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(millis in any::<u32>(), bytes in any::<u32>()) {
            let (duration, bytes) = (Duration::from_millis(millis.into()), bytes as usize);
            prop_assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
            prop_assert_eq!(parse_size(&format_size(bytes)), Ok(bytes));
        }
    }
}
