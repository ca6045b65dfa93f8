//! A file that is ours or its owner's alone, and replaced as a whole.

use std::fs::{self, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::system::{Rights, give, no_links, private, rights, sync_folder, us};

/// The largest file that is changed, in bytes.
const LARGEST: u64 = 1 << 20;

/// Why a file cannot be used, or was not written.
#[derive(Debug, thiserror::Error)]
pub(super) enum PlaceError {
    /// It, or a folder on the way, is not private.
    #[error("{path}: {problem}", path = .path.display())]
    Unsafe { path: PathBuf, problem: String },
    /// The system says no; nothing is changed.
    #[error("{path}: {error}", path = .path.display())]
    Io { path: PathBuf, error: io::Error },
    /// The new file is in place, but may not survive a crash.
    #[error("{path}: it is written, but not known to be on disk: {error}", path = .path.display())]
    Unsynced { path: PathBuf, error: io::Error },
}

/// A path that was checked.
pub(super) struct Place<'a> {
    path: &'a Path,
    folder: &'a Path,
}

impl<'a> Place<'a> {
    /// Checks the folder, and the file where there is one: nobody else may read or replace it.
    pub(super) fn check(path: &'a Path) -> Result<Self, PlaceError> {
        let folder = path.parent().filter(|_| path.is_absolute() && path.file_name().is_some());
        let folder = folder.ok_or_else(|| bad(path, "this is no absolute path of a file"))?;
        let owner_to_be = owner_to_be(rights_of(folder)?);
        let real = fs::canonicalize(folder).map_err(|error| io_error(folder, error))?;
        if real != folder {
            let problem = format!("a symbolic link stands on the way; write {} instead", real.display());
            return Err(bad(folder, &problem));
        }
        for (steps, ancestor) in folder.ancestors().enumerate() {
            let found = rights_of(ancestor)?;
            let is_sticky = found.mode & 0o1000 != 0 && steps > 0;
            if !found.are_kept() && !is_sticky {
                let problem = "others may write in this folder, and so replace the file: chmod go-w";
                return Err(bad(ancestor, problem));
            }
            if ![0, found.us, owner_to_be].contains(&found.owner) {
                return Err(bad(ancestor, &format!("this folder belongs to user {}", found.owner)));
            }
        }
        let place = Self { path, folder };
        place.metadata()?;
        Ok(place)
    }

    /// What stands there; nothing when it does not exist yet.
    fn metadata(&self) -> Result<Option<Metadata>, PlaceError> {
        let found = match fs::symlink_metadata(self.path) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io_error(self.path, error)),
        };
        let rights = judged(self.path, &found)?;
        let Rights { owner, us, .. } = rights;
        let problem = if found.is_symlink() {
            "this is a symbolic link, and is not followed: name the file itself".to_owned()
        } else if !found.is_file() {
            "this is not a file".to_owned()
        } else if !rights.are_private() {
            "others than its owner may use this file: chmod 600, if only its owner needs it".to_owned()
        } else if us != 0 && owner != us {
            format!("it belongs to user {owner}, and pamrun runs as user {us}")
        } else if found.len() > LARGEST {
            format!("it is larger than {LARGEST} bytes")
        } else {
            return Ok(Some(found));
        };
        Err(bad(self.path, &problem))
    }

    /// Reads the text; nothing when there is no file.
    pub(super) fn read(&self) -> Result<Option<Zeroizing<String>>, PlaceError> {
        if self.metadata()?.is_none() {
            return Ok(None);
        }
        let mut text = Zeroizing::new(String::new());
        let opened = no_links(OpenOptions::new().read(true)).open(self.path);
        let read = opened.and_then(|file| file.take(LARGEST).read_to_string(&mut text));
        read.map_err(|error| io_error(self.path, error))?;
        Ok(Some(text))
    }

    /// Puts a text in the place of the file: a reader, or a crash, meets the old one or the new one.
    pub(super) fn replace(&self, text: &str) -> Result<(), PlaceError> {
        let owner = self.metadata()?;
        let mut name = std::ffi::OsString::from(".");
        name.push(self.path.file_name().unwrap_or_default());
        name.push(".pamrun-new");
        let new = self.folder.join(name);
        let written = write_new(&new, text, owner.as_ref()).and_then(|()| fs::rename(&new, self.path));
        if let Err(error) = written {
            let _ = fs::remove_file(&new);
            return Err(io_error(self.path, error));
        }
        sync_folder(self.folder).map_err(|error| PlaceError::Unsynced { path: self.path.to_owned(), error })
    }
}

fn write_new(new: &Path, text: &str, owner: Option<&Metadata>) -> io::Result<()> {
    // What a killed process left: the lock of the consumer is ours.
    match fs::remove_file(new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = private(OpenOptions::new().write(true).create_new(true)).open(new)?;
    if let Some(owner) = owner.filter(|_| us() == Some(0)) {
        give(&file, owner)?;
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Whose the file may be: root writes for the owner of the folder.
fn owner_to_be(folder: Rights) -> u32 {
    if folder.us == 0 { folder.owner } else { folder.us }
}

fn rights_of(path: &Path) -> Result<Rights, PlaceError> {
    let found = fs::symlink_metadata(path).map_err(|error| io_error(path, error))?;
    judged(path, &found)
}

fn judged(path: &Path, found: &Metadata) -> Result<Rights, PlaceError> {
    rights(found).ok_or_else(|| bad(path, "who may use it cannot be judged on this system"))
}

fn bad(path: &Path, problem: &str) -> PlaceError {
    PlaceError::Unsafe { path: path.to_owned(), problem: problem.to_owned() }
}

fn io_error(path: &Path, error: io::Error) -> PlaceError {
    PlaceError::Io { path: path.to_owned(), error }
}
