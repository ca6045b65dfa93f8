//! `last-segment`, `before:TEXT`, `after:TEXT`, `upper`, `lower`.

use super::Reason;
use crate::value::Value;

pub(super) fn last_segment(value: &Value) -> Result<Value, Reason> {
    let text = value.to_text()?;
    Ok(Value::text(text.rsplit('/').next().unwrap_or_default()))
}

pub(super) fn before(mark: &str, value: &Value) -> Result<Value, Reason> {
    let text = value.to_text()?;
    Ok(Value::text(text.split_once(mark).map_or(text.as_str(), |(before, _)| before)))
}

pub(super) fn after(mark: &str, value: &Value) -> Result<Value, Reason> {
    let text = value.to_text()?;
    Ok(Value::text(text.split_once(mark).map_or("", |(_, after)| after)))
}

pub(super) fn upper(value: &Value) -> Result<Value, Reason> {
    Ok(Value::text(value.to_text()?.to_uppercase()))
}

pub(super) fn lower(value: &Value) -> Result<Value, Reason> {
    Ok(Value::text(value.to_text()?.to_lowercase()))
}
