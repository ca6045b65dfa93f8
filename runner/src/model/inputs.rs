//! What a plugin's manifest reads of the records.

use pamrun_contract::value::Value;

use super::Role;

/// A group of inputs, of the first alternative of it that is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputGroup {
    /// Its name in the manifest.
    pub name: String,
    /// The record that has its fields, as people know it: title and UID.
    pub record: String,
    /// Why that record is at hand.
    pub role: Role,
    /// The values that are there, by key.
    pub values: Vec<(String, Value)>,
}

impl InputGroup {
    /// The value of a key.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<&Value> {
        self.values.iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }
}
