//! What an operator can know of a plugin from its manifest alone: every request with what the plugin may fill
//! in and sees of its answer, and for each secret every place that it goes to.

mod flows;
mod sent;

use schemars::JsonSchema;
use serde::Serialize;

use crate::check::Parsed;
use crate::manifest::{Manifest, Proposes, Removes, Setting, SettingKind, Strategy};
use crate::refusal::Refusals;
use crate::template::Reference;
use crate::template::address::{Address, Origin};

pub use flows::{Goes, Secret};
pub use sent::{Body, Fill, LiteralHeader, Seen, Sent};

/// All that a plugin may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Overview {
    /// The plugin's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it does, as it says itself.
    pub description: String,
    /// How it rotates.
    pub strategy: Strategy,
    /// Whether it may retire any credential that the target's listing shows, and not only the one that the
    /// record names before the rotation.
    pub removes_listed: bool,
    /// What the host makes for it: `password` or `rsa-2048`; null where the service makes the credential.
    pub proposes: Option<String>,
    /// The target's identity, as the host makes it.
    pub target: String,
    /// What is read of the records.
    pub inputs: Vec<Input>,
    /// What the operator may set.
    pub settings: Vec<SettingAsk>,
    /// Where requests go to.
    pub hosts: Vec<HostAsk>,
    /// Every request that can leave.
    pub requests: Vec<Sent>,
    /// Every secret, with every place that it goes to.
    pub secrets: Vec<Secret>,
    /// The fields of the record that are made anew.
    pub saves: Vec<Saved>,
}

/// A value of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Input {
    /// Its name: `GROUP.KEY`.
    pub name: String,
    /// The fields that it may come from, of which the first alternative that is complete counts.
    pub fields: Vec<InputField>,
    /// Whether the manifest calls it a secret; one that the vault masks is one too. The plugin sees what is none.
    pub secret: bool,
    /// Whether it may be missing.
    pub optional: bool,
}

/// A field of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct InputField {
    /// Which record: `target`, `attached` or `provider`.
    pub record: String,
    /// Its label.
    pub field: String,
}

/// A setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SettingAsk {
    /// Its key.
    pub key: String,
    /// The labels under which a record may hold it.
    pub labels: Vec<String>,
    /// What its value is.
    #[serde(rename = "type")]
    pub kind: String,
    /// The words that it may be.
    pub choices: Vec<String>,
    /// The least number or duration.
    pub min: Option<String>,
    /// The greatest number or duration.
    pub max: Option<String>,
    /// Its value where nobody sets it.
    pub default: Option<String>,
    /// Whether it may stay unset.
    pub optional: bool,
    /// Whether the plugin sees its value, and not only that it is there.
    pub seen: bool,
    /// What it is for.
    pub description: Option<String>,
}

/// A host that requests go to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct HostAsk {
    /// The host, or the setting that says it: `{setting.KEY}`.
    pub host: String,
    /// The host, and the port where it is not 443, that it is where nobody sets anything; null where there is
    /// no default.
    pub default: Option<String>,
}

/// A field of the record that is made anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Saved {
    /// The field's label.
    pub label: String,
    /// The field's type.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it is made of; null where the plugin gives it, as text.
    pub value: Option<String>,
    /// Whether it may stay away.
    pub optional: bool,
}

/// Says what a manifest that was checked allows.
#[must_use]
pub fn overview(manifest: &Manifest) -> Overview {
    let parsed: Vec<Parsed<'_>> = manifest
        .requests
        .iter()
        .map(|(name, request)| Parsed::of(manifest.whole(name, request), &mut Refusals::default()))
        .collect();
    Overview {
        name: manifest.name.clone(),
        version: manifest.version.clone(),
        description: manifest.description.clone(),
        strategy: manifest.strategy,
        removes_listed: manifest.removes == Some(Removes::Listed),
        proposes: manifest.proposes.map(|proposes| match proposes {
            Proposes::Password => "password".to_owned(),
            Proposes::Rsa2048 => "rsa-2048".to_owned(),
        }),
        target: manifest.target.text().to_owned(),
        inputs: inputs(manifest),
        settings: manifest.settings.iter().map(|(key, setting)| ask(key, setting)).collect(),
        hosts: hosts(manifest, &parsed),
        requests: parsed.iter().map(|parsed| Sent::of(parsed)).collect(),
        secrets: flows::secrets(manifest, &parsed),
        saves: manifest
            .returns
            .iter()
            .map(|returned| Saved {
                label: returned.label.clone(),
                kind: returned.kind.to_string(),
                value: returned.value.as_ref().map(|value| value.text().to_owned()),
                optional: returned.optional,
            })
            .collect(),
    }
}

fn inputs(manifest: &Manifest) -> Vec<Input> {
    let mut inputs = Vec::new();
    for (name, group) in &manifest.inputs {
        for key in group.keys() {
            let fields = group.one_of.iter().filter_map(|alternative| {
                let record = alternative.role.map_or_else(|| name.clone(), |role| role.name().to_owned());
                Some(InputField { record, field: alternative.fields.get(key)?.field.clone() })
            });
            inputs.push(Input {
                name: format!("{name}.{key}"),
                fields: fields.collect(),
                secret: group.is_secret(key),
                optional: group.is_optional(key),
            });
        }
    }
    inputs
}

fn ask(key: &str, setting: &Setting) -> SettingAsk {
    use SettingKind::{Complexity, Map, Secret};
    SettingAsk {
        key: key.to_owned(),
        labels: setting.label.iter().chain(&setting.aliases).cloned().collect(),
        kind: setting.kind.to_string(),
        choices: setting.choices().map(str::to_owned).collect(),
        min: setting.min.as_ref().map(ToString::to_string),
        max: setting.max.as_ref().map(ToString::to_string),
        default: setting.default.as_ref().map(ToString::to_string),
        optional: setting.optional,
        seen: !matches!(setting.kind, Secret | Map | Complexity),
        description: setting.description.clone(),
    }
}

/// The hosts of all requests, each once.
fn hosts(manifest: &Manifest, parsed: &[Parsed<'_>]) -> Vec<HostAsk> {
    let mut hosts: Vec<HostAsk> = Vec::new();
    for address in parsed.iter().filter_map(|parsed| parsed.address.as_ref()) {
        let host = written_host(address);
        if hosts.iter().all(|known| known.host != host) {
            hosts.push(HostAsk { default: default_host(manifest, address), host });
        }
    }
    hosts
}

/// Where an address leads, as the manifest writes it.
fn written_host(address: &Address) -> String {
    match &address.origin {
        Origin::Literal(host) => host.clone(),
        Origin::Host { key, name } => {
            format!("{{{}}}", Reference::Setting { key: key.clone(), name: name.clone() })
        }
        Origin::Prefix(key) => format!("{{setting.{key}}}"),
    }
}

/// Where an address leads where nobody sets anything.
fn default_host(manifest: &Manifest, address: &Address) -> Option<String> {
    let (key, name) = match &address.origin {
        Origin::Literal(host) => return Some(host.clone()),
        Origin::Host { key, name } => (key, name.clone()),
        Origin::Prefix(key) => (key, None),
    };
    let default = manifest.default_of(&Reference::Setting { key: key.clone(), name })?;
    let text = default.to_text().ok()?;
    let host = text.strip_prefix("https://").unwrap_or(&text);
    host.split('/').next().map(str::to_owned)
}

#[cfg(test)]
mod tests;
