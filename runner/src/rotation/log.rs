//! What a plugin says on the way: lines for people.

use super::clean;
use crate::model::StepName;
use crate::secret::Redactor;

/// The longest line that is kept whole, in characters.
const LINE: usize = 2000;

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// Of use to the plugin's author.
    Debug,
    /// What is going on.
    Info,
    /// What an operator should look at.
    Warn,
}

/// One line of a plugin's log, redacted and free of control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// The step that wrote it.
    pub step: StepName,
    /// How much it matters.
    pub level: LogLevel,
    /// The text.
    pub text: String,
}

impl LogLine {
    /// Makes lines of a piece of text. It is redacted before it is cut into lines, since a secret
    /// may span several.
    #[must_use]
    pub fn of_text(step: StepName, level: LogLevel, text: &str, redactor: &Redactor) -> Vec<Self> {
        let text = redactor.redact(text);
        text.lines().map(|line| Self { step, level, text: clean(line, LINE) }).collect()
    }
}
