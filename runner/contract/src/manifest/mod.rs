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
    pub contract: Option<String>,
    /// The plugin's name: lower-case letters, digits and `-`.
    pub name: String,
    /// Its version, three numbers.
    pub version: String,
    /// What it does, in a sentence.
    pub description: String,
    /// How it rotates.
    pub strategy: Strategy,
    /// Which credentials it may retire; without it only the one that the record names before the rotation.
    #[serde(default)]
    pub removes: Option<Removes>,
    /// Whether the service lets a credential be named, so that `{marker}` can stand in its name.
    #[serde(default = "yes")]
    pub names: bool,
    /// The key or password that the host makes.
    #[serde(default)]
    pub proposes: Option<Proposes>,
    /// The target's identity, of inputs, settings and answers; the host journals and locks it.
    pub target: Template,
    /// Headers of which the service reads what a request does.
    #[serde(default)]
    pub dispatch: Vec<String>,
    /// What is read of the records, by group.
    #[serde(default)]
    pub inputs: Named<Group>,
    /// What the operator may set.
    #[serde(default)]
    pub settings: Named<Setting>,
    /// What requests share.
    #[serde(default)]
    pub common: Named<Common>,
    /// What the host computes.
    #[serde(default)]
    pub compute: Named<Compute<Template, Json>>,
    /// The requests, each whole.
    pub requests: Named<Request>,
    /// The fields of the record that are made anew.
    #[serde(default)]
    pub returns: Vec<Returned>,
}

/// How a plugin rotates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// Old and new are both valid for a while.
    Overlap,
    /// One value is replaced by another.
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
    /// A password, by the setting of type `complexity`.
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
