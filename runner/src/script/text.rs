//! What a script wrote, as text: whatever it is encoded in, nothing of it is lost or made up.

use zeroize::Zeroizing;

/// Decodes UTF-8, or UTF-16 where its mark says so, as `PowerShell` writes it. Marks and colours are passed over, and
/// bytes that are no text are written as escapes, which no JSON reader takes for what they are not.
pub(super) fn decoded(bytes: &[u8]) -> Zeroizing<String> {
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => utf_16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf_16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => utf_8(rest),
        _ => utf_8(bytes),
    };
    if text.contains(COLOUR) { plain(&text) } else { text }
}

/// What a change of colour begins with on terminals; it ends with an `m`.
const COLOUR: &str = "\u{1b}[";

fn plain(text: &str) -> Zeroizing<String> {
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    let mut parts = text.split(COLOUR);
    plain.push_str(parts.next().unwrap_or_default());
    for part in parts {
        match part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').strip_prefix('m') {
            Some(rest) => plain.push_str(rest),
            None => plain.extend([COLOUR, part]),
        }
    }
    plain
}

fn utf_8(bytes: &[u8]) -> Zeroizing<String> {
    if let Ok(text) = str::from_utf8(bytes) {
        return Zeroizing::new(text.to_owned());
    }
    // Room from the start: a text that grows leaves copies behind that nobody wipes.
    let mut text = Zeroizing::new(String::with_capacity(4 * bytes.len()));
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().copied().map(escaped));
    }
    text
}

fn utf_16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Zeroizing<String> {
    let (pairs, rest) = bytes.as_chunks();
    let mut text = Zeroizing::new(String::with_capacity(3 * bytes.len() + 4));
    for character in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        match character {
            Ok('\u{feff}') => {}
            Ok(character) => text.push(character),
            Err(error) => text.extend([format!("\\u{:04x}", error.unpaired_surrogate())]),
        }
    }
    text.extend(rest.iter().copied().map(escaped));
    text
}

fn escaped(byte: u8) -> String {
    format!("\\x{byte:02x}")
}

/// The line and the column of a place in a text, both from 1.
pub(super) fn place(text: &str, at: usize) -> String {
    let before = text.get(..text.floor_char_boundary(at)).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    format!("line {}, column {}", 1 + before.matches('\n').count(), 1 + line.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n6_every_mark_of_an_encoding_is_passed_over() {
        let utf_16 =
            |unit: fn(u16) -> [u8; 2]| "\u{feff}ü€😀".encode_utf16().flat_map(unit).collect::<Vec<_>>();
        for bytes in [
            b"\xef\xbb\xbf\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80".to_vec(),
            utf_16(u16::to_le_bytes),
            utf_16(u16::to_be_bytes),
        ] {
            assert_eq!(*decoded(&bytes), "ü€😀");
        }
    }

    #[test]
    fn n1_colours_are_passed_over_and_nothing_else_is() {
        let text = b"\x1b[1;39m{\x1b[34m\"a\"\x1b[0m:1}\x1b[m \x1b[2Jm \x1b[";
        assert_eq!(*decoded(text), "{\"a\":1} \u{1b}[2Jm \u{1b}[");
    }

    #[test]
    fn what_is_no_text_is_escaped_and_not_lost() {
        assert_eq!(*decoded(b"\"gr\xfcn\" \xe2\x82"), "\"gr\\xfcn\" \\xe2\\x82");
        assert_eq!(*decoded(b"\xff\xfea\0\x00\xd8b\0c"), "a\\ud800b\\x63");
    }

    #[test]
    fn a_place_is_told_in_lines_and_characters() {
        assert_eq!(
            (place("", 0), place("ä\nöü{", 7)),
            ("line 1, column 1".into(), "line 2, column 3".into())
        );
    }
}
