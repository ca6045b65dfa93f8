//! Files that hold a secret: for their owner only, and either whole or not there.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::system::can_write_in;

/// Why a file cannot be written there. Nothing has been written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// The path names no file.
    #[error("{} names no file", .0.display())]
    NoFile(PathBuf),
    /// Its folder is not there.
    #[error("the folder {} does not exist; make it first", .0.display())]
    NoFolder(PathBuf),
    /// Nothing can be put into its folder.
    #[error("this user cannot write to the folder {}", .0.display())]
    NotWritable(PathBuf),
    /// Something else is there.
    #[error("{} is {what}, and only a file is replaced", path.display())]
    InTheWay {
        /// The path.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
}

/// Why files were not written, or not all of them.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// None was: all are as they were.
    #[error("{} cannot be written: {error}; nothing was written", path.display())]
    None {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Some were.
    #[error("{} cannot be written: {error}; these are written already: {}", path.display(), list(written))]
    Some {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
        /// The files that are in place.
        written: Vec<PathBuf>,
    },
}

/// Files that are written, and not yet in their place. Dropped, they are gone.
#[derive(Debug, Default)]
pub struct Files(Vec<(PathBuf, NamedTempFile)>);

impl Files {
    /// Finds out where a path leads: its folder without symbolic links, and its name.
    ///
    /// # Errors
    /// Why no file can be written there.
    pub fn place(path: &Path) -> Result<PathBuf, PlaceError> {
        let name = path.file_name().ok_or_else(|| PlaceError::NoFile(path.to_owned()))?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let real = fs::canonicalize(folder).ok().filter(|real| real.is_dir());
        let real = real.ok_or_else(|| PlaceError::NoFolder(folder.to_owned()))?;
        if can_write_in(&real).is_err() {
            return Err(PlaceError::NotWritable(folder.to_owned()));
        }
        let place = real.join(name);
        let what = match fs::symlink_metadata(&place).map(|metadata| metadata.file_type()) {
            Ok(kind) if kind.is_symlink() => "a symbolic link",
            Ok(kind) if kind.is_dir() => "a folder",
            Ok(kind) if !kind.is_file() => "no ordinary file",
            _ => return Ok(place),
        };
        Err(PlaceError::InTheWay { path: path.to_owned(), what })
    }

    /// Writes a file beside the place that it will have, which [`Self::place`] found.
    ///
    /// # Errors
    /// When that fails. All files are as they were.
    pub fn add(&mut self, place: PathBuf, content: &[u8]) -> Result<(), WriteError> {
        match prepare(&place, content) {
            Ok(file) => self.0.push((place, file)),
            Err(error) => return Err(WriteError::None { path: place, error }),
        }
        Ok(())
    }

    /// Puts all files into their places, and says where they are now. A symbolic link that somebody
    /// has put there meanwhile is replaced, not followed.
    ///
    /// # Errors
    /// When one could not be, with those that could.
    pub fn put(self) -> Result<Vec<PathBuf>, WriteError> {
        let mut written = Vec::new();
        for (path, file) in self.0 {
            match file.persist(&path) {
                Ok(_) => written.push(path),
                Err(failed) if written.is_empty() => {
                    return Err(WriteError::None { path, error: failed.error });
                }
                Err(failed) => return Err(WriteError::Some { path, error: failed.error, written }),
            }
        }
        Ok(written)
    }
}

/// Writes a file beside its place, which nobody else may read or has put there.
fn prepare(place: &Path, content: &[u8]) -> io::Result<NamedTempFile> {
    let folder = place.parent().unwrap_or(Path::new("/"));
    let mut file = tempfile::Builder::new().prefix(".pamrun-").tempfile_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Names files in a sentence.
pub(crate) fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}
