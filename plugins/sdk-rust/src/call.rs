//! What comes of calling a request.

use std::fmt;
use std::time::Duration;

use crate::{Failure, Misfit, Value, Values};

/// A success, as the host gives it; the functions of [`requests!`](crate::requests) make types of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// The outputs that are there.
    pub outputs: Values,
    /// The credentials that it lists.
    pub items: Vec<Listed<Values>>,
}

/// A credential of the target, as the service lists it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listed<O = ()> {
    /// Its id.
    pub id: String,
    /// Its name at the service.
    pub label: Option<String>,
    /// When it was made.
    pub created: Option<String>,
    /// When it ends.
    pub expires: Option<String>,
    /// Whether it is disabled.
    pub disabled: bool,
    /// What else the manifest takes of it.
    pub outputs: O,
}

impl Listed<Values> {
    /// The same with its outputs as what they have to be.
    ///
    /// # Errors
    /// Those of `read`.
    #[doc(hidden)]
    pub fn typed<O>(self, read: impl FnOnce(Values) -> Result<O, Misfit>) -> Result<Listed<O>, Misfit> {
        let Self { id, label, created, expires, disabled, outputs } = self;
        Ok(Listed { outputs: read(outputs)?, id, label, created, expires, disabled })
    }
}

/// What a service answered instead of doing what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rejection {
    /// Whose answer it is: of the request itself, or of one that the host sent for it, as for a token.
    pub request: String,
    /// The status of HTTP; 0 where no answer came.
    pub status: u16,
    /// What the service says of it, as the manifest's `errors` name it. `requests::Errors` has types.
    pub errors: Values,
    /// How long it asks to wait.
    pub retry_after: Option<Duration>,
}

/// Why there is no success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The service did nothing, and says so.
    Rejected(Rejection),
    /// The service cannot answer now, and did nothing; or its answer to a read is none.
    Unavailable(Rejection),
    /// It is unknown whether the service did what it was asked.
    Uncertain(String),
    /// The host did not send it.
    Refused(String),
}

impl Trouble {
    /// What the service answered, where it did.
    #[must_use]
    pub fn rejection(&self) -> Option<&Rejection> {
        match self {
            Self::Rejected(rejection) | Self::Unavailable(rejection) => Some(rejection),
            Self::Uncertain(_) | Self::Refused(_) => None,
        }
    }
}

impl From<Misfit> for Trouble {
    fn from(misfit: Misfit) -> Self {
        Self::Refused(format!("the host's answer does not fit the manifest: {}", misfit.0))
    }
}

/// In one line: the status, and what the service says in texts.
impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            0 => f.write_str("no answer")?,
            status => write!(f, "HTTP {status}")?,
        }
        let texts = self.errors.0.iter().filter_map(|(_, value)| match value {
            Value::Text(text) if !text.is_empty() => Some(text.as_str()),
            _ => None,
        });
        texts.enumerate().try_for_each(|(index, text)| {
            f.write_str(if index == 0 { " " } else { ": " })?;
            f.write_str(&text.split_whitespace().collect::<Vec<_>>().join(" "))
        })
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(said) => write!(f, "the service refuses `{}` ({said})", said.request),
            Self::Unavailable(said) => {
                write!(f, "the service does not answer `{}` now ({said})", said.request)
            }
            Self::Uncertain(why) => write!(f, "it is unknown whether the service did it: {why}"),
            Self::Refused(why) => write!(f, "the host did not send it: {why}"),
        }
    }
}

/// What a plugin makes of trouble that it knows nothing better about.
impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        let message = trouble.to_string();
        match trouble {
            Trouble::Uncertain(_) => Self::uncertain("answer-unclear", message),
            Trouble::Refused(_) => Self::other("host-refused", message),
            Trouble::Unavailable(_) => Self::unavailable("service-unavailable", message)
                .fix("see whether the service can be reached and is up, and rotate again"),
            Trouble::Rejected(said) => match said.status {
                401 => Self::wrong_credential("not-authorized", message)
                    .fix("see whether the credential that it is sent with is still the right one"),
                403 => Self::denied("forbidden", message)
                    .fix("give the credential that it is sent with the right to do this"),
                404 | 410 => Self::not_found("not-found", message)
                    .fix("see whether the service still has what the record names"),
                409 => Self::conflict("conflict", message)
                    .fix("see who else changes it at the same time, and rotate again"),
                429 => Self::unavailable("throttled", message).fix("rotate again later"),
                _ => Self::denied("rejected", message),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FailureKind;

    fn rejection(status: u16) -> Rejection {
        let errors =
            [("code", Value::from("E1")), ("causes", ["x"].into()), ("message", "no\r\n way".into())];
        Rejection {
            request: "app".to_owned(),
            status,
            errors: errors.into_iter().collect(),
            retry_after: None,
        }
    }

    #[test]
    fn trouble_without_a_judgement_is_a_failure_of_its_status() {
        for (status, kind) in [
            (400, FailureKind::Denied),
            (401, FailureKind::WrongCredential),
            (404, FailureKind::NotFound),
            (409, FailureKind::Conflict),
            (429, FailureKind::Unavailable),
        ] {
            let failure = Failure::from(Trouble::Rejected(rejection(status)));
            assert_eq!(failure.kind, kind, "{status}");
            assert_eq!(failure.message, format!("the service refuses `app` (HTTP {status} E1: no way)"));
        }
        let failure = Failure::from(Trouble::Unavailable(Rejection::default()));
        assert!(failure.message.ends_with("(no answer)"), "{failure}");
        assert!(failure.fix.is_some_and(|fix| fix.contains("can be reached")));
        assert_eq!(Failure::from(Trouble::Uncertain("lost".to_owned())).kind, FailureKind::Uncertain);
    }
}
