//! What a look at the target found that an operator should know, with a word by which programs know it.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// The rotation will fail.
    Error,
    /// It may fail, or something wants attention.
    Warning,
    /// Good to know.
    Info,
}

/// Something found, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How much it matters.
    pub level: Level,
    /// A stable word in kebab-case.
    pub code: String,
    /// What was found, and where.
    pub message: String,
    /// What to do about it.
    pub fix: Option<String>,
}

impl Level {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Info];

    /// The word for it in answers of scripts and documents.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

impl Finding {
    /// A warning that has no code of its own.
    #[must_use]
    pub fn text(message: String) -> Self {
        Self { level: Level::Warning, code: "note".to_owned(), message, fix: None }
    }

    /// The same with `whose` in front of it.
    #[must_use]
    pub fn of(&self, whose: &str) -> Self {
        Self { message: format!("{whose}{}", self.message), ..self.clone() }
    }
}

/// For people, in one line.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.fix.as_ref().map_or(Ok(()), |fix| write!(f, "; {fix}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_one_line_for_people() {
        let fix = Some("make another one".to_owned());
        let finding = Finding { fix, ..Finding::text("the secret ends soon".to_owned()) };
        assert_eq!(finding.of("vault: ").to_string(), "vault: the secret ends soon; make another one");
    }
}
