//! Keeps the memory of this process, which will hold secrets, out of core dumps.

use rustix::process::{DumpableBehavior, Resource, Rlimit, setrlimit, set_dumpable_behavior};

/// Forbids core dumps, and other processes of the same user to look into this one. Where the
/// system lacks one of the two, the other one still helps; there is nobody to tell.
pub(super) fn forbid_core_dumps() {
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    #[cfg(target_os = "linux")]
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}
