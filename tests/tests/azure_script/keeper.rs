//! With a vault at Keeper.

#[path = "suite.rs"]
mod suite;

use pamrun_tests::gateway::VaultKind;

const VAULT: VaultKind = VaultKind::Keeper;
