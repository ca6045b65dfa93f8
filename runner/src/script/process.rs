//! One process from its start to the end of everything that it started.

use std::io;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::bounds::Bounds;
use super::system::{ChildEnd, Inlet, Leash, Outlet, Tree, wait};

/// How often processes are counted.
const COUNT: Duration = Duration::from_millis(50);
/// How often the child is looked at, where its end cannot be waited for.
const LOOK: Duration = Duration::from_millis(5);

/// Why it was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stopped {
    /// Its time was over.
    Time,
    /// It wrote too much.
    Output,
    /// It started too many processes.
    Processes,
    /// Nobody waits for it any more.
    LetGo,
}

/// How it ended.
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    pub(super) stdout: Zeroizing<Vec<u8>>,
    pub(super) stderr: Zeroizing<Vec<u8>>,
    pub(super) stopped: Option<Stopped>,
    /// Processes that it left running, and that were killed.
    pub(super) left: usize,
    /// Whether some of them could not be.
    pub(super) undead: bool,
}

/// Sees a child to its end, which is near once the leash is let go, and kills whatever it leaves behind.
///
/// # Errors
/// What the system refused on the way. The child and all that it started have ended all the same.
pub(super) fn supervise(
    child: Child,
    stdin: Zeroizing<Vec<u8>>,
    bounds: &Bounds,
    leash: &Leash,
) -> io::Result<Ended> {
    Process::new(child, stdin, bounds, leash)?.run()
}

struct Process<'a> {
    bounds: &'a Bounds,
    leash: &'a Leash,
    child: Child,
    tree: Tree,
    stdin: Inlet,
    stdout: Outlet,
    stderr: Outlet,
    end: Option<ChildEnd>,
    deadline: Instant,
    next_count: Instant,
    /// When it ended, and how.
    ended: Option<(Instant, ExitStatus)>,
    /// Why it is to end, and when it is killed for it.
    stopped: Option<(Stopped, Instant)>,
}

impl<'a> Process<'a> {
    fn new(
        mut child: Child,
        stdin: Zeroizing<Vec<u8>>,
        bounds: &'a Bounds,
        leash: &'a Leash,
    ) -> io::Result<Self> {
        let started = Instant::now();
        let missing = || io::Error::other("a pipe is missing");
        let tree = Tree::of(&child)?;
        Ok(Self {
            stdin: Inlet::new(child.stdin.take().ok_or_else(missing)?, stdin)?,
            stdout: Outlet::new(child.stdout.take().ok_or_else(missing)?, bounds.output)?,
            stderr: Outlet::new(child.stderr.take().ok_or_else(missing)?, bounds.output)?,
            end: tree.end_of_child(),
            deadline: started + bounds.time,
            next_count: started + COUNT,
            ended: None,
            stopped: None,
            bounds,
            leash,
            child,
            tree,
        })
    }

    fn run(mut self) -> io::Result<Ended> {
        let status = loop {
            let now = Instant::now();
            if self.ended.is_none() {
                self.ended = self.child.try_wait()?.map(|status| (now, status));
            }
            if let Some((at, status)) = self.ended
                && (self.pipes_are_closed() || now >= at + self.bounds.drain)
            {
                break status;
            }
            self.judge(now);
            self.wait(now)?;
            self.stdin.pump();
            self.stdout.pump();
            self.stderr.pump();
        };
        let (left, undead) = if self.tree.is_left() { self.tree.kill() } else { (0, false) };
        let too_much = self.stdout.is_exceeded() || self.stderr.is_exceeded();
        let stopped = self.stopped.map(|(why, _)| why).or_else(|| too_much.then_some(Stopped::Output));
        let (stdout, stderr) = (self.stdout.finish(), self.stderr.finish());
        Ok(Ended { status, stdout, stderr, stopped, left, undead })
    }

    fn pipes_are_closed(&self) -> bool {
        self.stdout.is_closed() && self.stderr.is_closed()
    }

    /// Asks it to end when it has met a bound, and kills it when it does not.
    fn judge(&mut self, now: Instant) {
        match self.stopped {
            Some((_, patience)) if now >= patience => self.kill(),
            Some(_) => {}
            None => {
                if let Some(why) = self.exceeded(now) {
                    self.stopped = Some((why, now + self.bounds.grace));
                    self.tree.ask_to_end();
                }
            }
        }
    }

    fn exceeded(&mut self, now: Instant) -> Option<Stopped> {
        if self.stdout.is_exceeded() || self.stderr.is_exceeded() {
            return Some(Stopped::Output);
        }
        if self.ended.is_some() {
            return None;
        }
        if self.leash.is_let_go() {
            return Some(Stopped::LetGo);
        }
        if now >= self.deadline {
            return Some(Stopped::Time);
        }
        if now >= self.next_count {
            self.next_count = now + COUNT;
            return (self.tree.count() > self.bounds.processes).then_some(Stopped::Processes);
        }
        None
    }

    /// Waits until there is something to read, to write or to judge.
    fn wait(&self, now: Instant) -> io::Result<()> {
        let until = match (self.stopped, self.ended) {
            (Some((_, patience)), None) => patience,
            (_, Some((at, _))) => at + self.bounds.drain,
            (None, None) => self.deadline.min(self.next_count),
        };
        let end = self.end.as_ref().filter(|_| self.ended.is_none());
        let mut pause = until.saturating_duration_since(now);
        if end.is_none() && self.ended.is_none() {
            pause = pause.min(LOOK);
        }
        let leash = (self.stopped.is_none() && self.ended.is_none()).then_some(self.leash);
        wait(&self.stdin, [&self.stdout, &self.stderr], end, leash, pause)
    }

    /// Kills it with all that it started. The child goes first: it may not be among them yet.
    fn kill(&mut self) {
        let _ = self.child.kill();
        self.tree.kill();
    }
}

impl Drop for Process<'_> {
    /// Nothing of it outlives an error of ours.
    fn drop(&mut self) {
        if self.ended.is_none() {
            self.kill();
            let _ = self.child.wait();
        }
    }
}
