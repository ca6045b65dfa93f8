//! With a vault in one file.

#[path = "suite.rs"]
mod suite;

use pamrun_tests::gateway::VaultKind;

const VAULT: VaultKind = VaultKind::File;
