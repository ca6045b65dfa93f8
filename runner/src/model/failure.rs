//! How a step fails, in the words of the plugin interface.

/// What kind of failure a plugin reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// A record or setting cannot be right.
    Invalid,
    /// The service refuses.
    Denied,
    /// What is to be rotated does not exist.
    NotFound,
    /// Somebody else changed it at the same time.
    Conflict,
    /// The service says that the credential is wrong.
    WrongCredential,
    /// The service cannot answer now and did nothing; with the seconds it asked to wait.
    Unavailable {
        /// The seconds that the service asked to wait.
        retry_after: Option<u32>,
    },
    /// It is unknown whether the service did what it was asked.
    Uncertain,
    /// Anything else.
    Other,
}

impl FailureKind {
    /// Tells whether the plugin promises that the failed call changed nothing.
    #[must_use]
    pub fn promises_no_change(self) -> bool {
        !matches!(self, Self::Uncertain | Self::Other)
    }
}

/// A failure as the plugin told it. Its texts are guest data: the runtime has capped, escaped
/// and redacted them.
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
