//! Where a file is, or would be: by what is there, and not by how its path is written.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::Path;

use super::{Identity, NAMES_IGNORE_CASE, identity};

/// A place in the file system. Links and other spellings lead to the same one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spot {
    /// The last of the path that there is.
    there: Identity,
    /// The folders that it is in.
    folders: Vec<Identity>,
    /// What of the path there is not yet.
    missing: Vec<OsString>,
}

impl Spot {
    /// Finds out where a path leads.
    ///
    /// # Errors
    /// When the system does not tell.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let whole = std::path::absolute(path)?;
        let (mut path, mut missing) = (whole.as_path(), Vec::new());
        let real = loop {
            match (fs::canonicalize(path), path.parent(), path.file_name()) {
                (Ok(real), ..) => break real,
                (Err(error), Some(parent), Some(name)) if is_missing(&error) => {
                    missing.insert(0, in_one_case(name));
                    path = parent;
                }
                (Err(error), ..) => return Err(error),
            }
        };
        let folders = real.ancestors().skip(1).map(identity).collect::<io::Result<_>>()?;
        Ok(Self { there: identity(&real)?, folders, missing })
    }

    /// Whether it is the same one.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.there == other.there && self.missing == other.missing
    }

    /// Whether it is in a folder, however deep.
    pub(crate) fn is_in(&self, folder: &Self) -> bool {
        let begins_there = self.there == folder.there && self.missing.starts_with(&folder.missing);
        let is_deeper = self.missing.len() > folder.missing.len();
        (begins_there && is_deeper) || (folder.missing.is_empty() && self.folders.contains(&folder.there))
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn in_one_case(name: &OsStr) -> OsString {
    match name.to_str() {
        Some(name) if NAMES_IGNORE_CASE => name.to_lowercase().into(),
        _ => name.to_owned(),
    }
}
