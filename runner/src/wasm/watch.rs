//! What is seen of a step while it runs, from outside the sandbox.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::header;
use wasmtime::UpdateDeadline;

use crate::limits;
use crate::model::StepName;
use crate::policy::Deny;
use crate::rotation::{Change, ClockSkew, StepError, Trace};

/// A limit was met.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} limit reached: {message}")]
pub(crate) struct Exceeded {
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
}

/// Shared between a step and the requests that it has under way.
pub(crate) struct Watch {
    /// The step.
    pub step: StepName,
    seen: Mutex<Seen>,
}

impl Watch {
    /// Watches a step.
    pub(crate) fn new(step: StepName) -> Self {
        Self { step, seen: Mutex::default() }
    }

    pub(super) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The limit that was met, if one was.
    pub(super) fn exceeded_limit(&self) -> Option<Exceeded> {
        self.seen().exceeded.clone()
    }

    /// Whether the guest may go on: it stops at the first tick after a request of it met a limit.
    pub(super) fn may_go_on(&self) -> wasmtime::Result<UpdateDeadline> {
        match self.exceeded_limit() {
            Some(limit) => Err(limit.into()),
            None => Ok(UpdateDeadline::Yield(1)),
        }
    }

    /// Notes that a request was refused; what was noted a moment before, in the same words, is known.
    pub(crate) fn denied(&self, deny: Deny) {
        let denials = &mut self.seen().trace.denials;
        if denials.last().is_none_or(|last| last.to_string() != deny.to_string()) {
            denials.push(deny);
        }
    }

    /// Notes that a limit was met; only the first one counts, the others follow from it.
    pub(crate) fn exceeded(&self, limit: Exceeded) {
        self.seen().exceeded.get_or_insert(limit);
    }

    /// Notes that a request is about to leave.
    pub(crate) fn departs(&self, may_change: bool) {
        let mut seen = self.seen();
        seen.trace.requests = seen.trace.requests.saturating_add(1);
        if may_change {
            seen.trace.change = Change::Possible;
        }
    }

    /// Compares the clock of the service that answered with ours, once a step.
    pub(crate) fn compares_clocks(&self, answer: &http::Response<Bytes>, host: Option<&str>) {
        let mut seen = self.seen();
        let ours = SystemTime::now().duration_since(UNIX_EPOCH).ok();
        if let (None, Some(host), Some(ours), Some(theirs)) =
            (&seen.trace.clock_skew, host, ours, date(answer))
        {
            seen.trace.clock_skew = ClockSkew::between(host, ours, theirs);
        }
    }
}

/// The time that an answer says it was made at, since 1970 (RFC 9110, section 6.6.1).
fn date(answer: &http::Response<Bytes>) -> Option<Duration> {
    let text = answer.headers().get(header::DATE)?.to_str().ok()?;
    let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Duration::try_from(at.duration_since(jiff::Timestamp::UNIX_EPOCH)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_of_an_answer_is_the_time_that_it_names() {
        let at = |text: &str| {
            date(&http::Response::builder().header(header::DATE, text).body(Bytes::new()).unwrap())
        };
        assert_eq!(at("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::from_secs(784_111_777)));
        assert_eq!((at("yesterday"), at("Sun, 06 Nov 1894 08:49:37 GMT")), (None, None));
    }

    #[test]
    fn a_clock_that_is_far_off_is_noticed_once() {
        let watch = Watch::new(StepName::Preflight);
        let answer =
            |text: &str| http::Response::builder().header(header::DATE, text).body(Bytes::new()).unwrap();
        watch.compares_clocks(&answer("Sun, 06 Nov 1994 08:49:37 GMT"), Some("api.test"));
        watch.compares_clocks(&answer("Sun, 06 Nov 1994 08:49:38 GMT"), Some("login.test"));
        let skew = watch.seen().trace.clock_skew.clone().unwrap();
        let message = skew.finding().message;
        assert!(message.contains("ahead of that of api.test"), "{message}");
    }
}
