//! `json`.

use super::Reason;
use crate::value::{Value, wipe};

pub(super) fn text(value: &Value) -> Result<Value, Reason> {
    let mut json = value.to_json()?;
    let text = json.to_string();
    wipe(&mut json);
    Ok(Value::text(text))
}
