//! The secrets of a run, and whether a value has one of them in it.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::Zeroizing;

use crate::value::{Json, Value};

/// From how many characters on a secret counts within a longer text; a shorter one may stand there by chance.
const LONG: usize = 8;

/// Secrets that a plugin must not see.
#[derive(Clone, Default)]
pub struct Known {
    secrets: Vec<Secret>,
}

#[derive(Clone)]
struct Secret {
    /// The secret without case.
    whole: Zeroizing<String>,
    /// What a longer text would have of it, encoded or not, without case; empty for a short one.
    parts: Vec<Zeroizing<String>>,
    /// The encodings of the whole of it, without case.
    encoded: Vec<Zeroizing<String>>,
}

impl Known {
    /// Adds a secret; an empty one, and bytes that are no text, are known by their encodings alone or not at all.
    pub fn add(&mut self, value: &Value) {
        let bytes = match value.as_json() {
            Some(json @ (Json::Array(_) | Json::Object(_))) => {
                Ok(Zeroizing::new(json.to_string().into_bytes()))
            }
            _ => value.to_bytes(),
        };
        let Ok(bytes) = bytes else { return };
        if !bytes.is_empty() {
            let secret = Secret::new(&bytes);
            if !self.secrets.iter().any(|known| known.encoded == secret.encoded) {
                self.secrets.push(secret);
            }
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    /// Whether a value is one of them, without case.
    #[must_use]
    pub fn has(&self, value: &Value) -> bool {
        let text = match value.as_json() {
            Some(json @ (Json::Array(_) | Json::Object(_))) => Some(Zeroizing::new(json.to_string())),
            _ => value.to_text().ok(),
        };
        match text {
            Some(text) => {
                let text = folded(&text);
                self.secrets.iter().any(|secret| *secret.whole == *text)
            }
            None => value.to_bytes().is_ok_and(|bytes| {
                let encoded = folded(&Zeroizing::new(STANDARD_NO_PAD.encode(&bytes)));
                self.secrets
                    .iter()
                    .any(|secret| secret.encoded.first().is_some_and(|known| **known == *encoded))
            }),
        }
    }

    /// Whether a text is one of them or has a long one in it, as it is and not in an encoding.
    #[must_use]
    pub(super) fn within(&self, value: &Value) -> bool {
        let Ok(text) = value.to_text() else { return self.has(value) };
        views(&text).iter().any(|view| {
            self.secrets.iter().any(|secret| {
                !secret.whole.is_empty()
                    && (**view == *secret.whole || secret.is_long() && view.contains(secret.whole.as_str()))
            })
        })
    }

    /// Whether a value, or anything in it, is one of them or has a long one in it: without case, as it is or in
    /// base64, hexadecimal, percent or JSON escapes.
    #[must_use]
    pub fn meets(&self, value: &Value) -> bool {
        if self.secrets.is_empty() {
            return false;
        }
        match value.as_json() {
            Some(json @ (Json::Array(_) | Json::Object(_))) => self.meets_json(json),
            _ => match value.to_text() {
                Ok(text) => self.meets_text(&text),
                Err(_) => self.has(value),
            },
        }
    }

    fn meets_json(&self, json: &Json) -> bool {
        match json {
            Json::Null => false,
            Json::Bool(flag) => self.meets_text(&flag.to_string()),
            Json::Number(number) => self.meets_text(&number.to_string()),
            Json::String(text) => self.meets_text(text),
            Json::Array(items) => items.iter().any(|item| self.meets_json(item)),
            Json::Object(members) => {
                members.iter().any(|(key, member)| self.meets_text(key) || self.meets_json(member))
            }
        }
    }

    /// The same for a text.
    #[must_use]
    pub fn meets_text(&self, text: &str) -> bool {
        views(text).iter().any(|view| self.secrets.iter().any(|secret| secret.is_in(view)))
    }
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Known({} secrets)", self.secrets.len())
    }
}

impl Secret {
    fn new(bytes: &[u8]) -> Self {
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        let whole = folded(text);
        let hex =
            bytes.iter().fold(Zeroizing::new(String::with_capacity(bytes.len() * 2)), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            });
        let base64 = folded(&Zeroizing::new(STANDARD_NO_PAD.encode(bytes)));
        let is_long = text.chars().count() >= LONG || (text.is_empty() && bytes.len() >= LONG);
        let mut parts = Vec::new();
        if is_long {
            if !whole.is_empty() {
                parts.push(whole.clone());
            }
            parts.push(hex.clone());
            for shift in 0..3 {
                let part = aligned(bytes, shift);
                parts.push(url_safe(&part));
                parts.push(part);
            }
        }
        let encoded = vec![base64.clone(), url_safe(&base64), hex];
        Self { whole, parts, encoded }
    }

