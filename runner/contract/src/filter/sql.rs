//! `sql-name`, `sql-text`: statements bind no names, and some bind no values.
//!
//! Dialects escape in different ways, so nothing is escaped: what would need it is refused.

use super::Reason;
use crate::value::Value;

pub(super) fn name(value: &Value) -> Result<Value, Reason> {
    let text = value.to_text()?;
    if text.is_empty() {
        return Err("is empty, and no name".into());
    }
    quoted(&text, '"')
}

pub(super) fn text(value: &Value) -> Result<Value, Reason> {
    quoted(&value.to_text()?, '\'')
}

fn quoted(text: &str, quote: char) -> Result<Value, Reason> {
    if text.chars().any(|c| c.is_control() || matches!(c, '\'' | '"' | '`' | '\\')) {
        return Err("has a quote, a backslash or a control character in it".into());
    }
    Ok(Value::text(format!("{quote}{text}{quote}")))
}
