//! Copies of plugins: the plugin that began a rotation finishes it, whatever became of the file
//! that it was read from.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::error::FileError;
use super::folders::{files, name, write_whole};
use crate::catalog::{Digest, PluginFile};

/// Keeps a copy of the file, unless there is a sound one.
pub(super) fn keep(folder: &Path, file: &PluginFile) -> Result<(), FileError> {
    if load(folder, file.digest, file.bytes.len()).is_ok() {
        return Ok(());
    }
    // A runtime may go by how the name ends.
    let mut path = folder.join(file.digest.digits());
    if let Some(extension) = file.path.extension() {
        path.set_extension(extension);
    }
    // A script may be a program that runs by itself.
    write_whole(&path, &file.bytes, !file.is_wasm()).map_err(FileError::io(&path, "written"))
}

/// Reads the copy of the file with this digest, of at most `limit` bytes.
pub(super) fn load(folder: &Path, digest: Digest, limit: usize) -> Result<PluginFile, FileError> {
    let missing = || FileError::CopyMissing { digest, path: folder.to_owned() };
    let stem = digest.digits();
    let path = files(folder)?.into_iter().find(|file| stem_of(file) == stem).ok_or_else(missing)?;
    match PluginFile::read(&path, limit) {
        Ok(file) if file.digest == digest => Ok(file),
        _ => Err(FileError::CopyDamaged(path)),
    }
}

/// Removes every copy but those that are `needed`, and what was left half written. What cannot be
/// removed stays for the next time.
pub(super) fn remove_others(folder: &Path, needed: &BTreeSet<String>) -> Result<(), FileError> {
    for file in files(folder)? {
        if !needed.contains(stem_of(&file)) {
            let _ = fs::remove_file(file);
        }
    }
    Ok(())
}

fn stem_of(copy: &Path) -> &str {
    name(copy).split('.').next().unwrap_or_default()
}
