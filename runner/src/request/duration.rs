//! Durations as people write them.

/// Parses `500ms`, `2s`, `5m` or `1h` into milliseconds.
pub(super) fn parse(text: &str) -> Option<u64> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let milliseconds: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    text.strip_suffix(unit)?.parse::<u64>().ok()?.checked_mul(milliseconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_counts_in_milliseconds() {
        for (text, expected) in [("0s", 0), ("500ms", 500), ("2s", 2_000), ("5m", 300_000), ("1h", 3_600_000)]
        {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in ["", "s", "5", "5 s", "-5s", "1.5s", "5S", "5d", "1h30m", "99999999999999999h"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
