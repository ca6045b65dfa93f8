//! The journal's part of the state folder: what stands where, and how a whole file gets there.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::error::FileError;
use crate::catalog::Digest;
use crate::cli::{CliError, StateFolder};
use crate::system::{new_file, put, sync_folder};

/// What the name of a file begins with as long as it is being written.
pub(super) const UNFINISHED: &str = ".new-";
/// What the name of a journal ends with.
pub(super) const JOURNAL: &str = ".journal";

/// Folders that belong to us and that nobody else can enter.
#[derive(Debug, Clone)]
pub(super) struct Folders {
    state: PathBuf,
    pub(super) journal: PathBuf,
    locks: PathBuf,
    pub(super) copies: PathBuf,
}

impl Folders {
    /// Makes the folders that are missing, and checks all.
    pub(super) fn open(state: &StateFolder) -> Result<Self, CliError> {
        let folder = |name| Ok(state.folder(name)?.path().to_owned());
        Ok(Self {
            state: state.path().to_owned(),
            journal: folder("journal")?,
            locks: folder("locks")?,
            copies: folder("copies")?,
        })
    }

    /// The journal of a record. Its UID is not fit for a name everywhere: some differ in case only.
    pub(super) fn journal_of(&self, uid: &str) -> PathBuf {
        self.journal.join(hashed(uid) + JOURNAL)
    }

    /// The lock of a record.
    pub(super) fn record_lock(&self, uid: &str) -> PathBuf {
        self.locks.join(format!("record-{}", hashed(uid)))
    }

    /// The lock of a target.
    pub(super) fn target_lock(&self, target: &str) -> PathBuf {
        self.locks.join(format!("target-{}", hashed(target)))
    }

    /// The lock of the folder of copies.
    pub(super) fn copies_lock(&self) -> PathBuf {
        self.locks.join("copies")
    }

    /// Makes what was put into the journal's folder, and that folder itself, outlast a crash.
    pub(super) fn sync_journal(&self) -> io::Result<()> {
        sync_folder(&self.journal).and_then(|()| sync_folder(&self.state))
    }
}

/// Writes a file so that a reader, or a crash, meets all of it or what was there before. A program may
/// be run.
pub(super) fn write_whole(path: &Path, bytes: &[u8], is_program: bool) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    let mut file = new_file(UNFINISHED, folder, is_program)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    put(file, path)?;
    sync_folder(folder)
}

/// Lists what is in a folder.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    let entries = fs::read_dir(folder).map_err(FileError::io(folder, "read"))?;
    Ok(entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect())
}

/// The name of a file in one of our folders.
pub(super) fn name(file: &Path) -> &str {
    file.file_name().and_then(OsStr::to_str).unwrap_or_default()
}

fn hashed(text: &str) -> String {
    Digest::of(text.as_bytes()).digits()
}
