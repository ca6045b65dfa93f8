//! Trying a new credential until the service has made up its mind.

use std::time::Duration;

use crate::{Failure, FailureKind, Host};

/// How long a service that says nothing is waited for.
const OUTAGE: Duration = Duration::from_secs(30);
/// The first and the longest pause.
const FIRST: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_secs(15);

/// Tries again while a new credential spreads from backend to backend: as long as `attempt` fails with
/// `wrong-credential`, for the time of `window`, and while the service is `unavailable`, for 30 seconds.
///
/// # Errors
/// What the last attempt failed with.
pub fn until_accepted<T>(
    host: &dyn Host,
    window: Duration,
    mut attempt: impl FnMut() -> Result<T, Failure>,
) -> Result<T, Failure> {
    let began = host.elapsed();
    let mut silent_since = None;
    let mut pause = FIRST;
    loop {
        let failure = match attempt() {
            Ok(found) => return Ok(found),
            Err(failure) => failure,
        };
        let (wait, end) = match failure.kind {
            FailureKind::WrongCredential => {
                silent_since = None;
                let wait = pause;
                pause = (2 * pause).min(LONGEST);
                (wait, began + window)
            }
            FailureKind::Unavailable { retry_after } => {
                let since = *silent_since.get_or_insert_with(|| host.elapsed());
                let asked = retry_after.map_or(FIRST, |seconds| Duration::from_secs(seconds.into()));
                (asked.max(FIRST), since + OUTAGE)
            }
            _ => return Err(failure),
        };
        // The last attempt is at the end of the time; a service that asks for more is not waited for.
        let left = end.saturating_sub(host.elapsed());
        let is_asked = matches!(failure.kind, FailureKind::Unavailable { .. }) && wait > left;
        if left.is_zero() || is_asked {
            return Err(failure);
        }
        host.sleep(wait.min(left));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Call;
    use crate::testing::{FakeHost, answer};

    const WINDOW: Duration = Duration::from_secs(60);

    fn prove(host: &FakeHost<'_>) -> Result<(), Failure> {
        until_accepted(host, WINDOW, || {
            let answer = Call::get("https://api.example.com/me").send(host)?;
            if answer.status() == 401 {
                return Err(Failure::wrong_credential("rejected", "not yet"));
            }
            answer.expect(200).map(drop)
        })
    }

    #[test]
    fn what_spreads_is_waited_for_to_the_end_of_the_window() {
        let host = FakeHost::new(|_, elapsed| answer(if elapsed < WINDOW { 401 } else { 200 }, ""));
        prove(&host).unwrap();
        let host = FakeHost::new(|_, _| answer(401, ""));
        assert_eq!(prove(&host).unwrap_err().code, "rejected");
        assert_eq!(host.elapsed(), WINDOW);
    }

    #[test]
    fn a_silent_service_is_waited_for_half_a_minute() {
        let host = FakeHost::new(|_, _| answer(503, ""));
        assert_eq!(prove(&host).unwrap_err().code, "unclear-answer");
        assert_eq!(host.elapsed(), OUTAGE);
    }

    #[test]
    fn what_is_decided_is_not_tried_again() {
        let host = FakeHost::new(|_, _| answer(403, ""));
        assert_eq!(prove(&host).unwrap_err().code, "forbidden");
        assert_eq!(host.calls().len(), 1);
    }
}
