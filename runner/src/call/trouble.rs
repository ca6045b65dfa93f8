//! What a call comes to, as the plugin sees it.

use std::time::Duration;

use pamrun_contract::answer::Shown;

use crate::policy::Deny;
use crate::rotation::StepError;

/// What the plugin sees of a success.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answered {
    /// The outputs that are there, by name; of what was created also its `id`.
    pub outputs: Vec<(String, Shown)>,
    /// The credentials that are listed.
    pub items: Vec<Item>,
}

/// A credential that is listed.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
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
    /// What else is taken of it.
    pub outputs: Vec<(String, Shown)>,
}

/// What the plugin sees of an answer that is no success.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejection {
    /// Whose answer it is.
    pub request: String,
    /// The status; 0 where no answer came.
    pub status: u16,
    /// What the service says.
    pub errors: Vec<(String, Shown)>,
    /// How long it asks to wait.
    pub retry_after: Option<Duration>,
}

/// Why there is no success.
#[derive(Debug, Clone, PartialEq)]
pub enum Trouble {
    /// The service did nothing, and says so.
    Rejected(Rejection),
    /// The service cannot answer now; nothing was done.
    Unavailable(Rejection),
    /// It is unknown whether it was done.
    Uncertain(String),
    /// It was not sent.
    Refused(Deny),
    /// The step ends here, whatever the plugin would make of it.
    Ended(StepError),
}

impl Rejection {
    pub(super) fn without_answer(request: &str) -> Self {
        Self { request: request.to_owned(), status: 0, errors: Vec::new(), retry_after: None }
    }

    pub(super) fn of(request: &str, rejection: pamrun_contract::answer::Rejection) -> Self {
        Self {
            request: request.to_owned(),
            status: rejection.status,
            errors: rejection.errors.into_iter().collect(),
            retry_after: rejection.retry_after,
        }
    }
}
