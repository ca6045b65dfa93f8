//! One key of a `.env` file: found and replaced, with every other byte left as it is.

use std::ops::Range;

/// Why a text is not changed. Nothing of it is quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum DotenvError {
    #[error("the key is set more than once: which one counts depends on who reads it")]
    Repeated,
    #[error("a quoted value has no end, in line {0}")]
    Unended(usize),
    #[error(
        "the value holds characters that no quotes keep as they are for everybody; use a file of its own, with format=raw"
    )]
    Unquotable,
}

/// Tells whether a text can be a key.
pub(super) fn is_key(text: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !text.is_empty() && text.chars().all(is_word) && !text.starts_with(|c: char| c.is_ascii_digit())
}

/// Sets the key: in its place, or in a line of its own at the end.
///
/// # Errors
/// Why that cannot be done without a doubt.
pub(super) fn set(text: &str, key: &str, value: &str) -> Result<String, DotenvError> {
    let found = find(text, key)?;
    let old = found.clone().and_then(|found| text.get(found)).unwrap_or_default();
    let written = quoted(value, old)?;
    let Some(Range { start, end }) = found else {
        let gap = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        return Ok(format!("{text}{gap}{key}={written}\n"));
    };
    let (before, after) = (text.get(..start).unwrap_or_default(), text.get(end..).unwrap_or_default());
    Ok(format!("{before}{written}{after}"))
}

/// Reads the value of the key, without its quotes.
///
/// # Errors
/// As [`set`].
pub(super) fn get<'t>(text: &'t str, key: &str) -> Result<Option<&'t str>, DotenvError> {
    let Some(value) = find(text, key)?.and_then(|found| text.get(found)) else { return Ok(None) };
    let bare = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
    Ok(Some(bare.unwrap_or(value)))
}

/// Finds where the value of the key stands, quotes included.
fn find(text: &str, key: &str) -> Result<Option<Range<usize>>, DotenvError> {
    let mut found = None;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let line = rest.split('\n').next().unwrap_or_default();
        let Some((name, value)) = assignment(line) else {
            at += line.len() + 1;
            continue;
        };
        let start = at + value;
        let length = value_length(text.get(start..).unwrap_or_default()).ok_or_else(|| {
            DotenvError::Unended(text.get(..at).unwrap_or_default().matches('\n').count() + 1)
        })?;
        if name == key {
            if found.is_some() {
                return Err(DotenvError::Repeated);
            }
            found = Some(start..start + length);
        }
        // A quoted value may span lines.
        let end = start + length;
        at = end + text.get(end..).and_then(|rest| rest.find('\n')).map_or(text.len(), |gap| gap + 1);
    }
    Ok(found)
}

/// The key of a line, and where its value begins; nothing when the line sets none.
fn assignment(line: &str) -> Option<(&str, usize)> {
    let (left, right) = line.split_once('=')?;
    let name = left.trim();
    let name = name
        .strip_prefix("export")
        .map_or(name, |rest| if rest.starts_with([' ', '\t']) { rest.trim_start() } else { name });
    let rest = right.trim_start_matches([' ', '\t']);
    // An empty value, with a comment or without, ends where it begins.
    let blanks =
        if rest.trim_end().is_empty() || rest.starts_with('#') { 0 } else { right.len() - rest.len() };
    is_key(name).then_some((name, left.len() + 1 + blanks))
}

/// How long the value is that a text begins with; nothing when its quotes do not end.
fn value_length(text: &str) -> Option<usize> {
    match text.chars().next() {
        Some('\'') => text.get(1..)?.find('\'').map(|end| end + 2),
        Some('"') => {
            let mut escaped = false;
            let end = text.char_indices().skip(1).find(|(_, c)| {
                let ends = *c == '"' && !escaped;
                escaped = *c == '\\' && !escaped;
                ends
            });
            end.map(|(end, _)| end + 1)
        }
        _ => {
            let line = text.split('\n').next().unwrap_or_default();
            let line = line.strip_suffix('\r').unwrap_or(line);
            let mut comments = line.match_indices('#').map(|(at, _)| at);
            let before = |at: usize| line.get(..at).filter(|before| before.ends_with([' ', '\t']));
            let value = comments.find_map(before).unwrap_or(line);
            Some(value.trim_end().len())
        }
    }
}

