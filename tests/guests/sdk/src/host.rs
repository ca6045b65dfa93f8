//! The world outside, as a plugin sees it.

use std::time::{Duration, SystemTime};

use crate::Failure;

/// How much a log line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Of use to the plugin's author.
    Debug,
    /// What is going on.
    Info,
    /// What an operator should look at.
    Warn,
}

/// Everything that a plugin can do besides computing.
pub trait Host {
    /// Sends a request to an `https` URL and waits for the whole answer. Redirects are answers;
    /// `Host` and `Content-Length` are added.
    ///
    /// # Errors
    /// When there is no whole answer; [`SendError`] tells whether the service may have acted.
    fn send(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, SendError>;

    /// The wall clock.
    fn now(&self) -> SystemTime;

    /// The time since the step began; never goes back.
    fn elapsed(&self) -> Duration;

    /// Waits.
    fn sleep(&self, duration: Duration);

    /// Writes one line for people. No secrets.
    fn log(&self, level: Level, message: &str);
}

/// Why there is no whole answer to a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The host's policy does not let the request out. Nothing was sent.
    #[error("the request was not allowed: {0}")]
    Denied(String),
    /// The service was not reached: name, connection or TLS. Nothing was sent.
    #[error("the service could not be reached: {0}")]
    NotSent(String),
    /// The request went out, wholly or in part, and no whole answer came back.
    #[error("the answer was lost: {0}")]
    Lost(String),
}

impl SendError {
    /// The failure that it is for a request which changes nothing.
    #[must_use]
    pub fn while_reading(&self) -> Failure {
        match self {
            Self::Denied(_) => Failure::denied("request-denied", self.to_string()),
            Self::NotSent(_) | Self::Lost(_) => Failure::unavailable("no-answer", self.to_string()),
        }
    }

    /// The failure that it is for a request which changes something: a lost answer is `uncertain`.
    #[must_use]
    pub fn while_changing(&self) -> Failure {
        match self {
            Self::Denied(_) | Self::NotSent(_) => self.while_reading(),
            Self::Lost(_) => Failure::uncertain("answer-lost", self.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FailureKind;

    #[test]
    fn only_a_lost_request_that_changes_something_is_uncertain() {
        let unavailable = FailureKind::Unavailable { retry_after: None };
        for (error, reading, changing) in [
            (SendError::Denied(String::new()), FailureKind::Denied, FailureKind::Denied),
            (SendError::NotSent(String::new()), unavailable, unavailable),
            (SendError::Lost(String::new()), unavailable, FailureKind::Uncertain),
        ] {
            assert_eq!(error.while_reading().kind, reading);
            assert_eq!(error.while_changing().kind, changing);
        }
    }
}
