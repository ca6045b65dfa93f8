//! What Graph says when it does not do what it was asked.

use http::header::RETRY_AFTER;
use http::{Response, StatusCode};
use pamrun_plugin::Failure;
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

impl From<&Response<Vec<u8>>> for Refusal {
    fn from(answer: &Response<Vec<u8>>) -> Self {
        let body: Body = serde_json::from_slice(answer.body()).unwrap_or_default();
        Self {
            status: answer.status(),
            code: body.error.code,
            text: body.error.message,
            retry_after: retry_after(answer),
        }
    }
}

impl Refusal {
    /// Tells whether the app has no secret of the id that was to be removed; or not yet.
    pub fn is_unknown_key(&self) -> bool {
        matches!(self.status, StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND)
            && self.text.contains("No password credential found")
    }

    /// Tells whether nothing can be said about whether it was done.
    pub fn is_unclear(&self) -> bool {
        self.status.is_server_error() || self.status == StatusCode::REQUEST_TIMEOUT
    }

    /// Two writes met: Graph says so with 409, and with 400 and a text.
    fn is_collision(&self) -> bool {
        self.status == StatusCode::CONFLICT
            || self.status == StatusCode::BAD_REQUEST && self.text.contains("concurrent requests")
    }

    /// The failure that it is for a request which changes nothing.
    pub fn while_reading(&self) -> Failure {
        if self.is_unclear() {
            return Failure::unavailable("graph-unavailable", self.say("does not answer now"))
                .retry_after(self.retry_after);
        }
        // An id that cannot be one of an app: some backends do not say 404.
        if self.status == StatusCode::BAD_REQUEST && !self.is_collision() {
            return Failure::not_found("application-not-found", self.say("knows no such id"));
        }
        self.rejection()
    }

    /// The failure that it is for a request which changes something: a server error may follow a
    /// write that took effect.
    pub fn while_changing(&self) -> Failure {
        if self.is_unclear() {
            return Failure::uncertain("graph-unclear", self.say("may or may not have done it"));
        }
        self.rejection()
    }

    fn rejection(&self) -> Failure {
        if self.is_collision() {
            return Failure::conflict("concurrent-change", self.say("met another change of the app"));
        }
        match (self.status, self.code.as_str()) {
            (StatusCode::TOO_MANY_REQUESTS, _) => {
                Failure::unavailable("throttled", self.say("asks to slow down")).retry_after(self.retry_after)
            }
            (StatusCode::NOT_FOUND, _) => Failure::not_found("application-not-found", self.say("has no such app")),
            (StatusCode::UNAUTHORIZED, _) => {
                Failure::denied("token-refused", self.say("does not accept the admin app's token"))
            }
            (_, "CredentialTypeNotAllowedAsPerAppPolicy") => {
                Failure::denied("policy-forbids-secrets", self.say("may not add secrets to this app by policy"))
            }
            (_, "CredentialInvalidLifetimeAsPerAppPolicy") => Failure::denied(
                "policy-limits-lifetime",
                self.say("allows only shorter lifetimes by policy; lower the setting expiry_days"),
            ),
            (StatusCode::FORBIDDEN, _) if self.text.contains("size of the object") => {
                Failure::denied("application-full", self.say("has no room for another secret of this app"))
            }
            (StatusCode::FORBIDDEN, _) => Failure::denied(
                "insufficient-rights",
                self.say(
                    "denies it to the admin app; grant it Application.ReadWrite.OwnedBy and make it an owner of \
                     the app, or grant it Application.ReadWrite.All",
                ),
            ),
            _ => Failure::denied("graph-refused", self.say("refuses")),
        }
    }

    fn say(&self, what: &str) -> String {
        let text: String = self.text.chars().take(200).collect();
        format!("Graph {what} (HTTP {} {}: {text})", self.status.as_u16(), self.code)
    }
}

/// Reads how many seconds to wait. The date form of the header is not in use here.
pub fn retry_after(answer: &Response<Vec<u8>>) -> Option<u32> {
    answer.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()
}
