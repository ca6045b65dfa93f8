//! The working folders of scripts: one for each call, private, and gone when it ends.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::ScriptError;
use crate::system::{make_folder, new_folder, open_to_lock, take_back};

/// Where working folders are made.
#[derive(Debug, Clone)]
pub struct WorkFolders {
    parent: PathBuf,
}

/// One working folder.
pub(super) struct WorkFolder {
    folder: TempDir,
    /// The folder itself, or what stands for it; locked as long as the folder is in use.
    handle: File,
}

impl WorkFolders {
    /// Makes the parent folder, and removes what runs that were killed left in it.
    ///
    /// # Errors
    /// Why it cannot be made.
    pub fn open(parent: &Path) -> Result<Self, ScriptError> {
        let failed = |source| ScriptError::Folder { path: parent.to_owned(), source };
        make_folder(parent).map_err(failed)?;
        let lock = lock(parent).map_err(failed)?;
        for entry in fs::read_dir(parent).map_err(failed)?.flatten() {
            let path = entry.path();
            // One that is in use is locked; its owner removes it.
            if open_to_lock(&path).is_ok_and(|folder| folder.try_lock().is_ok()) {
                let _ = remove(&path);
            }
        }
        drop(lock);
        Ok(Self { parent: parent.to_owned() })
    }

    /// Makes a folder.
    pub(super) fn make(&self) -> io::Result<WorkFolder> {
        // Nobody may take a new folder for a leftover before it is locked.
        let lock = lock(&self.parent)?;
        let folder = new_folder("script-", &self.parent)?;
        let own = open_to_lock(folder.path())?;
        own.lock()?;
        drop(lock);
        Ok(WorkFolder { folder, handle: own })
    }
}

impl WorkFolder {
    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// What it is known by, wherever it is.
    pub(super) fn handle(&self) -> &File {
        &self.handle
    }

    /// Removes it, whatever its owner did to the rights of what is in it.
    ///
    /// # Errors
    /// Why something is left of it.
    pub(super) fn remove(self) -> io::Result<()> {
        remove(&self.folder.keep())
    }
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(_) => {
            open_up(folder);
            fs::remove_dir_all(folder)
        }
    }
}

/// Gives us back the rights to all folders below, without following links.
fn open_up(folder: &Path) {
    take_back(folder);
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_up(&entry.path());
        }
    }
}

fn lock(folder: &Path) -> io::Result<File> {
    let file = open_to_lock(folder)?;
    file.lock()?;
    Ok(file)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests put files there")]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn names(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn a_folder_is_private_and_gone_afterwards_with_all_that_is_in_it() {
        let parent = tempfile::tempdir().unwrap();
        let folders = WorkFolders::open(parent.path()).unwrap();
        let folder = folders.make().unwrap();
        assert_eq!(fs::metadata(folder.path()).unwrap().permissions().mode() & 0o777, 0o700);
        let deep = folder.path().join("a/b");
        fs::create_dir_all(&deep).unwrap();
        fs::write(deep.join("file"), "x").unwrap();
        fs::set_permissions(&deep, Permissions::from_mode(0o000)).unwrap();
        folder.remove().unwrap();
        assert_eq!(names(parent.path()), 0);
    }

    #[test]
    fn what_a_link_in_it_leads_to_stays() {
        let parent = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("kept"), "x").unwrap();
        let folder = WorkFolders::open(parent.path()).unwrap().make().unwrap();
        std::os::unix::fs::symlink(outside.path(), folder.path().join("link")).unwrap();
        folder.remove().unwrap();
        assert_eq!((names(parent.path()), names(outside.path())), (0, 1));
    }

    #[test]
    fn what_a_killed_run_left_is_removed_by_the_next_and_what_is_in_use_is_not() {
        let parent = tempfile::tempdir().unwrap();
        fs::create_dir(parent.path().join("script-left")).unwrap();
        let in_use = WorkFolders::open(parent.path()).unwrap().make().unwrap();
        WorkFolders::open(parent.path()).unwrap();
        assert_eq!(names(parent.path()), 1);
        assert!(in_use.path().exists());
    }
}
