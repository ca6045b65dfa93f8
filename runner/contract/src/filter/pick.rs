//! `at:POINTER`, `keys`.

use super::Reason;
use crate::given::Nothing;
use crate::path::{Found, Path};
use crate::strict;
use crate::value::{Json, Tree, Value};

pub(super) fn at(path: &Path, value: &Value) -> Result<Option<Value>, Reason> {
    let tree = read(value)?;
    Ok(match path.find_json(&tree.0, &Nothing) {
        Found::One(found) => found.cloned().map(Value::json),
        Found::Rows(rows) => rows.map(|rows| {
            Value::json(Json::Array(rows.into_iter().map(|row| row.cloned().unwrap_or_default()).collect()))
        }),
    })
}

pub(super) fn keys(value: &Value) -> Result<Value, Reason> {
    let tree = read(value)?;
    let members = tree.0.as_object().ok_or("is no object")?;
    Ok(Value::json(members.keys().cloned().map(Json::String).collect::<Vec<_>>().into()))
}

/// The JSON that a value is, or that its text says.
fn read(value: &Value) -> Result<Tree, Reason> {
    match value.as_json() {
        Some(json) => Ok(Tree(json.clone())),
        None => {
            strict::json(&value.to_bytes()?).map(Tree).map_err(|_| Reason::Is("is a text that is no JSON"))
        }
    }
}
