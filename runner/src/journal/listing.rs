//! Looks at journals without locking a record: what is open, and who is at work there.

use std::path::{Path, PathBuf};

use super::error::FileError;
use super::folders::{Folders, JOURNAL, files, name};
use super::history::History;
use super::line::Lines;
use super::lock::{Look, in_words, look};
use super::record_file::read;
use crate::cli::{CliError, StateFolder};
use crate::model::RecordUid;
use crate::rotation::{Entry, JournalError, OpenRotation};

/// What a look at all journals finds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// The records with open rotations, the one with the oldest first.
    pub records: Vec<OpenRecord>,
    /// The journals that cannot be read; what they hold is not known.
    pub unreadable: Vec<JournalError>,
}

/// A record with open rotations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenRecord {
    /// Its UID.
    pub uid: RecordUid,
    /// The rotations, the oldest first.
    pub rotations: Vec<Left>,
    /// Who holds the record's lock, in words: a rotation of his is not left behind, but under way.
    pub held_by: Option<String>,
}

/// A rotation that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// When it began, as an RFC 3339 time.
    pub since: String,
    /// The rotation.
    pub rotation: OpenRotation,
}

/// Lists the open rotations of all records.
///
/// # Errors
/// When the state folder cannot be used. A journal that cannot be read is part of the listing.
pub fn list_open(state: &StateFolder) -> Result<Listing, CliError> {
    let folders = Folders::open(state)?;
    let (mut listing, mut found) = (Listing::default(), Vec::new());
    let mut unreadable = |error: FileError| listing.unreadable.push(error.into());
    match journals(&folders) {
        Err(error) => unreadable(error),
        Ok(paths) => {
            for path in paths {
                let looked = peek(&folders, &path);
                looked.map_or_else(&mut unreadable, |peeked| found.extend(peeked));
            }
        }
    }
    found.sort_by_key(|(at, _)| *at);
    listing.records = found.into_iter().map(|(_, record)| record).collect();
    Ok(listing)
}

/// Returns the open rotations of a record, the oldest first, but for those of somebody who is at
/// work on it.
///
/// # Errors
/// Why the record's journal cannot be read.
pub fn left_open(state: &StateFolder, uid: &str) -> Result<Vec<Left>, JournalError> {
    let folders = Folders::open(state)
        .map_err(|error| JournalError { code: error.code(), message: error.to_string() })?;
    let found = peek(&folders, &folders.journal_of(uid))?;
    let left = found.filter(|(_, record)| record.held_by.is_none());
    Ok(left.map(|(_, record)| record.rotations).unwrap_or_default())
}

/// The paths of all journals.
pub(super) fn journals(folders: &Folders) -> Result<Vec<PathBuf>, FileError> {
    let mut files = files(&folders.journal)?;
    files.retain(|file| name(file).ends_with(JOURNAL));
    Ok(files)
}

/// Reads a journal that may be written meanwhile; none when there is nothing in it.
pub(super) fn read_history(path: &Path, folders: &Folders) -> Result<Option<(String, History)>, FileError> {
    let Some((_, text)) = read(path, false)? else { return Ok(None) };
    let lines = Lines::read(&text).map_err(|error| FileError::line(path, error))?.whole;
    let Some(uid) = lines.iter().find_map(|line| match &line.what {
        Entry::Intent(intent) => Some(intent.record_uid.clone()),
        _ => None,
    }) else {
        return Ok(None);
    };
    let history = History::new(&uid, lines).map_err(|error| FileError::line(path, error))?;
    if folders.journal_of(&uid) != path {
        return Err(FileError::Misnamed { path: path.to_owned(), uid });
    }
    Ok(Some((uid, history)))
}

/// Looks at one record: when the oldest of its open rotations began, and all of them.
fn peek(folders: &Folders, path: &Path) -> Result<Option<(u64, OpenRecord)>, FileError> {
    let Some((uid, _)) = read_history(path, folders)? else { return Ok(None) };
    // Read again while nobody can begin: what was open a moment ago may have been at its end.
    let lock = look(&folders.record_lock(&uid))?;
    let Some((uid, history)) = read_history(path, folders)? else { return Ok(None) };
    let open = history.open();
    let Some(at) = open.first().map(|(at, _)| *at) else { return Ok(None) };
    let held_by = match lock {
        Look::Held(holder) => Some(holder),
        Look::Free(_) => None,
    };
    Ok(Some((at, OpenRecord { uid, rotations: open.into_iter().map(left).collect(), held_by })))
}

/// Names the time at which a rotation began.
pub(super) fn left((at, rotation): (u64, OpenRotation)) -> Left {
    Left { since: in_words(at), rotation }
}
