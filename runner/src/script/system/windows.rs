//! Windows. A script's processes are those of a job object, which ends them all when it is closed, also by
//! pamrun's own end. Pipes cannot be polled: a thread waits for each.

use std::cell::RefCell;
use std::convert::Infallible;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::windows::io::{AsHandle, AsRawHandle, OwnedHandle};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{Receiver, Sender, SyncSender, TryRecvError, channel, sync_channel};
use std::thread;
use std::time::Duration;

use win32job::{ExtendedLimitInfo, Job};
use zeroize::Zeroizing;

use crate::script::confine::Confined;
use crate::script::kept::{CHUNK, Kept};
use crate::system::no_links;

/// What is not done here.
pub(crate) const SHORTCOMING: Option<&str> = Some(
    "on Windows the limits `cpu`, `script_memory` and `open_files` do not hold a script, and it is killed \
     without being asked to end",
);

/// The programs that run Python, the best first: where Python is missing, `python3` may lead to a shop.
pub(in crate::script) const PYTHON: &[&str] = &["py", "python3", "python"];
/// Whether the first line of a script goes before its name: it says where programs are on other systems.
pub(in crate::script) const FIRST_LINES_COUNT: bool = false;
/// The variables that name the folder for temporary files.
pub(in crate::script) const TEMPORARY_FOLDER: &[&str] = &["TMPDIR", "TEMP", "TMP"];

const NOT_CONFINED: &str = "it needs Landlock, which only Linux has";

/// The variable without which libraries are not found.
const NEEDED: &str = "SystemRoot";
/// How often a script is looked at.
const LOOK: Duration = Duration::from_millis(5);
/// How many pieces of output wait to be taken.
const PIECES: usize = 4;

/// This very program.
pub(in crate::script) fn ourselves() -> io::Result<PathBuf> {
    std::env::current_exe()
}

/// Nobody needs to: a job object holds them.
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

/// Has a process begin with nothing of the environment but what the system's own libraries need.
pub(in crate::script) fn strip_environment(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if !name.eq_ignore_ascii_case(NEEDED) {
            command.env_remove(name);
        }
    }
}

/// This process's stdin, of which nothing is read ahead.
pub(in crate::script) fn own_stdin() -> io::Result<File> {
    io::stdin().as_handle().try_clone_to_owned().map(File::from)
}

/// Gives up nothing: it is pamrun that holds the job object.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(in crate::script) fn restrict(_cpu: u64, _open_files: u64, _memory: u64) -> Result<(), String> {
    Ok(())
}

/// Stands for this program until it ends, since no process can become another one here. Its exit code
/// may be larger than those of other systems; then it is the largest of these.
pub(in crate::script) fn become_program(mut command: Command) -> io::Result<u8> {
    let code = command.status()?.code().unwrap_or(i32::MAX);
    Ok(u8::try_from(code).unwrap_or(u8::MAX))
}

/// Opens a file that a script wrote. A link in its place is none.
/// A folder with an open file in it, as ours has, keeps its place.
pub(in crate::script) fn open_answer(_folder: &File, path: &Path, name: &str) -> io::Result<File> {
    no_links(OpenOptions::new().read(true)).open(path.join(name))
}

/// There are no signals.
pub(in crate::script) fn signal_that_ended(_status: ExitStatus) -> Option<i32> {
    None
}

/// Nobody ends a process for its CPU time.
pub(in crate::script) fn computed_too_long(_status: ExitStatus) -> bool {
    false
}

/// Nothing can be polled for the end of a child.
pub(in crate::script) enum ChildEnd {}

/// The job object of a child, until it is closed.
pub(in crate::script) struct Tree(RefCell<Option<Job>>);

impl Tree {
    /// Puts a child, which has started nothing yet, into a job object of its own.
    ///
    /// # Errors
    /// When the system does not let us.
    pub(in crate::script) fn of(child: &Child) -> io::Result<Self> {
        let mut limits = ExtendedLimitInfo::new();
        let job = Job::create_with_limit_info(limits.limit_kill_on_job_close()).map_err(io::Error::other)?;
        job.assign_process(child.as_raw_handle().addr().cast_signed()).map_err(io::Error::other)?;
        Ok(Self(RefCell::new(Some(job))))
    }

    /// There is nothing to poll.
    #[expect(clippy::unused_self, reason = "elsewhere it is used")]
    pub(in crate::script) fn end_of_child(&self) -> Option<ChildEnd> {
        None
    }

    /// Counts the processes that are alive. More than can be listed are more than any limit.
    pub(in crate::script) fn count(&self) -> usize {
        let job = self.0.borrow();
        job.as_ref().map_or(0, |job| job.query_process_id_list().map_or(usize::MAX, |alive| alive.len()))
    }

