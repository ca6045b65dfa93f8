//! JSON merge patch, RFC 7396.

use crate::strict;
use crate::value::{Json, Tree, Value};

/// Lays each object over those before it; null takes a member away. A text or bytes are read as JSON: a
/// field of a record holds JSON as text.
pub(super) fn merge(parts: &[Value]) -> Result<Value, String> {
    let mut whole = Tree(Json::Object(serde_json::Map::new()));
    let mut is_secret = false;
    for (index, part) in parts.iter().enumerate() {
        is_secret |= part.is_secret();
        let mut patch = read(part).map_err(|error| format!("its part {} {error}", index + 1))?;
        lay_over(&mut whole.0, std::mem::take(&mut patch.0));
    }
    Ok(Value::json(std::mem::take(&mut whole.0)).with_secrecy(is_secret))
}

fn read(part: &Value) -> Result<Tree, &'static str> {
    if part.is_empty() {
        return Ok(Tree(Json::Object(serde_json::Map::new())));
    }
    let tree = if let Some(json) = part.as_json() {
        Tree(json.clone())
    } else {
        let bytes = part.to_bytes().map_err(|_| "is no JSON object")?;
        Tree(strict::json(&bytes).map_err(|_| "is a text that is no JSON object")?)
    };
    if tree.0.is_object() { Ok(tree) } else { Err("is no JSON object") }
}

fn lay_over(target: &mut Json, patch: Json) {
    let Json::Object(members) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Json::Object(serde_json::Map::new());
    }
    let Json::Object(object) = target else { return };
    for (key, member) in members {
        if member.is_null() {
            object.shift_remove(&key);
        } else {
            lay_over(object.entry(key).or_insert(Json::Null), member);
        }
    }
}
