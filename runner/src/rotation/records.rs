//! What records say: which ids they name, and whose values they hold.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::{Record, Update};

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

/// Tells whether the record has `id` as the whole value of a field, or of a part of one.
pub(super) fn names(record: &Record, id: &str) -> bool {
    has_id(named_by(record), id)
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

/// Tells whose values `now` holds, given the record as it was `before` and our `updates`.
pub(super) fn holds(now: &Record, before: &Record, updates: &[Update]) -> Holds {
    let ours = |update: &&Update| is_written(now, update);
    let as_before = |update: &&Update| texts(now, update) == texts(before, update);
    if updates.iter().all(|update| ours(&update)) {
        Holds::Ours
    } else if updates.iter().filter(|update| !is_written(before, update)).any(|update| ours(&update)) {
        Holds::Mixed
    } else if updates.iter().all(|update| as_before(&update)) {
        Holds::Before
    } else {
        Holds::Others
    }
}

fn is_written(record: &Record, update: &Update) -> bool {
    texts(record, update)
        .iter()
        .map(AsRef::as_ref)
        .eq(update.values.iter().map(crate::secret::Secret::expose))
}

fn texts<'a>(record: &'a Record, update: &Update) -> Vec<Cow<'a, str>> {
    let field = record.field_in(update.place, &update.label);
    field.map_or(&[][..], |field| field.values).iter().map(text).collect()
}

/// A field value as plugins get it: a string as it is, anything else as JSON.
fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}
