//! Replaces a file so that a reader, or a crash, meets the old text or the new one, never a part.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::system::{self, private, rights, sync_folder};

/// Why a file was not replaced, or perhaps not.
#[derive(Debug)]
pub(super) enum ReplaceError {
    /// The file is as it was.
    Untouched(io::Error),
    /// The new text is in place, but may not survive a crash; or nobody can tell.
    Unclear(io::Error),
}

/// Opens the file beside `path` whose lock stands for `path`, which itself is replaced by every
/// save. It is never removed: somebody may be waiting for it.
pub(super) fn open_lock(path: &Path, owner: &Metadata) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let file = private(options.write(true).create(true).truncate(false)).open(beside(path, ".lock"))?;
    // Left by root, it would keep the vault's owner out.
    let _ = give(&file, owner);
    Ok(file)
}

/// The name of the file whose lock [`open_lock`] opens.
pub(super) fn lock_path(path: &Path) -> PathBuf {
    beside(path, ".lock")
}

/// Puts `bytes` in the place of the file at `path`, readable by its owner alone. Call it only
/// while the lock is held: the temporary name is fixed, so that what a killed process left behind
/// is gone with the next save. Returns whether the owner could be kept.
pub(super) fn replace(path: &Path, bytes: &[u8], owner: &Metadata) -> Result<bool, ReplaceError> {
    let new = beside(path, ".new");
    let folder = path.parent().unwrap_or(Path::new("/"));
    let kept = write_new(&new, bytes, owner).map_err(|error| {
        let _ = fs::remove_file(&new);
        ReplaceError::Untouched(error)
    })?;
    if let Err(error) = fs::rename(&new, path) {
        // Still under its temporary name, it was certainly not renamed.
        return Err(match fs::remove_file(&new) {
            Ok(()) => ReplaceError::Untouched(error),
            Err(_) => ReplaceError::Unclear(error),
        });
    }
    sync_folder(folder).map_err(ReplaceError::Unclear)?;
    Ok(kept)
}

fn write_new(new: &Path, bytes: &[u8], owner: &Metadata) -> io::Result<bool> {
    match fs::remove_file(new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = private(OpenOptions::new().write(true).create_new(true)).open(new)?;
    let kept = give(&file, owner)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(kept)
}

/// Gives a file to the owner of another one; returns whether it is his now. His group does not
/// matter, since it may not read the file.
fn give(file: &File, owner: &Metadata) -> io::Result<bool> {
    let whose = |metadata: &Metadata| rights(metadata).map(|rights| rights.owner);
    let given = system::give(file, owner).is_ok();
    Ok(given || whose(&file.metadata()?) == whose(owner))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}
