//! The vault file's JSON: `{"records":[{"uid","revision",…}]}` and whatever else is in it.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

use crate::model::Record;

const RECORDS: &str = "records";
const UID: &str = "uid";
const REVISION: &str = "revision";
const EDITABLE: &str = "isEditable";

/// What is wrong with the text of a vault file. Never says what stands in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum DocumentError {
    #[error("is not JSON: something is wrong at line {line}, column {column}")]
    NotJson { line: usize, column: usize },
    #[error("is not a vault: it must be an object with a list `records`")]
    NoRecords,
    #[error("cannot be used: record number {number} has no `uid`")]
    NoUid { number: usize },
    #[error("cannot be used: record {uid} has no `revision`, which must be a whole number")]
    NoRevision { uid: String },
    #[error("cannot be used: `isEditable` of record {uid} is neither true nor false")]
    NotBoolean { uid: String },
    #[error("cannot be used: two records have the uid {uid}")]
    DuplicateUid { uid: String },
}

/// A parsed vault file. Its records are wiped from memory when it is dropped.
pub(super) struct Document {
    /// All keys of the file in their order; the place of `records` is empty.
    keys: Map<String, Value>,
    /// The records, with `uid` and `revision` still in their JSON.
    records: Vec<Record>,
}

impl Document {
    /// Parses the text of a vault file.
    pub(super) fn parse(text: &str) -> Result<Self, DocumentError> {
        let json: Value = serde_json::from_str(text)
            .map_err(|error| DocumentError::NotJson { line: error.line(), column: error.column() })?;
        let Value::Object(mut keys) = json else { return Err(DocumentError::NoRecords) };
        let Some(Value::Array(list)) = keys.get_mut(RECORDS).map(Value::take) else {
            return Err(DocumentError::NoRecords);
        };
        let mut records: Vec<Record> = Vec::with_capacity(list.len());
        for (index, json) in list.into_iter().enumerate() {
            let record = record(index + 1, json)?;
            if records.iter().any(|other| other.uid == record.uid) {
                return Err(DocumentError::DuplicateUid { uid: record.uid.clone() });
            }
            records.push(record);
        }
        Ok(Self { keys, records })
    }

    /// Finds a record, as it stands in the file.
    pub(super) fn record(&self, uid: &str) -> Option<&Record> {
        self.records.iter().find(|record| record.uid == uid)
    }

    /// Lists all records, as they stand in the file.
    pub(super) fn records(&self) -> impl Iterator<Item = &Record> {
        self.records.iter()
    }

    /// Finds a record to change it.
    pub(super) fn record_mut(&mut self, uid: &str) -> Option<&mut Record> {
        self.records.iter_mut().find(|record| record.uid == uid)
    }
}

fn record(number: usize, json: Value) -> Result<Record, DocumentError> {
    let uid = json.get(UID).and_then(Value::as_str).ok_or(DocumentError::NoUid { number })?.to_owned();
    let Some(revision) = json.get(REVISION).and_then(Value::as_i64) else {
        return Err(DocumentError::NoRevision { uid });
    };
    let editable = match json.get(EDITABLE) {
        None => true,
        Some(Value::Bool(editable)) => *editable,
        Some(_) => return Err(DocumentError::NotBoolean { uid }),
    };
    Ok(Record { uid, revision: Some(revision), editable, json })
}

/// Copies a record for those outside, who see Keeper's own JSON only.
pub(super) fn without_envelope(record: &Record) -> Record {
    let mut copy = record.clone();
    if let Some(json) = copy.json.as_object_mut() {
        for key in [UID, REVISION, EDITABLE] {
            json.shift_remove(key);
        }
    }
    copy
}

/// Counts the revision up, in the file's JSON too.
pub(super) fn move_revision(record: &mut Record) {
    let next = record.revision.unwrap_or_default().saturating_add(1);
    record.revision = Some(next);
    if let Some(json) = record.json.as_object_mut() {
        json.insert(REVISION.to_owned(), Value::from(next));
    }
}

// By hand, so that no second copy of the records is made, which nobody would wipe.
impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.keys.len()))?;
        for (key, value) in &self.keys {
            if key == RECORDS {
                let records: Vec<&Value> = self.records.iter().map(|record| &record.json).collect();
                map.serialize_entry(key, &records)?;
            } else {
                map.serialize_entry(key, value)?;
            }
        }
        map.end()
    }
}
