//! `jwt`.

use super::{Reason, encode};
use crate::strict;
use crate::value::Value;

/// Reads the claims of a signed JWT; an encrypted one has five parts, and none that can be read.
pub(super) fn claims(value: &Value) -> Result<Value, Reason> {
    let text = value.to_text()?;
    let parts: Vec<&str> = text.split('.').collect();
    let [_, claims, _] = parts.as_slice() else { return Err("is no JWT".into()) };
    let claims = zeroize::Zeroizing::new(encode::decode(claims).map_err(|_| "is no JWT")?);
    let claims = strict::json(&claims).map_err(|_| "is no JWT")?;
    if claims.is_object() { Ok(Value::json(claims)) } else { Err("is no JWT".into()) }
}
