//! `base64`, `base64-decode`, `sha256`.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD};
use zeroize::Zeroizing;

use super::Reason;
use crate::value::Value;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD_ANY: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE_ANY: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

pub(super) fn base64(value: &Value) -> Result<Value, Reason> {
    Ok(Value::text(STANDARD.encode(value.to_bytes()?)))
}

pub(super) fn base64_decode(value: &Value) -> Result<Value, Reason> {
    decode(&value.to_text()?).map(Value::bytes)
}

pub(super) fn sha256(value: &Value) -> Result<Value, Reason> {
    let hash = ring::digest::digest(&ring::digest::SHA256, &value.to_bytes()?);
    Ok(Value::bytes(hash.as_ref().to_vec()))
}

/// Decodes either alphabet, padded or not; line breaks, which long base64 is wrapped with, are passed over.
pub(super) fn decode(text: &str) -> Result<Vec<u8>, Reason> {
    let packed = Zeroizing::new(text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect::<Vec<u8>>());
    let engine =
        if packed.iter().any(|byte| matches!(byte, b'-' | b'_')) { URL_SAFE_ANY } else { STANDARD_ANY };
    engine.decode(&*packed).map_err(|_| Reason::Is("is no base64"))
}
