//! What preflight tells an operator beforehand, in a form that programs read too.

use std::fmt;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FindingLevel {
    /// The rotation would fail: the host does not begin it.
    Error,
    /// It may fail, or somebody should look at it. The outcome has it among its warnings, too.
    Warning,
    /// Good to know.
    Info,
}

/// Something that an operator should know before a rotation: a note of the [`Plan`](crate::Plan) that has
/// a stable code, and says what to do.
///
/// It becomes the text of a note, in a form that the host recognises: `LEVEL CODE: MESSAGE` in the first
/// line, and what to do in the second. `code` is a word in kebab-case that stays the same from version to
/// version; `message` and `fix` are for people, begin in lower case, end without a full stop, and hold no
/// secret.
///
/// ```
/// use pamrun_plugin::Finding;
///
/// let finding = Finding::warning("key-ends-soon", "the admin's key ends 2030-01-01").fix("make a new one");
/// assert_eq!(
///     String::from(finding),
///     "warning key-ends-soon: the admin's key ends 2030-01-01\nmake a new one"
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How much it matters.
    pub level: FindingLevel,
    /// A stable word in kebab-case.
    pub code: String,
    /// What was found, and where.
    pub message: String,
    /// What to do about it, if anything.
    pub fix: Option<String>,
}

impl Finding {
    /// A finding of this level.
    pub fn new(level: FindingLevel, code: &str, message: impl Into<String>) -> Self {
        Self { level, code: code.to_owned(), message: message.into(), fix: None }
    }

    /// The rotation would fail, and is not begun.
    pub fn error(code: &str, message: impl Into<String>) -> Self {
        Self::new(FindingLevel::Error, code, message)
    }

    /// The rotation may fail, or somebody should look at it.
    pub fn warning(code: &str, message: impl Into<String>) -> Self {
        Self::new(FindingLevel::Warning, code, message)
    }

    /// Good to know.
    pub fn info(code: &str, message: impl Into<String>) -> Self {
        Self::new(FindingLevel::Info, code, message)
    }

    /// Says what to do about it.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }
}

impl fmt::Display for FindingLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        })
    }
}

/// The text of a note.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.level, self.code, one_line(&self.message))?;
        self.fix.iter().try_for_each(|fix| write!(f, "\n{}", one_line(fix)))
    }
}

impl From<Finding> for String {
    fn from(finding: Finding) -> Self {
        finding.to_string()
    }
}

/// The form has a meaning for line ends, and names that a service gave may have some in them.
fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_a_note_of_one_or_two_lines() {
        let finding = Finding::error("app-full", "the app has no room");
        assert_eq!(finding.to_string(), "error app-full: the app has no room");
        assert_eq!(
            finding.fix("remove some").to_string(),
            "error app-full: the app has no room\nremove some"
        );
        assert_eq!(Finding::info("new", "it will be made").to_string(), "info new: it will be made");
    }

    #[test]
    fn what_a_service_called_something_makes_no_further_line() {
        let finding = Finding::warning("owner", "the app \"a\nerror b: c\"").fix("ask\r\nsomebody");
        let text = String::from(finding);
        assert_eq!(text, "warning owner: the app \"a error b: c\"\nask  somebody");
    }
}
