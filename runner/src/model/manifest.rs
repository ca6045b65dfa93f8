//! The words that all plugins, packed or not, are described in.

pub use pamrun_contract::manifest::{Role, Strategy};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A step of a rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepName {
    /// Looks, and changes nothing.
    Preflight,
    /// Makes the new credential.
    Rotate,
    /// Proves it.
    Verify,
    /// Removes what it replaces.
    Commit,
    /// Removes it again.
    Rollback,
}

impl StepName {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [Self::Preflight, Self::Rotate, Self::Verify, Self::Commit, Self::Rollback];

    /// The word for the step, as in manifests and outcome documents.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Preflight => "preflight",
            Self::Rotate => "rotate",
            Self::Verify => "verify",
            Self::Commit => "commit",
            Self::Rollback => "rollback",
        }
    }
}

impl std::fmt::Display for StepName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

/// A field that the plugin may update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnedField {
    /// Its label.
    pub label: String,
    /// Where it stands.
    pub place: super::Place,
    /// Its type.
    pub kind: String,
}

/// The type of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingType {
    /// One line.
    Text,
    /// Masked everywhere; on the command line only as `KEY=@FILE`.
    Secret,
    /// A whole number.
    Int,
    /// true/yes/on/1, false/no/off/0.
    Bool,
    /// One of `values`.
    Enum,
    /// `500ms`, `2s`, `5m`.
    Duration,
}

/// A setting that the plugin reads.
#[derive(Debug, Clone, PartialEq)]
pub struct SettingSchema {
    /// The key.
    pub key: String,
    /// A label for people; also a name under which a record may set it.
    pub label: Option<String>,
    /// Further names under which a record may set it.
    pub aliases: Vec<String>,
    /// The type.
    pub kind: SettingType,
    /// The value when nobody sets one, in JSON.
    pub default: Option<serde_json::Value>,
    /// The allowed values of an enum.
    pub values: Vec<String>,
    /// The least that an int or duration may be, in JSON as the default is.
    pub min: Option<serde_json::Value>,
    /// The most that it may be.
    pub max: Option<serde_json::Value>,
    /// Whether a value is needed.
    pub required: bool,
    /// What it does, for people.
    pub description: String,
}

impl SettingSchema {
    /// Every name by which a record can set it, the best first.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.key).chain(&self.label).chain(&self.aliases).map(String::as_str)
    }
}

/// What a plugin that is part of pamrun says of itself: it is given the values that are delivered and
/// its settings, and no field of a record.
#[derive(Debug, Clone)]
pub struct BuiltIn {
    /// Its name.
    pub name: &'static str,
    /// How old and new values relate.
    pub strategy: Strategy,
    /// The fields it may update.
    pub returns: Vec<ReturnedField>,
    /// The settings it reads.
    pub settings: Vec<SettingSchema>,
}
