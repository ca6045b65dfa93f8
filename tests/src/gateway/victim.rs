//! A run that is signalled from outside, at a moment that a stand-in chooses.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use rustix::process::{Pid, kill_process};

pub use rustix::process::Signal;

/// A run that can be signalled once it has started.
#[derive(Debug, Clone, Default)]
pub struct Victim(Arc<AtomicI32>);

impl Victim {
    pub(super) fn is(&self, pid: u32) {
        self.0.store(pid.try_into().unwrap(), Ordering::SeqCst);
    }

    /// Its process id.
    pub fn pid(&self) -> i32 {
        self.0.load(Ordering::SeqCst)
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(self.pid()).unwrap(), signal).unwrap();
    }
}
