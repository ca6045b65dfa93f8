//! `epoch`, `date`.

use super::Reason;
use crate::time;
use crate::value::Value;

pub(super) fn epoch(value: &Value) -> Result<Value, Reason> {
    Ok(Value::integer(read(value)?.as_second()))
}

pub(super) fn date(value: &Value) -> Result<Value, Reason> {
    Ok(Value::text(read(value)?.strftime("%Y-%m-%d").to_string()))
}

fn read(value: &Value) -> Result<jiff::Timestamp, Reason> {
    time::read(&value.to_text()?).ok_or(Reason::Is("is no time"))
}
