//! How a rotation ended. A closed set; the exit code follows from it.

use std::time::Duration;

use crate::model::{Finding, Level, Listed, Plan, StepName, Update};

/// How a rotation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OutcomeKind {
    /// The new credential is saved, and what it replaces is dealt with as planned.
    Rotated,
    /// A dry run.
    Planned,
    /// A script without steps exited 0: nothing proven.
    Ran,
    /// Our own policy said no; nothing is changed.
    Refused,
    /// A limit was met; nothing is changed.
    Limit,
    /// It did not work; nothing is changed any more.
    Failed,
    /// Something may have changed, or is unfinished.
    Uncertain,
    /// Usage or input is wrong; nothing was begun.
    Invalid,
    /// A bug of ours; nothing is changed.
    Internal,
}

impl OutcomeKind {
    /// The process exit code.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Rotated | Self::Planned | Self::Ran => 0,
            Self::Failed => 1,
            Self::Invalid => 2,
            Self::Refused => 3,
            Self::Limit => 4,
            Self::Uncertain => 5,
            Self::Internal => 70,
        }
    }

    /// The word in the outcome document.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Rotated => "rotated",
            Self::Planned => "planned",
            Self::Ran => "ran",
            Self::Refused => "refused",
            Self::Limit => "limit",
            Self::Failed => "failed",
            Self::Uncertain => "uncertain",
            Self::Invalid => "invalid",
            Self::Internal => "internal",
        }
    }
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorInfo {
    /// A stable word in kebab-case.
    pub code: String,
    /// The step it happened in: a step of the plugin, or `params`, `vault`, `journal`, `save` …
    pub step: Option<String>,
    /// What was wrong, and where. Redacted.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

/// How long a step took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepTiming {
    /// The step: a step of the plugin, or `get`, `save`, `read-back`.
    pub name: String,
    /// How long.
    pub elapsed: Duration,
    /// How many HTTP requests the plugin sent.
    pub requests: u32,
}

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The name of the plugin that hands the value over.
    pub name: String,
    /// Where the consumer keeps it.
    pub target: String,
    /// What the consumer gets, in words.
    pub creates: String,
    /// What the consumer calls what it was handed; none as long as it is not known to have it.
    pub id: Option<String>,
    /// `verified` or `unproven`, once it was read back now.
    pub proof: Option<&'static str>,
    /// Why the consumer is not known to have it; none when it has, and before it was its turn.
    pub error: Option<ErrorInfo>,
}

/// How a rotation ended, and everything that is worth knowing about it.
#[derive(Debug)]
pub struct Outcome {
    /// How it ended.
    pub kind: OutcomeKind,
    /// The plan, once there is one.
    pub plan: Option<Plan>,
    /// What was saved, or what the caller is to save.
    pub updates: Vec<Update>,
    /// Whether the vault was read back with our values in it.
    pub saved: bool,
    /// `verified` or `unproven`, once verify returned.
    pub proof: Option<&'static str>,
    /// The ids that commit removed.
    pub removed: Vec<String>,
    /// What was left alive, and is known: old credentials not removed, strays.
    pub retained: Vec<Listed>,
    /// What became of each delivery that was planned.
    pub deliveries: Vec<Delivery>,
    /// How long the steps took.
    pub steps: Vec<StepTiming>,
    /// What preflight found, with codes; those of level `warning` stand in `warnings` too.
    pub findings: Vec<Finding>,
    /// What an operator should know.
    pub warnings: Vec<String>,
    /// What went wrong.
    pub error: Option<ErrorInfo>,
}

impl Outcome {
    /// The outcome of a rotation that has not got anywhere yet.
    #[must_use]
    pub fn new(kind: OutcomeKind) -> Self {
        Self {
            kind,
            plan: None,
            updates: Vec::new(),
            saved: false,
            proof: None,
            removed: Vec::new(),
            retained: Vec::new(),
            deliveries: Vec::new(),
            steps: Vec::new(),
            findings: Vec::new(),
            warnings: Vec::new(),
            error: None,
        }
    }

    /// Adds a warning, once.
    pub fn warn(&mut self, warning: String) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// Adds a finding, once; one that wants attention is a warning, too.
    pub fn find(&mut self, finding: Finding) {
        if finding.level == Level::Warning {
            self.warn(finding.to_string());
        }
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    /// The outcome of a rotation that an error ended before it began.
    #[must_use]
    pub fn of_error(kind: OutcomeKind, error: ErrorInfo) -> Self {
        Self { error: Some(error), ..Self::new(kind) }
    }
}

impl StepTiming {
    /// The timing of a step of the plugin.
    #[must_use]
    pub fn of(step: StepName, elapsed: Duration, requests: u32) -> Self {
        Self { name: step.word().to_owned(), elapsed, requests }
    }
}