    fn is_long(&self) -> bool {
        !self.parts.is_empty()
    }

    fn is_in(&self, text: &str) -> bool {
        let bare = text.trim_end_matches('=');
        (!self.whole.is_empty() && text == *self.whole)
            || self.encoded.iter().any(|encoded| bare == **encoded)
            || self.parts.iter().any(|part| text.contains(part.as_str()))
    }
}

/// A text without case, and with its escapes undone where it has any.
fn views(text: &str) -> Vec<Zeroizing<String>> {
    let mut views = vec![folded(text)];
    if text.contains('%') || text.contains('+') {
        let spaced = Zeroizing::new(text.replace('+', " "));
        for view in [text, spaced.as_str()] {
            views.push(folded(&percent_decoded(view)));
        }
    }
    if text.contains('\\') {
        views.push(folded(&unescaped(text)));
    }
    views
}

/// The characters of base64 that depend on these bytes alone, where so many others stand before them.
fn aligned(bytes: &[u8], shift: usize) -> Zeroizing<String> {
    let mut shifted = Zeroizing::new(vec![0; shift]);
    shifted.reserve_exact(bytes.len());
    shifted.extend_from_slice(bytes);
    let encoded = Zeroizing::new(STANDARD_NO_PAD.encode(&*shifted));
    // A character has six bits: those that reach into what stands before or after depend on it.
    let first = (shift * 8).div_ceil(6);
    let last = shifted.len() * 8 / 6;
    folded(encoded.get(first..last).unwrap_or_default())
}

fn url_safe(base64: &str) -> Zeroizing<String> {
    Zeroizing::new(base64.replace('+', "-").replace('/', "_"))
}

fn percent_decoded(text: &str) -> Zeroizing<String> {
    let mut decoded = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let byte = match (first, after) {
            (b'%', [high, low, after @ ..]) => {
                match (char::from(*high).to_digit(16), char::from(*low).to_digit(16)) {
                    (Some(high), Some(low)) => {
                        rest = after;
                        u8::try_from(high << 4 | low).unwrap_or_default()
                    }
                    _ => *first,
                }
            }
            _ => *first,
        };
        decoded.push(byte);
    }
    Zeroizing::new(String::from_utf8_lossy(&decoded).into_owned())
}

/// A text without the escapes of JSON.
fn unescaped(text: &str) -> Zeroizing<String> {
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    let mut units: Vec<u16> = Vec::new();
    let mut rest = text.chars();
    loop {
        let next = rest.next();
        let escape = if next == Some('\\') { rest.next() } else { None };
        if escape == Some('u') {
            let digits: String = rest.by_ref().take(4).collect();
            units.push(u16::from_str_radix(&digits, 16).unwrap_or(0xfffd));
            continue;
        }
        // Halves of a pair stand side by side.
        plain.extend(char::decode_utf16(units.drain(..)).map(|unit| unit.unwrap_or('\u{fffd}')));
        match (next, escape) {
            (None, _) => return plain,
            (_, Some('n')) => plain.push('\n'),
            (_, Some('r')) => plain.push('\r'),
            (_, Some('t')) => plain.push('\t'),
            (_, Some('b')) => plain.push('\u{8}'),
            (_, Some('f')) => plain.push('\u{c}'),
            (_, Some(other)) | (Some(other), None) => plain.push(other),
        }
    }
}

/// A text without case, character by character, so that what stands around one does not matter.
fn folded(text: &str) -> Zeroizing<String> {
    let mut folded = Zeroizing::new(String::with_capacity(2 * text.len()));
    folded.extend(text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase));
    folded
}

#[cfg(test)]
mod tests;