/// Writes a value so that every reader takes it as it is: bare where that is safe, as the old one was
/// where that is safe too, and else in the quotes that change nothing.
fn quoted(value: &str, old: &str) -> Result<String, DotenvError> {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "_-.~:/@%+,=^".contains(c);
    let in_quotes = |quote: char| format!("{quote}{value}{quote}");
    let is_plain = !value.is_empty() && value.chars().all(is_safe);
    if value.chars().any(char::is_control) {
        return Err(DotenvError::Unquotable);
    }
    match old.chars().next() {
        Some(quote @ ('"' | '\'')) if is_plain => Ok(in_quotes(quote)),
        _ if is_plain => Ok(value.to_owned()),
        _ if !value.contains('\'') => Ok(in_quotes('\'')),
        _ if !value.contains(['"', '$', '\\', '`', '!']) => Ok(in_quotes('"')),
        _ => Err(DotenvError::Unquotable),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FILE: &str = "# the shop\r\nA=1\n\n  export  SECRET = old-value   # rotated by hand\nQUOTED=\"a \\\" b\nSECRET=c\" \nLAST='x'";

    #[test]
    fn one_value_changes_and_every_other_byte_stays() {
        let changed = set(FILE, "SECRET", "new~value").unwrap();
        assert_eq!(changed, FILE.replace("old-value", "new~value"));
        assert_eq!(get(&changed, "SECRET"), Ok(Some("new~value")));
        assert_eq!(set(FILE, "LAST", "y").unwrap(), FILE.replace("'x'", "'y'"));
        assert_eq!(set("A=\n", "A", "b").unwrap(), "A=b\n");
        assert_eq!(set("A=1\r\nB=2\r\n", "A", "3").unwrap(), "A=3\r\nB=2\r\n");
        assert_eq!(set("A=#x\n", "A", "3").unwrap(), "A=3\n");
        assert_eq!(set("A=  # none yet\nB= \n", "A", "3").unwrap(), "A=3  # none yet\nB= \n");
    }

    #[test]
    fn a_key_that_is_missing_gets_a_line_at_the_end() {
        assert_eq!(set("", "A", "b").unwrap(), "A=b\n");
        assert_eq!(set("X=1", "A", "b").unwrap(), "X=1\nA=b\n");
        assert_eq!(set("#A=1\nAA=1\nexportA=2\n", "A", "b").unwrap(), "#A=1\nAA=1\nexportA=2\nA=b\n");
    }

    #[test]
    fn a_doubt_changes_nothing() {
        assert_eq!(set("A=1\nA=2\n", "A", "b"), Err(DotenvError::Repeated));
        assert_eq!(set("B=1\nA='1\n", "A", "b"), Err(DotenvError::Unended(2)));
        for value in ["two\nlines", "'\"", "it's $5", "a\0"] {
            assert_eq!(set("", "A", value), Err(DotenvError::Unquotable), "{value:?}");
        }
    }

    #[test]
    fn a_value_is_quoted_only_where_it_must_be() {
        for (value, written) in [("a b", "'a b'"), ("it's", "\"it's\""), ("$x#y", "'$x#y'"), ("", "''")] {
            assert_eq!(set("", "A", value).unwrap(), format!("A={written}\n"));
        }
    }

    proptest! {
        #[test]
        fn what_is_set_is_read_back_and_the_others_stay(
            text in "([A-C]=('[a-z \n#]{0,4}'|[a-z~.]{0,5})( # [a-z]{1,3})?\n|# [a-c=']{0,4}\n|\n){0,5}",
            value in "[ -~]{0,8}",
        ) {
            if let Ok(changed) = set(&text, "B", &value) {
                prop_assert_eq!(get(&changed, "B"), Ok(Some(value.as_str())));
                for key in ["A", "C"] {
                    prop_assert_eq!(get(&changed, key), get(&text, key));
                }
                prop_assert_eq!(set(&changed, "B", &value), Ok(changed));
            }
        }
    }
}
