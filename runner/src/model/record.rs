//! A vault record as Keeper keeps it: JSON with `title`, `type`, `fields`, `custom` and whatever
//! else is there. Nothing is dropped: a record that is saved goes back as it came, but for the
//! updated fields.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::Zeroize;

/// The UID of a record.
pub type RecordUid = String;

/// Where a field stands in its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// Among the custom fields.
    Custom,
    /// Among the fields of the record type.
    Standard,
}

/// One field of a record, borrowed from its JSON.
#[derive(Clone, Copy)]
pub struct FieldView<'a> {
    /// Where it stands.
    pub place: Place,
    /// Its label; where it has none, its type.
    pub label: &'a str,
    /// Its type; empty where only the params knew it.
    pub kind: &'a str,
    /// Its values.
    pub values: &'a [Value],
}

/// One record: from the vault (with a revision), or as the params had it (without).
#[derive(Clone, PartialEq)]
pub struct Record {
    /// Its UID.
    pub uid: RecordUid,
    /// The revision that a save must name; `None` when the record came from the params.
    pub revision: Option<i64>,
    /// Whether the vault lets us change it.
    pub editable: bool,
    /// Keeper's record JSON, whole.
    pub json: Value,
}

impl Record {
    /// Makes a record of the flattened form in which the gateway hands it over: one key per
    /// field, whose place and type are not known.
    #[must_use]
    pub fn from_params(uid: &str, title: &str, fields: &serde_json::Map<String, Value>) -> Self {
        let custom: Vec<Value> = fields
            .iter()
            .map(|(label, value)| {
                let values = match value {
                    Value::Null => Vec::new(),
                    Value::Array(values) => values.clone(),
                    single => vec![single.clone()],
                };
                serde_json::json!({"type": "", "label": label, "value": values})
            })
            .collect();
        Self {
            uid: uid.to_owned(),
            revision: None,
            editable: false,
            json: serde_json::json!({"title": title, "type": "", "fields": [], "custom": custom}),
        }
    }

    /// Returns the title, or nothing.
    #[must_use]
    pub fn title(&self) -> &str {
        self.json.get("title").and_then(Value::as_str).unwrap_or_default()
    }

    /// Lists the fields, those of the record type first.
    pub fn fields(&self) -> impl Iterator<Item = FieldView<'_>> {
        [("fields", Place::Standard), ("custom", Place::Custom)].into_iter().flat_map(|(key, place)| {
            let list = self.json.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            list.iter().map(move |field| {
                let text = |key| field.get(key).and_then(Value::as_str).unwrap_or_default();
                let kind = text("type");
                FieldView {
                    place,
                    label: if text("label").is_empty() { kind } else { text("label") },
                    kind,
                    values: field.get("value").and_then(Value::as_array).map_or(&[][..], Vec::as_slice),
                }
            })
        })
    }

    /// Finds a field by exact label (or type, where it has no label).
    #[must_use]
    pub fn field(&self, label: &str) -> Option<FieldView<'_>> {
        self.fields().find(|field| field.label == label)
    }

    /// Finds a field by place and exact label.
    #[must_use]
    pub fn field_in(&self, place: Place, label: &str) -> Option<FieldView<'_>> {
        self.fields().find(|field| field.place == place && field.label == label)
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels: Vec<_> = self.fields().map(|field| field.label).collect();
        f.debug_struct("Record")
            .field("uid", &self.uid)
            .field("revision", &self.revision)
            .field("fields", &labels)
            .finish_non_exhaustive()
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        wipe(&mut self.json);
    }
}

/// Overwrites every text in the JSON.
pub(crate) fn wipe(json: &mut Value) {
    match json {
        Value::String(text) => text.zeroize(),
        Value::Array(list) => list.iter_mut().for_each(wipe),
        Value::Object(map) => map.values_mut().for_each(wipe),
        _ => {}
    }
}
