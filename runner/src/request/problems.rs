//! Why no request can be made: everything that is wrong, not just the first thing.

use std::fmt;

/// All problems of one kind of input, in words for whoever can solve them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems(Vec<String>);

impl Problems {
    /// Adds one.
    pub(super) fn add(&mut self, problem: impl Into<String>) {
        self.0.push(problem.into());
    }

    /// Returns `value` if there is no problem.
    ///
    /// # Errors
    /// The problems.
    pub(super) fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }

    /// Lists the problems; each is one line.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [only] => f.write_str(only),
            several => {
                write!(f, "{} problems", several.len())?;
                several.iter().try_for_each(|problem| write!(f, "\n- {problem}"))
            }
        }
    }
}

/// Why no request can be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The operator, or who keeps the record, has to change a setting.
    #[error("settings: {0}")]
    Settings(Problems),
    /// Who keeps the records has to change one of them.
    #[error("records: {0}")]
    Records(Problems),
    /// Fields are missing that the plugin cannot do without.
    #[error("records: {0}")]
    Inputs(Problems),
    /// Fields hold what the plugin cannot work with.
    #[error("records: {0}")]
    Unfit(Problems),
    /// The gateway's params do not go with the vault.
    #[error("the record to rotate, {uid}, is neither in the vault nor in the params")]
    NoTarget {
        /// Its UID.
        uid: String,
    },
}

impl RequestError {
    /// A stable kebab-case word for the outcome document.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Settings(_) => "settings-invalid",
            Self::Records(_) => "field-twice",
            Self::Inputs(_) => "input-missing",
            Self::Unfit(_) => "input-unfit",
            Self::NoTarget { .. } => "target-missing",
        }
    }
}
