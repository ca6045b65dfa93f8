//! JSON merge patch, RFC 7396.

use crate::path::is_like;
use crate::strict;
use crate::value::{Json, Tree, Value};

/// How a member is found among those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    /// By its key as it is.
    Matters,
    /// By its key, and without one by the only key that is the same but for case, whose spelling stays.
    Folds,
}

/// Lays each object over those before it; null takes a member away. The first one stays as it is. A text or
/// bytes are read as JSON: a field of a record holds JSON as text.
pub(super) fn merge(parts: &[Value], case: Case) -> Result<Value, String> {
    let mut whole = Tree(Json::Object(serde_json::Map::new()));
    let mut is_secret = false;
    for (index, part) in parts.iter().enumerate() {
        is_secret |= part.is_secret();
        let mut patch = read(part).map_err(|error| format!("its part {} {error}", index + 1))?;
        let patch = std::mem::take(&mut patch.0);
        if index == 0 {
            whole.0 = patch;
        } else {
            lay_over(&mut whole.0, patch, case)?;
        }
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

fn lay_over(target: &mut Json, patch: Json, case: Case) -> Result<(), String> {
    let Json::Object(members) = patch else {
        *target = patch;
        return Ok(());
    };
    if !target.is_object() {
        *target = Json::Object(serde_json::Map::new());
    }
    let Json::Object(object) = target else { return Ok(()) };
    for (key, member) in members {
        let key = if case == Case::Folds { spelled(object, key)? } else { key };
        if member.is_null() {
            object.shift_remove(&key);
        } else {
            lay_over(object.entry(key).or_insert(Json::Null), member, case)?;
        }
    }
    Ok(())
}

/// The key as the object spells it already.
fn spelled(object: &serde_json::Map<String, Json>, key: String) -> Result<String, String> {
    if object.contains_key(&key) {
        return Ok(key);
    }
    let mut like = object.keys().filter(|known| is_like(known, &key));
    match (like.next(), like.next()) {
        (None, _) => Ok(key),
        (Some(only), None) => Ok(only.clone()),
        _ => Err("a key of it stands there in two spellings, and in neither of its own".to_owned()),
    }
}
