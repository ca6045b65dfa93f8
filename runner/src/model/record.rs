//! A vault record as Keeper keeps it: JSON with `title`, `type`, `fields`, `custom` and whatever
//! else is there. Nothing is dropped: a record that is saved goes back as it came, but for the
//! updated fields.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::Zeroize;

use crate::text::quoted;

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
    /// Whether Keeper hides its values, whatever its type.
    pub is_screened: bool,
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

impl<'a> FieldView<'a> {
    fn of(place: Place, field: &'a Value) -> Self {
        let text = |key| field.get(key).and_then(Value::as_str).unwrap_or_default();
        let (kind, label) = (text("type"), text("label"));
        Self {
            place,
            label: if label.is_empty() { kind } else { label },
            kind,
            is_screened: field.get("privacyScreen") == Some(&Value::Bool(true)),
            values: values(field),
        }
    }
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
        let places = [Place::Standard, Place::Custom].into_iter();
        places.flat_map(|place| self.list(place).iter().map(move |field| FieldView::of(place, field)))
    }

    /// Finds a field by its exact label (or type, where it has no label); else a field of the record
    /// type by its type, whatever its label.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<FieldView<'_>> {
        let by_type = || self.fields().find(|field| field.place == Place::Standard && field.kind == name);
        self.fields().find(|field| field.label == name).or_else(by_type)
    }

    /// Finds a field of a place likewise; of several that are called so, the one of this type, or else
    /// the first.
    #[must_use]
    pub fn field_in(&self, place: Place, name: &str, kind: &str) -> Option<FieldView<'_>> {
        self.only_field_in(place, name, kind)
            .unwrap_or_else(|Twice { at: [(first, _), _], .. }| self.nth(place, first))
    }

    /// Finds the one field of a place that is meant: see [`find`].
    ///
    /// # Errors
    /// When several are.
    pub fn only_field_in(
        &self,
        place: Place,
        name: &str,
        kind: &str,
    ) -> Result<Option<FieldView<'_>>, Twice> {
        let at = find(self.list(place), place, name, kind)?;
        Ok(at.and_then(|at| self.nth(place, at)))
    }

    fn nth(&self, place: Place, at: usize) -> Option<FieldView<'_>> {
        self.list(place).get(at).map(|field| FieldView::of(place, field))
    }

    /// Tells whether the account is flagged as managed elsewhere.
    #[must_use]
    pub fn is_managed(&self) -> bool {
        // Where only the params knew the record, they do not say what a field is.
        let mut flags = self.fields().filter(|f| f.label == "managed" && matches!(f.kind, "checkbox" | ""));
        flags.any(|flag| flag.values.iter().any(|value| *value == true || *value == "true"))
    }

    /// Lists the records that are attached to the rotation scripts of this one, each once.
    #[must_use]
    pub fn attached(&self) -> Vec<RecordUid> {
        let scripts = self.fields().filter(|field| field.place == Place::Standard && field.kind == "script");
        let refs =
            scripts.flat_map(|field| field.values).filter_map(|script| script.get("recordRef")?.as_array());
        let mut attached: Vec<RecordUid> = Vec::new();
        for uid in refs.flatten().filter_map(Value::as_str) {
            if !uid.is_empty() && attached.iter().all(|known| known != uid) {
                attached.push(uid.to_owned());
            }
        }
        attached
    }

    fn list(&self, place: Place) -> &[Value] {
        self.json.get(place.key()).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }
}

impl Place {
    /// The key under which a record keeps the fields of this place.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Standard => "fields",
            Self::Custom => "custom",
        }
    }

    /// The word for it in messages, plugins' answers and manifests.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Custom => "custom",
        }
    }
}

/// The values of a field. One that stands there alone, without a list around it, as people write it,
/// counts as one.
fn values(field: &Value) -> &[Value] {
    match field.get("value") {
        None | Some(Value::Null) => &[],
        Some(Value::Array(values)) => values,
        Some(single) => std::slice::from_ref(single),
    }
}

/// Two fields that a name may mean equally well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Twice {
    /// Where they stand.
    pub place: Place,
    /// The name.
    pub name: String,
    /// Their positions in the list of the place, from 0, and their types.
    pub at: [(usize, String); 2],
}

impl fmt::Display for Twice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [(one, kind), (other, other_kind)] = &self.at;
        write!(
            f,
            "{} may mean two of the {} fields, number {} of type {} and number {} of type {}",
            quoted(&self.name),
            self.place.word(),
            one + 1,
            quoted(kind),
            other + 1,
            quoted(other_kind),
        )
    }
}

/// Finds the field that `name` means among all fields of a place: one with exactly that label (or type,
/// where it has no label); else, since the type of a standard field tells what it is for, a standard
/// one of that type. Of several, it is the one of the type `kind`.
///
/// # Errors
/// When several are left: which is meant, nobody can tell.
pub fn find(fields: &[Value], place: Place, name: &str, kind: &str) -> Result<Option<usize>, Twice> {
    let text = |field: &Value, key| match field.get(key).and_then(Value::as_str) {
        Some(text) if text == name => Some(true),
        Some("") | None => None,
        Some(_) => Some(false),
    };
    let is_called = |field: &Value| text(field, "label").or_else(|| text(field, "type")) == Some(true);
    let is_of_type = |field: &Value| place == Place::Standard && text(field, "type") == Some(true);
    let all = |fits: &dyn Fn(&Value) -> bool| {
        let fitting = fields.iter().enumerate().filter(|(_, field)| fits(field));
        fitting.map(|(at, field)| (at, kind_of(field))).collect::<Vec<_>>()
    };
    let mut found = all(&is_called);
    if found.is_empty() {
        found = all(&is_of_type);
    }
    if found.len() > 1 && found.iter().any(|(_, of)| *of == kind) {
        found.retain(|(_, of)| *of == kind);
    }
    match found.as_slice() {
        [] => Ok(None),
        [(at, _)] => Ok(Some(*at)),
        [one, other, ..] => {
            let at = [one, other].map(|(at, kind)| (*at, (*kind).to_owned()));
            Err(Twice { place, name: name.to_owned(), at })
        }
    }
}

