//! What a case expects, as its file says it.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::rotation::OutcomeKind;

/// What is expected of a run. What is not there does not matter.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// How it ends.
    pub outcome: Option<OutcomeKind>,
    /// The exit code.
    pub exit: Option<u8>,
    /// `verified`, `unproven` or `none`.
    pub proof: Option<String>,
    /// Whether the record was saved.
    pub saved: Option<bool>,
    /// Fields of the target's record, afterwards.
    #[serde(default)]
    pub updates: BTreeMap<String, String>,
    /// What became of each delivery, by the deliverer's name.
    #[serde(default)]
    pub deliveries: BTreeMap<String, String>,
    /// The ids that commit removed.
    pub removed: Option<Vec<String>>,
    /// The ids that are left alive and named.
    pub retained: Option<Vec<String>>,
    /// The code of the error.
    pub error: Option<String>,
    /// What the message of the error, or its hint, contains.
    pub message: Option<String>,
    /// What the warnings contain.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// The codes of findings.
    #[serde(default)]
    pub findings: Vec<String>,
    /// How many requests were sent, or which, in order.
    pub requests: Option<Requests>,
    /// The state afterwards.
    #[serde(default)]
    pub state: BTreeMap<String, String>,
    /// The ids of the credentials that the service accepts afterwards.
    pub credentials: Option<Vec<String>>,
    /// The codes of requests that policy refused.
    #[serde(default)]
    pub refused: Vec<String>,
    /// Whether commit and rollback, called once more, must do well and change nothing.
    pub again: Option<bool>,
}

/// What is expected of requests.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Requests {
    /// So many.
    Count(usize),
    /// These: `METHOD host/path`.
    Sequence(Vec<String>),
}
