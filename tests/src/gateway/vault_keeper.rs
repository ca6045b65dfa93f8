//! A vault at the stand-in for Keeper, as tests see and change it.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::keeper::Keeper;
use crate::record::Record;

/// What Keeper keeps beside a record's JSON, and not in it.
const BESIDE: [&str; 2] = ["uid", "revision"];

/// A vault at Keeper.
#[derive(Clone)]
pub struct VaultKeeper {
    pub(super) keeper: Keeper,
    /// The client's configuration.
    pub(super) config: PathBuf,
}

impl VaultKeeper {
    /// The value of `--vault`.
    pub fn flag(&self) -> String {
        format!("ksm:{}", self.config.display())
    }

    /// Everything in it, in the form of a vault in one file.
    pub fn read(&self) -> Value {
        let uids = self.keeper.vault().uids();
        json!({"records": uids.iter().map(|uid| self.record(uid)).collect::<Vec<_>>()})
    }

    /// One record of it.
    pub fn record(&self, uid: &str) -> Value {
        let (json, revision) = self.keeper.record(uid);
        let mut record = json!({"uid": uid, "revision": revision});
        record.as_object_mut().unwrap().extend(json.as_object().unwrap().clone());
        record
    }

    /// Changes one record as somebody else would: its revision moves.
    pub fn edit(&self, uid: &str, edit: impl FnOnce(&mut Value)) {
        self.keeper.edit(uid, edit);
    }

    /// Adds a record.
    pub fn add(&self, record: &Record) {
        let mut json = record.json.clone();
        json.as_object_mut().unwrap().retain(|key, _| !BESIDE.contains(&key.as_str()));
        let mut vault = self.keeper.vault();
        vault.put_record(&record.uid, &json, true);
        vault.set_revision(&record.uid, record.json["revision"].as_i64().unwrap());
    }

    /// Deletes a record.
    pub fn delete(&self, uid: &str) {
        self.keeper.remove_record(uid);
    }
}
