//! What a consumer is handed.

use pamrun_contract::manifest::SettingKind;
use pamrun_contract::value::Value;
use serde_json::{Map, Value as Json};

use super::session::Session;
use crate::model::Update;

/// The one field that is handed on: the one that the setting `field` names, else the only secret one.
pub(super) fn delivered_value(session: &Session) -> Option<Value> {
    let named = session.settings.get("field").and_then(|field| field.to_text().ok());
    if let Some(label) = named {
        return session.deliver.iter().find(|update| update.label == *label).and_then(value);
    }
    let mut secret = session.deliver.iter().filter(|update| update.is_secret());
    let only = secret.next();
    only.filter(|_| secret.next().is_none()).and_then(value)
}

/// All fields as one object: by the names that the setting of type `map` gives them, as
/// `label=NAME,label=NAME`, or by their labels.
pub(super) fn delivered_object(session: &Session) -> Option<Value> {
    let map = session.manifest.settings.iter().find(|(_, setting)| setting.kind == SettingKind::Map);
    let names = map.and_then(|(key, _)| session.settings.get(key)).and_then(|value| value.to_text().ok());
    let mut object = Map::new();
    let mut put = |label: &str, name: &str| {
        let update = session.deliver.iter().find(|update| update.label == label)?;
        object.insert(name.to_owned(), value(update)?.to_json().ok()?);
        Some(())
    };
    match names {
        Some(names) => {
            for pair in names.split(',') {
                let (label, name) = pair.split_once('=')?;
                put(label.trim(), name.trim())?;
            }
        }
        None => {
            for update in &session.deliver {
                put(&update.label, &update.label)?;
            }
        }
    }
    (!object.is_empty()).then(|| Value::json(Json::Object(object)).secret())
}

fn value(update: &Update) -> Option<Value> {
    let [value] = update.values.as_slice() else { return None };
    Some(Value::text(value.expose()).with_secrecy(update.is_secret()))
}
