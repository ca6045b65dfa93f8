//! Linux.

use std::io;
use std::path::Path;

use rustix::process::{DumpableBehavior, set_dumpable_behavior};

pub(crate) use super::unix::*;

/// There are none.
pub(crate) const SHORTCOMINGS: &[&str] = &[];

/// A name in other capitals is another name.
pub(crate) const NAMES_IGNORE_CASE: bool = false;

/// Where the log takes messages.
const LOG: &str = "/dev/log";

/// Forbids core dumps, and other processes of the same user to look into this one. Where the
/// system lacks one of the two, the other one still helps; there is nobody to tell.
pub(crate) fn forbid_core_dumps() {
    no_core_dumps();
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

impl Syslog {
    /// Opens the log of the machine.
    pub(crate) fn open() -> io::Result<Self> {
        Self::at(Path::new(LOG))
    }
}
