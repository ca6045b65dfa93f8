//! Trying again, where that is safe and of use.

use std::time::{Duration, SystemTime};

use http::{Response, StatusCode};
use pamrun_plugin::{Failure, FailureKind, Host, Level, retry_after};

/// Pauses between tries, as long as the service asks for no other.
const PAUSES: [Duration; 4] =
    [Duration::from_secs(2), Duration::from_secs(4), Duration::from_secs(8), Duration::from_secs(16)];

/// Pauses while what is known to be there is not found: together the host's settle window.
const LAG: [Duration; 5] = [
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(16),
    Duration::from_secs(30),
];

/// How long a service may have itself waited for, all pauses of one request together. More does not fit into
/// the time that the host gives a rotation by default.
const ASKED: Duration = Duration::from_secs(8 * 60);

/// What each pause counts at least: a service that never asks for more than a second is not asked for ever.
const LEAST: Duration = Duration::from_secs(5);

/// After so many seconds one is asked again that asks to slow down and does not say for how long.
const UNSAID: u32 = 5;

/// How many seconds an answer asks to wait that came at the time `now`. "Retry-After: 0" is no invitation to ask
/// without a pause: it says nothing.
pub(crate) fn asked(answer: &Response<Vec<u8>>, now: SystemTime) -> Option<u32> {
    let unsaid = (answer.status() == StatusCode::TOO_MANY_REQUESTS).then_some(UNSAID);
    retry_after(answer, now).filter(|seconds| *seconds > 0).or(unsaid)
}

/// What is left of the patience with a service that says how long to wait.
pub(crate) struct Patience(Duration);

impl Default for Patience {
    fn default() -> Self {
        Self(ASKED)
    }
}

impl Patience {
    /// The pause that a service asks for; none where that is more than there is left.
    pub fn grant(&mut self, seconds: u32) -> Option<Duration> {
        let pause = Duration::from_secs(seconds.into());
        self.0 = self.0.checked_sub(pause.max(LEAST))?;
        Some(pause)
    }
}

/// Repeats an attempt that failed as unavailable or in conflict. Both promise that nothing was
/// done; whatever is uncertain is handed back at once.
///
/// # Errors
/// The failure of the last attempt.
pub fn patiently<T>(host: &dyn Host, mut attempt: impl FnMut() -> Result<T, Failure>) -> Result<T, Failure> {
    let mut pauses = PAUSES.into_iter();
    let mut patience = Patience::default();
    repeated(host, &mut attempt, |failure| match failure.kind {
        FailureKind::Unavailable { retry_after: Some(seconds) } => patience.grant(seconds),
        FailureKind::Unavailable { retry_after: None } | FailureKind::Conflict => pauses.next(),
        _ => None,
    })
}

/// Repeats, besides, an attempt at what was seen before and is not found now: some backend lags behind.
///
/// # Errors
/// The failure of the last attempt.
pub(crate) fn despite_lag<T>(
    host: &dyn Host,
    mut attempt: impl FnMut() -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut pauses = LAG.into_iter();
    let mut attempt = || patiently(host, &mut attempt);
    repeated(host, &mut attempt, |failure| match failure.kind {
        FailureKind::NotFound => pauses.next(),
        _ => None,
    })
}

fn repeated<T>(
    host: &dyn Host,
    attempt: &mut dyn FnMut() -> Result<T, Failure>,
    mut pause_after: impl FnMut(&Failure) -> Option<Duration>,
) -> Result<T, Failure> {
    loop {
        let failure = match attempt() {
            Ok(value) => return Ok(value),
            Err(failure) => failure,
        };
        let Some(pause) = pause_after(&failure) else { return Err(failure) };
        host.log(Level::Info, &format!("trying again in {} s: {failure}", pause.as_secs()));
        host.sleep(pause);
    }
}

#[cfg(test)]
mod tests {
    use http::header::RETRY_AFTER;
    use pamrun_plugin::testing::{FakeHost, answer};

    use super::*;

    /// Fails as given, as often as given; gives the result, the tries and the seconds.
    fn run(failures: &[Failure], times: usize) -> (Result<(), Failure>, usize, u64) {
        let host = FakeHost::new(|_, _| answer(200, ""));
        let mut failures = failures.iter().cycle().take(times).cloned();
        let mut tries = 0;
        let result = despite_lag(&host, || {
            tries += 1;
            failures.next().map_or(Ok(()), Err)
        });
        (result, tries, host.elapsed().as_secs())
    }

    fn asking(seconds: u32) -> Failure {
        Failure::unavailable("throttled", "").retry_after(Some(seconds))
    }

    #[test]
    fn n13_long_waits_are_waited_out_as_long_as_all_of_them_fit() {
        assert_eq!(run(&[asking(46)], 5), (Ok(()), 6, 230));
        assert_eq!(run(&[asking(300)], 1), (Ok(()), 2, 300));
        let (result, tries, seconds) = run(&[asking(300)], 2);
        assert_eq!((result.unwrap_err(), tries, seconds), (asking(300), 2, 300));
        for seconds in [481, u32::MAX] {
            assert_eq!(run(&[asking(seconds)], 1).1, 1);
        }
    }

    #[test]
    fn n13_a_service_that_asks_for_next_to_nothing_is_not_asked_for_ever() {
        let (result, tries, seconds) = run(&[asking(1)], usize::MAX);
        assert_eq!((result.unwrap_err(), tries, seconds), (asking(1), 97, 96));
    }

    #[test]
    fn n13_what_asks_to_slow_down_and_says_no_time_is_asked_again_a_little_later() {
        let asked = |status: u16, value: Option<&str>| {
            let mut busy = answer(status, "").unwrap();
            value.map(|value| busy.headers_mut().insert(RETRY_AFTER, value.parse().unwrap()));
            asked(&busy, SystemTime::UNIX_EPOCH)
        };
        for value in [None, Some("0"), Some("-1"), Some("soon"), Some("")] {
            assert_eq!((asked(429, value), asked(503, value)), (Some(UNSAID), None), "{value:?}");
        }
        assert_eq!((asked(429, Some("45.5")), asked(503, Some("7"))), (Some(46), Some(7)));
    }

    #[test]
    fn what_says_no_time_is_tried_five_times() {
        for failure in [Failure::unavailable("down", ""), Failure::conflict("met", "")] {
            let (result, tries, seconds) = run(std::slice::from_ref(&failure), usize::MAX);
            assert_eq!((result, tries, seconds), (Err(failure), 5, 30));
        }
    }

    #[test]
    fn n11_what_lags_behind_is_looked_for_as_long_as_things_may_take_to_settle() {
        let missing = Failure::not_found("missing", "");
        assert_eq!(run(std::slice::from_ref(&missing), 1), (Ok(()), 2, 2));
        assert_eq!(run(std::slice::from_ref(&missing), usize::MAX), (Err(missing.clone()), 6, 60));
        // Patience with outages begins anew each time.
        assert_eq!(run(&[missing, Failure::unavailable("down", "")], 6), (Ok(()), 7, 2 + 4 + 8 + 2 + 2 + 2));
    }

    #[test]
    fn what_is_decided_or_may_have_been_done_is_not_repeated() {
        for failure in [Failure::denied("no", ""), Failure::uncertain("lost", "")] {
            assert_eq!(run(std::slice::from_ref(&failure), 1), (Err(failure), 1, 0));
        }
    }
}
