//! What a script may use up.

use std::time::Duration;

use crate::limits::Limits;

/// The limits of one call of a script.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Wall-clock time.
    pub(super) time: Duration,
    /// Bytes on stdout, and as many on stderr.
    pub(super) output: usize,
    /// Processes at the same time.
    pub(super) processes: usize,
    /// From being asked to end to being killed.
    pub(super) grace: Duration,
    /// From the script's end to the end of its pipes.
    pub(super) drain: Duration,
}

impl Bounds {
    /// The bounds of a call that has so much time.
    pub(super) fn new(limits: &Limits, time: Duration) -> Self {
        Self {
            time,
            output: limits.output,
            processes: usize::try_from(limits.processes).unwrap_or(usize::MAX),
            grace: limits.grace,
            drain: limits.drain,
        }
    }
}
