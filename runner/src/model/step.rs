//! What goes into a step and what comes out of it.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Finding, InputGroup, Place, Role};
use crate::secret::Secret;

/// One field of a record.
#[derive(Clone, PartialEq, Eq)]
pub struct Field {
    /// Where it stands.
    pub place: Place,
    /// The label; where the field has none, its type.
    pub label: String,
    /// The type; empty where only the params knew the field.
    pub kind: String,
    /// The values; what is not a string is JSON text.
    pub values: Vec<Secret>,
    /// Whether all of them are JSON text.
    pub json: bool,
}

/// One record, cut down to the fields that are asked for.
#[derive(Clone, PartialEq, Eq)]
pub struct VaultRecord {
    /// The record's UID.
    pub uid: String,
    /// The record's title.
    pub title: String,
    /// Why it is here.
    pub role: Role,
    /// The fields.
    pub fields: Vec<Field>,
}

/// A checked setting value.
#[derive(Debug, Clone, PartialEq)]
pub enum SettingValue {
    /// Of the types text and enum.
    Text(String),
    /// Of the type secret.
    Secret(Secret),
    /// Of the type int.
    Integer(i64),
    /// Of the type bool.
    Flag(bool),
    /// Of the type duration, in milliseconds.
    Duration(u64),
}

/// One setting with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The key, as in the manifest.
    pub key: String,
    /// The value.
    pub value: SettingValue,
}

/// What every step is given.
#[derive(Clone, Default, PartialEq)]
pub struct Request {
    /// The id of the rotation.
    pub rotation_id: String,
    /// What to name new credentials with; made anew for each try.
    pub marker: String,
    /// The number of the try, from 1; 0 when none will be made, as in a dry run.
    pub attempt: u32,
    /// The records that it draws on, the target first: a script is given them, a plugin in the sandbox is not.
    pub records: Vec<VaultRecord>,
    /// What the manifest reads of the records, by group.
    pub inputs: Vec<InputGroup>,
    /// The settings that have a value.
    pub settings: Vec<Setting>,
    /// The value to set, for in-place rotations.
    pub proposed: Option<Secret>,
    /// What a consumer is to receive.
    pub deliver: Vec<Update>,
    /// The id of the credential that it is of, where it has one.
    pub delivered_id: Option<String>,
}

/// A new value for one field of the target record.
#[derive(Clone, PartialEq, Eq)]
pub struct Update {
    /// The field's label.
    pub label: String,
    /// Where the field stands.
    pub place: Place,
    /// The field's type; empty where the answer does not say, until [`Update::settle`].
    pub kind: String,
    /// The values.
    pub values: Vec<Secret>,
}

/// A credential as the service lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// The id that removes it.
    pub id: String,
    /// Its name at the service.
    pub label: String,
    /// When it ends, RFC 3339.
    pub expires: Option<String>,
}

/// What preflight found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The identity of what is rotated, the same for everyone who rotates it.
    pub target: String,
    /// What will be made, in words.
    pub creates: String,
    /// Exactly what commit will remove.
    pub removes: Vec<Listed>,
    /// What an operator should know.
    pub findings: Vec<Finding>,
    /// What later steps are held to.
    #[serde(default, skip_serializing_if = "Carried::is_nothing")]
    pub carried: Carried,
}

/// What preflight leaves to later steps, in whatever process they run. It is journaled: no secret is in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// The plugin's own note to its later steps.
    pub context: String,
    /// The ids that the service listed, each with the request that showed it: what was there before.
    pub known: BTreeMap<String, String>,
    /// The values that lead to the target, by reference: a later step uses these and no others.
    pub pinned: BTreeMap<String, Value>,
}

impl Carried {
    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// What rotate made.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// The public id of the new credential.
    pub handle: String,
    /// What to save.
    pub updates: Vec<Update>,
    /// When it ends, RFC 3339.
    pub expires: Option<String>,
}

/// What verify found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// The service accepted the new credential.
    Verified,
    /// The service cannot be asked, and the operator's settings say to go on.
    Unproven(String),
}

/// What became of one credential to be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// The id.
    pub id: String,
    /// Whether it is gone.
    pub gone: bool,
}

/// What rollback found of this rotation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Undone {
    /// Credentials of this rotation that were seen.
    pub seen: Vec<String>,
    /// Those that are gone now.
    pub gone: Vec<String>,
}

// Values never show in `Debug`; what helps in a failing test is which fields there are.
impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Field({}: {} × [secret])", self.label, self.values.len())
    }
}

impl fmt::Debug for VaultRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VaultRecord")
            .field("uid", &self.uid)
            .field("role", &self.role)
            .field("fields", &self.fields)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("marker", &self.marker)
            .field("records", &self.records)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Update {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Update({:?} {}: {} × [secret])", self.place, self.label, self.values.len())
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("handle", &self.handle)
            .field("updates", &self.updates)
            .finish_non_exhaustive()
    }
}
