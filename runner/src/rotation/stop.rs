//! Why a rotation stops before its end, and what that lets us say of it.

use std::time::Duration;

use super::{ErrorInfo, Outage, OutcomeKind, StepError, Trouble};
use crate::model::{FailureKind, StepName};

/// A rotation's end before its time: the kind of outcome, and the error that goes with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .error.message)]
pub struct Stop {
    /// How the rotation ends.
    pub kind: OutcomeKind,
    /// What went wrong.
    pub error: ErrorInfo,
}

impl Stop {
    /// Makes a stop without a hint.
    pub fn new(kind: OutcomeKind, step: &str, code: &str, message: impl Into<String>) -> Self {
        let error = ErrorInfo {
            code: code.to_owned(),
            step: Some(step.to_owned()),
            message: message.into(),
            hint: None,
        };
        Self { kind, error }
    }

    /// It did not work, and nothing is changed.
    pub(super) fn failed(step: &str, code: &str, message: impl Into<String>) -> Self {
        Self::new(OutcomeKind::Failed, step, code, message)
    }

    /// Whoever started us told us to end.
    pub(super) fn interrupted(step: &str) -> Self {
        Self::failed(step, "interrupted", StepError::Interrupted.to_string())
    }

    /// The plugin broke the interface or its own manifest.
    pub(super) fn contract(step: StepName, message: &str) -> Self {
        Self::of_step(step, StepError::Contract(message.to_owned()))
    }

    /// How a step's error ends a rotation, as long as nothing is changed.
    pub(super) fn of_step(step: StepName, error: StepError) -> Self {
        let message = error.to_string();
        let (kind, code, hint) = match error {
            StepError::Failure(failure) => (OutcomeKind::Failed, failure.code, failure.fix),
            StepError::Refused(deny) => (OutcomeKind::Refused, deny.code().to_owned(), deny.hint()),
            StepError::Limit { name, .. } => (OutcomeKind::Limit, name.replace('_', "-"), None),
            StepError::Trap(_) => (OutcomeKind::Failed, "plugin-trapped".to_owned(), None),
            StepError::Contract(_) => (OutcomeKind::Failed, "plugin-contract".to_owned(), None),
            StepError::Internal(_) => (OutcomeKind::Internal, "internal".to_owned(), None),
            StepError::Interrupted => (OutcomeKind::Failed, "interrupted".to_owned(), None),
        };
        let mut ending = Self::new(kind, step.word(), &code, message);
        ending.error.hint = hint;
        ending
    }

    /// The same stop where something may be left behind: says what could not be settled, and
    /// what to do about it.
    pub(super) fn uncertain(mut self, besides: &str, hint: String) -> Self {
        self.kind = OutcomeKind::Uncertain;
        self.error.message = format!("{}; {besides}", self.error.message.trim_end_matches('.'));
        self.error.hint = Some(hint);
        self
    }
}

impl StepError {
    /// Why the step is worth trying again, where that changes nothing; none when it is not. What has to
    /// be brought to its end is tried again after more than an outage.
    pub(super) fn trouble(&self, step: StepName) -> Option<Trouble> {
        let Self::Failure(failure) = self else { return None };
        let is_end = matches!(step, StepName::Commit | StepName::Rollback);
        match failure.kind {
            FailureKind::Unavailable { retry_after } => {
                let asked = retry_after.map(|seconds| Duration::from_secs(seconds.into()));
                Some(Trouble::Outage(Outage { asked }))
            }
            FailureKind::Uncertain => Some(Trouble::Outage(Outage::default())),
            // The plugin does not know, and it may well be one.
            FailureKind::Other if is_end => Some(Trouble::Outage(Outage::default())),
            FailureKind::Conflict if is_end => Some(Trouble::NotYet),
            _ => None,
        }
    }

    /// Tells whether the plugin promises that the call changed nothing.
    pub(super) fn promises_no_change(&self) -> bool {
        matches!(self, Self::Failure(failure) if failure.kind.promises_no_change())
    }
}
