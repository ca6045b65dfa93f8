//! Guesses which name somebody meant.

use super::quoted;

/// Returns `; did you mean …?` for the known name that differs from the one written in what people do not
/// see: blanks, capitals, and dashes for underscores.
pub fn near_miss<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let plain = |name: &str| {
        let letters =
            name.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '_') && !super::is_harmful(*c));
        letters.flat_map(char::to_lowercase).collect::<String>()
    };
    let meant = plain(written);
    let found = known.into_iter().find(|known| *known != written && plain(known) == meant)?;
    (!meant.is_empty()).then(|| format!("; did you mean {}?", quoted(found)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n26_a_name_that_differs_in_blanks_only_is_offered_with_them() {
        let hint = |written: &str| near_miss(written, ["other", "api_key ", "Title"]);
        let blank = "; did you mean `api_key ` (with a blank at its end)?";
        assert_eq!(hint("api_key").as_deref(), Some(blank));
        assert_eq!(hint("API key").as_deref(), Some(blank));
        assert_eq!(hint("title\u{a0}").as_deref(), Some("; did you mean `Title`?"));
        assert_eq!((hint("other"), hint("apikeys"), hint(" ")), (None, None, None));
    }
}
