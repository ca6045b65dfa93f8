//! How a step fails.

/// What kind of failure it is; the host decides by it what happens next.
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
    Unavailable {
        /// The seconds that the service asked to wait.
        retry_after: Option<u32>,
    },
    /// It is unknown whether the service did what it was asked.
    Uncertain,
    /// Anything else. The host takes it as uncertain where that matters.
    Other,
}

/// Why a step failed. All kinds but `Uncertain` and `Other` promise that the step changed nothing.
///
/// `code` is a stable word in kebab-case. `message` is for people: one or two sentences that say
/// what was wrong, where, and what to do, and no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What kind it is.
    pub kind: FailureKind,
    /// A stable word in kebab-case.
    pub code: String,
    /// One or two sentences for people.
    pub message: String,
}

impl Failure {
    fn new(kind: FailureKind, code: &str, message: impl Into<String>) -> Self {
        Self { kind, code: code.to_owned(), message: message.into() }
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
        Self::new(FailureKind::Unavailable { retry_after: None }, code, message)
    }

    /// It is unknown whether the service did what it was asked.
    pub fn uncertain(code: &str, message: impl Into<String>) -> Self {
        Self::new(FailureKind::Uncertain, code, message)
    }

    /// Anything else.
    pub fn other(code: &str, message: impl Into<String>) -> Self {
        Self::new(FailureKind::Other, code, message)
    }

    /// Adds the seconds that the service asked to wait; of use on `unavailable` only.
    #[must_use]
    pub fn retry_after(mut self, seconds: Option<u32>) -> Self {
        if let FailureKind::Unavailable { retry_after } = &mut self.kind {
            *retry_after = seconds;
        }
        self
    }
}

/// A request that could not even be built. What the step did before is not known here.
impl From<http::Error> for Failure {
    fn from(error: http::Error) -> Self {
        Self::other("request-not-built", format!("a request could not be built: {error}"))
    }
}
