//! From what a shell made of the line back to the bytes that were encoded.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use super::{ParamsError, Part};

// Encoders differ in padding and in the unused bits of the last symbol; neither carries meaning.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

/// Cuts out the first line, without line end, surrounding spaces and BOM, one byte a character.
///
/// `PowerShell` may be told to pipe UTF-16; base64 is ASCII, so every second byte is zero then.
pub(super) fn first_line(bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, ParamsError> {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let narrow = match line {
        [0xff, 0xfe, rest @ ..] => narrow(rest, 1)?,
        [0xfe, 0xff, rest @ ..] => narrow(rest, 0)?,
        [0, ..] => narrow(line, 0)?,
        [_, 0, ..] => narrow(line, 1)?,
        [0xef, 0xbb, 0xbf, rest @ ..] => Zeroizing::new(rest.to_vec()),
        _ => Zeroizing::new(line.to_vec()),
    };
    Ok(Zeroizing::new(narrow.trim_ascii().to_vec()))
}

/// Drops every second byte, which must be zero. Half a character at the end is the half of a line
/// end, which was cut through.
fn narrow(wide: &[u8], zero_at: usize) -> Result<Zeroizing<Vec<u8>>, ParamsError> {
    let mut text = Zeroizing::new(Vec::with_capacity(wide.len() / 2));
    for (index, pair) in wide.chunks_exact(2).enumerate() {
        match (pair, zero_at) {
            ([0, low], 0) | ([low, 0], 1) => text.push(*low),
            _ => return Err(ParamsError::NotBase64 { part: Part::Params, position: index + 1 }),
        }
    }
    Ok(text)
}

/// Decodes base64 of either alphabet, padded or not, with any white space in it; `None` when there
/// is nothing else.
pub(super) fn decode(text: &[u8], part: Part) -> Result<Option<Zeroizing<Vec<u8>>>, ParamsError> {
    let mut symbols = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut padding = 0;
    for (index, byte) in text.iter().enumerate() {
        match byte {
            b'=' if padding < 2 => padding += 1,
            b'-' if padding == 0 => symbols.push(b'+'),
            b'_' if padding == 0 => symbols.push(b'/'),
            b'+' | b'/' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' if padding == 0 => symbols.push(*byte),
            _ if byte.is_ascii_whitespace() => {}
            _ => return Err(ParamsError::NotBase64 { part, position: index + 1 }),
        }
    }
    if symbols.is_empty() {
        return Ok(None);
    }
    // The alphabet is checked, so that only the length can be wrong.
    let bytes = LENIENT.decode(&*symbols).map_err(|_| ParamsError::CutShort { part })?;
    Ok(Some(Zeroizing::new(bytes)))
}
