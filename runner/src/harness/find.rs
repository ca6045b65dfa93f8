//! Finds cases: a folder with a case file is one, and any other folder may hold some.

use std::fs;
use std::path::{Path, PathBuf};

use super::case::CASE_FILE;
use super::error::CaseError;

/// Lists the folders of all cases below a path, in the order of their names.
///
/// # Errors
/// When there are none, or a folder cannot be read.
pub fn find(path: &Path) -> Result<Vec<PathBuf>, CaseError> {
    let folder = if path.ends_with(CASE_FILE) { path.parent().unwrap_or(path) } else { path };
    let mut found = Vec::new();
    look(folder, &mut found)?;
    if found.is_empty() {
        return Err(CaseError::new(path, format!("there is no case here: no folder with a {CASE_FILE}")));
    }
    Ok(found)
}

fn look(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), CaseError> {
    if folder.join(CASE_FILE).is_file() {
        found.push(folder.to_owned());
        return Ok(());
    }
    let unreadable = |error: std::io::Error| CaseError::new(folder, format!("cannot be read: {error}"));
    let mut folders = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        // A link may lead back up.
        if entry.file_type().map_err(unreadable)?.is_dir() {
            folders.push(entry.path());
        }
    }
    folders.sort();
    folders.iter().try_for_each(|folder| look(folder, found))
}
