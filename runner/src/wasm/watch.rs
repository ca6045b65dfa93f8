//! What is seen of a step while it runs, from outside the sandbox.

use bytes::Bytes;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::suspects::suspects;
use crate::model::StepName;
use crate::policy::Deny;
use crate::rotation::{StepError, Trace};

/// A limit was met.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} limit reached: {message}")]
pub(super) struct Exceeded {
    /// The key in the table of limits.
    pub name: &'static str,
    /// What happened, and how to raise it.
    pub message: String,
}

impl Exceeded {
    pub(super) fn new(name: &'static str, what: impl std::fmt::Display) -> Self {
        let message = format!("{what}; `{name}` under [limits] in the configuration file raises it");
        Self { name, message }
    }
}

impl From<Exceeded> for StepError {
    fn from(Exceeded { name, message }: Exceeded) -> Self {
        Self::Limit { name, message }
    }
}

/// What the step did and met so far.
#[derive(Default)]
pub(super) struct Seen {
    /// What the engine is told.
    pub trace: Trace,
    /// The first limit that a request of it met.
    pub exceeded: Option<Exceeded>,
    /// Strings of answers that may be secrets.
    pub suspects: Vec<String>,
}

/// Shared between a step and the requests that it has under way.
pub(super) struct Watch {
    /// The step.
    pub step: StepName,
    seen: Mutex<Seen>,
}

impl Watch {
    /// Watches a step.
    pub(super) fn new(step: StepName) -> Self {
        Self { step, seen: Mutex::default() }
    }

    pub(super) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a request was refused.
    pub(super) fn denied(&self, deny: Deny) {
        self.seen().trace.denials.push(deny);
    }

    /// Notes that a limit was met; only the first one counts, the others follow from it.
    pub(super) fn exceeded(&self, limit: Exceeded) {
        self.seen().exceeded.get_or_insert(limit);
    }

    /// Notes that a request is about to leave.
    pub(super) fn departs(&self, may_change: bool) {
        let trace = &mut self.seen().trace;
        trace.requests = trace.requests.saturating_add(1);
        trace.may_have_changed |= may_change;
    }

    /// Looks at an answer, and the request that it answers, for what may be a new secret. Only
    /// rotate is given any. A request that was refused as wrong made none, and its reason is what an operator needs.
    pub(super) fn answered(&self, answer: &http::Response<Bytes>, uri: &http::Uri, body: &[u8]) {
        if self.step == StepName::Rotate && !answer.status().is_client_error() {
            self.seen().suspects.append(&mut suspects(answer.body(), uri, body));
        }
    }
}
