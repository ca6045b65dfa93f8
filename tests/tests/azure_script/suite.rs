//! What a script does as the plugin does.

#[path = "../azure_rotation/conflicts.rs"]
mod conflicts;
#[path = "../azure_rotation/lost_answers.rs"]
mod lost_answers;
#[path = "../azure_rotation/retire.rs"]
mod retire;

use pamrun_tests::azure::Azure;
use pamrun_tests::cloud::Sovereign;

/// The usual cast, with the vault of this suite.
fn cast() -> Azure {
    Azure::with(super::VAULT, Sovereign::Global)
}
