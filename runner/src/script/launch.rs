//! The last steps before a script, in a process of its own: pamrun starts itself again, is told what
//! it is to become, gives up what the script may not have, and becomes the interpreter. What a process
//! does to itself between fork and exec needs unsafe code; what it does to itself before it becomes
//! another program does not.

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::PathBuf;
use std::process::Command;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::confine::Confined;
use super::system::{become_program, confine, own_stdin, restrict};
use crate::limits::Limits;

/// The first argument of a pamrun that is to become a script.
pub const LAUNCH: &str = "__launch";

/// The exit code of a launch that failed; what it says on stderr begins with the token.
pub(super) const FAILED: i32 = 125;
/// No launch is longer, in bytes: whoever sends more is not pamrun.
const LONGEST: usize = 16 << 20;

/// What the process becomes, and what it does to itself before. It stands on stdin before what is for
/// the script: its length in four bytes, and JSON.
#[derive(Serialize, Deserialize)]
pub(super) struct Launch {
    /// Proves that a failure is told by the launcher: a script never sees it.
    pub(super) token: String,
    /// CPU time of each process, in seconds.
    cpu: u64,
    /// Open files of each process.
    open_files: u64,
    /// Memory of each process, in bytes.
    memory: u64,
    /// What it may touch; none where it may touch all that its user may.
    confined: Option<Confined>,
    /// The program, and what follows it.
    command: Vec<OsString>,
    /// All of the environment.
    environment: Vec<(OsString, OsString)>,
    /// Where it begins.
    folder: PathBuf,
}

impl Launch {
    /// A launch of this command in this folder, within these limits, and with an environment to be filled.
    pub(super) fn new(
        limits: &Limits,
        confined: Option<Confined>,
        command: Vec<OsString>,
        folder: PathBuf,
    ) -> Self {
        let cpu = limits.cpu.as_secs() + u64::from(limits.cpu.subsec_nanos() > 0);
        Self {
            token: uuid::Uuid::new_v4().to_string(),
            cpu,
            open_files: limits.open_files.into(),
            memory: u64::try_from(limits.script_memory).unwrap_or(u64::MAX),
            confined,
            command,
            environment: Vec::new(),
            folder,
        }
    }

    /// Lets the script see these variables, too.
    pub(super) fn show(&mut self, variables: impl IntoIterator<Item = (OsString, OsString)>) {
        self.environment.extend(variables);
    }

    /// What is to be written to the launcher's stdin, with what the script is to read after it.
    ///
    /// # Errors
    /// When a path in it cannot be written as text.
    pub(super) fn followed_by(&self, stdin: &[u8]) -> io::Result<Zeroizing<Vec<u8>>> {
        let json = Zeroizing::new(serde_json::to_vec(self)?);
        let length = u32::try_from(json.len()).map_err(io::Error::other)?;
        Ok(Zeroizing::new([&length.to_be_bytes(), &**json, stdin].concat()))
    }
}

/// Becomes the script that stdin tells.
///
/// Where a process can become another one, it does not return but to tell what went wrong, in one line for
/// stderr; the exit code is 125 then. Elsewhere it returns the script's exit code, with nothing to tell.
/// There is nothing to tell either when nobody wants a script any more.
#[must_use]
pub fn launch() -> (String, u8) {
    let failed = u8::try_from(FAILED).unwrap_or(u8::MAX);
    let Some(launch) = own_stdin().ok().and_then(receive) else { return (String::new(), failed) };
    match become_script(&launch) {
        Ok(code) => (String::new(), code),
        Err(problem) => (format!("{} {problem}", launch.token), failed),
    }
}

/// Reads a launch, and not a byte more: what follows is for the script.
fn receive(mut from: impl Read) -> Option<Launch> {
    let mut length = [0; 4];
    from.read_exact(&mut length).ok()?;
    let length = usize::try_from(u32::from_be_bytes(length)).ok().filter(|length| *length <= LONGEST)?;
    let mut json = Zeroizing::new(vec![0; length]);
    from.read_exact(&mut json).ok()?;
    serde_json::from_slice(&json).ok()
}

fn become_script(launch: &Launch) -> Result<u8, String> {
    let Some((program, arguments)) = launch.command.split_first() else { return Err(String::new()) };
    restrict(launch.cpu, launch.open_files, launch.memory)?;
    if let Some(confined) = &launch.confined {
        confine(confined)?;
    }
    #[expect(clippy::disallowed_methods, reason = "script starts scripts")]
    let mut command = Command::new(program);
    let environment = launch.environment.iter().map(|(name, value)| (name, value));
    command.args(arguments).env_clear().envs(environment).current_dir(&launch.folder);
    become_program(command).map_err(|error| format!("{} cannot be started: {error}", program.display()))
}

#[cfg(test)]
mod tests {
    use std::io::{PipeReader, Read, Write, pipe};

    use super::*;

    fn piped(bytes: &[u8]) -> PipeReader {
        let (reader, mut writer) = pipe().unwrap();
        writer.write_all(bytes).unwrap();
        reader
    }

    #[test]
    fn a_launch_is_read_and_not_a_byte_of_what_follows() {
        let words = ["/bin/sh", "a b"].map(OsString::from).to_vec();
        let mut launch = Launch::new(&Limits::default(), None, words, "/work".into());
        launch.show([("NAME".into(), "value".into())]);
        let mut pipe = piped(&launch.followed_by(b"the line\n").unwrap());
        let read = receive(&pipe).unwrap();
        assert_eq!((&read.token, &read.command), (&launch.token, &launch.command));
        assert_eq!((read.environment, read.folder), (launch.environment, launch.folder));
        let mut rest = Vec::new();
        pipe.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, b"the line\n");
    }

    #[test]
    fn what_is_no_launch_becomes_nothing() {
        for bytes in [&b""[..], b"\0\0", b"\0\0\0\x08{}", b"\0\0\0\x02{}", b"eyJ3aGF0Ijo="] {
            assert!(receive(piped(bytes)).is_none(), "{bytes:?}");
        }
    }
}
