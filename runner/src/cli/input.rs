//! The input of a command that takes a file or stdin.

use std::convert::Infallible;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, stdin};
use std::path::PathBuf;
use std::str::FromStr;

use super::CliError;

/// Where a command reads from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Standard input, written as `-`.
    Stdin,
    /// A file.
    File(PathBuf),
}

impl FromStr for Input {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(if text == "-" { Self::Stdin } else { Self::File(text.into()) })
    }
}

impl Input {
    /// Opens it for reading.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(&self) -> Result<Box<dyn BufRead>, CliError> {
        Ok(match self {
            Self::Stdin => Box::new(stdin().lock()),
            Self::File(path) => {
                let unreadable = |error| CliError::Unreadable { path: path.clone(), error };
                #[expect(clippy::disallowed_methods, reason = "the operator named the file")]
                let file = File::open(path).map_err(|error| unreadable(error.kind()))?;
                // A folder can be opened, and only reading it fails, where nobody knows its name.
                if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
                    return Err(unreadable(ErrorKind::IsADirectory));
                }
                Box::new(BufReader::new(file))
            }
        })
    }
}
