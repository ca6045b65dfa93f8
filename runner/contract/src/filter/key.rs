//! `rsa-public`, `pem:LABEL`.

use pkcs8::der::pem::{LineEnding, encode_string};

use super::Reason;
use crate::rsa_key::RsaKey;
use crate::value::Value;

pub(super) fn rsa_public(value: &Value) -> Result<Value, Reason> {
    let key = RsaKey::from_pem(&value.to_text()?)?;
    Ok(Value::bytes(key.public()))
}

pub(super) fn pem(label: &str, value: &Value) -> Result<Value, Reason> {
    let pem = encode_string(label, LineEnding::LF, &value.to_bytes()?).map_err(|_| "is too long for PEM")?;
    Ok(Value::text(pem))
}

/// Reads a label: upper-case words, as in `-----BEGIN PUBLIC KEY-----`.
pub(super) fn label(text: &str) -> Result<String, String> {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    if text.len() <= 64 && text.split(' ').all(is_word) {
        return Ok(text.to_owned());
    }
    Err(format!("`{text}` is no label of PEM; write one such as `pem:CERTIFICATE` or `pem:PUBLIC KEY`"))
}
