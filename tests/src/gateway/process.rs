//! The process of a run: how it is started, ended before its time, and waited for.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};

use super::Run;

/// No run of a test takes longer; one that does is killed, and the test fails.
const PATIENCE: Duration = Duration::from_secs(90);

/// A run that was prepared, and may be started on any thread.
pub struct Launch {
    pub(super) command: Command,
    pub(super) input: Vec<u8>,
    pub(super) file_limit: Option<u64>,
}

/// A run that was started.
pub struct Started {
    process: Process,
    writer: JoinHandle<()>,
    stdout: JoinHandle<String>,
    stderr: JoinHandle<String>,
}

/// A process, to be ended before its time. Its clones are the same one.
#[derive(Clone)]
pub struct Process(Arc<Mutex<Child>>);

impl Launch {
    /// Lets no file that it writes grow beyond so many bytes: the disk is full then.
    #[must_use]
    pub fn file_limit(self, bytes: u64) -> Self {
        Self { file_limit: Some(bytes), ..self }
    }

    /// Starts it; `before` it can do anything, since it waits for its input, it can be looked at.
    pub fn start(mut self, before: impl FnOnce(&Process)) -> Started {
        if self.file_limit.is_some() {
            self.command = without_signal_of_limit(&self.command);
        }
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let program = self.command.get_program().to_owned();
        let mut child = self
            .command
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}; run `make build` first", program.to_string_lossy()));
        let (mut stdin, mut stdout, mut stderr) =
            (child.stdin.take().unwrap(), child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let process = Process(Arc::new(Mutex::new(child)));
        before(&process);
        if let Some(bytes) = self.file_limit {
            let limit = Rlimit { current: Some(bytes), maximum: Some(bytes) };
            prlimit(Some(process.pid()), Resource::Fsize, limit).unwrap();
        }
        Started {
            process,
            // A binary that refuses its input early does not read all of it.
            writer: std::thread::spawn(move || drop(stdin.write_all(&self.input))),
            stdout: std::thread::spawn(move || read_all(&mut stdout)),
            stderr: std::thread::spawn(move || read_all(&mut stderr)),
        }
    }
}

/// The same command, which is told by an error that a file may not grow, as on a full disk, and not by
/// a signal.
fn without_signal_of_limit(command: &Command) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", r#"trap "" XFSZ; exec "$0" "$@""#]).arg(command.get_program()).args(command.get_args());
    shell.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(folder) = command.get_current_dir() {
        shell.current_dir(folder);
    }
    shell
}

impl Started {
    /// Waits for its end.
    pub fn end(self) -> Run {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.process.child(Child::try_wait).unwrap() {
                break Some(status);
            }
            if began.elapsed() > PATIENCE {
                self.process.kill();
                self.process.child(Child::wait).unwrap();
                break None;
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        self.writer.join().unwrap();
        let (stdout, stderr) = (self.stdout.join().unwrap(), self.stderr.join().unwrap());
        let outcome = serde_json::from_str(&stdout).unwrap_or_default();
        let run = Run { exit: status.and_then(|status| status.code()), stdout, stderr, outcome };
        assert!(status.is_some(), "still running after {PATIENCE:?}\n{run}");
        run
    }
}

impl Process {
    /// Kills it, unless it has ended already.
    pub fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// Asks it to end, unless it has ended already.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Whether it has ended.
    pub fn has_ended(&self) -> bool {
        self.child(|child| child.try_wait().unwrap().is_some())
    }

    fn signal(&self, signal: Signal) {
        self.child(|child| {
            // Once it was waited for, its id may be somebody else's.
            if child.try_wait().unwrap().is_none() {
                kill_process(pid_of(child), signal).unwrap();
            }
        });
    }

    fn pid(&self) -> Pid {
        self.child(|child| pid_of(child))
    }

    fn child<T>(&self, with: impl FnOnce(&mut Child) -> T) -> T {
        with(&mut self.0.lock().unwrap())
    }
}

fn pid_of(child: &Child) -> Pid {
    Pid::from_child(child)
}

fn read_all(from: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}
