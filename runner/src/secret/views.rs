//! What a text may stand for once it is decoded.
//!
//! Encoders differ in what they escape, in which case and alphabet, and in where the value
//! falls within a longer base64 text. So values are not encoded in every possible way; the text is
//! decoded, in all its alignments, and each decoded byte remembers where in the text it stands.
//! Decodings are applied one after another, too: base64 of a URL-encoded value (HTTP Basic), URL-encoded
//! base64, JSON within JSON.
//!
//! What nobody can find is a value that somebody means to hide: reversed, encrypted, letter by letter.

use std::ops::Range;

use zeroize::Zeroizing;

/// Decodings that are undone one after another.
const DEPTH: usize = 2;

/// Never part of a UTF-8 text, and so of no value: keeps apart what does not belong together.
const BREAK: u8 = 0xff;

/// A reading of a text: bytes, and the places of the text that they come from.
pub(super) struct View {
    bytes: Zeroizing<Vec<u8>>,
    places: Vec<Range<usize>>,
}

/// Shows the text in every reading.
pub(super) fn each(text: &str, show: &mut impl FnMut(&View)) {
    let view = View {
        bytes: Zeroizing::new(text.as_bytes().to_vec()),
        places: (0..text.len()).map(|at| at..at + 1).collect(),
    };
    descend(&view, DEPTH, show);
}

fn descend(view: &View, depth: usize, show: &mut impl FnMut(&View)) {
    show(view);
    let Some(depth) = depth.checked_sub(1) else { return };
    for escape in [percent, form, backslash, quote] {
        if let Some(decoded) = view.unescaped(escape) {
            descend(&decoded, depth, show);
        }
    }
    for digits in [Digits { bits: 6, value: base64_digit }, Digits { bits: 4, value: hex_digit }] {
        for offset in 0..digits.alignments() {
            descend(&view.packed(digits, offset), depth, show);
        }
    }
}

impl View {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The part of the text that these bytes come from.
    pub(super) fn place(&self, bytes: Range<usize>) -> Range<usize> {
        let places = self.places.get(bytes).unwrap_or_default();
        match (places.first(), places.last()) {
            (Some(first), Some(last)) => first.start..last.end,
            _ => 0..0,
        }
    }

    /// Makes room for a reading that is not longer; what grows would leave copies behind.
    fn empty(&self) -> Self {
        let length = self.bytes.len();
        Self { bytes: Zeroizing::new(Vec::with_capacity(length)), places: Vec::with_capacity(length) }
    }

    /// Undoes escapes; `None` if there are none.
    fn unescaped(&self, escape: Escape) -> Option<Self> {
        let mut view = self.empty();
        let mut at = 0;
        while let Some((&first, _)) = self.bytes.get(at..).and_then(<[u8]>::split_first) {
            let mut used = escape(self.bytes.get(at..).unwrap_or_default(), &mut view.bytes);
            if used == 0 {
                view.bytes.push(first);
                used = 1;
            }
            view.places.resize(view.bytes.len(), self.place(at..at + used));
            at += used;
        }
        (view.bytes.len() < self.bytes.len() || *view.bytes != *self.bytes).then_some(view)
    }

    /// Packs runs of digits into bytes, each run from its digit number `offset`. White space in a run is
    /// passed over: long base64 is wrapped.
    fn packed(&self, digits: Digits, offset: u32) -> Self {
        let mut view = self.empty();
        let (mut seen, mut held, mut bits, mut previous) = (0, 0_u16, 0, 0);
        for (at, &byte) in self.bytes.iter().enumerate() {
            let Some(digit) = (digits.value)(byte) else {
                if !byte.is_ascii_whitespace() {
                    (seen, held, bits) = (0, 0, 0);
                    if view.bytes.last().is_some_and(|last| *last != BREAK) {
                        view.bytes.push(BREAK);
                        view.places.push(self.place(at..at + 1));
                    }
                }
                continue;
            };
            seen += 1;
            if seen <= offset {
                continue;
            }
            held = held << digits.bits | u16::from(digit);
            bits += digits.bits;
            if let Some(rest) = bits.checked_sub(8) {
                // No byte ends in the digit that it begins with.
                let [_, packed] = (held >> rest).to_be_bytes();
                view.bytes.push(packed);
                view.places.push(self.place(previous..at + 1));
                bits = rest;
            }
            previous = at;
        }
        view
    }
}

/// Reads the escape that the bytes begin with, appends what it stands for, which is never longer,
/// and returns its length; 0 if there is none.
type Escape = fn(&[u8], &mut Vec<u8>) -> usize;

fn percent(bytes: &[u8], out: &mut Vec<u8>) -> usize {
    match bytes {
        [b'%', high, low, ..] => hex_byte(*high, *low).map_or(0, |byte| {
            out.push(byte);
            3
        }),
        _ => 0,
    }
}

fn form(bytes: &[u8], out: &mut Vec<u8>) -> usize {
    if bytes.first() == Some(&b'+') {
        out.push(b' ');
        return 1;
    }
    percent(bytes, out)
}

/// JSON's escapes, and those of most languages and shells.
fn backslash(bytes: &[u8], out: &mut Vec<u8>) -> usize {
    let [b'\\', kind, rest @ ..] = bytes else { return 0 };
    let plain = match kind {
        b'u' => {
            return unicode(rest).map_or(0, |(c, used)| {
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                2 + used
            });
        }
        b'x' => match rest {
            [high, low, ..] => {
                return hex_byte(*high, *low).map_or(0, |byte| {
                    out.push(byte);
                    4
                });
            }
            _ => return 0,
        },
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 8,
        b'f' => 12,
        b'0' => 0,
        b' ' => b' ',
        other if other.is_ascii_punctuation() => *other,
        _ => return 0,
    };
    out.push(plain);
    2
}

/// What follows `\u`: four digits, two such halves of a pair, or digits in braces.
fn unicode(bytes: &[u8]) -> Option<(char, usize)> {
    let number = |digits: &[u8]| u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
    if let Some(rest) = bytes.strip_prefix(b"{") {
        let length = rest.iter().take(7).position(|byte| *byte == b'}')?;
        return Some((char::from_u32(number(rest.get(..length)?)?)?, length + 2));
    }
    let high = number(bytes.get(..4)?)?;
    if let Some(c) = char::from_u32(high) {
        return Some((c, 4));
    }
    let low = number(bytes.get(4..)?.strip_prefix(b"\\u")?.get(..4)?)?;
    let pair = [u16::try_from(high).ok()?, u16::try_from(low).ok()?];
    Some((char::decode_utf16(pair).next()?.ok()?, 10))
}

/// A quote within single quotes, as shells, PowerShell and SQL write it.
fn quote(bytes: &[u8], out: &mut Vec<u8>) -> usize {
    let forms: [&[u8]; 3] = [b"'\\''", b"'\"'\"'", b"''"];
    let used = forms.iter().find(|form| bytes.starts_with(form)).map_or(0, |form| form.len());
    if used > 0 {
        out.push(b'\'');
    }
    used
}

#[derive(Clone, Copy)]
struct Digits {
    bits: u16,
    value: fn(u8) -> Option<u8>,
}

impl Digits {
    /// After how many digits a byte begins with a digit again.
    fn alignments(self) -> u32 {
        if self.bits == 6 { 4 } else { 2 }
    }
}

/// Both alphabets: the usual one, and that of URLs.
fn base64_digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn hex_byte(high: u8, low: u8) -> Option<u8> {
    Some(hex_digit(high)? << 4 | hex_digit(low)?)
}
