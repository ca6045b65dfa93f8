//! Backslashes in TOML: between double quotes they begin an escape, and a path of Windows is none.

use crate::model::says_secret;

/// Returns the line at this place of a TOML text with its strings in single quotes, where a backslash
/// stands in one of them; nothing where that is not what is wrong, or a secret would be shown.
#[must_use]
pub fn single_quoted(text: &str, at: usize) -> Option<String> {
    let at = text.floor_char_boundary(at);
    let start = text.get(..at)?.rfind('\n').map_or(0, |end| end + 1);
    let line = text.get(start..)?.lines().next()?.trim();
    let mut mended = String::with_capacity(line.len());
    let mut rest = line;
    let mut has_backslash = false;
    while let Some((before, string)) = rest.split_once('"') {
        // A string of several lines, or one that says what single quotes cannot.
        let (value, after) = string.split_once('"').filter(|(value, _)| !value.contains('\''))?;
        // `\"` does not end a string, unless it is a path, which nobody means to go on.
        let is_path = value.contains(":\\") || value.starts_with("\\\\");
        if value.ends_with('\\') && !is_path || key(before).is_some_and(says_secret) {
            return None;
        }
        has_backslash |= value.contains('\\');
        let quote = if value.contains('\\') { '\'' } else { '"' };
        mended.push_str(before);
        mended.push(quote);
        mended.push_str(value);
        mended.push(quote);
        rest = after;
    }
    mended.push_str(rest);
    has_backslash.then_some(mended)
}

/// Says what to write instead of a line whose backslashes were taken for escapes.
#[must_use]
pub fn in_single_quotes(line: &str) -> String {
    format!("between double quotes a backslash begins an escape; in single quotes it is one: {line}")
}

/// The key of a value, by what stands before it.
fn key(before: &str) -> Option<&str> {
    let key = before.trim_end().strip_suffix('=')?.trim_end();
    key.rsplit([' ', ',', '{', '.']).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n27_the_line_is_shown_with_single_quotes_where_a_backslash_stands() {
        let text = "version = 1\n  vault = \"file:C:\\keeper\\vault.json\"\nrun = \"x\"\n";
        let at = text.find("\\k").unwrap();
        assert_eq!(single_quoted(text, at).as_deref(), Some("vault = 'file:C:\\keeper\\vault.json'"));
        let list = r#"a = ["C:\x\", "plain", "D:\y"] # why"#;
        assert_eq!(single_quoted(list, 7).as_deref(), Some(r#"a = ['C:\x\', "plain", 'D:\y'] # why"#));
    }

    #[test]
    fn n27_other_mistakes_are_not_taken_for_one() {
        let secret = r#"settings = { password = "C:\x" }"#;
        for text in ["vault = \"x", "vault = x", "a = \"it's \\q\"", "a = \"\\\"", "", secret] {
            assert_eq!(single_quoted(text, 3), None, "{text}");
        }
    }
}
