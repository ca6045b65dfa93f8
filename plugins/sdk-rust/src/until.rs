//! Trying a new credential until the service has made up its mind.

use std::time::Duration;

use crate::{Failure, Host, PATIENCE, Patience, Rejection, Trouble};

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
    /// Not yet: what is new spreads from backend to backend. The failure is for the end of the window.
    NotYet(Failure),
    /// The service says nothing now.
    Silent {
        /// How long it asks to wait.
        asked: Option<Duration>,
        /// For when its time is over.
        failure: Failure,
    },
}

/// Trouble that says nothing of the credential: the service is silent, or it is decided.
impl<T> From<Trouble> for Trial<T> {
    fn from(trouble: Trouble) -> Self {
        match trouble.busy().map(Rejection::asks_to_wait) {
            Some(asked) => Self::Silent { asked, failure: trouble.into() },
            None => Self::Decided(Err(trouble.into())),
        }
    }
}

/// Tries until it is decided, until the window is over in which the answer may be "not yet", or until the
/// service was silent for 30 seconds, without the pauses that it asked for.
///
/// # Errors
/// Those of the trials.
pub fn until<T>(
    host: &dyn Host,
    window: Duration,
    mut attempt: impl FnMut() -> Trial<T>,
) -> Result<T, Failure> {
    let began = host.elapsed();
    let mut next_pause = FIRST_PAUSE;
    let mut patience = Patience::new(PATIENCE);
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
            Trial::Silent { asked: Some(pause), failure } => {
                silent_since = None;
                (patience.pause(Some(pause)), failure)
            }
            Trial::Silent { asked: None, failure } => {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::FakeHost;

    const WINDOW: Duration = Duration::from_secs(60);

    /// Tries until it succeeds after so many seconds; gives how it ended, the tries and the seconds.
    fn run(ready: u64, otherwise: impl Fn() -> Trial<()>) -> (Result<(), String>, usize, u64) {
        let host = FakeHost::new();
        let mut tries = 0;
        let result = until(&host, WINDOW, || {
            tries += 1;
            let is_ready = host.elapsed() >= Duration::from_secs(ready);
            if is_ready { Trial::Decided(Ok(())) } else { otherwise() }
        });
        (result.map_err(|failure| failure.code), tries, host.elapsed().as_secs())
    }

    fn not_yet() -> Trial<()> {
        Trial::NotYet(Failure::wrong_credential("wrong", ""))
    }

    fn silent(asked: Option<u64>) -> Trial<()> {
        Trial::Silent { asked: asked.map(Duration::from_secs), failure: Failure::unavailable("silent", "") }
    }

    #[test]
    fn what_spreads_is_waited_for_to_the_end_of_the_window() {
        assert_eq!(run(10, not_yet), (Ok(()), 4, 14));
        assert_eq!(run(60, not_yet), (Ok(()), 8, 60));
        assert_eq!(run(61, not_yet), (Err("wrong".to_owned()), 8, 60));
    }

    #[test]
    fn a_silent_service_is_waited_for_half_a_minute_and_as_long_as_it_asks() {
        assert_eq!(run(99, || silent(None)), (Err("silent".to_owned()), 16, 30));
        assert_eq!(run(99, || silent(Some(46))), (Ok(()), 4, 138));
        assert_eq!(run(999, || silent(Some(481))), (Err("silent".to_owned()), 1, 0));
    }

    #[test]
    fn trouble_is_silence_or_decides() {
        let said = |status| Rejection { status, ..Rejection::default() };
        for trouble in [Trouble::Unavailable(said(0)), Trouble::Rejected(said(429))] {
            assert!(matches!(trouble.into(), Trial::<()>::Silent { .. }));
        }
        for trouble in [Trouble::Rejected(said(403)), Trouble::Refused(String::new())] {
            assert!(matches!(trouble.into(), Trial::<()>::Decided(Err(_))));
        }
    }

    #[test]
    fn what_is_decided_is_not_tried_again() {
        let decided = || Trial::Decided(Err(Failure::denied("no", "")));
        assert_eq!(run(9, decided), (Err("no".to_owned()), 1, 0));
    }
}
