//! Values that know where they were written, so that a mistake can be found.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::CliError;

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// On the command line: the name of the option, without dashes.
    Flag(&'static str),
    /// In the journal, by the run that began a rotation.
    Journal,
    /// In the environment.
    Variable(String),
    /// In the configuration file.
    Key {
        /// The file.
        file: Arc<Path>,
        /// The line, from 1.
        line: usize,
        /// The key, with the tables that it stands in.
        key: String,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "--{name}"),
            Self::Journal => f.write_str("the journal"),
            Self::Variable(name) => f.write_str(name),
            Self::Key { file, line, key } => write!(f, "`{key}` in {}, line {line}", file.display()),
        }
    }
}

/// A value with where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub origin: Origin,
}

impl<T> Sourced<T> {
    /// Says what is wrong with the value. The text may quote it only where it cannot be a secret.
    pub(super) fn wrong(&self, problem: impl Into<String>) -> CliError {
        CliError::BadValue { origin: self.origin.clone(), problem: problem.into() }
    }

    /// Makes something else of the value.
    pub(super) fn with<U>(&self, value: U) -> Sourced<U> {
        Sourced { value, origin: self.origin.clone() }
    }

    /// Makes a path absolute: one from the configuration file starts at the file's folder, any
    /// other where we are.
    pub(super) fn path(&self, path: &str) -> Result<PathBuf, CliError> {
        if path.is_empty() {
            return Err(self.wrong("a path is missing"));
        }
        if path.contains(char::is_control) {
            let problem = match self.origin {
                Origin::Key { .. } => {
                    "the path holds control characters: between double quotes a backslash begins an escape, as `\\n` \
                     does, so write the path in single quotes"
                }
                _ => "the path holds control characters",
            };
            return Err(self.wrong(problem));
        }
        let path = match &self.origin {
            Origin::Key { file, .. } => file.parent().unwrap_or(Path::new("")).join(path),
            Origin::Flag(_) | Origin::Variable(_) | Origin::Journal => PathBuf::from(path),
        };
        std::path::absolute(path).map_err(|error| self.wrong(format!("this is no path: {error}")))
    }
}
