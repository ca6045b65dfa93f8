//! The processes of a script where nobody can adopt orphans: its process group. Whoever leaves that is
//! out of reach; macOS has no way to follow him.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

/// How often the group is killed anew, for what was started meanwhile.
const ROUNDS: usize = 2000;
/// The time between.
const PAUSE: Duration = Duration::from_millis(1);

/// Nothing can be done here.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(in crate::script) fn adopt_orphans() -> io::Result<()> {
    Ok(())
}

/// The process group of a child.
pub(in crate::script) struct Tree {
    child: Pid,
}

impl Tree {
    /// The group of this child.
    pub(in crate::script) fn of(child: Pid) -> Self {
        Self { child }
    }

    /// Nothing can be polled for the child's end.
    #[expect(clippy::unused_self, reason = "elsewhere it is used")]
    pub(in crate::script) fn end_of_child(&self) -> Option<OwnedFd> {
        None
    }

    /// How many there are is not known here: one, if any.
    pub(in crate::script) fn count(&self) -> usize {
        usize::from(self.is_left())
    }

    /// Sends a signal to all of them.
    pub(in crate::script) fn signal(&self, signal: Signal) {
        let _ = kill_process_group(self.child, signal);
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
            self.signal(Signal::KILL);
            std::thread::sleep(PAUSE);
        }
        (found, true)
    }
}
