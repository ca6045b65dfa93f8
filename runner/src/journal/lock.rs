//! Locks across processes. The system lets go of them when their holder dies, however it dies.
//!
//! Nobody can wait in a circle, whatever the records and targets are. A process holds one record
//! and one target at most; it waits for a record while it holds neither, and for a target while it
//! holds its record only ([`FileJournal`](super::FileJournal) lets go of what it has before it
//! asks for another one of the kind, and of the target before it asks for a record). Whoever is
//! waited for with a record may thus wait for a target himself, but who holds a target waits for
//! nobody: every chain ends there. That goes for the target of a rotation that is being settled,
//! too, which may be another one than the record's target of today: it is let go before that is
//! asked for.
//!
//! The files are never removed: somebody may be about to lock them.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};

use super::error::FileError;
use crate::rotation::Lock;
use crate::system::{into_exclusive, no_links, private, write_at};

/// The first pause of a waiter; each one is twice as long as the one before.
const SHORTEST_PAUSE: Duration = Duration::from_millis(5);
/// Its longest pause.
const LONGEST_PAUSE: Duration = Duration::from_millis(250);
/// More than this no holder writes.
const LONGEST_NOTE: u64 = 4096;

/// A lock that is held until it is dropped, or we die.
#[derive(Debug)]
pub(super) struct HeldLock(File);

/// Who holds a lock: written into its file, for whoever waits.
#[derive(Debug, Serialize, Deserialize)]
struct Holder {
    pid: u32,
    /// Milliseconds since the Unix epoch.
    since: u64,
    /// The record that he works on.
    record: String,
}

impl HeldLock {
    /// Locks the file at `path` for the work on `record`; waits for `patience` at most. `what`
    /// names in messages what the lock is for.
    ///
    /// # Errors
    /// That somebody held it all the time, with who that is; or that the file cannot be used.
    pub(super) async fn acquire(
        path: &Path,
        what: String,
        record: &str,
        patience: Duration,
    ) -> Result<(Self, Lock), FileError> {
        let file = open(path).map_err(FileError::io(path, "opened"))?;
        match wait(|| file.try_lock(), patience).await {
            Ok(lock) => {
                let held = Self(file);
                held.sign(record);
                Ok((held, lock))
            }
            Err(TryLockError::Error(source)) => Err(FileError::io(path, "locked")(source)),
            Err(TryLockError::WouldBlock) => Err(FileError::Locked { what, holder: holder(path), patience }),
        }
    }

    /// Writes down who holds it. That is for people only: without it, the lock is as good.
    fn sign(&self, record: &str) {
        let holder = Holder { pid: std::process::id(), since: unix_millis(), record: record.to_owned() };
        let note = serde_json::to_vec(&holder).unwrap_or_default();
        let _ = self.0.set_len(0).and_then(|()| write_at(&self.0, &note, 0));
    }
}

impl Drop for HeldLock {
    fn drop(&mut self) {
        // The file is closed next, and the lock goes with it.
        let _ = self.0.set_len(0);
    }
}

/// A share in the use of a folder, until it is dropped: nobody tidies up there meanwhile.
#[derive(Debug)]
pub(super) struct Share(File);

impl Share {
    /// Takes a share; waits for `patience` at most.
    ///
    /// # Errors
    /// That somebody was tidying up all the time, or that the file cannot be used.
    pub(super) async fn take(path: &Path, patience: Duration) -> Result<Self, FileError> {
        let file = open(path).map_err(FileError::io(path, "opened"))?;
        match wait(|| file.try_lock_shared(), patience).await {
            Ok(_) => Ok(Self(file)),
            Err(TryLockError::Error(source)) => Err(FileError::io(path, "locked")(source)),
            Err(TryLockError::WouldBlock) => {
                let what = "the folder of plugin copies".to_owned();
                Err(FileError::Locked { what, holder: "somebody who tidies up".to_owned(), patience })
            }
        }
    }

    /// Gives the share up for the whole, if nobody else has one.
    pub(super) fn into_whole(self) -> Option<File> {
        into_exclusive(self.0)
    }
}

/// What a look at a lock finds, without waiting.
pub(super) enum Look {
    /// Nobody holds it, nor will while this file is open.
    Free(#[expect(dead_code, reason = "holds the lock")] Option<File>),
    /// Somebody does: who, in words.
    Held(String),
}

/// Looks whether somebody holds the lock at `path`.
pub(super) fn look(path: &Path) -> Result<Look, FileError> {
    let file = match open_to_read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Look::Free(None)),
        opened => opened.map_err(FileError::io(path, "opened"))?,
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(Look::Free(Some(file))),
        Err(TryLockError::WouldBlock) => Ok(Look::Held(holder(path))),
        Err(TryLockError::Error(source)) => Err(FileError::io(path, "locked")(source)),
    }
}

/// Tries again and again, in growing pauses: the system can wait for a lock only in a way that
/// nothing breaks off.
async fn wait(
    try_lock: impl Fn() -> Result<(), TryLockError>,
    patience: Duration,
) -> Result<Lock, TryLockError> {
    let began = Instant::now();
    let mut pause = SHORTEST_PAUSE;
    let mut lock = Lock::Free;
    loop {
        match try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::WouldBlock) => {}
            Err(error) => return Err(error),
        }
        let left = patience.saturating_sub(began.elapsed());
        if left.is_zero() {
            return Err(TryLockError::WouldBlock);
        }
        lock = Lock::Waited;
        tokio::time::sleep(pause.min(left)).await;
        pause = LONGEST_PAUSE.min(pause * 2);
    }
}

/// Says who holds the lock, as far as he wrote it down.
fn holder(path: &Path) -> String {
    let mut note = Vec::new();
    let read = open_to_read(path).and_then(|file| file.take(LONGEST_NOTE).read_to_end(&mut note));
    let holder: Option<Holder> = read.ok().and_then(|_| serde_json::from_slice(&note).ok());
    let Some(Holder { pid, since, record }) = holder else { return "another process".to_owned() };
    format!("process {pid}, which works on record {record} since {}", in_words(since))
}

/// Writes a time in milliseconds since the Unix epoch as RFC 3339 has it, in whole seconds.
pub(super) fn in_words(millis: u64) -> String {
    let seconds = i64::try_from(millis / 1000).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(seconds).map_or_else(|_| "an unknown time".to_owned(), |at| at.to_string())
}

/// The time now, in milliseconds since the Unix epoch.
pub(super) fn unix_millis() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    no_links(private(&mut options)).open(path)
}

fn open_to_read(path: &Path) -> io::Result<File> {
    no_links(OpenOptions::new().read(true)).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_whole_seconds() {
        assert_eq!(in_words(1_767_225_600_999), "2026-01-01T00:00:00Z");
        assert_eq!(in_words(u64::MAX), "an unknown time");
    }
}
