//! What preflight tells an operator beforehand.

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FindingLevel {
    /// Good to know.
    Info,
    /// It may fail, or somebody should look at it.
    Warning,
    /// The rotation would fail: the host does not begin it.
    Error,
}

/// Something that an operator should know before a rotation.
///
/// `code` is a word in kebab-case that stays the same from version to version; `message` and `fix` are for
/// people, begin in lower case and end without a full stop.
///
/// ```
/// use pamrun_plugin::Finding;
///
/// let finding = Finding::warning("key-ends-soon", "the admin's key ends 2030-01-01").fix("make a new one");
/// assert_eq!(finding.fix.as_deref(), Some("make a new one"));
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