fn kind_of(field: &Value) -> &str {
    field.get("type").and_then(Value::as_str).unwrap_or_default()
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

#[cfg(test)]
#[expect(clippy::needless_pass_by_value, reason = "JSON is easier to read where it is used")]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(fields: Value, custom: Value) -> Record {
        let json = json!({"fields": fields, "custom": custom});
        Record { uid: "r".into(), revision: Some(1), editable: true, json }
    }

    fn standard() -> Value {
        json!([
            {"type": "login", "label": "User name", "value": ["me"]},
            {"type": "password", "value": ["s"]},
            {"type": "secret", "label": "privatePEMKey", "value": ["PEM"]},
            {"type": "text", "label": "distinguishedName", "value": ["CN=me"]},
            {"type": "text", "label": "connectDatabase", "value": ["db"]},
            {"type": "checkbox", "label": "managed", "value": [true]},
            {"type": "host", "value": [{"hostName": "h", "port": "22"}]},
        ])
    }

    #[test]
    fn every_standard_field_is_found_by_its_label_or_else_by_its_type() {
        let record = record(standard(), json!([]));
        for (name, value) in [
            ("User name", json!("me")),
            ("login", json!("me")),
            ("password", json!("s")),
            ("privatePEMKey", json!("PEM")),
            ("secret", json!("PEM")),
            ("distinguishedName", json!("CN=me")),
            ("connectDatabase", json!("db")),
            ("managed", json!(true)),
            ("host", json!({"hostName": "h", "port": "22"})),
        ] {
            let found = [record.field(name), record.field_in(Place::Standard, name, "")];
            assert!(found.iter().all(|field| field.unwrap().values[0] == value), "{name}");
        }
    }

    #[test]
    fn a_label_goes_before_a_type_and_the_type_of_a_labelled_custom_field_is_no_name() {
        let custom = json!([
            {"type": "text", "label": "login", "value": ["custom"]},
            {"type": "url", "label": "link", "value": ["x"]},
        ]);
        let record = record(standard(), custom);
        assert_eq!(record.field("login").unwrap().values, ["custom"]);
        assert_eq!(record.field_in(Place::Standard, "login", "").unwrap().values, ["me"]);
        assert!(record.field("url").is_none() && record.field_in(Place::Custom, "url", "").is_none());
    }

    #[test]
    fn n6_n26_lists_that_are_missing_are_empty_and_a_value_without_a_list_is_one() {
        assert_eq!(record(Value::Null, Value::Null).fields().count(), 0);
        let custom = json!([
            {"type": "text", "label": "scalar", "value": "by hand"},
            {"type": "date", "label": "number", "value": 7},
            {"type": "host", "label": "object", "value": {"hostName": "h"}},
            {"type": "text", "label": "null", "value": null},
            {"type": "text", "label": "missing"},
            null,
        ]);
        let record = record(Value::Null, custom);
        let values = |label| record.field(label).unwrap().values.to_vec();
        assert_eq!(values("scalar"), [json!("by hand")]);
        assert_eq!((values("number"), values("object")), (vec![json!(7)], vec![json!({"hostName": "h"})]));
        assert!(values("null").is_empty() && values("missing").is_empty());
    }

    #[test]
    fn n25_of_fields_of_one_name_the_type_tells_which_is_meant_or_nobody_can() {
        let fields = json!([
            {"type": "text", "label": "key"},
            {"type": "secret", "label": "key"},
            {"type": "text", "label": "twin"},
            {"type": "text", "label": "twin"},
        ]);
        let found = |name, kind| find(fields.as_array().unwrap(), Place::Custom, name, kind);
        assert_eq!((found("key", "secret"), found("key", "text")), (Ok(Some(1)), Ok(Some(0))));
        let twice = found("twin", "text").unwrap_err().to_string();
        assert_eq!(
            twice,
            "`twin` may mean two of the custom fields, number 3 of type `text` and number 4 of type `text`"
        );
        assert!(found("key", "").is_err() && found("key", "note").is_err());
        let passwords = json!([{"type": "password", "label": "a"}, {"type": "password", "label": "b"}]);
        let found = |name| find(passwords.as_array().unwrap(), Place::Standard, name, "password");
        assert!(found("password").is_err(), "neither is called so");
        assert_eq!(found("b"), Ok(Some(1)));
    }

    #[test]
    fn the_credentials_of_all_scripts_are_attached_each_once() {
        let script = |uids: Value| json!({"fileRef": "f", "command": "pamrun exec", "recordRef": uids});
        let field = json!({"type": "script", "label": "rotationScripts", "value": [
            script(json!(["a", "b"])), script(json!(["b", "", 7, "c"])), script(Value::Null), "odd",
        ]});
        assert_eq!(record(json!([field]), json!([])).attached(), ["a", "b", "c"]);
        assert!(record(json!([]), json!([field])).attached().is_empty(), "nobody attaches by a custom field");
    }

    #[test]
    fn a_record_is_managed_when_its_box_is_ticked() {
        let with = |kind: &str, value: Value| {
            record(json!([{"type": kind, "label": "managed", "value": value}]), json!([])).is_managed()
        };
        assert!(with("checkbox", json!([true])) && with("", json!(["true"])));
        assert!(!with("checkbox", json!([false])) && !with("checkbox", json!([])));
        assert!(!with("text", json!(["true"])), "a note is no flag");
    }
}
