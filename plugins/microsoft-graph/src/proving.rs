//! Trying a new credential until the service has made up its mind.

use std::time::Duration;

use pamrun_plugin::{Failure, Host};

use crate::retry::Patience;

/// How long a silent service is waited for.
const OUTAGE: Duration = Duration::from_secs(30);
/// The first and the longest pause while a new credential spreads.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// What one try came to.
#[derive(Debug)]
pub enum Trial<T> {
    /// It is decided.
    Decided(Result<T, Failure>),
    /// It was accepted, and is to be accepted again after this pause.
    Accepted(Duration),
    /// Not yet: what is new spreads from backend to backend. The failure is for the end of the
    /// window.
    NotYet(Failure),
    /// The service says nothing now.
    Silent {
        /// The seconds that the service asked to wait.
        retry_after: Option<u32>,
        /// For when its time is over.
        failure: Failure,
    },
}

/// Tries until it is decided, until the window is over in which the answer may be "not yet", or
/// until the service was silent for 30 seconds, without the pauses that it asked for.
///
/// # Errors
/// Those of the trials.
pub fn until_proven<T>(
    host: &dyn Host,
    window: Duration,
    mut attempt: impl FnMut() -> Trial<T>,
) -> Result<T, Failure> {
    let began = host.elapsed();
    let mut next_pause = FIRST_PAUSE;
    let mut patience = Patience::default();
    let mut silent_since = None;
    loop {
        let (pause, failure) = match attempt() {
            Trial::Decided(result) => return result,
            Trial::Accepted(interval) => {
                silent_since = None;
                host.sleep(interval);
                continue;
            }
            Trial::NotYet(failure) => {
                silent_since = None;
                let left = remaining(host, began, window);
                let pause = left.map(|left| next_pause.min(left));
                next_pause = (2 * next_pause).min(LONGEST_PAUSE);
                (pause, failure)
            }
            Trial::Silent { retry_after: Some(seconds), failure } => {
                silent_since = None;
                (patience.grant(seconds), failure)
            }
            Trial::Silent { retry_after: None, failure } => {
                let since = *silent_since.get_or_insert_with(|| host.elapsed());
                (remaining(host, since, OUTAGE).map(|left| FIRST_PAUSE.min(left)), failure)
            }
        };
        match pause {
            Some(pause) => host.sleep(pause),
            None => return Err(failure),
        }
    }
}

/// What is left of a span of time that began then; nothing once it is over.
fn remaining(host: &dyn Host, began: Duration, span: Duration) -> Option<Duration> {
    span.checked_sub(host.elapsed().saturating_sub(began)).filter(|left| !left.is_zero())
}
