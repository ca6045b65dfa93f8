//! Puts updates into a record's JSON and changes nothing else. Pure, for every kind of vault.

use serde_json::{Value, json};

use crate::model::{DATES, Place, Twice, Update, find, is_hidden_kind, milliseconds, wipe};
use crate::text::quoted;

/// Types of fields whose values are JSON objects.
const OBJECTS: [&str; 16] = [
    "address",
    "appFiller",
    "bankAccount",
    "host",
    "keyPair",
    "name",
    "pamHostname",
    "pamRemoteBrowserSettings",
    "pamResources",
    "pamSettings",
    "passkey",
    "paymentCard",
    "phone",
    "schedule",
    "script",
    "securityQuestion",
];

/// Why a record cannot take an update.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpdateError {
    /// A standard field belongs to the record type: it cannot be made up.
    #[error(
        "the record has no standard field {}: add it to the record's type, or let the plugin \
         return a custom field",
        quoted(label)
    )]
    NoSuchField {
        /// The field's label.
        label: String,
    },
    /// A field of this type holds something else.
    #[error(
        "the field {} is of type `{kind}`, and the plugin's value for it is not {expected}",
        quoted(label)
    )]
    WrongValue {
        /// The field's label.
        label: String,
        /// Its type.
        kind: String,
        /// What it should be.
        expected: &'static str,
    },
    /// Which field is meant, nobody can tell.
    #[error("{0}, and which one is meant nobody can tell: give one of them another label, or remove it")]
    Ambiguous(Box<Twice>),
    /// The record's JSON is not what Keeper writes.
    #[error("the record's `{part}` is not {expected}")]
    Malformed {
        /// Which part of the record.
        part: &'static str,
        /// What it should be.
        expected: &'static str,
    },
}

/// Puts `updates` into `record`, Keeper's record JSON.
///
/// A field is found as [`find`] says. A custom field that is missing is added at the end, and one
/// that gets no values is removed. A custom field that is shown in clear becomes a hidden one when its
/// new value is secret. Values that Keeper keeps as objects, numbers or flags are given as compact JSON.
///
/// # Errors
/// When one of the updates cannot be applied; the record is then as it was.
pub fn apply(record: &mut Value, updates: &[Update]) -> Result<(), UpdateError> {
    for update in updates {
        check(record, update)?;
    }
    for update in updates {
        put(record, update)?;
    }
    Ok(())
}

fn check(record: &Value, update: &Update) -> Result<(), UpdateError> {
    let part = update.place.key();
    let object = record.as_object().ok_or(UpdateError::Malformed { part: "JSON", expected: "an object" })?;
    let fields = match object.get(part) {
        None | Some(Value::Null) => &[][..],
        Some(list) => list.as_array().ok_or(UpdateError::Malformed { part, expected: "a list" })?,
    };
    let found = at(fields, update)?.and_then(|at| fields.get(at));
    if found.is_none() && update.place == Place::Standard {
        return Err(UpdateError::NoSuchField { label: update.label.clone() });
    }
    values(found, update).map(drop)
}

fn put(record: &mut Value, update: &Update) -> Result<(), UpdateError> {
    let part = update.place.key();
    if update.place == Place::Custom && update.values.is_empty() {
        return remove(record, update);
    }
    let malformed = UpdateError::Malformed { part, expected: "a list" };
    let object =
        record.as_object_mut().ok_or(UpdateError::Malformed { part: "JSON", expected: "an object" })?;
    let list = object.entry(part).or_insert(Value::Null);
    if list.is_null() {
        *list = Value::Array(Vec::new());
    }
    let fields = list.as_array_mut().ok_or(malformed)?;
    let found = at(fields, update)?.and_then(|at| fields.get_mut(at));
    let values = values(found.as_deref(), update)?;
    match found.and_then(Value::as_object_mut) {
        Some(field) => {
            field.insert("value".to_owned(), values);
            if update.place == Place::Custom && update.is_secret() && !is_hidden(field) {
                field.insert("type".to_owned(), Value::from(update.kind.as_str()));
                // A field without a label was found by the type that it had.
                field.insert("label".to_owned(), Value::from(update.label.as_str()));
            }
        }
        None => fields.push(json!({"type": update.kind, "label": update.label, "value": values})),
    }
    Ok(())
}

