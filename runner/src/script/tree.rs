//! Everything that a script started, wherever it went.

#[cfg_attr(target_os = "linux", path = "tree_linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "tree_elsewhere.rs")]
mod system;

pub(super) use system::{Tree, adopt_orphans};
