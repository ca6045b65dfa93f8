//! The one decoder for files that people edit.
//!
//! | at the beginning | the rest is |
//! |---|---|
//! | nothing, or the mark EF BB BF | UTF-8 |
//! | the mark FF FE | UTF-16, little end first, as Windows writes it |
//! | the mark FE FF | UTF-16, big end first |
//!
//! What is none of these is refused with the place of the byte, and never with what stands there.

use std::ops::Deref;

use zeroize::Zeroizing;

/// A text without its mark. What had to be copied is wiped when it is dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded<'a> {
    /// It stands in the bytes as it is.
    Borrowed(&'a str),
    /// It had to be brought into another form.
    Owned(Zeroizing<String>),
}

impl Deref for Decoded<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Owned(text) => text,
        }
    }
}

/// Why bytes are no text, and where. All places are counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "is not text that can be read: {problem}, at byte {byte} (line {line}, column {column}); save it as UTF-8, or as \
     UTF-16 with a byte order mark"
)]
pub struct NotText {
    problem: &'static str,
    byte: usize,
    line: usize,
    column: usize,
}

impl NotText {
    /// The problem with what follows the readable text `before`, of which the last character ends
    /// before byte `at`, counted from 0.
    fn after(before: &str, at: usize, problem: &'static str) -> Self {
        let line = before.rsplit('\n').next().unwrap_or_default();
        Self {
            problem,
            byte: at + 1,
            line: before.matches('\n').count() + 1,
            column: line.chars().count() + 1,
        }
    }

    /// The line of the byte, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }
}

/// Decodes the bytes of a file.
///
/// # Errors
/// Where they are no text.
pub fn decode(bytes: &[u8]) -> Result<Decoded<'_>, NotText> {
    if let Some(units) = bytes.strip_prefix(&[0xff, 0xfe]) {
        return utf16(units, u16::from_le_bytes).map(Decoded::Owned);
    }
    if let Some(units) = bytes.strip_prefix(&[0xfe, 0xff]) {
        return utf16(units, u16::from_be_bytes).map(Decoded::Owned);
    }
    let (mark, rest) = match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => (3, rest),
        None => (0, bytes),
    };
    let text = str::from_utf8(rest).map_err(|error| {
        let before = rest.get(..error.valid_up_to()).unwrap_or_default();
        let before = str::from_utf8(before).unwrap_or_default();
        let problem = match error.error_len() {
            None => "the last character is cut short",
            Some(_) => "what stands there is no character of UTF-8",
        };
        NotText::after(before, mark + before.len(), problem)
    })?;
    match text.find('\0') {
        None => Ok(Decoded::Borrowed(text)),
        Some(at) => {
            let problem = if at < 2 {
                "a zero byte, as in UTF-16 without a byte order mark"
            } else {
                "a zero byte, which no text has"
            };
            Err(NotText::after(text.get(..at).unwrap_or_default(), mark + at, problem))
        }
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Zeroizing<String>, NotText> {
    const MARK: usize = 2;
    // Room for the longest form from the start: what grows leaves copies behind that nobody wipes.
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() / 2 * 3));
    let (pairs, rest) = bytes.as_chunks::<2>();
    let mut at = MARK;
    for character in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        match character {
            Ok('\0') => return Err(NotText::after(&text, at, "a zero character, which no text has")),
            Ok(character) => {
                text.push(character);
                at += character.len_utf16() * 2;
            }
            Err(_) => return Err(NotText::after(&text, at, "half a character of UTF-16")),
        }
    }
    if rest.is_empty() { Ok(text) } else { Err(NotText::after(&text, at, "the last character is cut short")) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn marked(text: &str, bytes_of: fn(u16) -> [u8; 2]) -> Vec<u8> {
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(bytes_of).collect()
    }

    proptest! {
        #[test]
        fn n22_every_form_of_a_text_is_read_as_the_same_text(text in "[^\0]*") {
            for bytes in [
                text.as_bytes().to_vec(),
                format!("\u{feff}{text}").into_bytes(),
                marked(&text, u16::to_le_bytes),
                marked(&text, u16::to_be_bytes),
            ] {
                // A text may itself begin with what is taken for a mark.
                prop_assume!(!text.starts_with('\u{feff}'));
                prop_assert_eq!(&*decode(&bytes).unwrap(), text.as_str());
            }
        }

        #[test]
        fn n22_whatever_the_bytes_are_there_is_a_text_or_a_place(bytes: Vec<u8>) {
            if let Err(error) = decode(&bytes) {
                prop_assert!((1..=bytes.len()).contains(&error.byte) && error.line >= 1 && error.column >= 1);
            }
        }
    }

    #[test]
    fn n22_the_place_is_that_of_the_byte_and_nothing_is_quoted() {
        let place = |bytes: &[u8]| {
            let error = decode(bytes).unwrap_err();
            assert!(!error.to_string().contains("canary"), "{error}");
            (error.byte, error.line, error.column)
        };
        assert_eq!(place(b"canary\nk\xfchn"), (9, 2, 2));
        assert_eq!(place("é\u{e4}".as_bytes().strip_suffix(b"\xa4").unwrap()), (3, 1, 2));
        assert_eq!(place(b"\xef\xbb\xbfab\xff"), (6, 1, 3));
        assert_eq!(place(b"\xff\xfea\0\n\0\0\xd8b\0"), (7, 2, 1));
        assert_eq!(place(b"\xff\xfea\0b"), (5, 1, 2));
        assert_eq!(place(b"\xff\xfe\0\0a\0\0\0"), (3, 1, 1));
        assert!(decode(b"a\0b\0").unwrap_err().to_string().contains("UTF-16 without a byte order mark"));
        assert!(decode(b"binary\0").unwrap_err().to_string().contains("no text has"));
    }
}
