//! What Key Vault says when it does not do what it was asked.

use std::time::SystemTime;

use http::{Response, StatusCode};
use pamrun_plugin::{Failure, retry_after};
use serde::Deserialize;

use crate::settings::Settings;

/// An answer that is not a success.
pub struct Refusal<'a> {
    status: StatusCode,
    error: Error,
    retry_after: Option<u32>,
    settings: &'a Settings,
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
    #[serde(default, rename = "innererror")]
    inner: Option<Inner>,
}

#[derive(Default, Deserialize)]
struct Inner {
    #[serde(default)]
    code: String,
}

impl<'a> Refusal<'a> {
    pub fn of(answer: &Response<Vec<u8>>, settings: &'a Settings, now: SystemTime) -> Self {
        let body: Body = serde_json::from_slice(answer.body()).unwrap_or_default();
        Self { status: answer.status(), error: body.error, retry_after: retry_after(answer, now), settings }
    }

    fn inner(&self) -> &str {
        self.error.inner.as_ref().map_or("", |inner| inner.code.as_str())
    }

    /// Whether the name belongs to a secret that is deleted, and not gone.
    pub fn is_deleted(&self) -> bool {
        self.status == StatusCode::CONFLICT
            && ["ObjectIsDeletedButRecoverable", "ObjectIsBeingDeleted"].contains(&self.inner())
    }

    fn is_unclear(&self) -> bool {
        self.status.is_server_error() || self.status == StatusCode::REQUEST_TIMEOUT
    }

    pub fn while_reading(&self) -> Failure {
        if self.is_unclear() {
            return Failure::unavailable("key-vault-unavailable", self.say("does not answer now"))
                .retry_after(self.retry_after);
        }
        self.rejection()
    }

    /// A server error may follow a write that took effect.
    pub fn while_changing(&self) -> Failure {
        if self.is_unclear() {
            return Failure::uncertain("key-vault-unclear", self.say("may or may not have done it"));
        }
        self.rejection()
    }

    fn rejection(&self) -> Failure {
        match (self.status, self.inner()) {
            (StatusCode::TOO_MANY_REQUESTS, _) => {
                Failure::unavailable("throttled", self.say("asks to slow down")).retry_after(self.retry_after)
            }
            (StatusCode::UNAUTHORIZED, _) => Failure::denied(
                "token-refused",
                self.say("does not accept the admin app's token: is it of the same tenant and cloud as the vault?"),
            ),
            (StatusCode::FORBIDDEN, "ForbiddenByFirewall") => Failure::denied(
                "key-vault-firewall",
                self.say("does not let this machine in: add its address to the firewall of the vault, or use a private endpoint"),
            ),
            (StatusCode::FORBIDDEN, "ForbiddenByConnection") => Failure::denied(
                "key-vault-firewall",
                self.say("is reachable through its private endpoint only: run pamrun where that is"),
            ),
            (StatusCode::FORBIDDEN, "ForbiddenByPolicy" | "AccessDenied") => Failure::denied(
                "missing-right",
                self.say("denies it to the admin app: its access policy needs get and set for secrets"),
            ),
            (StatusCode::FORBIDDEN, _) => Failure::denied(
                "missing-right",
                self.say("denies it to the admin app: give it the role Key Vault Secrets Officer on the vault or the secret"),
            ),
            (StatusCode::CONFLICT, _) => {
                Failure::conflict("concurrent-change", self.say("met another change of the same secret"))
            }
            _ => Failure::denied("key-vault-refused", self.say("refuses")),
        }
    }

    fn say(&self, what: &str) -> String {
        let text: String = self.error.message.chars().take(200).collect();
        let code = if self.inner().is_empty() { &self.error.code } else { self.inner() };
        format!("{} {what} (HTTP {} {code}: {text})", self.settings.host, self.status.as_u16())
    }
}
