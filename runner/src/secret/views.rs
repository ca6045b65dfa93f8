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

/// Escapes that are undone one after another.
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
    view.show_unescaped(DEPTH, &mut |unescaped, depth| {
        show(unescaped);
        for offset in 0..4 {
            let packed = unescaped.packed(6, base64_digit, offset);
            packed.show_unescaped(depth.min(1), &mut |view, _| show(view));
        }
        for offset in 0..2 {
            show(&unescaped.packed(4, hex_digit, offset));
        }
    });
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

    /// Shows the view as it is, and with up to `depth` layers of escapes undone; with it goes the number of
    /// layers that are left.
    fn show_unescaped(&self, depth: usize, show: &mut impl FnMut(&Self, usize)) {
        show(self, depth);
        let Some(less) = depth.checked_sub(1) else { return };
        for (marks, escape) in ESCAPES {
            if let Some(view) = self.unescaped(marks, escape) {
                view.show_unescaped(less, show);
            }
        }
    }

    /// Undoes escapes, which begin with one of the marks; `None` if there are none.
    fn unescaped(&self, marks: &[u8], escape: Escape) -> Option<Self> {
        let mut view = None;
        let (mut copied, mut at) = (0, 0);
        let next = |at| Some(at + self.bytes.get(at..)?.iter().position(|byte| marks.contains(byte))?);
        while let Some(mark) = next(at) {
            at = mark + 1;
            if let Some((decoded, length)) = escape(self.bytes.get(mark..).unwrap_or_default()) {
                let view = view.get_or_insert_with(|| self.empty());
                view.copy(self, copied..mark);
                view.bytes.extend_from_slice(decoded.bytes(&mut [0; 4]));
                at = mark + length;
                view.places.resize(view.bytes.len(), self.place(mark..at));
                copied = at;
            }
        }
        let mut view = view?;
        view.copy(self, copied..self.bytes.len());
        Some(view)
    }

    fn copy(&mut self, from: &Self, range: Range<usize>) {
        self.bytes.extend_from_slice(from.bytes.get(range.clone()).unwrap_or_default());
        self.places.extend_from_slice(from.places.get(range).unwrap_or_default());
    }

    /// Packs runs of digits into bytes, each run from its digit number `offset`: after four digits of
    /// base64, and after two of hexadecimal, a byte begins with a digit again. White space in a run is
    /// passed over: long base64 is wrapped.
    fn packed(&self, width: u16, value: impl Fn(u8) -> Option<u8>, offset: u32) -> Self {
        let mut view = self.empty();
        let (mut seen, mut held, mut bits, mut previous) = (0, 0_u16, 0, 0);
        for (byte, place) in self.bytes.iter().zip(&self.places) {
            let Some(digit) = value(*byte) else {
                if !byte.is_ascii_whitespace() {
                    (seen, held, bits) = (0, 0, 0);
                    if view.bytes.last().is_some_and(|last| *last != BREAK) {
                        view.bytes.push(BREAK);
                        view.places.push(place.clone());
                    }
                }
                continue;
            };
            seen += 1;
            if seen > offset {
                held = held << width | u16::from(digit);
                bits += width;
            }
            if bits >= 8 {
                // A byte always begins in the digit before the one that it ends in.
                bits -= 8;
                let [_, packed] = (held >> bits).to_be_bytes();
                view.bytes.push(packed);
                view.places.push(previous..place.end);
            }
            previous = place.start;
        }
        view
    }
}

/// What an escape stands for.
enum Decoded {
    Byte(u8),
    Char(char),
}

impl Decoded {
    fn bytes(self, buffer: &mut [u8; 4]) -> &[u8] {
        match self {
            Self::Byte(byte) => {
                let [first, ..] = buffer;
                *first = byte;
                std::slice::from_ref(first)
            }
            Self::Char(c) => c.encode_utf8(buffer).as_bytes(),
        }
    }
}

/// Reads the escape that the bytes begin with: what it stands for, which is never longer, and its length.
type Escape = fn(&[u8]) -> Option<(Decoded, usize)>;

const ESCAPES: [(&[u8], Escape); 4] = [(b"%", percent), (b"%+", form), (b"\\", backslash), (b"'", quote)];

fn percent(bytes: &[u8]) -> Option<(Decoded, usize)> {
    let [b'%', high, low, ..] = bytes else { return None };
    Some((Decoded::Byte(hex_byte(*high, *low)?), 3))
}

fn form(bytes: &[u8]) -> Option<(Decoded, usize)> {
    if bytes.first() == Some(&b'+') { Some((Decoded::Byte(b' '), 1)) } else { percent(bytes) }
}

/// JSON's escapes, and those of most languages and shells.
fn backslash(bytes: &[u8]) -> Option<(Decoded, usize)> {
    let [b'\\', kind, rest @ ..] = bytes else { return None };
    let byte = match (kind, rest) {
        (b'u', _) => return unicode(rest).map(|(c, length)| (Decoded::Char(c), 2 + length)),
        (b'x', [high, low, ..]) => return Some((Decoded::Byte(hex_byte(*high, *low)?), 4)),
        (b'n', _) => b'\n',
        (b'r', _) => b'\r',
        (b't', _) => b'\t',
        (b'b', _) => 8,
        (b'f', _) => 12,
        (b'0', _) => 0,
        (other, _) if *other == b' ' || other.is_ascii_punctuation() => *other,
        _ => return None,
    };
    Some((Decoded::Byte(byte), 2))
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
fn quote(bytes: &[u8]) -> Option<(Decoded, usize)> {
    let forms: [&[u8]; 3] = [b"'\\''", b"'\"'\"'", b"''"];
    let form = forms.iter().find(|form| bytes.starts_with(form))?;
    Some((Decoded::Byte(b'\''), form.len()))
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
