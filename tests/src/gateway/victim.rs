//! A run that is signalled from outside, at a moment that a stand-in chooses.

use std::process::Child;
use std::sync::{Arc, Mutex, OnceLock};

use rustix::process::{Pid, kill_process};

pub use rustix::process::Signal;

/// A run that can be signalled once it has started. Its clones are the same one.
#[derive(Debug, Clone, Default)]
pub struct Victim(Arc<OnceLock<Mutex<Child>>>);

impl Victim {
    pub(super) fn is(&self, child: Child) {
        self.0.set(Mutex::new(child)).expect("a victim is one run");
    }

    /// Its process id.
    pub fn pid(&self) -> Pid {
        self.child(|child| Pid::from_child(child))
    }

    /// Sends it a signal, unless it has ended already.
    pub fn signal(&self, signal: Signal) {
        self.child(|child| {
            // Once it was waited for, its id may be somebody else's.
            if child.try_wait().unwrap().is_none() {
                kill_process(Pid::from_child(child), signal).unwrap();
            }
        });
    }

    /// Whether it has ended.
    pub fn has_ended(&self) -> bool {
        self.child(|child| child.try_wait().unwrap().is_some())
    }

    /// The process; waits until it is started.
    pub(super) fn child<T>(&self, with: impl FnOnce(&mut Child) -> T) -> T {
        with(&mut self.0.wait().lock().unwrap())
    }
}
