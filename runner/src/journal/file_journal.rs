//! A journal that outlasts its process, in the state folder.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use super::copies;
use super::error::FileError;
use super::folders::{Folders, UNFINISHED, files, name};
use super::history::History;
use super::line::Line;
use super::listing::{Left, journals, left, read_history};
use super::lock::{HeldLock, Share, unix_millis};
use super::record_file::RecordFile;
use crate::catalog::{Digest, PluginFile};
use crate::cli::{CliError, StateFolder};
use crate::rotation::{Entry, Journal, JournalError, Lock, OpenRotation};

/// A file beyond this size, in bytes, loses all its closed rotations, however recent.
const LARGEST: u64 = 1 << 20;

/// The journal of one record at a time, and the locks that go with it.
///
/// Every entry is on disk, and synced, before [`append`](Journal::append) returns. The first entry
/// of a rotation keeps copies of its plugins beside the journal, for whoever has to finish it; a script
/// without steps nobody can finish.
#[derive(Debug)]
pub struct FileJournal {
    folders: Folders,
    plugins: Vec<PluginFile>,
    share: Option<Share>,
    record: Option<Record>,
    target: Option<(String, HeldLock)>,
    consumer: Option<HeldLock>,
}

/// The record that is locked.
#[derive(Debug)]
struct Record {
    uid: String,
    file: RecordFile,
    history: History,
    _lock: HeldLock,
}

impl FileJournal {
    /// Makes the journal's folders where they are missing; everything else when it is asked for.
    ///
    /// # Errors
    /// When a folder cannot be made, or is not ours alone.
    pub fn new(state: &StateFolder) -> Result<Self, CliError> {
        let folders = Folders::open(state)?;
        Ok(Self { folders, plugins: Vec::new(), share: None, record: None, target: None, consumer: None })
    }

    /// Names the plugins that rotations are begun with from here on.
    pub fn set_plugins(&mut self, plugins: Vec<PluginFile>) {
        self.plugins = plugins;
    }

    /// Lists the entries of a rotation of the locked record, the oldest first.
    #[must_use]
    pub fn entries(&self, rotation_id: &str) -> Vec<&Entry> {
        self.record.iter().flat_map(|record| record.history.entries(rotation_id)).collect()
    }

    /// Lists the open rotations of the locked record, the oldest first.
    #[must_use]
    pub fn left(&self) -> Vec<Left> {
        self.record.iter().flat_map(|record| record.history.open()).map(left).collect()
    }

    /// Reads the copy of a plugin that an open rotation was begun with, of at most `limit` bytes.
    ///
    /// # Errors
    /// When it is missing, or not what it was.
    pub fn copy(&self, digest: Digest, limit: usize) -> Result<PluginFile, JournalError> {
        Ok(copies::load(&self.folders.copies, digest, limit)?)
    }

    /// Lets go of all locks, and removes the copies that no open rotation needs any more; unless
    /// somebody else is at work, who will do that then.
    pub fn finish(mut self) {
        self.unlock_target();
        self.unlock_consumer();
        self.record = None;
        if let Some(_whole) = self.share.take().and_then(Share::into_whole) {
            // What cannot be read may need any copy, and what cannot be removed does no harm.
            let _ = self.tidy();
        }
    }

    fn tidy(&self) -> Result<(), FileError> {
        for file in files(&self.folders.journal)? {
            if name(&file).starts_with(UNFINISHED) {
                let _ = fs::remove_file(file);
            }
        }
        if files(&self.folders.copies)?.is_empty() {
            // It spares us the journals of all records.
            return Ok(());
        }
        let mut needed = BTreeSet::new();
        for path in journals(&self.folders)? {
            let history = read_history(&path, &self.folders)?;
            needed.extend(
                history.iter().flat_map(|(_, history)| history.needed_copies()).map(|digest| digest.digits()),
            );
        }
        copies::remove_others(&self.folders.copies, &needed)
    }

