//! The outcome document, schema 1. Names and order of its keys are a contract.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::Redact;
use crate::catalog::Digest;
use crate::model::{Finding, Level, Listed, Place, Plan, Update};
use crate::rotation::{Delivery, ErrorInfo, Outcome, OutcomeKind, StepTiming};

/// The version of the document.
pub(super) const SCHEMA: u32 = 1;
/// What stands in the place of a secret value. Says nothing about its length.
const MASK: &str = "********";

/// How a run of `pamrun exec` ended. Readers ignore keys that they do not know.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(title = "pamrun outcome")]
pub struct Document {
    /// The version of this document.
    #[schemars(extend("const" = 1))]
    pub schema: u32,
    /// How it ended; the exit code follows from it.
    pub outcome: OutcomeKind,
    /// The id of the rotation; null when it ended before there was one.
    pub rotation_id: Option<String>,
    /// The UID of the record; null when the params did not say.
    pub record_uid: Option<String>,
    /// What ran; null when it could not be loaded.
    pub plugin: Option<PluginInfo>,
    /// What was planned; null when it ended before that.
    pub plan: Option<PlanEntry>,
    /// What was saved to the record, or what the caller is to save.
    pub updates: Vec<UpdateEntry>,
    /// Whether the vault was read back with these values in it.
    pub saved: bool,
    /// Whether the service accepted the new credential; null when it was not asked.
    #[schemars(extend("enum" = ["verified", "unproven", null]))]
    pub proof: Option<&'static str>,
    /// The ids of the credentials that were removed.
    pub removed: Vec<String>,
    /// Known credentials that are still alive, beside the new one.
    pub retained: Vec<ListedEntry>,
    /// What became of each delivery of the new value, in the order of `--deliver`.
    pub deliveries: Vec<DeliveryEntry>,
    /// How long each step took.
    pub steps: Vec<StepEntry>,
    /// What an operator should know.
    pub warnings: Vec<String>,
    /// What went wrong; null when nothing did.
    pub error: Option<ErrorEntry>,
    /// What was found at the target, each with a code; a warning among them stands in `warnings` too,
    /// and the first error is the `error`.
    pub findings: Vec<FindingEntry>,
}

/// What ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PluginInfo {
    /// The name that its manifest gives; of a script, its file's.
    pub name: String,
    /// The version that its manifest gives; empty for a script.
    pub version: String,
    /// What ran it: `wasm`, `script` or `saas`.
    pub runtime: &'static str,
    /// What kept it from doing more: `wasm`, `confined` or `none`.
    pub sandbox: &'static str,
    /// The digest of its file: `sha256:…`.
    pub digest: String,
}

impl PluginInfo {
    /// A WebAssembly plugin.
    #[must_use]
    pub fn wasm(name: &str, version: &str, digest: Digest) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            runtime: "wasm",
            sandbox: "wasm",
            digest: digest.to_string(),
        }
    }

    /// What is part of pamrun itself.
    #[must_use]
    pub fn built_in(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            runtime: "built-in",
            sandbox: "none",
            digest: String::new(),
        }
    }

    /// A script, which says of itself only what it is called.
    #[must_use]
    pub fn script(name: &str, digest: Digest, confined: bool) -> Self {
        Self {
            name: name.to_owned(),
            version: String::new(),
            runtime: "script",
            sandbox: if confined { "confined" } else { "none" },
            digest: digest.to_string(),
        }
    }

    /// A SaaS plugin, of which the same goes.
    #[must_use]
    pub fn saas(name: &str, digest: Digest, confined: bool) -> Self {
        Self { runtime: "saas", ..Self::script(name, digest, confined) }
    }

    pub(super) fn redacted(self, redact: &Redact<'_>) -> Self {
        Self { name: redact(&self.name), version: redact(&self.version), ..self }
    }
}

/// What was planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlanEntry {
    /// What is rotated.
    pub target: String,
    /// What is made, in words.
    pub creates: String,
    /// What is removed once the vault holds the new credential.
    pub removes: Vec<ListedEntry>,
}

/// A credential at the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ListedEntry {
    /// Its id.
    pub id: String,
    /// Its name there; may be empty.
    pub label: String,
    /// When it ends, as an RFC 3339 time; null when the service does not say.
    pub expires: Option<String>,
}

/// A new value of a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UpdateEntry {
    /// The field's label.
    pub label: String,
    /// Where the field stands.
    pub place: Place,
    /// The field's type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The value; `********` for a secret one, unless `--reveal` was given.
    pub value: UpdateValue,
}

/// One text, as in most fields, or a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum UpdateValue {
    /// The only value.
    One(String),
    /// None or several.
    Many(Vec<String>),
}

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DeliveryEntry {
    /// The plugin that makes it; `#2` and so on behind its name where it makes several.
    pub name: String,
    /// Where the consumer keeps the value.
    pub target: String,
    /// What the consumer gets, in words.
    pub creates: String,
    /// Whether the consumer has the new value.
    pub delivered: bool,
    /// Whether it was read back there; null when it was not delivered by this run.
    #[schemars(extend("enum" = ["verified", "unproven", null]))]
    pub proof: Option<&'static str>,
    /// What the consumer calls what it was handed; null as long as it is not known to have it.
    pub id: Option<String>,
    /// Why it does not have it; null when it has, and when the run ended before that.
    pub error: Option<ErrorEntry>,
}

