//! Linux. pamrun is made the parent of every orphan among a script's processes, so that no descendant can
//! leave, and `/proc` tells who descends from whom.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::PathBuf;
use std::process::Child;
use std::time::Duration;

use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, getpid, kill_process, pidfd_open, set_child_subreaper,
    set_parent_process_death_signal, waitpid,
};

pub(in crate::script) use super::landlock::{confine, may_confine};
pub(in crate::script) use super::unix::*;

/// There is none.
pub(crate) const SHORTCOMING: Option<&str> = None;

/// How often the tree is killed anew, for what was started meanwhile.
const ROUNDS: usize = 2000;
/// The time between.
const PAUSE: Duration = Duration::from_millis(1);

/// This very program, even when its file was replaced meanwhile.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(in crate::script) fn ourselves() -> io::Result<PathBuf> {
    Ok("/proc/self/exe".into())
}

/// Has this process, and what it becomes, killed when pamrun ends.
pub(super) fn end_with_pamrun() -> io::Result<()> {
    Ok(set_parent_process_death_signal(Some(Signal::KILL))?)
}

/// Makes this process the parent of its descendants whose own parent ends.
pub(in crate::script) fn adopt_orphans() -> io::Result<()> {
    Ok(set_child_subreaper(Some(getpid()))?)
}

/// The processes that descend from a child of ours.
pub(in crate::script) struct Tree {
    child: Pid,
}

impl Tree {
    /// The tree of this child, the only one that we have.
    #[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
    pub(in crate::script) fn of(child: &Child) -> io::Result<Self> {
        Ok(Self { child: Pid::from_child(child) })
    }

    /// Something that can be polled for the child's end.
    pub(in crate::script) fn end_of_child(&self) -> Option<ChildEnd> {
        pidfd_open(self.child, PidfdFlags::empty()).ok()
    }

    /// Counts the processes that are alive.
    pub(in crate::script) fn count(&self) -> usize {
        self.alive().len()
    }

    /// Asks all of them to end.
    pub(in crate::script) fn ask_to_end(&self) {
        for pid in self.alive() {
            let _ = kill_process(pid, Signal::TERM);
        }
    }

    /// Tells whether the child, which has ended and was waited for, left others running.
    #[expect(clippy::unused_self, reason = "elsewhere it is used")]
    pub(in crate::script) fn is_left(&self) -> bool {
        loop {
            match rustix::process::wait(WaitOptions::NOHANG) {
                Ok(Some(_)) => {}
                Ok(None) => return true,
                Err(_) => return false,
            }
        }
    }

    /// Kills all of them; returns how many there were, and whether some could not be killed.
    pub(in crate::script) fn kill(&self) -> (usize, bool) {
        let mut killed = HashSet::new();
        for _ in 0..ROUNDS {
            let alive = self.alive();
            if alive.is_empty() {
                return (killed.len(), false);
            }
            for pid in alive {
                let _ = kill_process(pid, Signal::KILL);
                killed.insert(pid);
            }
            std::thread::sleep(PAUSE);
        }
        (killed.len(), true)
    }

    /// All descendants that have not ended; those that have, and are ours to bury, are buried.
    fn alive(&self) -> Vec<Pid> {
        let mut children: HashMap<Pid, Vec<(Pid, bool)>> = HashMap::new();
        for (pid, parent, ended) in processes() {
            children.entry(parent).or_default().push((pid, ended));
        }
        let (us, mut alive) = (getpid(), Vec::new());
        let mut parents = vec![us];
        while let Some(parent) = parents.pop() {
            for (pid, ended) in children.remove(&parent).unwrap_or_default() {
                if !ended {
                    alive.push(pid);
                    parents.push(pid);
                } else if parent == us && pid != self.child {
                    let _ = waitpid(Some(pid), WaitOptions::NOHANG);
                }
            }
        }
        alive
    }
}

/// Every process with its parent, and whether it has ended.
fn processes() -> impl Iterator<Item = (Pid, Pid, bool)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok().and_then(Pid::from_raw)?;
        #[expect(clippy::disallowed_methods, reason = "script looks for what it started")]
        let mut file = File::open(entry.path().join("stat")).ok()?;
        // One look shows all of it that matters; a name may hold any bytes.
        let mut stat = [0; 256];
        let length = file.read(&mut stat).ok()?;
        let (parent, ended) = parse(&String::from_utf8_lossy(stat.get(..length)?))?;
        Some((pid, parent, ended))
    })
}

/// Reads the parent, and whether the process has ended, after its name, which may hold anything.
fn parse(stat: &str) -> Option<(Pid, bool)> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok().and_then(Pid::from_raw)?;
    Some((parent, matches!(state, "Z" | "X")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_may_have_any_name() {
        let read = |stat| parse(stat).map(|(parent, ended)| (parent.as_raw_nonzero().get(), ended));
        assert_eq!(read("7 (bash) S 3 7 7 0 -1"), Some((3, false)));
        assert_eq!(read("7 (a) Z 1 (b) R 4 7"), Some((4, false)));
        assert_eq!(read("7 (gone) Z 3 7"), Some((3, true)));
        assert_eq!(read("2 (kthreadd) S 0 0"), None);
        assert_eq!(read(""), None);
    }

    #[test]
    fn this_process_is_among_all() {
        let (us, parent) = (getpid(), rustix::process::getppid());
        assert!(processes().any(|(pid, of, ended)| pid == us && Some(of) == parent && !ended));
    }
}
