//! Trying again, where that is safe and of use.

use std::fmt::Display;
use std::time::Duration;

use crate::{Host, Level, Rejection, Trouble};

/// How long all pauses of one request may be together, where nothing else is known: more does not fit into the
/// time that a host gives a rotation by default.
pub const PATIENCE: Duration = Duration::from_secs(8 * 60);

/// Pauses between tries, as long as the service asks for no other.
const PAUSES: [Duration; 4] =
    [Duration::from_secs(2), Duration::from_secs(4), Duration::from_secs(8), Duration::from_secs(16)];

/// What each pause that is asked for counts at least: a service that never asks for more than a second is not
/// asked for ever.
const LEAST: Duration = Duration::from_secs(5);

/// After so long one is asked again that asks to slow down and does not say for how long.
const UNSAID: Duration = Duration::from_secs(5);

impl Rejection {
    /// How long to wait before asking again, where the service asks for it. "Retry-After: 0" is no invitation to
    /// ask without a pause: it says nothing.
    #[must_use]
    pub fn asks_to_wait(&self) -> Option<Duration> {
        let unsaid = (self.status == 429).then_some(UNSAID);
        self.retry_after.filter(|pause| !pause.is_zero()).or(unsaid)
    }
}

impl Trouble {
    /// What the service says that cannot answer now, and did nothing.
    pub(crate) fn busy(&self) -> Option<&Rejection> {
        match self {
            Self::Unavailable(said) => Some(said),
            Self::Rejected(said) if matches!(said.status, 429 | 503) => Some(said),
            _ => None,
        }
    }
}

/// What is left of the patience with a service.
#[derive(Debug, Clone)]
pub struct Patience {
    left: Duration,
    pauses: std::array::IntoIter<Duration, 4>,
}

impl Patience {
    /// So long are all pauses together.
    #[must_use]
    pub fn new(window: Duration) -> Self {
        Self { left: window, pauses: PAUSES.into_iter() }
    }

    /// The pause before the next try: as long as the service asks, or else a little longer each time; none where
    /// that is more than there is left.
    pub fn pause(&mut self, asked: Option<Duration>) -> Option<Duration> {
        let pause = asked.or_else(|| self.pauses.next())?;
        let least = if asked.is_some() { LEAST } else { Duration::ZERO };
        self.left = self.left.checked_sub(pause.max(least))?;
        Some(pause)
    }
}

/// Tries a call again while the service is busy: as it asks, or four times with growing pauses, all of them
/// within `window`. What is tried again has done nothing; what is uncertain is given back at once.
///
/// # Errors
/// The trouble of the last try.
pub fn retry<T>(
    host: &dyn Host,
    window: Duration,
    attempt: impl FnMut() -> Result<T, Trouble>,
) -> Result<T, Trouble> {
    let mut patience = Patience::new(window);
    repeat(host, attempt, |trouble| patience.pause(trouble.busy()?.asks_to_wait()))
}

/// Tries again as long as `pause_after` says how long to wait before.
///
/// # Errors
/// That of the last try.
pub fn repeat<T, E: Display>(
    host: &dyn Host,
    mut attempt: impl FnMut() -> Result<T, E>,
    mut pause_after: impl FnMut(&E) -> Option<Duration>,
) -> Result<T, E> {
    loop {
        let error = match attempt() {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let Some(pause) = pause_after(&error) else { return Err(error) };
        host.log(Level::Info, &format!("trying again in {pause:?}: {error}"));
        host.sleep(pause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::FakeHost;

    /// Fails as given, so many times; gives the result, the tries and the seconds.
    fn run(trouble: &Trouble, times: usize) -> (bool, usize, u64) {
        let host = FakeHost::new();
        let mut tries = 0;
        let result = retry(&host, PATIENCE, || {
            tries += 1;
            if tries <= times { Err(trouble.clone()) } else { Ok(()) }
        });
        (result.is_ok(), tries, host.elapsed().as_secs())
    }

    fn asking(status: u16, seconds: u64) -> Trouble {
        let retry_after = Some(Duration::from_secs(seconds));
        Trouble::Rejected(Rejection { status, retry_after, ..Rejection::default() })
    }

    #[test]
    fn n13_long_waits_are_waited_out_as_long_as_all_of_them_fit() {
        assert_eq!(run(&asking(429, 46), 5), (true, 6, 230));
        assert_eq!(run(&asking(503, 300), 1), (true, 2, 300));
        assert_eq!(run(&asking(429, 300), 2), (false, 2, 300));
        assert_eq!(run(&asking(429, 481), 1), (false, 1, 0));
    }

    #[test]
    fn n13_a_service_that_asks_for_next_to_nothing_is_not_asked_for_ever() {
        assert_eq!(run(&asking(429, 1), usize::MAX), (false, 97, 96));
        assert_eq!(run(&asking(429, 0), 1), (true, 2, 5));
    }

    #[test]
    fn what_says_no_time_is_tried_five_times() {
        let down = Trouble::Unavailable(Rejection::default());
        assert_eq!(run(&down, usize::MAX), (false, 5, 30));
        assert_eq!(run(&down, 4), (true, 5, 30));
    }

    #[test]
    fn what_is_tried_again_is_logged_with_its_cause() {
        let host = FakeHost::new();
        let mut troubles = vec![Trouble::Unavailable(Rejection { status: 503, ..Rejection::default() })];
        let result = retry(&host, PATIENCE, || troubles.pop().map_or(Ok(()), Err));
        assert_eq!(result, Ok(()));
        assert_eq!(host.logged(), ["trying again in 2s: the service does not answer `` now (HTTP 503)"]);
    }

    #[test]
    fn what_is_decided_or_may_have_been_done_is_not_repeated() {
        for trouble in [asking(400, 7), Trouble::Uncertain(String::new()), Trouble::Refused(String::new())] {
            assert_eq!(run(&trouble, 1), (false, 1, 0));
        }
    }
}
