//! `last-segment`, `upper`, `lower`.

use super::Reason;
use crate::value::Value;

pub(super) fn last_segment(value: &Value) -> Result<Value, Reason> {
    let text = value.to_text()?;
    Ok(Value::text(text.rsplit('/').next().unwrap_or_default()))
}

pub(super) fn upper(value: &Value) -> Result<Value, Reason> {
    Ok(Value::text(value.to_text()?.to_uppercase()))
}

pub(super) fn lower(value: &Value) -> Result<Value, Reason> {
    Ok(Value::text(value.to_text()?.to_lowercase()))
}
