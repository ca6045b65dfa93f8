//! Writes headers.

/// Checks the value of a header; the error says what of it must not be.
pub(super) fn check(value: &str) -> Result<(), &'static str> {
    if value.contains(char::is_control) {
        return Err("it has control characters, and a header is one line");
    }
    if value.trim() != value {
        return Err("it begins or ends with a space, which is lost on the way");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn a_header_is_one_line() {
        for value in ["a\r\nX-Admin: yes", "a\nb", "a\0", " a", "a ", "\ta"] {
            assert!(check(value).is_err(), "{value:?}");
        }
        assert_eq!(check("Bearer ü.x"), Ok(()));
    }
}
