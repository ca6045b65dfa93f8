//! The state folder: which one it is, and that it is ours alone.

use std::fs;
use std::path::{Path, PathBuf};

use super::environment::{first_of, folder};
use super::error::in_words;
use super::{CliError, Environment, Sourced};
use crate::system::{PERSONAL_STATE_FOLDERS, STATE_FOLDER, can_write_in, make_folder, rights, us};

/// A folder that exists, belongs to us, can be written by us, and be entered by nobody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateFolder {
    path: PathBuf,
}

/// Returns the folder that is named, or else the first place of the design that is set.
pub(super) fn locate(
    named: Option<&Sourced<String>>,
    environment: Environment<'_>,
) -> Result<PathBuf, CliError> {
    if let Some(named) = named {
        return named.path(&named.value);
    }
    // systemd lists several folders with colons between them when a unit asks for several.
    let first = |paths: PathBuf| std::env::split_paths(&paths).next();
    folder(environment, "STATE_DIRECTORY")
        .and_then(first)
        .or_else(|| first_of(PERSONAL_STATE_FOLDERS, environment))
        .or_else(|| STATE_FOLDER.map(PathBuf::from))
        .ok_or(CliError::NoStateFolder)
}

impl StateFolder {
    /// Makes the folder if it is missing, and checks it. It is never replaced by another one: an
    /// open rotation that is journaled here would be forgotten there.
    ///
    /// # Errors
    /// When it cannot be made, belongs to another user, can be entered by others, or cannot be
    /// written.
    pub fn open(path: &Path) -> Result<Self, CliError> {
        let refuse = |problem, remedy| CliError::StateFolder { path: path.to_owned(), problem, remedy };
        let elsewhere = || {
            let us = us().map_or_else(|| "the user".to_owned(), |us| format!("user {us},"));
            format!("let {us} which pamrun runs as, write there, or name another folder with --state-dir")
        };
        let found = make_folder(path).and_then(|()| fs::metadata(path)).map_err(|error| {
            refuse(format!("it cannot be made or read: {}", in_words(error.kind())), elsewhere())
        })?;
        match rights(&found) {
            Some(rights) if !rights.are_ours() => {
                return Err(refuse(format!("it belongs to user {}", rights.owner), elsewhere()));
            }
            Some(rights) if !rights.are_private() => {
                return Err(refuse(
                    format!("its mode is {:03o}, so that others may enter it", rights.mode & 0o777),
                    format!("chmod 700 {}; for a systemd unit, StateDirectoryMode=0700", path.display()),
                ));
            }
            _ => {}
        }
        can_write_in(path).map_err(|_| refuse("it cannot be written".to_owned(), elsewhere()))?;
        Ok(Self { path: path.to_owned() })
    }

    /// Returns where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns a folder in it, made and checked likewise.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn folder(&self, name: &str) -> Result<Self, CliError> {
        Self::open(&self.path.join(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Origin;
    use std::ffi::OsString;
    use std::fs::Permissions;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn the_first_place_that_is_set_is_the_one() {
        let all = [("STATE_DIRECTORY", "/s:/t"), ("XDG_STATE_HOME", "/x"), ("HOME", "/h")];
        let located = |variables: &[(&str, &str)]| {
            let environment = |name: &str| {
                variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
            };
            locate(None, &environment).unwrap()
        };
        assert_eq!(located(&all), Path::new("/s"));
        assert_eq!(located(&all[1..]), Path::new("/x/pamrun"));
        assert_eq!(located(&all[2..]), Path::new("/h/.local/state/pamrun"));
        assert_eq!(located(&[]), Path::new("/var/lib/pamrun"));
        assert_eq!(
            located(&[("STATE_DIRECTORY", ""), ("XDG_STATE_HOME", "x")]),
            Path::new("/var/lib/pamrun")
        );
    }

    #[test]
    fn a_named_folder_goes_before_all_others() {
        let named = Sourced { value: "/named".to_owned(), origin: Origin::Flag("state-dir") };
        assert_eq!(locate(Some(&named), &|_| Some("/s".into())).unwrap(), Path::new("/named"));
    }

    #[test]
    fn a_missing_folder_is_made_for_us_alone() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/b");
        let state = StateFolder::open(&path).unwrap();
        let cache = state.folder("cache").unwrap();
        assert_eq!((mode(state.path()), mode(cache.path())), (0o700, 0o700));
        assert_eq!(cache.path(), path.join("cache"));
    }

    #[test]
    fn a_folder_that_others_may_enter_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o750)).unwrap();
        let error = StateFolder::open(folder.path()).unwrap_err();
        assert_eq!(error.code(), "state-folder");
        assert!(error.to_string().contains("750") && error.hint().unwrap().contains("chmod 700"), "{error}");
        assert_eq!(mode(folder.path()), 0o750);
    }

    #[test]
    fn a_file_is_no_state_folder() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(StateFolder::open(file.path()).unwrap_err().code(), "state-folder");
    }
}
