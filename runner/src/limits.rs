//! Every limit, in one table: name, default, and where an operator can change it.
//!
//! All are keys of `[limits]` in the configuration file; those with a flag also have a
//! `PAMRUN_…` variable.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::units::{UnitError, parse_duration, parse_size};

/// The limits of one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// The whole rotation, waiting included (`--timeout`).
    pub timeout: Duration,
    /// What of it is kept for rollback and commit.
    pub reserve: Duration,
    /// One HTTP request, from connecting to the last byte of the answer (`--request-timeout`).
    pub request_timeout: Duration,
    /// How long a credential may take to show up in lists after an unclear write.
    pub settle_window: Duration,
    /// How long whoever does not answer is waited for, counted from the last answer; pauses that
    /// `Retry-After` asks for do not count.
    pub outage_patience: Duration,
    /// The time that a guest, or each process of a script, may compute in one step.
    pub cpu: Duration,
    /// The memory of a guest, in bytes (`--memory`).
    pub memory: usize,
    /// HTTP requests of one rotation; the last tenth is for commit and rollback.
    pub requests: u32,
    /// The body of an answer, in bytes.
    pub response_body: usize,
    /// All answers of one rotation together, in bytes.
    pub bodies: usize,
    /// What a guest may log in one step, in bytes; of a script, what is shown of it.
    pub log: usize,
    /// What a guest may return from one step, in bytes; of a script, what it may write to stdout,
    /// and as much to stderr.
    pub output: usize,
    /// The memory of each process of a script, in bytes.
    pub script_memory: usize,
    /// The processes that a script may have at the same time.
    pub processes: u32,
    /// The files that each process of a script may have open.
    pub open_files: u32,
    /// From asking a script to end to killing it.
    pub grace: Duration,
    /// How long what a script left running may hold its pipes open.
    pub drain: Duration,
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
            settle_window: Duration::from_mins(1),
            outage_patience: Duration::from_mins(1),
            cpu: Duration::from_secs(10),
            memory: 64 * MIB,
            requests: 1000,
            response_body: 4 * MIB,
            bodies: 64 * MIB,
            log: MIB / 16,
            output: MIB,
            script_memory: 1024 * MIB,
            processes: 64,
            open_files: 256,
            grace: Duration::from_secs(2),
            drain: Duration::from_secs(1),
            plugin: 64 * MIB,
            params: 32 * MIB,
            depth: 64,
        }
    }
}

/// Why a limit cannot have a value. Each message continues a sentence that begins with the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// No limit has this name.
    #[error("is for a limit that does not exist")]
    UnknownKey,
    /// It is no duration or size.
    #[error(transparent)]
    Unit(#[from] UnitError),
    /// It is no count.
    #[error("is not a whole number from 1 to 4294967295")]
    NotACount,
    /// It is zero, and nothing could be done within it.
    #[error("is too small: it must be more than zero")]
    Zero,
    /// It is deeper than the JSON parser goes.
    #[error("is not a depth from 1 to {DEEPEST}")]
    NotADepth,
}

/// How deep the JSON parser goes at most, whatever the operator allows.
const DEEPEST: usize = 127;

impl Limits {
    /// The name of every limit, as in `[limits]`.
    pub const KEYS: [&str; 20] = [
        "timeout",
        "reserve",
        "request_timeout",
        "settle_window",
        "outage_patience",
        "cpu",
        "memory",
        "requests",
        "response_body",
        "bodies",
        "log",
        "output",
        "script_memory",
        "processes",
        "open_files",
        "grace",
        "drain",
        "plugin",
        "params",
        "depth",
    ];

    /// Sets the limit of that name to what the text says: a duration, a size or a count.
    ///
    /// # Errors
    /// When there is no such limit, or the text is no value for it. Nothing is changed then.
    pub fn set(&mut self, key: &str, text: &str) -> Result<(), LimitError> {
        match key {
            "timeout" => self.timeout = some_time(text)?,
            "reserve" => self.reserve = parse_duration(text)?,
            "request_timeout" => self.request_timeout = some_time(text)?,
            "settle_window" => self.settle_window = parse_duration(text)?,
            "outage_patience" => self.outage_patience = parse_duration(text)?,
            "cpu" => self.cpu = some_time(text)?,
            "memory" => self.memory = some_bytes(text)?,
            "requests" => self.requests = some_number(text)?,
            "response_body" => self.response_body = some_bytes(text)?,
            "bodies" => self.bodies = some_bytes(text)?,
            "log" => self.log = some_bytes(text)?,
            "output" => self.output = some_bytes(text)?,
            "script_memory" => self.script_memory = some_bytes(text)?,
            "processes" => self.processes = some_number(text)?,
            "open_files" => self.open_files = some_number(text)?,
            "grace" => self.grace = parse_duration(text)?,
            "drain" => self.drain = parse_duration(text)?,
            "plugin" => self.plugin = some_bytes(text)?,
            "params" => self.params = some_bytes(text)?,
            "depth" => {
                let depth = text.parse().ok().filter(|n| (1..=DEEPEST).contains(n));
                self.depth = depth.ok_or(LimitError::NotADepth)?;
            }
            _ => return Err(LimitError::UnknownKey),
        }
        Ok(())
    }
}

/// Says that a limit was met, and how to raise it.
#[must_use]
pub fn exceeded(name: &str, what: impl std::fmt::Display) -> String {
    format!("{what}; `{name}` under [limits] in the configuration file raises it")
}

fn some_time(text: &str) -> Result<Duration, LimitError> {
    Some(parse_duration(text)?).filter(|time| !time.is_zero()).ok_or(LimitError::Zero)
}

fn some_number(text: &str) -> Result<u32, LimitError> {
    text.parse().ok().filter(|number| *number > 0).ok_or(LimitError::NotACount)
}

fn some_bytes(text: &str) -> Result<usize, LimitError> {
    Some(parse_size(text)?).filter(|size| *size > 0).ok_or(LimitError::Zero)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_sets_a_limit_of_its_own() {
        let mut seen = vec![Limits::default()];
        for key in Limits::KEYS {
            let mut limits = Limits::default();
            assert!(["77s", "77KiB", "77"].iter().any(|text| limits.set(key, text).is_ok()), "{key}");
            assert!(!seen.contains(&limits), "{key} sets what another key sets, or nothing");
            seen.push(limits);
        }
    }

    #[test]
    fn a_limit_of_nothing_is_refused_where_nothing_could_be_done_within_it() {
        let mut limits = Limits::default();
        assert_eq!(limits.set("timeout", "0s"), Err(LimitError::Zero));
        assert_eq!(limits.set("memory", "0B"), Err(LimitError::Zero));
        assert_eq!(limits.set("requests", "0"), Err(LimitError::NotACount));
        assert_eq!(limits.set("depth", "0"), Err(LimitError::NotADepth));
        assert_eq!(limits, Limits::default());
        assert_eq!(limits.set("settle_window", "0s"), Ok(()));
    }

    #[test]
    fn json_may_not_be_allowed_deeper_than_the_parser_goes() {
        let mut limits = Limits::default();
        assert_eq!(limits.set("depth", "128"), Err(LimitError::NotADepth));
        limits.set("depth", "127").unwrap();
        let deepest = format!("{}{}", "[".repeat(limits.depth), "]".repeat(limits.depth));
        assert!(serde_json::from_str::<serde_json::Value>(&deepest).is_ok());
    }

    #[test]
    fn an_unknown_key_is_an_error() {
        assert_eq!(Limits::default().set("timeouts", "1s"), Err(LimitError::UnknownKey));
    }
}
