//! Dates as Keeper keeps them: milliseconds since 1970.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// Types of fields whose values are such dates.
pub const DATES: [&str; 3] = ["date", "birthDate", "expirationDate"];

/// Reads a date: milliseconds, a time with its offset (RFC 3339, RFC 2822, as Python, .NET and PowerShell
/// print it), or a date or a time without one, which are taken for UTC.
#[must_use]
pub fn milliseconds(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(milliseconds) = text.parse() {
        return Some(milliseconds);
    }
    if let Some(milliseconds) = of_powershell(text) {
        return Some(milliseconds);
    }
    let timestamp = text.parse::<Timestamp>().ok();
    let timestamp = timestamp.or_else(|| jiff::fmt::rfc2822::parse(text).ok().map(|zoned| zoned.timestamp()));
    let civil = || {
        let midnight = |date: Date| date.at(0, 0, 0, 0);
        let at = text.parse::<Date>().ok().filter(|_| text.len() <= "2027-01-31".len()).map(midnight);
        let at = at.or_else(|| text.parse::<DateTime>().ok())?;
        at.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    };
    timestamp.or_else(civil).map(Timestamp::as_millisecond)
}

/// `/Date(1798761600000)/`, with or without an offset, which changes nothing.
fn of_powershell(text: &str) -> Option<i64> {
    let inner = text.trim_matches(['/', '\\']).strip_prefix("Date(")?.strip_suffix(')')?;
    let end = inner.get(1..)?.find(['+', '-']).map_or(inner.len(), |at| at + 1);
    inner.get(..end)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n9_every_usual_form_of_a_date_is_read() {
        for text in [
            "1798761600000",
            "2027-01-01T00:00:00Z",
            "2027-01-01T00:00:00+00:00",
            "2027-01-01T01:00:00+01:00",
            "2027-01-01T00:00:00.0000000Z",
            "2026-12-31T19:00:00-0500",
            "2027-01-01t00:00:00z",
            " 2027-01-01 00:00:00+00:00 ",
            "2027-01-01",
            "2027-01-01T00:00:00",
            "2027-01-01 00:00",
            "2027-01-01T01:00:00+01:00[Europe/Berlin]",
            "Fri, 01 Jan 2027 00:00:00 GMT",
            "/Date(1798761600000)/",
            "/Date(1798761600000+0100)/",
        ] {
            assert_eq!(milliseconds(text), Some(1_798_761_600_000), "{text}");
        }
        assert_eq!(milliseconds("2027-01-01T00:00:00.250Z"), Some(1_798_761_600_250));
        assert_eq!(milliseconds("1969-12-31"), Some(-86_400_000));
    }

    #[test]
    fn n9_what_is_no_date_is_none() {
        for text in ["", "soon", "01/02/2027", "2027-13-01", "2027", "12:00", "never", "1e3"] {
            let expected = (text == "2027").then_some(2027);
            assert_eq!(milliseconds(text), expected, "{text}");
        }
    }
}
