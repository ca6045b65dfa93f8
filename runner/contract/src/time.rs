//! Times as services write them.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// From this number on it counts milliseconds: as seconds it is beyond the year 5000.
const MILLISECONDS: i64 = 100_000_000_000;

/// Reads RFC 3339, a day (its beginning in UTC), a date of HTTP, or seconds since 1970 with decimals or without,
/// or milliseconds.
pub(crate) fn read(text: &str) -> Option<Timestamp> {
    if text.len() > 64 {
        return None;
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    if is_day(text) {
        return text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|start| start.timestamp());
    }
    if let Ok(time) = httpdate::parse_http_date(text) {
        return Timestamp::try_from(time).ok();
    }
    epoch(text)
}

fn is_day(text: &str) -> bool {
    let shape = |(index, byte): (usize, u8)| {
        if matches!(index, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() }
    };
    text.len() == 10 && text.bytes().enumerate().all(shape)
}

fn epoch(text: &str) -> Option<Timestamp> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(decimals) {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    if whole >= MILLISECONDS {
        return Timestamp::from_millisecond(whole).ok();
    }
    let nanoseconds: String = decimals.chars().chain(std::iter::repeat('0')).take(9).collect();
    Timestamp::new(whole, nanoseconds.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn times_are_read_as_services_write_them() {
        for (text, time) in [
            ("2026-11-29T10:00:00Z", "2026-11-29T10:00:00Z"),
            ("2026-11-29T12:00:00.25+02:00", "2026-11-29T10:00:00.25Z"),
            ("2026-11-29", "2026-11-29T00:00:00Z"),
            ("1796000000", "2026-11-30T00:53:20Z"),
            ("1796000000.123000000", "2026-11-30T00:53:20.123Z"),
            ("1796000000123", "2026-11-30T00:53:20.123Z"),
            ("2026-11-29T10:00:00.000+0000", "2026-11-29T10:00:00Z"),
            ("Sun, 29 Nov 2026 10:00:00 GMT", "2026-11-29T10:00:00Z"),
        ] {
            assert_eq!(read(text).unwrap().to_string(), time, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        let long = "1".repeat(65);
        for text in [
            "",
            "never",
            "2026-11-29T10:00:00",
            "2026-13-01",
            "-1",
            "1.",
            ".5",
            "1e9",
            "99999999999999999999",
            long.as_str(),
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
