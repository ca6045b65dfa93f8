//! What Graph says when it does not do what it was asked.

use std::time::SystemTime;

use http::{Response, StatusCode};
use pamrun_plugin::{Failure, retry_after};
use serde::Deserialize;

/// An answer that is not a success.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    code: String,
    text: String,
    retry_after: Option<u32>,
}

#[derive(Default, Deserialize)]
struct Body {
    error: Error,
}

#[derive(Default, Deserialize)]
struct Error {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

impl Refusal {
    /// Reads an answer that came at the time `now`.
    pub(crate) fn new(answer: &Response<Vec<u8>>, now: SystemTime) -> Self {
        let body: Body = serde_json::from_slice(answer.body()).unwrap_or_default();
        Self {
            status: answer.status(),
            code: body.error.code,
            text: body.error.message,
            retry_after: retry_after(answer, now),
        }
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Graph's own word for it; empty where there is none.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Tells whether Graph's message has this in it, in upper or lower case.
    #[must_use]
    pub fn mentions(&self, words: &str) -> bool {
        self.text.to_ascii_lowercase().contains(&words.to_ascii_lowercase())
    }

    /// Tells whether nothing can be said about whether it was done.
    #[must_use]
    pub fn is_unclear(&self) -> bool {
        self.status.is_server_error() || self.status == StatusCode::REQUEST_TIMEOUT
    }

    /// The failure that it is for a request which changes nothing; `explain` knows what a refusal
    /// means that is no outage, collision or throttling.
    pub fn while_reading(&self, explain: impl FnOnce(&Self) -> Failure) -> Failure {
        if self.is_unclear() {
            return Failure::unavailable("graph-unavailable", self.say("does not answer now"))
                .retry_after(self.retry_after);
        }
        self.rejection(explain)
    }

    /// The failure that it is for a request which changes something: a server error may follow a
    /// write that took effect.
    pub fn while_changing(&self, explain: impl FnOnce(&Self) -> Failure) -> Failure {
        if self.is_unclear() {
            return Failure::uncertain("graph-unclear", self.say("may or may not have done it"));
        }
        self.rejection(explain)
    }

    fn rejection(&self, explain: impl FnOnce(&Self) -> Failure) -> Failure {
        if self.is_collision() {
            return Failure::conflict("concurrent-change", self.say("met another change of the same object"));
        }
        match self.status {
            StatusCode::TOO_MANY_REQUESTS => {
                Failure::unavailable("throttled", self.say("asks to slow down")).retry_after(self.retry_after)
            }
            StatusCode::UNAUTHORIZED => {
                Failure::denied("token-refused", self.say("does not accept the admin app's token"))
            }
            _ => explain(self),
        }
    }

    /// Two writes met: Graph says so with 409, and with 400 and a text.
    fn is_collision(&self) -> bool {
        self.status == StatusCode::CONFLICT
            || self.status == StatusCode::BAD_REQUEST && self.mentions("concurrent requests")
    }

    /// A message that begins with Graph and ends with what it said.
    #[must_use]
    pub fn say(&self, what: &str) -> String {
        let text: String = self.text.chars().take(200).collect();
        format!("Graph {what} (HTTP {} {}: {text})", self.status.as_u16(), self.code)
    }
}
