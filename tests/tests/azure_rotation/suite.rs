//! What holds whatever the vault is.

mod clouds;
mod conflicts;
mod cost;
mod lost_answers;
mod outcome;
mod refusals;
mod retire;
mod sources;
mod verify;

use pamrun_tests::azure::Azure;
use pamrun_tests::cloud::Sovereign;

/// The usual cast, with the vault of this suite.
pub(super) fn cast() -> Azure {
    cast_in(Sovereign::Global)
}

/// The same in one of the clouds.
fn cast_in(sovereign: Sovereign) -> Azure {
    Azure::with(super::VAULT, sovereign)
}
