//! Runs one process, and collects what was measured.

use std::fmt;
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// What was measured of one run.
pub struct Measured {
    /// From before the start to after the end.
    time: Duration,
    /// The most memory that was resident, in KiB; 0 when nobody looked.
    memory: usize,
}

/// Looks at a running process from another thread.
#[derive(Clone, Default)]
pub struct Watch(Arc<Watched>);

#[derive(Default)]
struct Watched {
    process: AtomicU32,
    memory: AtomicUsize,
}

impl Watch {
    /// Notes the most memory that the process has had resident so far: Linux tells it in `/proc`.
    /// (What `wait4` tells afterwards may be that of the parent, before `exec`.)
    pub fn look(&self) {
        let process = self.0.process.load(Ordering::SeqCst);
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        let peak = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB")?.trim().parse().ok());
        self.0.memory.store(peak.unwrap_or_default(), Ordering::SeqCst);
    }
}

/// Runs a process to its end.
pub fn run(command: &mut Command, input: &[u8], watch: &Watch) -> (Measured, Output) {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let began = Instant::now();
    let mut child = command.spawn().unwrap();
    watch.0.process.store(child.id(), Ordering::SeqCst);
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    let time = began.elapsed();
    (Measured { time, memory: watch.0.memory.load(Ordering::SeqCst) }, output)
}

/// What was measured of all runs of a kind.
#[derive(Default)]
pub struct Samples {
    times: Vec<Duration>,
    memory: usize,
}

impl Samples {
    /// Adds a run.
    pub fn add(&mut self, measured: &Measured) {
        let at = self.times.partition_point(|time| *time < measured.time);
        self.times.insert(at, measured.time);
        self.memory = self.memory.max(measured.memory);
    }

    /// The middle one, in milliseconds.
    pub fn median(&self) -> f64 {
        milliseconds(self.times[self.times.len() / 2])
    }

    /// The fastest one, in milliseconds: what is left when nothing disturbs.
    pub fn fastest(&self) -> f64 {
        milliseconds(self.times[0])
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

impl fmt::Display for Samples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>6.1} ms {:>6.1} ms", self.median(), self.fastest())?;
        match self.memory {
            0 => Ok(()),
            most => write!(f, " {:>5.1} MiB", f64::from(u32::try_from(most).unwrap_or(u32::MAX)) / 1024.0),
        }
    }
}