fn remove(record: &mut Value, update: &Update) -> Result<(), UpdateError> {
    let Some(fields) = record.get_mut(Place::Custom.key()).and_then(Value::as_array_mut) else {
        return Ok(());
    };
    if let Some(at) = at(fields, update)? {
        wipe(&mut fields.remove(at));
    }
    Ok(())
}

fn at(fields: &[Value], update: &Update) -> Result<Option<usize>, UpdateError> {
    find(fields, update.place, &update.label, &update.kind)
        .map_err(|twice| UpdateError::Ambiguous(Box::new(twice)))
}

/// The values of an update, as the field of that type holds them. They are read back as the text
/// that the plugin gave, so that their JSON must be the very same text; dates are settled before:
/// see [`Update::settle`].
fn values(field: Option<&Value>, update: &Update) -> Result<Value, UpdateError> {
    let kind = field.and_then(|field| field.get("type")?.as_str()).unwrap_or(&update.kind);
    let wrong =
        |expected| UpdateError::WrongValue { label: update.label.clone(), kind: kind.to_owned(), expected };
    let value = |text: &str| {
        if DATES.contains(&kind) {
            return milliseconds(text).map(Value::from).ok_or_else(|| {
                wrong("a date, such as 2027-01-31, 2027-01-31T12:00:00Z or milliseconds since 1970")
            });
        }
        let json: Option<Value> = serde_json::from_str(text).ok();
        let is_compact = json.as_ref().map(Value::to_string).as_deref() == Some(text);
        match json.filter(|_| is_compact) {
            Some(json) if OBJECTS.contains(&kind) && json.is_object() => Ok(json),
            _ if OBJECTS.contains(&kind) => Err(wrong("a JSON object without spaces between its parts")),
            Some(json) if kind == "checkbox" && json.is_boolean() => Ok(json),
            _ if kind == "checkbox" => Err(wrong("true or false")),
            _ => Ok(Value::from(text)),
        }
    };
    update.values.iter().map(|secret| value(secret.expose())).collect()
}

