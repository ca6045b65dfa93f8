//! What can be wrong with the state folder's journal, locks and copies, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::line::LineError;
use crate::catalog::Digest;
use crate::model::RecordUid;
use crate::rotation::JournalError;
use crate::units::format_duration;

/// Why the journal could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    #[error("the state folder's {} cannot be {doing}: {source}{}", path.display(), remedy(source))]
    Io { path: PathBuf, doing: &'static str, source: io::Error },
    #[error(
        "line {line} of {0} {problem}. What it noted may be under way at the service, so nothing is begun: compare \
         the record with the service, move the file away and run pamrun again",
        path.display()
    )]
    Damaged { path: PathBuf, line: usize, problem: LineError },
    #[error(
        "line {line} of {0} {problem}; use the version of pamrun that wrote it, or a newer one",
        path.display()
    )]
    Newer { path: PathBuf, line: usize, problem: LineError },
    #[error("{} is the journal of record {uid} under a wrong name: move it away", path.display())]
    Misnamed { path: PathBuf, uid: RecordUid },
    #[error("{what} is in the hands of {holder}, for longer than {}; try again once it has ended", format_duration(*patience))]
    Locked { what: String, holder: String, patience: Duration },
    #[error("{} is not a file of this user's alone: move it away", .0.display())]
    NotOurs(PathBuf),
    #[error(
        "the copy of the plugin that began is not in {}: put the file whose digest is {digest} there, named after \
         the digits of that, as in 0123….wasm",
        path.display()
    )]
    CopyMissing { digest: Digest, path: PathBuf },
    #[error("the copy {} of a plugin is damaged: put the file with its digest there instead", .0.display())]
    CopyDamaged(PathBuf),
    #[error("an entry was to be written out of order: {0}; this is a bug of pamrun")]
    Order(String),
}

impl FileError {
    /// Says what was being done with `path` when the system said no.
    pub(super) fn io(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, doing, source }
    }

    /// Says which line is wrong.
    pub(super) fn line(path: &Path, (line, problem): (usize, LineError)) -> Self {
        let path = path.to_owned();
        match problem {
            LineError::Unknown(_) => Self::Newer { path, line, problem },
            LineError::Damaged | LineError::Misplaced(_) => Self::Damaged { path, line, problem },
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "journal-unusable",
            Self::Damaged { .. } | Self::Misnamed { .. } => "journal-damaged",
            Self::Newer { .. } => "journal-newer",
            Self::Locked { .. } => "locked",
            Self::NotOurs(_) => "journal-not-ours",
            Self::CopyMissing { .. } => "copy-missing",
            Self::CopyDamaged(_) => "copy-damaged",
            Self::Order(_) => "internal",
        }
    }
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "; free some space and try again",
        io::ErrorKind::FileTooLarge => "; raise the limit on the size of files (ulimit -f) and try again",
        _ => "",
    }
}

impl From<FileError> for JournalError {
    fn from(error: FileError) -> Self {
        Self { code: error.code(), message: error.to_string() }
    }
}
