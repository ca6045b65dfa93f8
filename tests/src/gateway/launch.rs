//! The process of a run: how it is started, and waited for.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, Signal, prlimit};

use super::{Run, Victim};

/// No run of a test takes longer; one that does is killed, and the test fails.
const PATIENCE: Duration = Duration::from_secs(90);

/// A run that was prepared, and may be started on any thread.
pub struct Launch {
    pub(super) command: Command,
    pub(super) input: Vec<u8>,
    pub(super) victim: Victim,
    pub(super) file_limit: Option<u64>,
}

/// A run that was started.
pub struct Started {
    victim: Victim,
    writer: JoinHandle<()>,
    stdout: JoinHandle<String>,
    stderr: JoinHandle<String>,
}

impl Launch {
    /// Lets no file that it writes grow beyond so many bytes.
    #[must_use]
    pub fn file_limit(self, bytes: u64) -> Self {
        Self { file_limit: Some(bytes), ..self }
    }

    /// Starts it.
    pub fn start(mut self) -> Started {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let program = self.command.get_program().display().to_string();
        let child = self.command.spawn();
        let mut child = child.unwrap_or_else(|error| panic!("{program}: {error}; run `make build` first"));
        let (mut stdin, mut stdout, mut stderr) =
            (child.stdin.take().unwrap(), child.stdout.take().unwrap(), child.stderr.take().unwrap());
        self.victim.is(child);
        if let Some(bytes) = self.file_limit {
            // In time, since it waits for its input.
            let limit = Rlimit { current: Some(bytes), maximum: Some(bytes) };
            prlimit(Some(self.victim.pid()), Resource::Fsize, limit).unwrap();
        }
        Started {
            victim: self.victim,
            // A binary that refuses its input early does not read all of it.
            writer: std::thread::spawn(move || drop(stdin.write_all(&self.input))),
            stdout: std::thread::spawn(move || read_all(&mut stdout)),
            stderr: std::thread::spawn(move || read_all(&mut stderr)),
        }
    }

    /// Runs it to its end.
    pub fn run(self) -> Run {
        self.start().end()
    }
}

impl Started {
    /// Waits for its end.
    pub fn end(self) -> Run {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.victim.child(Child::try_wait).unwrap() {
                break Some(status);
            }
            if began.elapsed() > PATIENCE {
                self.victim.signal(Signal::KILL);
                self.victim.child(Child::wait).unwrap();
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

fn read_all(from: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}
