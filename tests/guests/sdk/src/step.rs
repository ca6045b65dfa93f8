//! What steps return.

use std::fmt;

use serde::Serialize;

/// Where a field stands in its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// Among the custom fields.
    Custom,
    /// Among the fields of the record type.
    Standard,
}

/// A new value for one field of the target record. The manifest's `returns` must name the field.
#[derive(Clone, PartialEq, Eq)]
pub struct Update {
    /// The field's label.
    pub label: String,
    /// Where the field stands.
    pub place: Place,
    /// The field's type; `secret` and `password` are masked wherever they show.
    pub kind: String,
    /// The values; mostly one.
    pub values: Vec<String>,
}

impl Update {
    /// A custom field of type `text`.
    pub fn text(label: &str, value: impl Into<String>) -> Self {
        Self::custom(label, "text", value.into())
    }

    /// A custom field of type `secret`.
    pub fn secret(label: &str, value: impl Into<String>) -> Self {
        Self::custom(label, "secret", value.into())
    }

    /// The record's password: the standard field of that type, which has no label.
    pub fn password(value: impl Into<String>) -> Self {
        let password = || "password".to_owned();
        Self { label: password(), place: Place::Standard, kind: password(), values: vec![value.into()] }
    }

    fn custom(label: &str, kind: &str, value: String) -> Self {
        Self { label: label.to_owned(), place: Place::Custom, kind: kind.to_owned(), values: vec![value] }
    }
}

/// A credential as the service lists it, without its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The id that removes it.
    pub id: String,
    /// The name that it has at the service; empty when it has none.
    pub label: String,
    /// When it ends, as an RFC 3339 time, if the service says so.
    pub expires: Option<String>,
}

/// What preflight found, and what the later steps may therefore do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What is rotated, in a form that is the same for everyone who rotates it.
    pub target: String,
    /// What will be made, in words for people.
    pub creates: String,
    /// Exactly the credentials that `commit` will remove.
    pub removes: Vec<Listed>,
    /// What an operator should know beforehand; a [`Finding`](crate::Finding) becomes one of these.
    pub notes: Vec<String>,
}

/// What `rotate` made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// The id of the new credential, which is no secret.
    pub handle: String,
    /// What to save. One update of an `overlap` plugin has the handle as its value.
    pub updates: Vec<Update>,
    /// When the new credential ends, as an RFC 3339 time.
    pub expires: Option<String>,
}

impl Credential {
    /// Finds the first value of an update by its label.
    #[must_use]
    pub fn value(&self, label: &str) -> Option<&str> {
        let update = self.updates.iter().find(|update| update.label == label)?;
        update.values.first().map(String::as_str)
    }
}

/// What `verify` found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// The service accepted the new credential.
    Verified,
    /// The service cannot be asked, and a setting says to go on; with the reason.
    Unproven(String),
}

/// What became of one credential that `commit` was to remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// Its id, as in the plan.
    pub id: String,
    /// Whether the service acknowledged the removal, or no longer lists it.
    pub gone: bool,
}

/// What `rollback` found. Both lists hold only credentials of this rotation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Undone {
    /// Those that were seen at the service.
    pub seen: Vec<String>,
    /// Those of them that are gone now.
    pub gone: Vec<String>,
}

// Values may be secrets and never show in `Debug`.
impl fmt::Debug for Update {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}: {} × [hidden]", self.place, self.label, self.values.len())
    }
}
