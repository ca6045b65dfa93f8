//! What is seen of a step while it runs, from outside the sandbox.

use bytes::Bytes;
use http::StatusCode;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::suspects::suspects;
use crate::limits;
use crate::model::StepName;
use crate::policy::Deny;
use crate::rotation::{Change, StepError, Trace};

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
        Self { name, message: limits::exceeded(name, what) }
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
    /// How many requests left that may change the target, and were not refused.
    changing: u32,
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
        let mut seen = self.seen();
        seen.trace.requests = seen.trace.requests.saturating_add(1);
        if may_change {
            seen.changing = seen.changing.saturating_add(1);
            seen.trace.change = Change::Possible;
        }
    }

    /// Looks at an answer, and the request that it answers: whether it is a refusal, and else for
    /// what may be a new secret. What was refused made none, and the reason is what an operator
    /// needs to see. Only rotate is given new secrets.
    pub(super) fn answered(
        &self,
        answer: &http::Response<Bytes>,
        uri: &http::Uri,
        body: &[u8],
        may_change: bool,
    ) {
        let mut seen = self.seen();
        if !is_refusal(answer.status()) {
            if self.step == StepName::Rotate {
                seen.suspects.append(&mut suspects(answer.body(), uri, body));
            }
        } else if may_change {
            seen.changing = seen.changing.saturating_sub(1);
            if seen.changing == 0 {
                seen.trace.change = Change::Refused;
            }
        }
    }
}

/// Tells whether a service says with this status that it did nothing. One that gave up waiting
/// for a request may have seen all of it.
fn is_refusal(status: StatusCode) -> bool {
    status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT
}
