//! What Graph, and services that speak as it does, say when they do not do what they were asked.

use std::time::SystemTime;

use http::{Response, StatusCode};
use pamrun_plugin::{Failure, retry_after};
use serde::Deserialize;

/// How messages and codes speak of the service that refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refuser {
    /// Its name, which messages begin with.
    pub name: String,
    /// What its own codes begin with.
    pub code: &'static str,
    /// What one request changes.
    pub object: &'static str,
    /// What a token that it does not accept may come from; empty where there is nothing to say.
    pub token_hint: &'static str,
}

/// An answer that is not a success.
#[derive(Debug)]
pub struct Refusal {
    by: Refuser,
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
    /// Key Vault's, whose own code says little.
    #[serde(default, rename = "innererror")]
    inner: Option<Inner>,
}

#[derive(Default, Deserialize)]
struct Inner {
    #[serde(default)]
    code: String,
}

impl Refusal {
    /// Reads an answer of Graph that came at the time `now`.
    pub(crate) fn new(answer: &Response<Vec<u8>>, now: SystemTime) -> Self {
        let graph = Refuser { name: "Graph".to_owned(), code: "graph", object: "object", token_hint: "" };
        Self::of(graph, answer, now)
    }

    /// Reads an answer of a service that came at the time `now`.
    #[must_use]
    pub fn of(by: Refuser, answer: &Response<Vec<u8>>, now: SystemTime) -> Self {
        let Body { error: Error { code, message, inner } } =
            serde_json::from_slice(answer.body()).unwrap_or_default();
        let code = inner.map(|inner| inner.code).filter(|code| !code.is_empty()).unwrap_or(code);
        Self { by, status: answer.status(), code, text: message, retry_after: retry_after(answer, now) }
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The service's own word for it, as precise as there is one; empty where there is none.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Tells whether the service's message has this in it, in upper or lower case.
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
            return Failure::unavailable(&self.own_code("unavailable"), self.say("does not answer now"))
                .retry_after(self.retry_after);
        }
        self.rejection(explain)
    }

    /// The failure that it is for a request which changes something: a server error may follow a
    /// write that took effect.
    pub fn while_changing(&self, explain: impl FnOnce(&Self) -> Failure) -> Failure {
        if self.is_unclear() {
            return Failure::uncertain(&self.own_code("unclear"), self.say("may or may not have done it"));
        }
        self.rejection(explain)
    }

    fn rejection(&self, explain: impl FnOnce(&Self) -> Failure) -> Failure {
        if self.is_collision() {
            let what = format!("met another change of the same {}", self.by.object);
            return Failure::conflict("concurrent-change", self.say(&what));
        }
        match self.status {
            StatusCode::TOO_MANY_REQUESTS => {
                Failure::unavailable("throttled", self.say("asks to slow down")).retry_after(self.retry_after)
            }
            StatusCode::UNAUTHORIZED => {
                let what = format!("does not accept the admin app's token{}", self.by.token_hint);
                Failure::denied("token-refused", self.say(&what))
            }
            _ => explain(self),
        }
    }

    /// Two writes met: Graph says so with 409, and with 400 and a text.
    fn is_collision(&self) -> bool {
        self.status == StatusCode::CONFLICT
            || self.status == StatusCode::BAD_REQUEST && self.mentions("concurrent requests")
    }

    fn own_code(&self, what: &str) -> String {
        format!("{}-{what}", self.by.code)
    }

    /// A message that begins with the service and ends with what it said.
    #[must_use]
    pub fn say(&self, what: &str) -> String {
        let text: String = self.text.chars().take(200).collect();
        format!("{} {what} (HTTP {} {}: {text})", self.by.name, self.status.as_u16(), self.code)
    }
}
