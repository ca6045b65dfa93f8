//! The hidden field in which a record keeps new values that could neither be saved in their fields nor
//! be proven to be worthless: until somebody takes them or drops them.
//!
//! It blocks nobody. Its value is a JSON list, the oldest entry first.

use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::records::text_in;
use crate::model::{Place, Record, Update, wipe};
use crate::secret::Secret;

const FIELD: &str = "pamrun_rescued";

/// What stands in place of a label where nobody could read which fields an answer was for.
pub const UNREAD_ANSWER: &str = "(answer that could not be read)";

/// What one run could not bring home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rescued {
    /// The rotation.
    pub rotation_id: String,
    /// When the values were returned, as an RFC 3339 time.
    pub at: String,
    /// The plugin or script that returned them.
    pub plugin: String,
    /// Why they are not in their fields, in a sentence. Redacted.
    pub why: String,
    /// The values, each with the field that it was for.
    pub updates: Vec<Update>,
}

impl Rescued {
    /// Reads what the record keeps. What stands in the field and is not ours is kept as an entry of its
    /// own: somebody may need it.
    #[must_use]
    pub fn all_in(record: &Record) -> Vec<Self> {
        let Some(text) = text_in(record, Place::Custom, FIELD, "secret") else { return Vec::new() };
        Self::parse(&text).unwrap_or_else(|| vec![Self::of_strangers(&text)])
    }

    /// The update that makes the record keep exactly these.
    #[must_use]
    pub fn update(all: &[Self]) -> Update {
        let values = if all.is_empty() {
            Vec::new()
        } else {
            let mut json = Value::Array(all.iter().map(Self::to_json).collect());
            let text = Zeroizing::new(json.to_string());
            wipe(&mut json);
            vec![Secret::new(text.as_str())]
        };
        Update { label: FIELD.to_owned(), place: Place::Custom, kind: "secret".to_owned(), values }
    }

    /// Whether a value of this label was for a field of the record.
    #[must_use]
    pub fn has_a_field(label: &str) -> bool {
        ![FIELD, UNREAD_ANSWER].contains(&label)
    }

    /// Whether this is the field in which they are kept.
    #[must_use]
    pub fn is_kept_in(label: &str) -> bool {
        label == FIELD
    }

    /// The fields that they were for, in words.
    #[must_use]
    pub fn fields(&self) -> String {
        let labels: Vec<_> = self.updates.iter().map(|update| format!("`{}`", update.label)).collect();
        labels.join(", ")
    }

    fn parse(text: &str) -> Option<Vec<Self>> {
        let mut json: Value = serde_json::from_str(text).ok()?;
        let all = json.as_array().and_then(|list| list.iter().map(Self::of_json).collect());
        wipe(&mut json);
        all
    }

    fn of_json(json: &Value) -> Option<Self> {
        let text = |key| json.get(key).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            rotation_id: text("rotation_id")?,
            at: text("at")?,
            plugin: text("plugin")?,
            why: text("why")?,
            updates: json.get("updates")?.as_array()?.iter().map(update_of_json).collect::<Option<_>>()?,
        })
    }

    fn of_strangers(text: &str) -> Self {
        let values = vec![Secret::new(text)];
        let stranger =
            Update { label: FIELD.to_owned(), place: Place::Custom, kind: "secret".to_owned(), values };
        Self {
            rotation_id: String::new(),
            at: String::new(),
            plugin: String::new(),
            why: "somebody else wrote it".to_owned(),
            updates: vec![stranger],
        }
    }

    fn to_json(&self) -> Value {
        let Self { rotation_id, at, plugin, why, updates } = self;
        let updates: Vec<_> = updates.iter().map(update_to_json).collect();
        json!({"rotation_id": rotation_id, "at": at, "plugin": plugin, "why": why, "updates": updates})
    }
}

fn update_of_json(json: &Value) -> Option<Update> {
    let json: &Map<String, Value> = json.as_object()?;
    let text = |key| json.get(key).and_then(Value::as_str);
    let values = json.get("values")?.as_array()?.iter();
    Some(Update {
        label: text("label")?.to_owned(),
        place: if text("place") == Some(Place::Standard.word()) { Place::Standard } else { Place::Custom },
        kind: text("type")?.to_owned(),
        values: values.map(|value| value.as_str().map(Secret::new)).collect::<Option<_>>()?,
    })
}

fn update_to_json(update: &Update) -> Value {
    let values: Vec<_> = update.values.iter().map(Secret::expose).collect();
    json!({"label": update.label, "place": update.place.word(), "type": update.kind, "values": values})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(value: &str) -> Record {
        let json = json!({"custom": [{"type": "secret", "label": FIELD, "value": [value]}]});
        Record { uid: "r".into(), revision: Some(1), editable: true, json }
    }

    fn rescued(id: &str) -> Rescued {
        let update = |label: &str, place, values: &[&str]| Update {
            label: label.into(),
            place,
            kind: "secret".into(),
            values: values.iter().map(|value| Secret::new(*value)).collect(),
        };
        Rescued {
            rotation_id: id.into(),
            at: "2026-01-01T00:00:00Z".into(),
            plugin: "keys.sh".into(),
            why: "it exited with status 1".into(),
            updates: vec![
                update("api_key", Place::Custom, &["k\"ey", "more"]),
                update("password", Place::Standard, &["pw"]),
            ],
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let all = [rescued("r1"), rescued("r2")];
        let update = Rescued::update(&all);
        assert!(update.is_secret() && Rescued::is_kept_in(&update.label));
        assert_eq!(Rescued::all_in(&record(update.values[0].expose())), all);
        assert_eq!(all[0].fields(), "`api_key`, `password`");
    }

    #[test]
    fn nothing_to_keep_drops_the_field() {
        assert!(Rescued::update(&[]).values.is_empty());
        assert_eq!(Rescued::all_in(&record(" ")), []);
    }

    #[test]
    fn what_somebody_else_wrote_there_is_kept_and_not_shown() {
        for text in ["hunter2", "{}", r#"[{"at":"hunter2"}]"#] {
            let all = Rescued::all_in(&record(text));
            assert_eq!(all[0].updates[0].values[0].expose(), text);
            assert!(!format!("{all:?}").contains("hunter2"));
            assert_eq!(Rescued::all_in(&record(Rescued::update(&all).values[0].expose())), all);
        }
    }
}
