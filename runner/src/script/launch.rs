//! The last steps before a script, in a process of its own: pamrun starts itself again, gives up what
//! the script may not have, and becomes the interpreter. What a process does to itself between fork and
//! exec needs unsafe code; what it does to itself before it becomes another program does not.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit, setsid};
use serde::{Deserialize, Serialize};

use super::confine::{self, Confined};
use crate::limits::Limits;

/// The first argument of a pamrun that is to become a script.
pub const LAUNCH: &str = "__launch";

/// The exit code of a launch that failed; what it says on stderr begins with the token.
pub(super) const FAILED: i32 = 125;

/// What the process does to itself.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Launch {
    /// Proves that a failure is told by the launcher: a script never sees it.
    pub(super) token: String,
    /// CPU time of each process, in seconds.
    pub(super) cpu: u64,
    /// Open files of each process.
    pub(super) open_files: u64,
    /// Memory of each process, in bytes.
    pub(super) memory: u64,
    /// What it may touch; none where it may touch all that its user may.
    pub(super) confined: Option<Confined>,
}

impl Launch {
    /// A launch within these limits.
    pub(super) fn new(limits: &Limits, confined: Option<Confined>) -> Self {
        let cpu = limits.cpu.as_secs() + u64::from(limits.cpu.subsec_nanos() > 0);
        Self {
            token: uuid::Uuid::new_v4().to_string(),
            cpu,
            open_files: limits.open_files.into(),
            memory: u64::try_from(limits.script_memory).unwrap_or(u64::MAX),
            confined,
        }
    }
}

/// Becomes a script: the arguments are a launch, a program, and what follows it.
///
/// It does not return but to tell what went wrong, in one line for stderr; the exit code is 125 then.
#[must_use]
pub fn launch(arguments: &[OsString]) -> (String, u8) {
    let (token, problem) = match arguments {
        [launch, program, arguments @ ..] => match parse(launch) {
            Some(launch) => {
                let problem = become_script(&launch, program, arguments);
                (launch.token, problem)
            }
            None => (String::new(), "it is for pamrun's own use".to_owned()),
        },
        _ => (String::new(), "it is for pamrun's own use".to_owned()),
    };
    (format!("{token} {problem}"), u8::try_from(FAILED).unwrap_or(u8::MAX))
}

fn parse(launch: &OsString) -> Option<Launch> {
    serde_json::from_str(launch.to_str()?).ok()
}

fn become_script(launch: &Launch, program: &OsString, arguments: &[OsString]) -> String {
    match restrict(launch) {
        Ok(()) => {
            #[expect(clippy::disallowed_methods, reason = "script starts scripts")]
            let error = Command::new(program).args(arguments).exec();
            format!("{} cannot be started: {error}", program.display())
        }
        Err(problem) => problem,
    }
}

fn restrict(launch: &Launch) -> Result<(), String> {
    // Away from the terminal, and from signals that are for somebody else.
    setsid().map_err(|error| format!("it gets no session of its own: {error}"))?;
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))
        .map_err(|error| format!("it would outlive pamrun: {error}"))?;
    for (resource, limit, spare) in [
        // The signal that says why comes at the limit, and the one that nobody can catch after it.
        (Resource::Cpu, launch.cpu, 1),
        (Resource::Nofile, launch.open_files, 0),
        (Resource::Data, launch.memory, 0),
    ] {
        let most = getrlimit(resource).maximum.unwrap_or(u64::MAX);
        let maximum = limit.saturating_add(spare).min(most);
        setrlimit(resource, Rlimit { current: Some(limit.min(most)), maximum: Some(maximum) })
            .map_err(|error| format!("its limits cannot be set: {error}"))?;
    }
    match &launch.confined {
        Some(confined) => confine::enter(confined),
        None => Ok(()),
    }
}
