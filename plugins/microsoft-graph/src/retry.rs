//! Trying again, where that is safe and of use.

use std::time::Duration;

use pamrun_plugin::{Failure, FailureKind, Host, Level};

/// Pauses between tries, as long as the service asks for no other.
const PAUSES: [Duration; 4] =
    [Duration::from_secs(2), Duration::from_secs(4), Duration::from_secs(8), Duration::from_secs(16)];

/// "Retry-After: 0" is no invitation to ask without a pause.
pub(crate) const SHORTEST: Duration = Duration::from_secs(1);

/// What a service may ask for before giving up is better than waiting.
const LONGEST: Duration = Duration::from_secs(60);

/// Repeats an attempt that failed as unavailable or in conflict. Both promise that nothing was
/// done; whatever is uncertain is handed back at once.
///
/// # Errors
/// The failure of the last attempt.
pub fn patiently<T>(host: &dyn Host, mut attempt: impl FnMut() -> Result<T, Failure>) -> Result<T, Failure> {
    for pause in PAUSES {
        let failure = match attempt() {
            Ok(value) => return Ok(value),
            Err(failure) => failure,
        };
        let pause = match failure.kind {
            FailureKind::Conflict => pause,
            FailureKind::Unavailable { retry_after } => {
                retry_after.map_or(pause, |seconds| Duration::from_secs(seconds.into()).max(SHORTEST))
            }
            _ => return Err(failure),
        };
        if pause > LONGEST {
            return Err(failure);
        }
        host.log(Level::Info, &format!("trying again in {} s: {failure}", pause.as_secs()));
        host.sleep(pause);
    }
    attempt()
}