fn is_hidden(field: &serde_json::Map<String, Value>) -> bool {
    field.get("type").and_then(Value::as_str).is_some_and(is_hidden_kind)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::secret::Secret;

    fn update(place: Place, label: &str, kind: &str, value: &str) -> Update {
        let values = vec![Secret::new(value)];
        Update { label: label.to_owned(), place, kind: kind.to_owned(), values }
    }

    fn applied(mut record: Value, update: Update) -> Value {
        apply(&mut record, &[update]).unwrap();
        record
    }

    #[test]
    fn a_custom_field_is_found_by_its_exact_label() {
        let record = json!({"custom": [
            {"type": "text", "label": "Key", "value": ["other"]},
            {"type": "text", "label": "key", "value": ["old"]},
        ]});
        let after = applied(record, update(Place::Custom, "key", "text", "new"));
        assert_eq!(after["custom"][0]["value"], json!(["other"]));
        assert_eq!(after["custom"][1]["value"], json!(["new"]));
    }

    #[test]
    fn a_standard_field_without_a_label_is_found_by_its_type() {
        let record =
            json!({"fields": [{"type": "login", "value": ["me"]}, {"type": "password", "value": []}]});
        let after = applied(record, update(Place::Standard, "password", "password", "new"));
        assert_eq!(after["fields"][1]["value"], json!(["new"]));
    }

    #[test]
    fn a_relabelled_standard_field_is_found_by_its_type_and_keeps_its_label() {
        let record = json!({"fields": [{"type": "password", "label": "PIN", "value": ["1"]}]});
        let after = applied(record, update(Place::Standard, "password", "password", "new"));
        assert_eq!(after["fields"], json!([{"type": "password", "label": "PIN", "value": ["new"]}]));
    }

    #[test]
    fn a_standard_field_that_the_record_lacks_cannot_be_made_up() {
        let mut record = json!({"fields": [{"type": "login", "value": []}]});
        let error =
            apply(&mut record, &[update(Place::Standard, "password", "password", "new")]).unwrap_err();
        assert_eq!(error, UpdateError::NoSuchField { label: "password".to_owned() });
    }

    #[test]
    fn values_that_keeper_keeps_as_json_are_saved_as_such() {
        for (kind, text, value) in [
            ("host", r#"{"hostName":"h","port":"22"}"#, json!({"hostName": "h", "port": "22"})),
            ("checkbox", "true", json!(true)),
            ("date", "1767225600000", json!(1_767_225_600_000_i64)),
            ("date", "2026-01-01", json!(1_767_225_600_000_i64)),
            ("expirationDate", "2026-01-01T01:00:00+01:00", json!(1_767_225_600_000_i64)),
            ("birthDate", "-86400000", json!(-86_400_000)),
            ("text", "true", json!("true")),
            ("secret", "12", json!("12")),
        ] {
            let record = json!({"fields": [{"type": kind, "label": "it", "value": []}]});
            let after = applied(record, update(Place::Standard, "it", kind, text));
            assert_eq!(after["fields"][0]["value"], json!([value]), "{kind}");
            let added = applied(json!({}), update(Place::Custom, "it", kind, text));
            assert_eq!(added["custom"][0]["value"], json!([value]), "{kind}");
        }
    }

    #[test]
    fn a_value_that_its_field_cannot_hold_is_refused_and_not_quoted() {
        for (kind, text) in
            [("host", "canary"), ("host", "{ \"canary\": 1 }"), ("checkbox", "canary"), ("date", "canary")]
        {
            let before = json!({"fields": [{"type": kind, "label": "it", "value": []}]});
            let mut record = before.clone();
            let error = apply(&mut record, &[update(Place::Standard, "it", "text", text)]).unwrap_err();
            assert!(error.to_string().contains(kind) && !error.to_string().contains("canary"), "{error}");
            assert_eq!(record, before);
        }
    }

    #[test]
    fn a_missing_custom_field_is_added_at_the_end_even_without_a_list() {
        let added = json!({"type": "text", "label": "expires", "value": ["2031"]});
        let new = || update(Place::Custom, "expires", "text", "2031");
        assert_eq!(applied(json!({}), new()), json!({"custom": [added]}));
        let before = json!({"custom": [{"type": "text", "value": []}]});
        assert_eq!(applied(before, new())["custom"][1], added);
    }

    #[test]
    fn a_secret_never_lands_in_a_custom_field_that_shows_it() {
        let record = |kind| json!({"custom": [{"type": kind, "label": "key", "value": []}]});
        let new = || update(Place::Custom, "key", "secret", "new");
        assert_eq!(applied(record("text"), new())["custom"][0]["type"], "secret");
        assert_eq!(applied(record("password"), new())["custom"][0]["type"], "password");
        let unlabelled = json!({"custom": [{"type": "key", "value": []}]});
        let hidden = json!({"type": "secret", "value": ["new"], "label": "key"});
        assert_eq!(applied(unlabelled, new())["custom"], json!([hidden]));
    }

    #[test]
    fn the_type_of_a_standard_field_stays() {
        let record = json!({"fields": [{"type": "text", "label": "key", "value": []}]});
        let after = applied(record, update(Place::Standard, "key", "secret", "new"));
        assert_eq!(after["fields"][0]["type"], "text");
    }

    #[test]
    fn a_custom_field_that_gets_no_values_is_removed_and_a_standard_one_emptied() {
        let emptied =
            |place, label: &str| Update { values: Vec::new(), ..update(place, label, "secret", "") };
        let one = json!({"type": "secret", "label": "key", "value": ["1"]});
        let two = json!({"type": "text", "label": "key", "value": ["2"]});
        let custom = emptied(Place::Custom, "key");
        assert_eq!(applied(json!({"custom": [one, two]}), custom.clone()), json!({"custom": [two]}));
        assert_eq!(applied(json!({}), custom), json!({}));
        let standard = json!({"fields": [{"type": "password", "value": ["1"]}]});
        let after = applied(standard, emptied(Place::Standard, "password"));
        assert_eq!(after, json!({"fields": [{"type": "password", "value": []}]}));
    }

    #[test]
    fn one_impossible_update_leaves_the_record_as_it_was() {
        let before = json!({"custom": [], "fields": []});
        let mut record = before.clone();
        let updates =
            [update(Place::Custom, "a", "text", "1"), update(Place::Standard, "password", "password", "2")];
        apply(&mut record, &updates).unwrap_err();
        assert_eq!(record, before);
    }

    #[test]
    fn n6_lists_that_are_missing_are_empty() {
        let mut record = json!({"fields": null, "custom": null});
        let error =
            apply(&mut record, &[update(Place::Standard, "password", "password", "new")]).unwrap_err();
        assert!(matches!(error, UpdateError::NoSuchField { .. }));
        let after = applied(record.clone(), update(Place::Custom, "key", "secret", "new"));
        assert_eq!(after["custom"], json!([{"type": "secret", "label": "key", "value": ["new"]}]));
        let emptied = Update { values: Vec::new(), ..update(Place::Custom, "key", "secret", "") };
        assert_eq!(applied(record.clone(), emptied), record);
    }

    #[test]
    fn n25_two_fields_of_one_label_are_named_unless_the_type_tells_them_apart() {
        let field = |kind: &str, value: &str| json!({"type": kind, "label": "api_key", "value": [value]});
        let before = json!({"custom": [field("secret", "a"), field("text", "c"), field("secret", "b")]});
        let mut record = before.clone();
        let new = |kind| update(Place::Custom, "api_key", kind, "canary");
        for updates in [vec![new("secret")], vec![Update { values: Vec::new(), ..new("secret") }]] {
            let error = apply(&mut record, &updates).unwrap_err().to_string();
            assert!(error.contains("`api_key`") && !error.contains("canary"), "{error}");
            assert!(
                error.contains("number 1 of type `secret`") && error.contains("number 3 of type"),
                "{error}"
            );
            assert_eq!(record, before);
        }
        assert_eq!(applied(record, new("text"))["custom"][1]["value"], json!(["canary"]));
    }

    #[test]
    fn a_malformed_record_is_an_error_that_names_the_part() {
        for (mut record, part) in [(json!([]), "JSON"), (json!({"custom": {}}), "custom")] {
            let error = apply(&mut record, &[update(Place::Custom, "a", "text", "1")]).unwrap_err();
            assert!(matches!(error, UpdateError::Malformed { part: found, .. } if found == part), "{error}");
        }
    }

    fn some_json() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".*".prop_map(Value::from)
        ]
    }

    /// A field with few possible names, so that updates meet it, and unknown parts.
    fn some_field() -> impl Strategy<Value = Value> {
        let label = prop_oneof![Just(None), "[abc]?".prop_map(Some)];
        (label, "[abc]", some_json(), some_json()).prop_map(|(label, kind, value, unknown)| {
            let mut field = json!({"unknown": unknown, "type": kind, "value": [value]});
            if let Some(label) = label {
                field["label"] = json!(label);
            }
            field
        })
    }

    fn some_record() -> impl Strategy<Value = Value> {
        let fields = || proptest::collection::vec(some_field(), 0..6);
        (some_json(), fields(), fields()).prop_map(
            |(unknown, fields, custom)| json!({"custom": custom, "unknown": unknown, "fields": fields}),
        )
    }

    fn some_updates() -> impl Strategy<Value = Vec<Update>> {
        let one = ("[abcd]", prop_oneof![Just("text"), Just("secret")], ".*");
        proptest::collection::btree_map("[abcd]", one, 0..4).prop_map(|updates| {
            let make = |(label, (_, kind, value)): (String, (String, &str, String))| {
                update(Place::Custom, &label, kind, &value)
            };
            updates.into_iter().map(make).collect()
        })
    }

    proptest! {
        #[test]
        fn nothing_but_the_named_fields_changes(before in some_record(), updates in some_updates()) {
            let mut after = before.clone();
            if let Err(error) = apply(&mut after, &updates) {
                prop_assert!(matches!(error, UpdateError::Ambiguous(_)), "{}", error);
                prop_assert_eq!(after.to_string(), before.to_string());
                return Ok(());
            }

            // Take the updates out again, and the text must be the same, to the byte.
            let old = before["custom"].as_array().unwrap();
            let custom = after["custom"].as_array_mut().unwrap();
            for update in &updates {
                let at = find(custom, Place::Custom, &update.label, &update.kind).unwrap().unwrap();
                prop_assert_eq!(&custom[at]["value"], &json!([update.values[0].expose()]));
                if let Some(field) = old.get(at) {
                    prop_assert_eq!(&custom[at]["unknown"], &field["unknown"]);
                    custom[at] = field.clone();
                }
            }
            let added = custom.split_off(old.len());
            prop_assert!(added.iter().all(|field| updates.iter().any(|update| field["label"] == update.label)));
            prop_assert_eq!(after.to_string(), before.to_string());
        }

        #[test]
        fn applying_twice_is_applying_once(mut record in some_record(), updates in some_updates()) {
            prop_assume!(apply(&mut record, &updates).is_ok());
            let once = record.to_string();
            apply(&mut record, &updates).unwrap();
            prop_assert_eq!(record.to_string(), once);
        }
    }
}
