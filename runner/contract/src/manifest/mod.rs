//! The manifest: `plugin.toml`, as types.

mod auth;
mod body;
mod effect;
mod input;
mod listed;
mod packed;
mod parameter;
mod request;
mod returned;
mod setting;
mod source;
mod whole;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::compute::Compute;
use crate::template::Template;

pub use crate::pattern::Pattern;
pub use auth::Auth;
pub use body::{Json, Leaf};
pub use effect::{Effect, Method};
pub use input::{Alternative, Field, Group, Role};
pub use packed::{MOST_BYTES, MOST_NESTING, read_packed};
pub use parameter::Parameter;
pub use request::{Allowed, Common, Id, Request};
pub use returned::{ReturnKind, Returned};
pub use setting::{Choices, Scalar, Setting, SettingKind};
pub use source::{Source, read};
pub use whole::Whole;

/// The version of the contract that manifests are written for.
pub const CONTRACT: &str = "1.0";

/// Names with what they name, in the order of the file.
pub type Named<T> = IndexMap<String, T>;

/// What a plugin may do, and everything that can leave: every request whole.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The contract that it is written for; `pack` says it where the author does not.
    #[serde(default)]
    #[schemars(example = &"1.0")]
    pub contract: Option<String>,
    /// The plugin's name: a letter, then lower-case letters, digits and `-`.
    #[schemars(example = &"api-key")]
    pub name: String,
    /// Its version, three numbers.
    #[schemars(example = &"1.0.0")]
    pub version: String,
    /// What it does, in a sentence.
    #[schemars(example = &"Rotates a key of Example.")]
    pub description: String,
    /// How it rotates.
    #[schemars(example = &"overlap")]
    pub strategy: Strategy,
    /// Which credentials of the target `commit` may retire: `listed` is any that a listing shows. Without it only the
    /// one that the record names before the rotation.
    #[serde(default)]
    #[schemars(example = &"listed")]
    pub removes: Option<Removes>,
    /// Whether the service lets a new credential be named, so that `{marker}` can stand in its name.
    #[serde(default = "yes")]
    #[schemars(example = false)]
    pub names: bool,
    /// What the host makes: the password or key that requests carry as `{proposed}`.
    #[serde(default)]
    #[schemars(example = &"password")]
    pub proposes: Option<Proposes>,
    /// What is rotated, in a form that is the same for whoever rotates it: the host makes it, journals it, and lets no
    /// two rotations of it run side by side. Never a secret.
    #[schemars(example = &"entra:{setting.graph}/{app.id|lower}")]
    pub target: Template,
    /// Headers of which the service reads what a request does, so that they tell two requests apart.
    #[serde(default)]
    #[schemars(example = ["SOAPAction"])]
    pub dispatch: Vec<String>,
    /// The fields of records that requests may refer to, by group. Nothing else of a record is read.
    #[serde(default)]
    #[schemars(example = serde_json::json!({ "target": { "account": "account" } }))]
    pub inputs: Named<Group>,
    /// What the operator may set, by key.
    #[serde(default)]
    #[schemars(example = serde_json::json!({ "api": { "type": "host", "default": "api.example.com" } }))]
    pub settings: Named<Setting>,
    /// What requests share that name it with `common`.
    #[serde(default)]
    #[schemars(example = serde_json::json!({ "admin": { "auth": { "bearer": "{admin.token}" } } }))]
    pub common: Named<Common>,
    /// Values that the host computes, by name: `{NAME}` in a request.
    #[serde(default)]
    #[schemars(example = serde_json::json!({ "sealed": { "sealed-box": { "key": "{key.value|base64-decode}", "text": "{deliver.value}" } } }))]
    pub compute: Named<Compute<Template, Json>>,
    /// The requests, each whole, by the names by which the plugin calls them.
    #[schemars(example = serde_json::json!({ "keys": { "effect": "reads", "method": "GET", "url": "https://{setting.api}/v1/keys" } }))]
    pub requests: Named<Request>,
    /// The fields of the record that are saved.
    #[serde(default)]
    #[schemars(example = serde_json::json!([{ "label": "key_id", "value": "{create.id}" }]))]
    pub returns: Vec<Returned>,
}

/// How a plugin rotates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// Old and new are both valid for a while, such as API keys.
    Overlap,
    /// One value is replaced by another, such as a password.
    InPlace,
    /// Nothing is rotated; a value is handed to who uses it.
    Deliver,
}

/// Which credentials may be retired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Removes {
    /// Any that the target's listing shows.
    Listed,
}

/// What the host makes, and keeps in the vault before any request carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Proposes {
    /// A password, as the setting of type `complexity` says, or of 32 characters.
    #[serde(rename = "password")]
    Password,
    /// A private key, PKCS#8 PEM.
    #[serde(rename = "rsa-2048")]
    Rsa2048,
}

impl Manifest {
    /// Whether `{proposed}` is there.
    #[must_use]
    pub fn has_proposed(&self) -> bool {
        self.proposes.is_some() || self.strategy == Strategy::InPlace
    }

    /// The requests whose answers have this name: those of `as`, and the one of that very name.
    pub fn answering<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, &'a Request)> {
        self.requests
            .iter()
            .filter(move |(own, request)| request.answers_as(own) == name)
            .map(|(own, request)| (own.as_str(), request))
    }

    /// A request with what it shares with others.
    #[must_use]
    pub fn whole<'a>(&'a self, name: &'a str, request: &'a Request) -> Whole<'a> {
        let common = request.common.as_ref().and_then(|common| self.common.get(common));
        Whole::new(name, request, common)
    }
}

fn yes() -> bool {
    true
}
