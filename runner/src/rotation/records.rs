//! What records say: which ids they name, and whose values they hold.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::Value;

use super::HandleField;
use crate::model::{Credential, Place, Record, Update};
use crate::policy::spelling;
use crate::secret::Secret;

/// Puts the vault's records in the place of those that the params had; what the vault lacks
/// stays as it was in the params.
pub(super) fn freshen(mut records: Vec<Record>, fresh: Vec<Record>) -> Vec<Record> {
    for record in fresh {
        match records.iter_mut().find(|old| old.uid == record.uid) {
            Some(old) => *old = record,
            None => records.push(record),
        }
    }
    records
}

/// Tells whether two ids are the same: services and people differ in the case of GUIDs.
pub(super) fn same_id(one: &str, other: &str) -> bool {
    one.trim().eq_ignore_ascii_case(other.trim())
}

/// Tells whether `id` is one of `ids`.
pub(super) fn has_id<S: AsRef<str>>(ids: impl IntoIterator<Item = S>, id: &str) -> bool {
    ids.into_iter().any(|known| same_id(known.as_ref(), id))
}

/// Tells whether the record has `id`, in any spelling, as the whole value of a field, or of a part
/// of one.
pub(super) fn names(record: &Record, id: &str) -> bool {
    let spelled = spelling(id);
    !spelled.is_empty() && named_by(record).iter().any(|value| spelling(value) == spelled)
}

/// Everything that the record's fields hold, and that may therefore be an id.
pub(super) fn named_by(record: &Record) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for field in record.fields() {
        field.values.iter().for_each(|value| collect(value, &mut found));
    }
    found
}

fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(list) => list.iter().for_each(|value| collect(value, found)),
        Value::Object(map) => map.values().for_each(|value| collect(value, found)),
        Value::String(_) | Value::Number(_) => {
            found.insert(text(value).trim().to_owned());
        }
        Value::Null | Value::Bool(_) => {}
    }
    found.remove("");
}

/// Whose values stand in the fields that a rotation writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// Ours, all of them.
    Ours,
    /// Some of ours, next to somebody else's.
    Mixed,
    /// Those from before.
    Before,
    /// Somebody else's.
    Others,
}

/// Tells whose values `now` holds, given the record as it was `before` and our `credential`. What
/// speaks for us is the handle and the secret; others may well have saved the same date.
pub(super) fn holds(now: &Record, before: &Record, credential: &Credential) -> Holds {
    let Credential { handle, updates, .. } = credential;
    let tells = |update: &&Update| {
        (update.is_secret() || update.values.iter().any(|value| value.expose() == handle))
            && !is_written(before, update)
    };
    if updates.iter().all(|update| is_written(now, update)) {
        Holds::Ours
    } else if updates.iter().filter(tells).any(|update| is_written(now, update)) {
        Holds::Mixed
    } else if updates.iter().all(|update| texts(now, update) == texts(before, update)) {
        Holds::Before
    } else {
        Holds::Others
    }
}

/// The field that gets the handle, and what it holds `before`; none where no update has it.
pub(super) fn handle_field(before: &Record, credential: &Credential) -> Option<HandleField> {
    let holds_handle =
        |update: &&Update| matches!(&update.values[..], [only] if only.expose() == credential.handle);
    let update = credential.updates.iter().find(holds_handle)?;
    let Update { label, place, kind, .. } = update.clone();
    let field = HandleField { label, place, kind, before: None };
    let before = held_in(before, &field).map(Cow::into_owned);
    Some(HandleField { before, ..field })
}

/// The handle that stands in the field which is for it.
pub(super) fn held_in<'a>(record: &'a Record, field: &HandleField) -> Option<Cow<'a, str>> {
    text_in(record, field.place, &field.label, &field.kind)
}

/// The first value of a field, unless it is blank.
pub(super) fn text_in<'a>(record: &'a Record, place: Place, label: &str, kind: &str) -> Option<Cow<'a, str>> {
    let first = record.field_in(place, label, kind)?.values.first().map(text)?;
    (!first.trim().is_empty()).then_some(first)
}

fn is_written(record: &Record, update: &Update) -> bool {
    texts(record, update).iter().map(AsRef::as_ref).eq(update.values.iter().map(Secret::expose))
}

fn texts<'a>(record: &'a Record, update: &Update) -> Vec<Cow<'a, str>> {
    let field = record.field_in(update.place, &update.label, &update.kind);
    field.map_or(&[][..], |field| field.values).iter().map(text).collect()
}

/// A field value as plugins get it: a string as it is, anything else as JSON.
pub(super) fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(id: &str, secret: &str, expires: Option<&str>) -> Record {
        with_fields(&json!([
            {"type": "text", "label": "id", "value": [id]},
            {"type": "secret", "label": "secret", "value": [secret]},
            {"type": "text", "label": "expires", "value": expires.as_slice()},
        ]))
    }

    fn with_fields(custom: &Value) -> Record {
        let json = json!({"fields": [], "custom": custom});
        Record { uid: "r".into(), revision: Some(1), editable: true, json }
    }

    /// A credential that updates the two fields, and a date.
    fn credential(secret: &str) -> Credential {
        let update = |label: &str, kind: &str, value: &str| Update {
            label: label.into(),
            place: Place::Custom,
            kind: kind.into(),
            values: vec![Secret::new(value)],
        };
        let updates = vec![
            update("id", "text", "new"),
            update("secret", "secret", secret),
            update("expires", "text", "2030"),
        ];
        Credential { handle: "new".into(), updates, expires: None }
    }

    #[test]
    fn an_id_is_named_by_a_whole_value_wherever_it_stands_in_a_field() {
        let record = with_fields(&json!([
            {"type": "text", "label": "id", "value": [" A-1 ", 42]},
            {"type": "object", "label": "more", "value": [{"login": ["b-2"]}, true, null, ""]},
        ]));
        for id in ["a-1", "42", "B-2", "{A-1}", "b2"] {
            assert!(names(&record, id), "{id}");
        }
        for id in ["a", "A-1 b-2", "true", "login", ""] {
            assert!(!names(&record, id), "{id}");
        }
    }

    #[test]
    fn whose_values_a_record_holds_is_told_by_what_we_write() {
        let before = record("old", "s0", None);
        for (id, secret, expires, expected) in [
            ("new", "s1", Some("2030"), Holds::Ours),
            ("old", "s0", None, Holds::Before),
            ("other", "s2", None, Holds::Others),
            ("old", "s2", None, Holds::Others),
            ("old", "s0", Some("2031"), Holds::Others),
            ("new", "s2", None, Holds::Mixed),
            ("other", "s1", None, Holds::Mixed),
            ("new", "s1", None, Holds::Mixed),
        ] {
            let now = record(id, secret, expires);
            assert_eq!(holds(&now, &before, &credential("s1")), expected, "{id} {secret} {expires:?}");
        }
    }

    #[test]
    fn a_value_that_others_may_have_saved_too_does_not_speak_for_us() {
        let before = record("old", "same", None);
        assert_eq!(holds(&record("other", "s2", Some("2030")), &before, &credential("s1")), Holds::Others);
        assert_eq!(holds(&record("other", "same", None), &before, &credential("same")), Holds::Others);
        assert_eq!(holds(&before, &before, &credential("same")), Holds::Before);
    }
}
