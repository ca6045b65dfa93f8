//! The system's randomness, for requests that are written.

use pamrun_contract::random::Random;
use pamrun_contract::render::Unrendered;

/// Fills from the system, and remembers when that failed: what was written then is not sent.
#[derive(Default)]
struct Chance {
    has_failed: bool,
}

impl Random for Chance {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.has_failed |= getrandom::fill(bytes).is_err();
    }
}

/// Writes something that may need randomness.
pub(super) fn with_chance<T>(
    write: impl FnOnce(&mut dyn Random) -> Result<T, Unrendered>,
) -> Result<T, Unrendered> {
    let mut chance = Chance::default();
    let written = write(&mut chance)?;
    if chance.has_failed {
        return Err(Unrendered::Computed("the system gives no randomness; nothing is sent".to_owned()));
    }
    Ok(written)
}
