//! What Linux and macOS do alike.

use std::fs::File;
use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, fcntl_setfl, openat};
use rustix::io::{Errno, read, write};
use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit, setsid};
use zeroize::Zeroizing;

use super::here::end_with_pamrun;
use crate::script::kept::{CHUNK, Kept};

/// The programs that run Python, the best first.
pub(in crate::script) const PYTHON: &[&str] = &["python3", "python"];
/// Whether the first line of a script goes before its name.
pub(in crate::script) const FIRST_LINES_COUNT: bool = true;
/// The variables that name the folder for temporary files.
pub(in crate::script) const TEMPORARY_FOLDER: &[&str] = &["TMPDIR"];

/// What can be polled for the end of a child.
pub(in crate::script) type ChildEnd = OwnedFd;

/// What goes in.
pub(in crate::script) struct Inlet {
    pipe: Option<OwnedFd>,
    bytes: Zeroizing<Vec<u8>>,
    written: usize,
}

impl Inlet {
    pub(in crate::script) fn new(pipe: impl Into<OwnedFd>, bytes: Zeroizing<Vec<u8>>) -> io::Result<Self> {
        let pipe = pipe.into();
        fcntl_setfl(&pipe, OFlags::NONBLOCK)?;
        Ok(Self { pipe: Some(pipe), bytes, written: 0 })
    }

    fn poll(&self) -> Option<PollFd<'_>> {
        self.pipe.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::OUT))
    }

    /// Writes what fits in now. A script need not read all of it.
    pub(in crate::script) fn pump(&mut self) {
        while let Some(pipe) = &self.pipe {
            let rest = self.bytes.get(self.written..).unwrap_or_default();
            match if rest.is_empty() { Ok(0) } else { write(pipe, rest) } {
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                Ok(0) | Err(_) => self.pipe = None,
                Ok(count) => self.written += count,
            }
        }
    }
}

/// What comes out.
pub(in crate::script) struct Outlet {
    pipe: Option<OwnedFd>,
    kept: Kept,
}

impl Outlet {
    /// Keeps at most `limit` bytes.
    pub(in crate::script) fn new(pipe: impl Into<OwnedFd>, limit: usize) -> io::Result<Self> {
        let pipe = pipe.into();
        fcntl_setfl(&pipe, OFlags::NONBLOCK)?;
        Ok(Self { pipe: Some(pipe), kept: Kept::new(limit) })
    }

    fn poll(&self) -> Option<PollFd<'_>> {
        self.pipe.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN))
    }

    /// Tells whether nobody can write to it any more.
    pub(in crate::script) fn is_closed(&self) -> bool {
        self.pipe.is_none()
    }

    /// Tells whether more came than is kept.
    pub(in crate::script) fn is_exceeded(&self) -> bool {
        self.kept.is_exceeded()
    }

    /// Reads what is there now, but not for ever: there may always be more.
    pub(in crate::script) fn pump(&mut self) {
        let mut chunk = Zeroizing::new([0; CHUNK]);
        let Some(pipe) = &self.pipe else { return };
        match read(pipe.as_fd(), chunk.as_mut_slice()) {
            Err(Errno::AGAIN | Errno::INTR) => {}
            Ok(0) | Err(_) => self.pipe = None,
            Ok(count) => self.kept.add(chunk.get(..count).unwrap_or_default()),
        }
    }

    /// Reads the rest, once nobody writes any more.
    pub(in crate::script) fn finish(&mut self) -> Zeroizing<Vec<u8>> {
        let mut before = usize::MAX;
        while !self.is_closed() && before != self.kept.len() {
            before = self.kept.len();
            self.pump();
        }
        self.kept.take()
    }
}

/// What a process is held by: let go, it is to end.
pub(in crate::script) struct Leash(PipeReader);

/// The other end of it: dropped, it lets go.
pub(in crate::script) struct Hand(#[expect(dead_code, reason = "closed when it is dropped")] PipeWriter);

/// Makes a leash.
pub(in crate::script) fn leash() -> io::Result<(Leash, Hand)> {
    io::pipe().map(|(held, hand)| (Leash(held), Hand(hand)))
}

impl Leash {
    fn poll(&self) -> PollFd<'_> {
        PollFd::new(&self.0, PollFlags::IN)
    }

    /// Tells whether it was let go.
    pub(in crate::script) fn is_let_go(&self) -> bool {
        poll(&mut [self.poll()], Some(&Timespec::default())).is_ok_and(|events| events > 0)
    }
}

/// Waits until there is something to write or to read, a child ended, or a leash was let go.
pub(in crate::script) fn wait(
    stdin: &Inlet,
    outlets: [&Outlet; 2],
    end: Option<&ChildEnd>,
    leash: Option<&Leash>,
    pause: Duration,
) -> io::Result<()> {
    let end = end.map(|end| PollFd::new(end, PollFlags::IN));
    let pipes = [stdin.poll(), end, leash.map(Leash::poll)].into_iter();
    let mut events: Vec<_> = pipes.chain(outlets.map(Outlet::poll)).flatten().collect();
    let pause = Timespec::try_from(pause).map_err(io::Error::other)?;
    match poll(&mut events, Some(&pause)) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Has a process begin without an environment.
pub(in crate::script) fn strip_environment(command: &mut Command) {
    command.env_clear();
}

/// This process's stdin, of which nothing is read ahead.
pub(in crate::script) fn own_stdin() -> io::Result<File> {
    io::stdin().as_fd().try_clone_to_owned().map(File::from)
}

/// Gives up what a script may not have: the terminal, signals that are for somebody else, and more CPU
/// time in seconds, open files or bytes of memory than this.
pub(in crate::script) fn restrict(cpu: u64, open_files: u64, memory: u64) -> Result<(), String> {
    setsid().map_err(|error| format!("it gets no session of its own: {error}"))?;
    end_with_pamrun().map_err(|error| format!("it would outlive pamrun: {error}"))?;
    for (resource, limit, spare) in [
        // The signal that says why comes at the limit, and the one that nobody can catch after it.
        (Resource::Cpu, cpu, 1),
        (Resource::Nofile, open_files, 0),
        (Resource::Data, memory, 0),
    ] {
        let most = getrlimit(resource).maximum.unwrap_or(u64::MAX);
        let maximum = limit.saturating_add(spare).min(most);
        setrlimit(resource, Rlimit { current: Some(limit.min(most)), maximum: Some(maximum) })
            .map_err(|error| format!("its limits cannot be set: {error}"))?;
    }
    Ok(())
}

/// Becomes this program. It does not return but to tell why it could not.
pub(in crate::script) fn become_program(mut command: Command) -> io::Result<u8> {
    Err(command.exec())
}

/// Opens a file that a script wrote. A link in its place is none, and a pipe is not waited for.
/// It is in the folder of this handle, whatever stands at its path by now.
pub(in crate::script) fn open_answer(folder: &File, _path: &Path, name: &str) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(openat(folder, name, flags, Mode::empty())?.into())
}

/// The number of the signal that ended a process.
pub(in crate::script) fn signal_that_ended(status: ExitStatus) -> Option<i32> {
    status.signal()
}

/// Tells whether a process was ended for the CPU time that it took.
pub(in crate::script) fn computed_too_long(status: ExitStatus) -> bool {
    status.signal() == Some(Signal::XCPU.as_raw())
}
