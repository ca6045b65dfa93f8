//! A vault in one file, as tests see and change it.

use std::io::ErrorKind;
use std::path::PathBuf;

use serde_json::Value;

use super::private;
use crate::record::Record;

/// A vault in one file.
#[derive(Debug, Clone)]
pub struct VaultFile(pub(super) PathBuf);

impl VaultFile {
    /// The value of `--vault`.
    pub fn flag(&self) -> String {
        format!("file:{}", self.0.display())
    }

    /// Everything in it; nothing yet is no records.
    pub fn read(&self) -> Value {
        let text = match std::fs::read(&self.0) {
            Err(error) if error.kind() == ErrorKind::NotFound => br#"{"records":[]}"#.to_vec(),
            read => read.unwrap(),
        };
        serde_json::from_slice(&text).unwrap()
    }

    /// One record of it.
    pub fn record(&self, uid: &str) -> Value {
        let all = self.read();
        all["records"].as_array().unwrap().iter().find(|record| record["uid"] == uid).unwrap().clone()
    }

    /// Changes one record as somebody else would: its revision moves.
    pub fn edit(&self, uid: &str, edit: impl FnOnce(&mut Value)) {
        let mut all = self.read();
        let records = all["records"].as_array_mut().unwrap();
        let record = records.iter_mut().find(|record| record["uid"] == uid).unwrap();
        edit(record);
        record["revision"] = (record["revision"].as_i64().unwrap() + 1).into();
        self.write(&all);
    }

    /// Adds a record.
    pub fn add(&self, record: &Record) {
        let mut all = self.read();
        all["records"].as_array_mut().unwrap().push(record.json.clone());
        self.write(&all);
    }

    /// Deletes a record.
    pub fn delete(&self, uid: &str) {
        let mut all = self.read();
        all["records"].as_array_mut().unwrap().retain(|record| record["uid"] != uid);
        self.write(&all);
    }

    pub(super) fn write(&self, json: &Value) {
        let new = self.0.with_extension("new");
        std::fs::write(&new, serde_json::to_vec_pretty(json).unwrap()).unwrap();
        private(&new, 0o600);
        std::fs::rename(new, &self.0).unwrap();
    }
}
