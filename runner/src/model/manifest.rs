//! What a plugin says of itself (`describe`), parsed from its JSON.

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

/// How old and new values relate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// Old and new are both valid for a while.
    Overlap,
    /// One value is replaced.
    InPlace,
    /// Nothing is rotated; a value is handed to a consumer.
    Deliver,
}

/// Why a plugin may see a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The PAM User record that is rotated.
    Target,
    /// A record attached to the script.
    Attached,
    /// The PAM configuration.
    Provider,
}

/// A kind of record that the plugin asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordAsk {
    /// Which record.
    pub role: Role,
    /// Fields that an attached record must have to be meant, all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub has: Vec<String>,
    /// Fields that the plugin reads, by label; those of the record type by their type, too.
    pub fields: Vec<String>,
    /// Those of the fields that are no secret even when only the params knew them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plain: Vec<String>,
}

/// A field that the plugin may update.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnedField {
    /// Its label.
    pub label: String,
    /// Where it stands.
    pub place: super::Place,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
}

/// The type of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SettingType {
    /// One line.
    Text,
    /// Several lines.
    Multiline,
    /// Masked everywhere; on the command line only as `KEY=@FILE`.
    Secret,
    /// An `https://` URL.
    Url,
    /// A whole number.
    Int,
    /// A number.
    Number,
    /// true/yes/on/1, false/no/off/0.
    Bool,
    /// One of `values`.
    Enum,
    /// `500ms`, `2s`, `5m`.
    Duration,
}

/// A value of an enum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a text, or an object with `value` and `description`")]
pub enum Choice {
    /// The value alone.
    Plain(String),
    /// With what it means.
    Described(DescribedChoice),
}

/// A value of an enum, and what it means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DescribedChoice {
    /// The value.
    pub value: String,
    /// What it means, for people.
    pub description: String,
}

impl Choice {
    /// The value.
    #[must_use]
    pub fn value(&self) -> &str {
        match self {
            Self::Plain(value) | Self::Described(DescribedChoice { value, .. }) => value,
        }
    }
}

/// A setting that the plugin reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingSchema {
    /// The key.
    pub key: String,
    /// A label for people; also a name under which a record may set it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Further names under which a record may set it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// The type.
    #[serde(rename = "type")]
    pub kind: SettingType,
    /// The value when nobody sets one, in JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<serde_json::Value>,
    /// The allowed values of an enum.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Choice>,
    /// The least that an int, number or duration may be, in JSON as the default is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<serde_json::Value>,
    /// The most that it may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<serde_json::Value>,
    /// Whether a value is needed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// What it does, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
}

/// A host that the plugin asks for: `https://graph.microsoft.com` or `https://{setting:graph}`.
pub type HostTemplate = String;

/// A kind of request that the plugin sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestRule {
    /// The steps it is for: step names, or `all`.
    pub steps: Vec<String>,
    /// The HTTP method.
    pub method: String,
    /// The host, or `{setting:KEY}`.
    pub host: String,
    /// The path; `*` is one whole segment, or a part of one within parentheses
    /// (`/applications(appId='*')`).
    pub path: String,
    /// Where the id of what it removes stands: a JSON pointer into the body, or `{id}` when it
    /// is the `{id}` of the path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removes: Option<String>,
}

/// What a plugin says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// One sentence for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// How old and new values relate.
    pub strategy: Strategy,
    /// The records it asks for.
    pub records: Vec<RecordAsk>,
    /// The fields it may update.
    pub returns: Vec<ReturnedField>,
    /// The settings it reads.
    #[serde(default)]
    pub settings: Vec<SettingSchema>,
    /// The hosts it talks to.
    pub hosts: Vec<HostTemplate>,
    /// The requests it sends.
    pub requests: Vec<RequestRule>,
}
