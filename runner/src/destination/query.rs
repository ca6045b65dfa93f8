//! `NOTATION > DESTINATION`, as Keeper's extension for Azure DevOps writes it.

use std::path::{Path, PathBuf};

use super::Place;
use crate::notation::{Notation, NotationError, Part};

/// Where a value goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// `out:NAME`, or no prefix: a variable that other jobs of a pipeline can read too.
    Output(String),
    /// `var:NAME`: a variable of this job.
    Variable(String),
    /// `env:NAME`: the same, with a name that programs can have in their environment. The page of the
    /// extension promises it; the extension itself takes the prefix for a part of the name.
    Environment(String),
    /// `file:PATH`.
    File(PathBuf),
}

/// What to look up, and where to put it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Where it was written.
    pub place: Place,
    /// What to look up.
    pub notation: Notation,
    /// Where to put it.
    pub destination: Destination,
}

/// What is wrong with the text of a query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// It has no destination. The extension passes over such a line, and the pipeline then lacks
    /// a variable.
    #[error("the destination is missing: write NOTATION > NAME")]
    NoDestination,
    /// The name or path is empty.
    #[error("the name after > is missing")]
    NoName,
    /// A name has characters that some reader of it does not take.
    #[error("`{0}` is no name for a variable: use letters, digits, _, . and -, and begin with a letter or _")]
    Name(String),
    /// A name cannot stand in an environment.
    #[error(
        "`{0}` is no name for an environment variable: use letters, digits and _, and begin with no digit"
    )]
    Environment(String),
    /// A file is to be a variable.
    #[error("the content of a file goes into a file: write > file:PATH")]
    NotAFile,
    /// The notation is wrong.
    #[error(transparent)]
    Notation(#[from] NotationError),
}

impl Destination {
    /// Parses what stands behind the `>`.
    ///
    /// # Errors
    /// When the name is missing, or is none.
    pub fn parse(text: &str, of_file: bool) -> Result<Self, QueryError> {
        let text = text.trim();
        let (prefix, name) = match text.split_once(':') {
            Some((prefix @ ("out" | "var" | "env" | "file"), name)) => (prefix, name.trim()),
            // The extension puts a file into a file, whatever is written before the path; silently
            // so even after `out:` and `var:`, where a file is not what was asked for.
            _ => (if of_file { "file" } else { "out" }, text),
        };
        if name.is_empty() {
            return Err(QueryError::NoName);
        }
        if prefix == "file" {
            return Ok(Self::File(PathBuf::from(name)));
        }
        if of_file {
            return Err(QueryError::NotAFile);
        }
        match prefix {
            "env" if !is_of_environment(name) => Err(QueryError::Environment(name.to_owned())),
            _ if !is_name(name) => Err(QueryError::Name(name.to_owned())),
            "env" => Ok(Self::Environment(name.to_owned())),
            "var" => Ok(Self::Variable(name.to_owned())),
            _ => Ok(Self::Output(name.to_owned())),
        }
    }

    /// Returns the name of the variable, if it is one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Output(name) | Self::Variable(name) | Self::Environment(name) => Some(name),
            Self::File(_) => None,
        }
    }

    /// Returns the path of the file, if it is one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            _ => None,
        }
    }
}

impl Query {
    /// Parses a query.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(place: Place, text: &str) -> Result<Self, QueryError> {
        // The last one: a title may have one too.
        let (notation, destination) = text.rsplit_once('>').ok_or(QueryError::NoDestination)?;
        let notation = Notation::parse(notation)?;
        let is_file = matches!(notation.part, Part::File(_));
        Ok(Self { place, destination: Destination::parse(destination, is_file)?, notation })
    }
}

/// Finds the lines of a text that hold queries: not the empty ones, and not those that begin with #.
pub fn parse_lines(text: &str) -> impl Iterator<Item = (Place, &str)> {
    let lines = text.lines().map(str::trim).enumerate();
    lines
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(index, line)| (Place::Line(index + 1), line))
}

/// One rule for all forms of output, so that what was tried with JSON works in a pipeline.
fn is_name(name: &str) -> bool {
    let is_inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.chars().all(is_inner)
}

/// Tells whether a program can have a variable of that name in its environment.
pub(super) fn is_of_environment(name: &str) -> bool {
    is_name(name) && !name.contains(['.', '-'])
}
