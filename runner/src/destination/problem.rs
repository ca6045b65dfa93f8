//! What is wrong with a query, and where it was written.

use std::fmt;

/// Where a query was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A line of the file or of stdin, from 1.
    Line(usize),
    /// An option `--query`, from 1.
    Option(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(number) => write!(f, "line {number}"),
            Self::Option(number) => write!(f, "--query number {number}"),
        }
    }
}

/// What is wrong with a query. Never quotes a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it was written.
    pub place: Place,
    /// What is wrong.
    pub message: String,
}

impl Problem {
    /// Notes what is wrong with the query of that place.
    ///
    /// It may name fields and files, which whoever may edit a record calls as he likes: no name may
    /// pass for a command where an agent of Azure Pipelines reads what is said.
    pub fn new(place: Place, what: &impl fmt::Display) -> Self {
        Self { place, message: what.to_string().replace("##vso[", "##vso(") }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}