/// Something that a look at the target found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FindingEntry {
    /// How much it matters: an `error` will make the rotation fail, and a `warning` may.
    pub level: Level,
    /// A stable word in kebab-case.
    pub code: String,
    /// What was found, and where.
    pub message: String,
    /// What to do about it; null when there is nothing to do.
    pub fix: Option<String>,
}

/// How long a step took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StepEntry {
    /// The step.
    pub name: String,
    /// Milliseconds of wall clock.
    pub ms: u64,
    /// How many HTTP requests the plugin sent.
    pub requests: u32,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ErrorEntry {
    /// A stable word in kebab-case.
    pub code: String,
    /// Where; null when it was before any step.
    pub step: Option<String>,
    /// What was wrong.
    pub message: String,
    /// What to do; null when nothing helps.
    pub hint: Option<String>,
}

/// What a document says besides the outcome itself. What is not known yet is `None`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Report<'a> {
    /// The id of the rotation.
    pub rotation_id: Option<&'a str>,
    /// The UID of the record.
    pub record_uid: Option<&'a str>,
    /// What ran.
    pub plugin: Option<&'a PluginInfo>,
    /// Whether updates are shown in clear: `--reveal`, for stdout only.
    pub reveal: bool,
}

impl Report<'_> {
    /// Makes the document of an outcome. All texts pass `redact` but the values of updates that
    /// are to be revealed.
    #[must_use]
    pub fn document(&self, outcome: &Outcome, redact: &Redact<'_>) -> Document {
        let listed = |list: &[Listed]| list.iter().map(|listed| ListedEntry::new(listed, redact)).collect();
        let texts = |list: &[String]| list.iter().map(|text| redact(text)).collect();
        Document {
            schema: SCHEMA,
            outcome: outcome.kind,
            rotation_id: self.rotation_id.map(str::to_owned),
            record_uid: self.record_uid.map(redact),
            plugin: self.plugin.map(|plugin| plugin.clone().redacted(redact)),
            plan: outcome.plan.as_ref().map(|plan| PlanEntry::new(plan, redact)),
            updates: outcome.updates.iter().map(|update| self.update(update, redact)).collect(),
            saved: outcome.saved,
            proof: outcome.proof,
            removed: texts(&outcome.removed),
            retained: listed(&outcome.retained),
            deliveries: outcome.deliveries.iter().map(|made| DeliveryEntry::new(made, redact)).collect(),
            steps: outcome.steps.iter().map(StepEntry::new).collect(),
            warnings: texts(&outcome.warnings),
            error: outcome.error.as_ref().map(|error| ErrorEntry::new(error, redact)),
            findings: outcome.findings.iter().map(|finding| FindingEntry::new(finding, redact)).collect(),
        }
    }

    pub(super) fn update(&self, update: &Update, redact: &Redact<'_>) -> UpdateEntry {
        let show = |text: &str| if self.reveal { text.to_owned() } else { redact(text) };
        let value = match update.values.as_slice() {
            _ if update.is_secret() && !self.reveal => UpdateValue::One(MASK.to_owned()),
            [only] => UpdateValue::One(show(only.expose())),
            values => UpdateValue::Many(values.iter().map(|value| show(value.expose())).collect()),
        };
        UpdateEntry { label: redact(&update.label), place: update.place, kind: redact(&update.kind), value }
    }
}

impl ErrorEntry {
    pub(super) fn new(error: &ErrorInfo, redact: &Redact<'_>) -> Self {
        Self {
            code: redact(&error.code),
            step: error.step.as_deref().map(redact),
            message: redact(&error.message),
            hint: error.hint.as_deref().map(redact),
        }
    }
}

impl FindingEntry {
    pub(super) fn new(finding: &Finding, redact: &Redact<'_>) -> Self {
        let Finding { level, code, message, fix } = finding;
        Self { level: *level, code: redact(code), message: redact(message), fix: fix.as_deref().map(redact) }
    }

    pub(super) fn line(&self) -> String {
        let fix = self.fix.as_ref().map_or_else(String::new, |fix| format!("; {fix}"));
        format!("{}{fix}", self.message)
    }
}

impl PlanEntry {
    pub(super) fn new(Plan { target, creates, removes, .. }: &Plan, redact: &Redact<'_>) -> Self {
        let removes = removes.iter().map(|listed| ListedEntry::new(listed, redact)).collect();
        Self { target: redact(target), creates: redact(creates), removes }
    }
}

impl ListedEntry {
    pub(super) fn new(listed: &Listed, redact: &Redact<'_>) -> Self {
        Self {
            id: redact(&listed.id),
            label: redact(&listed.label),
            expires: listed.expires.as_deref().map(redact),
        }
    }
}

impl DeliveryEntry {
    pub(super) fn new(delivery: &Delivery, redact: &Redact<'_>) -> Self {
        let Delivery { name, target, creates, id, proof, error } = delivery;
        Self {
            name: redact(name),
            target: redact(target),
            creates: redact(creates),
            delivered: id.is_some(),
            proof: *proof,
            id: id.as_deref().map(redact),
            error: error.as_ref().map(|error| ErrorEntry::new(error, redact)),
        }
    }
}

impl StepEntry {
    pub(super) fn new(timing: &StepTiming) -> Self {
        let StepTiming { name, elapsed, requests } = timing;
        Self { name: name.clone(), ms: milliseconds(*elapsed), requests: *requests }
    }
}

pub(super) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
pub(super) mod tests;
