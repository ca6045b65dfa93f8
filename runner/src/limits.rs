//! Every limit, in one table: name, default, and where an operator can change it.
//!
//! All are keys of `[limits]` in the configuration file; those with a flag also have a
//! `PAMRUN_…` variable.

use std::time::Duration;

/// The limits of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The whole rotation, waiting included (`--timeout`).
    pub timeout: Duration,
    /// What of it is kept for rollback and commit.
    pub reserve: Duration,
    /// One HTTP request, from connecting to the last byte of the answer (`--request-timeout`).
    pub request_timeout: Duration,
    /// How long a credential may take to show up in lists after an unclear write.
    pub settle_window: Duration,
    /// The time that a guest may compute in one step.
    pub cpu: Duration,
    /// The memory of a guest, in bytes (`--memory`).
    pub memory: usize,
    /// HTTP requests of one rotation.
    pub requests: u32,
    /// The body of a request, in bytes.
    pub request_body: usize,
    /// The body of an answer, in bytes.
    pub response_body: usize,
    /// What a guest may log in one step, in bytes.
    pub log: usize,
    /// What a guest may return from one step, in bytes.
    pub output: usize,
    /// A plugin file, in bytes.
    pub plugin: usize,
    /// The gateway's line, in bytes.
    pub params: usize,
    /// How deep JSON may be nested.
    pub depth: usize,
}

const MIB: usize = 1024 * 1024;

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_mins(10),
            reserve: Duration::from_secs(30),
            request_timeout: Duration::from_secs(10),
            settle_window: Duration::from_secs(60),
            cpu: Duration::from_secs(10),
            memory: 64 * MIB,
            requests: 1000,
            request_body: MIB,
            response_body: 4 * MIB,
            log: MIB / 16,
            output: MIB,
            plugin: 64 * MIB,
            params: 32 * MIB,
            depth: 64,
        }
    }
}
