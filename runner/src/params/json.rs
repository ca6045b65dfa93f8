//! JSON that is wiped when it is dropped, and parsed with a guard on its depth.

use serde_json::Value;

use super::{ParamsError, Part};
use crate::limits::Limits;
use crate::model::wipe;

/// A JSON value whose texts are wiped when it is dropped.
pub(super) struct Json(pub Value);

impl Json {
    /// Parses the bytes of one encoding.
    ///
    /// The parser's own messages may quote the content, so only their place is passed on.
    pub fn parse(bytes: &[u8], part: Part, limits: &Limits) -> Result<Self, ParamsError> {
        let text = str::from_utf8(bytes)
            .map_err(|error| ParamsError::NotUtf8 { part, position: error.valid_up_to() + 1 })?;
        if depth(text) > limits.depth {
            return Err(ParamsError::TooDeep { part, limit: limits.depth });
        }
        serde_json::from_str(text.trim_start_matches('\u{feff}')).map(Self).map_err(|error| {
            if error.is_eof() {
                ParamsError::CutShort { part }
            } else {
                ParamsError::NotJson { part, line: error.line(), column: error.column() }
            }
        })
    }

    /// Hands the value out, to be wiped by its new owner.
    pub fn take(mut self) -> Value {
        self.0.take()
    }
}

impl Drop for Json {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// Names the type of a value, with its article.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Counts how deep brackets are nested, without following them: what is judged here could be made
/// to overflow the stack of whoever does.
fn depth(text: &str) -> usize {
    let (mut deepest, mut level, mut in_string, mut escaped) = (0_usize, 0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                level += 1;
                deepest = deepest.max(level);
            }
            b']' | b'}' if !in_string => level = level.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