    /// Nobody can be asked here.
    #[expect(clippy::unused_self, reason = "elsewhere it is used")]
    pub(in crate::script) fn ask_to_end(&self) {}

    /// Tells whether the child, which has ended, left others running.
    pub(in crate::script) fn is_left(&self) -> bool {
        self.count() > 0
    }

    /// Kills all of them; returns how many there were, and that the system leaves none.
    pub(in crate::script) fn kill(&self) -> (usize, bool) {
        let found = self.count();
        drop(self.0.take());
        (found, false)
    }
}

/// What goes in.
pub(in crate::script) struct Inlet;

impl Inlet {
    /// Writes it in a thread, which ends when the script reads no more.
    pub(in crate::script) fn new(
        pipe: impl Into<OwnedHandle>,
        bytes: Zeroizing<Vec<u8>>,
    ) -> io::Result<Self> {
        let mut pipe = File::from(pipe.into());
        // A script need not read all of it.
        let write = move || drop(pipe.write_all(&bytes));
        thread::Builder::new().name("script stdin".to_owned()).spawn(write)?;
        Ok(Self)
    }

    /// The thread does it.
    #[expect(clippy::unused_self, reason = "elsewhere it is used")]
    pub(in crate::script) fn pump(&mut self) {}
}

/// What comes out.
pub(in crate::script) struct Outlet {
    pieces: Option<Receiver<Zeroizing<Vec<u8>>>>,
    kept: Kept,
}

impl Outlet {
    /// Keeps at most `limit` bytes.
    pub(in crate::script) fn new(pipe: impl Into<OwnedHandle>, limit: usize) -> io::Result<Self> {
        let pipe = File::from(pipe.into());
        let (sender, pieces) = sync_channel(PIECES);
        let read = move || drop(read_pieces(pipe, &sender));
        thread::Builder::new().name("script output".to_owned()).spawn(read)?;
        Ok(Self { pieces: Some(pieces), kept: Kept::new(limit) })
    }

    /// Tells whether nobody can write to it any more.
    pub(in crate::script) fn is_closed(&self) -> bool {
        self.pieces.is_none()
    }

    /// Tells whether more came than is kept.
    pub(in crate::script) fn is_exceeded(&self) -> bool {
        self.kept.is_exceeded()
    }

    /// Takes what is there now, but not for ever: there may always be more.
    pub(in crate::script) fn pump(&mut self) {
        for _ in 0..PIECES {
            let Some(pieces) = &self.pieces else { return };
            match pieces.try_recv() {
                Ok(piece) => self.kept.add(&piece),
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => self.pieces = None,
            }
        }
    }

    /// Takes the rest, once nobody writes any more.
    pub(in crate::script) fn finish(&mut self) -> Zeroizing<Vec<u8>> {
        let mut before = usize::MAX;
        while !self.is_closed() && before != self.kept.len() {
            before = self.kept.len();
            self.pump();
        }
        self.kept.take()
    }
}

fn read_pieces(mut pipe: File, sender: &SyncSender<Zeroizing<Vec<u8>>>) -> io::Result<()> {
    let mut chunk = Zeroizing::new([0; CHUNK]);
    loop {
        let count = pipe.read(chunk.as_mut_slice())?;
        let piece = chunk.get(..count).unwrap_or_default();
        if piece.is_empty() || sender.send(Zeroizing::new(piece.to_vec())).is_err() {
            return Ok(());
        }
    }
}

/// What a process is held by: let go, it is to end.
pub(in crate::script) struct Leash(Receiver<Infallible>);

/// The other end of it: dropped, it lets go.
pub(in crate::script) struct Hand(
    #[expect(dead_code, reason = "closed when it is dropped")] Sender<Infallible>,
);

/// Makes a leash.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(in crate::script) fn leash() -> io::Result<(Leash, Hand)> {
    let (hand, held) = channel();
    Ok((Leash(held), Hand(hand)))
}

impl Leash {
    /// Tells whether it was let go.
    pub(in crate::script) fn is_let_go(&self) -> bool {
        matches!(self.0.try_recv(), Err(TryRecvError::Disconnected))
    }
}

/// Waits a moment: there is nothing that all could be waited for with.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(in crate::script) fn wait(
    _stdin: &Inlet,
    _outlets: [&Outlet; 2],
    _end: Option<&ChildEnd>,
    _leash: Option<&Leash>,
    pause: Duration,
) -> io::Result<()> {
    thread::sleep(pause.min(LOOK));
    Ok(())
}
