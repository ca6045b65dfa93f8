//! The form in which a manifest is packed into a plugin: compact JSON.

use serde::Deserialize;
use serde_json::Value;

use super::{CONTRACT, Manifest, source};
use crate::refusal::{At, Refusal};
use crate::strict;

/// The most bytes that a manifest has, as TOML and packed.
pub const MOST_BYTES: usize = 256 * 1024;
/// How deeply it may be nested.
pub const MOST_NESTING: usize = 16;

/// Reads a packed manifest; what it means is not checked yet.
///
/// # Errors
/// It is cut, too large, too deeply nested, doubled, of another contract, or no manifest.
pub fn read_packed(bytes: &[u8]) -> Result<Manifest, Refusal> {
    let again = "pack the plugin again with `pamrun plugin pack`";
    let refuse = |reason: String| Refusal::new(At::default(), reason, again);
    if bytes.len() > MOST_BYTES {
        return Err(refuse(format!(
            "the packed manifest has {} bytes, and {MOST_BYTES} are the most",
            bytes.len()
        )));
    }
    let json = strict::json(bytes)
        .map_err(|error| refuse(format!("the packed manifest cannot be read: {error}")))?;
    if depth(&json) > MOST_NESTING {
        return Err(refuse(format!("the packed manifest is nested more than {MOST_NESTING} deep")));
    }
    let contract = json.get("contract").and_then(Value::as_str);
    if contract != Some(CONTRACT) {
        let contract = contract.map_or_else(|| "none".to_owned(), |contract| format!("{contract:?}"));
        return Err(refuse(format!(
            "the plugin was packed for contract {contract}, and this reads {CONTRACT}"
        )));
    }
    Manifest::deserialize(&json).map_err(|error| {
        let (reason, mend) = source::in_words(&error.to_string());
        Refusal::new(At::default(), format!("the packed manifest: {reason}"), mend)
    })
}

/// Writes a manifest as it is packed, the contract's version first.
pub(super) fn write(json: &Value) -> Result<String, Refusal> {
    let mut packed = serde_json::Map::new();
    packed.insert("contract".to_owned(), Value::from(CONTRACT));
    if let Value::Object(members) = json {
        packed.extend(members.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    let text = Value::Object(packed).to_string();
    if text.len() <= MOST_BYTES {
        return Ok(text);
    }
    Err(Refusal::new(
        At::default(),
        format!("packed, the manifest has {} bytes, and {MOST_BYTES} are the most", text.len()),
        "leave out what the plugin does not need",
    ))
}

/// How deeply some JSON is nested.
fn depth(json: &Value) -> usize {
    match json {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}
