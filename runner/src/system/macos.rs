//! macOS.

use std::io;
use std::path::Path;

pub(crate) use super::unix::*;

/// There are none but for scripts. Other processes of the same user are kept out of this one by the system,
/// unless they were signed to debug.
pub(crate) const SHORTCOMINGS: &[&str] = &[];

/// A name in other capitals is mostly the same name.
pub(crate) const NAMES_IGNORE_CASE: bool = true;

/// Where the log takes messages.
const LOG: &str = "/var/run/syslog";

/// Forbids core dumps.
pub(crate) fn forbid_core_dumps() {
    no_core_dumps();
}

impl Syslog {
    /// Opens the log of the machine.
    pub(crate) fn open() -> io::Result<Self> {
        Self::at(Path::new(LOG))
    }
}
