//! Lengths of time as they are written: `500ms`, `2s`, `5m`, `1h`, `30d`.

/// The milliseconds of a written duration; none if it is none, or longer than a century.
#[must_use]
pub fn milliseconds(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(digits)?;
    let scale = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    let ms = number.parse::<u64>().ok()?.checked_mul(scale)?;
    (ms <= 36_525 * 86_400_000).then_some(ms)
}

#[cfg(test)]
mod tests {
    use super::milliseconds;

    #[test]
    fn a_duration_is_digits_and_a_unit() {
        for (text, ms) in
            [("500ms", 500), ("2s", 2000), ("5m", 300_000), ("1h", 3_600_000), ("2d", 172_800_000)]
        {
            assert_eq!(milliseconds(text), Some(ms), "{text}");
        }
        for text in ["", "5", "s", "1 s", "-1s", "1.5s", "1w", "99999999999999999999s", "36526d"] {
            assert_eq!(milliseconds(text), None, "{text}");
        }
    }
}
