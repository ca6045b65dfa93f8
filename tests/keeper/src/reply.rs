//! What goes back, and how much of it.

use std::time::Duration;

use serde_json::json;

/// How much of a reply a transport shall deliver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// All of it.
    Whole,
    /// The head and half of the body; then the connection breaks.
    Half,
    /// Nothing: the connection breaks.
    Nothing,
}

/// A reply, and what only a transport can do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Its header `Retry-After`, if it has one.
    pub retry_after: Option<String>,
    /// The body.
    pub body: Vec<u8>,
    /// How long the transport shall wait before it delivers.
    pub delay: Duration,
    /// How much it shall deliver.
    pub delivery: Delivery,
}

impl Reply {
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            retry_after: None,
            body: body.into(),
            delay: Duration::ZERO,
            delivery: Delivery::Whole,
        }
    }

    pub(crate) fn nothing() -> Self {
        Self { delivery: Delivery::Nothing, ..Self::new(0, "") }
    }
}

/// A refusal: a status, and the code that clients go by.
#[derive(Debug)]
pub(crate) struct Refusal(pub u16, pub &'static str, pub &'static str);

impl Refusal {
    pub const UNKNOWN_CLIENT: Self = Self(403, "access_denied", "Unable to validate application access");
    pub const SIGNATURE: Self = Self(403, "access_denied", "Signature is invalid");
    pub const UNKNOWN_RECORD: Self =
        Self(403, "access_denied", "The record is not shared with the application");
    pub const READ_ONLY: Self = Self(403, "access_denied", "The record is shared read-only");
    pub const STALE: Self = Self(403, "out_of_sync", "The record has another revision");
    pub const NOTHING_STAGED: Self = Self(400, "bad_request", "The record has no update to complete");
    pub const BAD_REQUEST: Self = Self(400, "bad_request", "The request is not understood");

    pub fn reply(&self) -> Reply {
        Reply::new(self.0, error_body(self.1, self.2))
    }
}

/// An error's body, in the shape that Keeper gives it.
pub fn error_body(code: &str, message: &str) -> String {
    json!({
        "path": "https://keepersecurity.example/api/rest/sm/v1, POST",
        "additional_info": "",
        "location": "default exception manager - api validation exception",
        "result_code": code,
        "error": code,
        "message": message,
    })
    .to_string()
}
