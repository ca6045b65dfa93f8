//! The records of a case: in the vault as Keeper keeps them, and in the gateway's line.

use serde_json::{Map, Value, json};

use super::case::{RecordEntry, RecordRole, Setting};
use super::template::{expand, expand_json};
use super::world::{Scope, State, World};
use crate::model::{Record, RecordUid, is_secret_kind, says_secret};

/// Fields that belong to the type of a PAM User record.
const STANDARD: [&str; 3] = ["login", "password", "url"];
/// What of the params is secret.
const PASSWORDS: [&str; 2] = ["newPassword", "oldPassword"];

/// The UID of the record that is rotated.
pub(super) fn target_uid(setting: &Setting) -> RecordUid {
    let named = || setting.params.get("userRecordUid").and_then(Value::as_str).map(str::to_owned);
    let target = setting.records.iter().find(|record| record.role == RecordRole::Target);
    target.and_then(|record| record.uid.clone()).or_else(named).unwrap_or_else(|| "target".to_owned())
}

/// The UID of each record, in their order.
fn uids(setting: &Setting) -> Vec<RecordUid> {
    let mut numbers = std::collections::BTreeMap::new();
    let mut uid = |record: &RecordEntry| {
        let word = match record.role {
            RecordRole::Target => return target_uid(setting),
            RecordRole::Attached => "attached",
            RecordRole::Provider => "provider",
            RecordRole::Other => "other",
        };
        let number: &mut u32 = numbers.entry(word).or_default();
        *number += 1;
        let made = if *number == 1 { word.to_owned() } else { format!("{word}-{number}") };
        record.uid.clone().unwrap_or(made)
    };
    setting.records.iter().map(&mut uid).collect()
}

/// Makes the records as the vault has them.
///
/// # Errors
/// A value that cannot be filled in, or that stands in clear where a secret belongs.
pub(super) fn records(setting: &Setting, world: &World) -> Result<Vec<Record>, String> {
    let state = State::default();
    let scope = Scope::of(world, &state);
    let record = |(uid, entry): (RecordUid, &RecordEntry)| {
        let mut json = json!({
            "type": entry.kind.as_deref().unwrap_or(if entry.role == RecordRole::Target { "pamUser" } else { "login" }),
            "title": title(entry, &uid),
            "fields": [], "custom": [],
        });
        for (label, value) in &entry.fields {
            let (place, field) =
                field(label, value).map_err(|error| format!("the field `{label}`: {error}"))?;
            let list = json.get_mut(place).and_then(Value::as_array_mut);
            list.ok_or("no such place")?.push(expand_json(&field, &scope)?);
        }
        Ok(Record { uid, revision: Some(1), editable: entry.editable.unwrap_or(true), json })
    };
    uids(setting).into_iter().zip(&setting.records).map(record).collect()
}

fn title<'a>(entry: &'a RecordEntry, uid: &'a str) -> &'a str {
    entry.title.as_deref().unwrap_or(uid)
}

/// A field as Keeper keeps it, and where it stands.
pub(super) fn field(label: &str, value: &Value) -> Result<(&'static str, Value), String> {
    let part = |key: &str| value.get(key).and_then(Value::as_str);
    let is_standard = part("place").map_or(STANDARD.contains(&label), |place| place == "standard");
    let values = match value {
        Value::Object(map) => map.get("value").cloned().unwrap_or_default(),
        other => other.clone(),
    };
    let values = match values {
        Value::Null => Vec::new(),
        Value::Array(values) => values,
        Value::String(text) => vec![Value::String(text)],
        other => vec![other],
    };
    let holds_canary = values.iter().any(|value| value.to_string().contains("{secret:"));
    let guessed = match (is_standard, holds_canary) {
        (true, _) => label,
        (false, true) => "secret",
        (false, false) => "text",
    };
    let kind = part("type").unwrap_or(guessed);
    let is_secret = is_secret_kind(kind) || says_secret(label);
    if is_secret && !holds_canary && values.iter().any(|value| *value != "") {
        return Err(clear());
    }
    let field = if is_standard && kind == label {
        json!({"type": kind, "value": values})
    } else {
        json!({"type": kind, "label": label, "value": values})
    };
    Ok((if is_standard { "fields" } else { "custom" }, field))
}

fn clear() -> String {
    "a secret stands here: write `{secret:NAME}`, for which every run has a fresh value".to_owned()
}

/// Makes what the gateway hands over, with `records` as a plain list.
///
/// # Errors
/// As for the records of the vault.
pub fn params(world: &World) -> Result<Value, String> {
    let setting = &*world.setting;
    let state = State::default();
    let scope = Scope::of(world, &state);
    let mut params = json!({"userRecordUid": world.target});
    let map = params.as_object_mut().ok_or("no object")?;
    let mut records = Vec::new();
    for (uid, entry) in uids(setting).into_iter().zip(&setting.records) {
        match entry.role {
            RecordRole::Provider => {
                map.insert("providerRecordUid".to_owned(), uid.into());
            }
            RecordRole::Other => {}
            RecordRole::Target | RecordRole::Attached => {
                let mut flat = Map::new();
                flat.insert("title".to_owned(), title(entry, &uid).into());
                flat.insert("uid".to_owned(), uid.into());
                for (label, value) in &entry.fields {
                    let value = value.get("value").unwrap_or(value);
                    flat.insert(label.clone(), expand_json(value, &scope)?);
                }
                records.push(Value::Object(flat));
            }
        }
    }
    for (key, value) in &setting.params {
        let text = value.as_str().unwrap_or_default();
        if PASSWORDS.contains(&key.as_str()) && !text.is_empty() && !text.contains("{secret:") {
            return Err(format!("`{key}` under [params]: {}", clear()));
        }
        let value = if value.is_string() { expand(text, &scope)?.into() } else { value.clone() };
        map.insert(key.clone(), value);
    }
    map.insert("records".to_owned(), records.into());
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_stands_where_keeper_keeps_it() {
        let kept = |label: &str, value: Value| field(label, &value).unwrap();
        assert_eq!(kept("login", json!("me")), ("fields", json!({"type": "login", "value": ["me"]})));
        assert_eq!(
            kept("id", json!("x")),
            ("custom", json!({"type": "text", "label": "id", "value": ["x"]}))
        );
        let secret = json!({"type": "secret", "label": "key", "value": ["{secret:k}"]});
        assert_eq!(kept("key", json!("{secret:k}")), ("custom", secret));
        let standard = json!({"type": "text", "label": "dn", "value": ["x"]});
        assert_eq!(
            kept("dn", json!({"place": "standard", "type": "text", "value": "x"})),
            ("fields", standard)
        );
    }

    #[test]
    fn a_secret_in_clear_is_refused() {
        assert!(field("password", &json!("hunter2")).unwrap_err().contains("{secret:NAME}"));
        assert!(field("password", &json!("")).is_ok());
    }
}