    async fn lock_record(&mut self, uid: &str, patience: Duration) -> Result<Lock, FileError> {
        if self.record.as_ref().is_some_and(|record| record.uid == uid) {
            return Ok(Lock::Free);
        }
        self.target = None;
        self.record = None;
        if self.share.is_none() {
            self.share = Some(Share::take(&self.folders.copies_lock(), patience).await?);
        }
        let path = self.folders.record_lock(uid);
        let (held, lock) = HeldLock::acquire(&path, format!("record {uid}"), uid, patience).await?;
        let (file, history) = RecordFile::open(self.folders.journal_of(uid), uid)?;
        let mut record = Record { uid: uid.to_owned(), file, history, _lock: held };
        record.prune();
        self.record = Some(record);
        Ok(lock)
    }

    async fn lock_target(&mut self, target: &str, patience: Duration) -> Result<Lock, FileError> {
        if self.target.as_ref().is_some_and(|(locked, _)| locked == target) {
            return Ok(Lock::Free);
        }
        self.target = None;
        let record = self.record.as_ref().ok_or_else(no_record)?;
        let (path, what) = (self.folders.target_lock(target), format!("target {target}"));
        let (held, lock) = HeldLock::acquire(&path, what, &record.uid, patience).await?;
        self.target = Some((target.to_owned(), held));
        Ok(lock)
    }

    async fn lock_consumer(&mut self, target: &str, patience: Duration) -> Result<Lock, FileError> {
        self.consumer = None;
        let record = self.record.as_ref().ok_or_else(no_record)?;
        // What is rotated may be called the same.
        let path = self.folders.target_lock(&format!("consumer {target}"));
        let what = format!("consumer {target}");
        let (held, lock) = HeldLock::acquire(&path, what, &record.uid, patience).await?;
        self.consumer = Some(held);
        Ok(lock)
    }

    fn write(&mut self, rotation_id: &str, entry: Entry) -> Result<(), FileError> {
        let record = self.record.as_mut().ok_or_else(no_record)?;
        // What is run once is never run again: there is nothing to keep it for.
        let is_needed = matches!(&entry, Entry::Intent(intent) if intent.strategy.is_some());
        let plugins = if is_needed { &self.plugins[..] } else { &[] };
        for plugin in plugins {
            copies::keep(&self.folders.copies, plugin)?;
        }
        let copies = plugins.iter().map(|plugin| plugin.digest).collect();
        let line = Line::new(rotation_id, unix_millis(), copies, entry);
        let in_place = record.history.check(&record.uid, &line);
        in_place.map_err(|problem| FileError::Order(format!("it {problem}")))?;
        record.file.append(&line, &self.folders)?;
        record.history.add(line);
        Ok(())
    }
}

impl Record {
    /// Drops what nobody will ask for. Where that fails, a long journal is as good as a short one.
    fn prune(&mut self) {
        let mut pruned = self.history.clone();
        let dropped = pruned.prune(unix_millis(), self.file.length() > LARGEST);
        let is_empty = pruned.lines().is_empty() && self.file.exists();
        if (dropped || is_empty) && self.file.replace(pruned.lines()).is_ok() {
            self.history = pruned;
        }
    }
}

#[async_trait::async_trait(?Send)]
impl Journal for FileJournal {
    async fn lock_record(&mut self, uid: &str, patience: Duration) -> Result<Lock, JournalError> {
        Ok(Self::lock_record(self, uid, patience).await?)
    }

    async fn lock_target(&mut self, target: &str, patience: Duration) -> Result<Lock, JournalError> {
        Ok(Self::lock_target(self, target, patience).await?)
    }

    fn unlock_target(&mut self) {
        self.target = None;
    }

    async fn lock_consumer(&mut self, target: &str, patience: Duration) -> Result<Lock, JournalError> {
        Ok(Self::lock_consumer(self, target, patience).await?)
    }

    fn unlock_consumer(&mut self) {
        self.consumer = None;
    }

    fn open_rotations(&self) -> Vec<OpenRotation> {
        self.left().into_iter().map(|left| left.rotation).collect()
    }

    fn append(&mut self, rotation_id: &str, entry: Entry) -> Result<(), JournalError> {
        Ok(self.write(rotation_id, entry)?)
    }
}

fn no_record() -> FileError {
    FileError::Order("no record is locked".to_owned())
}
