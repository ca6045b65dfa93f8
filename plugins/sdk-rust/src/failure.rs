//! How a step fails.

use std::fmt;

/// What kind of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// A record or a setting cannot be right.
    Invalid,
    /// The service refuses: a missing right, a policy.
    Denied,
    /// What is to be rotated does not exist.
    NotFound,
    /// Somebody else changed it at the same time, and trying again did not help.
    Conflict,
    /// The service says that the credential is wrong.
    WrongCredential,
    /// The service cannot answer now, and has not done what it was asked.
    Unavailable,
    /// It is unknown whether the service did what it was asked. The host always believes this one.
    Uncertain,
    /// Anything else.
    Other,
}

/// Why a step failed.
///
/// `code` is a stable word in kebab-case. `message` is for people: one or two sentences that say what was
/// wrong, and where; `fix` says what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What kind it is.
    pub kind: FailureKind,
    /// A stable word in kebab-case.
    pub code: String,
    /// One or two sentences for people.
    pub message: String,
    /// What to do about it.
    pub fix: Option<String>,
}

impl Failure {
    /// A failure of this kind.
    pub fn new(kind: FailureKind, code: &str, message: impl Into<String>) -> Self {
        Self { kind, code: code.to_owned(), message: message.into(), fix: None }
    }

    /// A record or a setting cannot be right.
    pub fn invalid(code: &str, message: impl Into<String>) -> Self {
        Self::new(FailureKind::Invalid, code, message)
    }

    /// The service refuses.
    pub fn denied(code: &str, message: impl Into<String>) -> Self {
        Self::new(FailureKind::Denied, code, message)
    }

    /// What is to be rotated does not exist.
    pub fn not_found(code: &str, message: impl Into<String>) -> Self {
        Self::new(FailureKind::NotFound, code, message)
    }

    /// Somebody else changed it at the same time, and trying again did not help.
    pub fn conflict(code: &str, message: impl Into<String>) -> Self {
        Self::new(FailureKind::Conflict, code, message)
    }

    /// The service says that the credential is wrong.
    pub fn wrong_credential(code: &str, message: impl Into<String>) -> Self {
        Self::new(FailureKind::WrongCredential, code, message)
    }

    /// The service cannot answer now, and did nothing.
    pub fn unavailable(code: &str, message: impl Into<String>) -> Self {
        Self::new(FailureKind::Unavailable, code, message)
    }

    /// It is unknown whether the service did what it was asked.
    pub fn uncertain(code: &str, message: impl Into<String>) -> Self {
        Self::new(FailureKind::Uncertain, code, message)
    }

    /// Anything else.
    pub fn other(code: &str, message: impl Into<String>) -> Self {
        Self::new(FailureKind::Other, code, message)
    }

    /// Says what to do about it.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
