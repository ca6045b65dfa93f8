//! The one filter for texts of others that people get to see: of params, of a vault, of a service.

use std::borrow::Cow;
use std::fmt::Write;

/// Whether a character controls how others are shown, or is not seen where it stands: C0, C1, line and
/// paragraph separators, marks without width and those that turn the direction.
#[must_use]
pub fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Makes visible what could act on a terminal or forge a line.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    text.chars().for_each(|character| push(&mut escaped, character));
    escaped
}

/// Makes it visible likewise, and cuts the rest at `longest` characters.
#[must_use]
pub fn clean(text: &str, longest: usize) -> String {
    let mut clean = String::with_capacity(text.len().min(longest));
    for (count, character) in text.chars().enumerate() {
        if count == longest {
            clean.push('…');
            break;
        }
        push(&mut clean, character);
    }
    clean
}

fn push(escaped: &mut String, character: char) {
    if is_harmful(character) {
        escaped.extend(character.escape_default());
    } else {
        escaped.push(character);
    }
}

/// Makes it visible in JSON, which means the same afterwards: outside of its strings there is nothing to
/// escape, and within them every character may be.
#[must_use]
pub fn escape_json(json: &str) -> Cow<'_, str> {
    // Line ends stand between the parts only.
    let acts = |character: char| character != '\n' && is_harmful(character);
    if !json.contains(acts) {
        return Cow::Borrowed(json);
    }
    let mut escaped = String::with_capacity(json.len() + 16);
    for character in json.chars() {
        if acts(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

/// Quotes a label or a title, so that it shows where it begins and ends.
#[must_use]
pub fn quoted(name: &str) -> String {
    let mut quoted = "`".to_owned();
    for character in name.chars() {
        // Any blank but the usual one looks like it.
        if character.is_whitespace() && character != ' ' {
            quoted.extend(character.escape_default());
        } else {
            push(&mut quoted, character);
        }
    }
    quoted.push('`');
    let is_blank = |end: Option<char>| end.is_some_and(char::is_whitespace);
    quoted += match (is_blank(name.chars().next()), is_blank(name.chars().next_back())) {
        (true, true) => " (with blanks around it)",
        (true, false) => " (with a blank at its beginning)",
        (false, true) => " (with a blank at its end)",
        (false, false) => "",
    };
    quoted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[test]
    fn what_acts_on_a_terminal_is_shown_and_letters_of_every_script_are_left_alone() {
        assert_eq!(
            escape("a\x1b[2J\u{9b}1mb\r\u{202e}\u{200b}"),
            "a\\u{1b}[2J\\u{9b}1mb\\r\\u{202e}\\u{200b}"
        );
        assert_eq!(escape("Zoë Ωmega 名前 🔑"), "Zoë Ωmega 名前 🔑");
        assert_eq!(clean("abc\x07", 3), "abc…");
    }

    #[test]
    fn n26_blanks_at_the_ends_of_a_name_show() {
        for (name, expected) in [
            ("api_key", "`api_key`"),
            ("api key ", "`api key ` (with a blank at its end)"),
            (" api_key", "` api_key` (with a blank at its beginning)"),
            (" x\u{a0}", "` x\\u{a0}` (with blanks around it)"),
            ("a\tb", "`a\\tb`"),
        ] {
            assert_eq!(quoted(name), expected);
        }
    }

    proptest! {
        #[test]
        fn escaped_json_means_the_same_and_acts_on_nothing(text in "\\PC*|[\u{7f}-\u{a0}\u{e0001}\u{202e}\x1b\n]*") {
            let value = Value::from(text);
            let pretty = format!("{:#}", serde_json::json!({"k": [value]}));
            let escaped = escape_json(&pretty);
            prop_assert!(!escaped.contains(|c: char| c != '\n' && is_harmful(c)));
            let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
            prop_assert_eq!(parse(&escaped), parse(&pretty));
        }
    }
}
