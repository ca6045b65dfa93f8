//! macOS. Nobody can adopt orphans here: a script's processes are those of its process group, and whoever
//! leaves that is out of reach.

use std::io;
use std::path::PathBuf;
use std::process::Child;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

pub(in crate::script) use super::unix::*;
use crate::script::confine::Confined;

/// What is not done here.
pub(crate) const SHORTCOMING: Option<&str> = Some(
    "on macOS the limits `script_memory` and `processes` do not hold a script; what it starts in a session of \
     its own outlives it, and it outlives a pamrun that is killed",
);

const NOT_CONFINED: &str = "it needs Landlock, which only Linux has";

/// How often the group is killed anew, for what was started meanwhile.
const ROUNDS: usize = 2000;
/// The time between.
const PAUSE: Duration = Duration::from_millis(1);

/// This very program.
pub(in crate::script) fn ourselves() -> io::Result<PathBuf> {
    std::env::current_exe()
}

/// Nothing can be done here.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(super) fn end_with_pamrun() -> io::Result<()> {
    Ok(())
}

/// Nothing can be done here.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(in crate::script) fn adopt_orphans() -> io::Result<()> {
    Ok(())
}

/// Tells that nothing can be confined here.
pub(in crate::script) fn may_confine() -> Result<(), String> {
    Err(NOT_CONFINED.to_owned())
}

/// Confines nothing.
pub(in crate::script) fn confine(_: &Confined) -> Result<(), String> {
    Err(NOT_CONFINED.to_owned())
}

/// The process group of a child.
pub(in crate::script) struct Tree {
    child: Pid,
}

impl Tree {
    /// The group of this child.
    #[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
    pub(in crate::script) fn of(child: &Child) -> io::Result<Self> {
        Ok(Self { child: Pid::from_child(child) })
    }

    /// Nothing can be polled for the child's end.
    #[expect(clippy::unused_self, reason = "elsewhere it is used")]
    pub(in crate::script) fn end_of_child(&self) -> Option<ChildEnd> {
        None
    }

    /// How many there are is not known here: one, if any.
    pub(in crate::script) fn count(&self) -> usize {
        usize::from(self.is_left())
    }

    /// Asks all of them to end.
    pub(in crate::script) fn ask_to_end(&self) {
        let _ = kill_process_group(self.child, Signal::TERM);
    }

    /// Tells whether the child, which has ended, left others running.
    pub(in crate::script) fn is_left(&self) -> bool {
        test_kill_process_group(self.child).is_ok()
    }

    /// Kills all of them; returns how many there were, and whether some could not be killed.
    pub(in crate::script) fn kill(&self) -> (usize, bool) {
        let found = self.count();
        for _ in 0..ROUNDS {
            if !self.is_left() {
                return (found, false);
            }
            let _ = kill_process_group(self.child, Signal::KILL);
            std::thread::sleep(PAUSE);
        }
        (found, true)
    }
}
