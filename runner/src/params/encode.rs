//! Makes the gateway's line from plain JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use zeroize::Zeroizing;

use super::json::Json;
use super::{Params, ParamsError, Part};
use crate::limits::Limits;
use crate::secret::Secret;
use crate::text::decode;

/// Encodes params as the gateway does: `records`, if it is an array, as base64 of its JSON, then
/// the whole as base64, without a line end. The text is as secret as what went in.
#[must_use]
pub fn encode(json: &Value) -> String {
    let mut json = Json(json.clone());
    if let Some(records @ Value::Array(_)) = json.0.get_mut("records") {
        let text = Zeroizing::new(Json(records.take()).0.to_string());
        *records = Value::String(STANDARD.encode(&*text));
    }
    STANDARD.encode(&*Zeroizing::new(json.0.to_string()))
}

/// Makes the line from JSON text, and makes sure that it can be read again.
///
/// # Errors
/// As [`Params::parse`], for the JSON that went in.
pub fn encode_json(text: &[u8], limits: &Limits) -> Result<Secret, ParamsError> {
    let text = decode(text).map_err(ParamsError::Undecodable)?;
    if text.trim().is_empty() {
        return Err(ParamsError::Empty);
    }
    let line = Zeroizing::new(encode(&Json::parse(text.as_bytes(), Part::Params, limits)?.0));
    Params::parse(line.as_bytes(), limits).map(|params| params.line)
}
