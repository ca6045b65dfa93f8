//! What a request does, and the method that it has.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a request does at the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Nothing; any step may send it.
    Reads,
    /// Makes a credential.
    Creates,
    /// Replaces a value.
    Updates,
    /// Disables a credential.
    Disables,
    /// Deletes a credential.
    Deletes,
    /// Hands a value to a consumer.
    Delivers,
}

impl Effect {
    /// Whether something is changed.
    #[must_use]
    pub fn changes(self) -> bool {
        self != Self::Reads
    }

    /// Whether it retires one credential.
    #[must_use]
    pub fn retires(self) -> bool {
        matches!(self, Self::Disables | Self::Deletes)
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reads => "reads",
            Self::Creates => "creates",
            Self::Updates => "updates",
            Self::Disables => "disables",
            Self::Deletes => "deletes",
            Self::Delivers => "delivers",
        })
    }
}

/// An HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "they are HTTP's own")]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// As it is sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// Whether a body may go with it.
    #[must_use]
    pub fn takes_body(self) -> bool {
        !matches!(self, Self::Get | Self::Head)
    }
}
