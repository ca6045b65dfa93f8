//! The fields of the record that are made anew.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::template::Template;

/// One field that is saved to the record.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Returned {
    /// The field's label. A standard field of the record type has its type as its label.
    #[schemars(example = &"client_secret")]
    pub label: String,
    /// The field's type.
    #[serde(rename = "type", default)]
    #[schemars(extend("default" = "text"), example = &"secret")]
    pub kind: ReturnKind,
    /// Its value. Without it the plugin gives one, as text; a secret one it cannot give.
    #[serde(default)]
    #[schemars(example = &"{add-password.secret}")]
    pub value: Option<Template>,
    /// Whether there may be no value; the record's field then stays as it is.
    #[serde(default)]
    #[schemars(example = true)]
    pub optional: bool,
}

/// The type of a field of a record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "they are the vault's own")]
pub enum ReturnKind {
    #[default]
    Text,
    Multiline,
    Secret,
    Password,
    Login,
    Url,
    Email,
    Note,
    OneTimeCode,
}

impl ReturnKind {
    /// Whether the vault masks it: what is not surely shown is a secret.
    #[must_use]
    pub fn is_secret(self) -> bool {
        matches!(self, Self::Secret | Self::Password | Self::OneTimeCode)
    }
}

impl fmt::Display for ReturnKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Multiline => "multiline",
            Self::Secret => "secret",
            Self::Password => "password",
            Self::Login => "login",
            Self::Url => "url",
            Self::Email => "email",
            Self::Note => "note",
            Self::OneTimeCode => "oneTimeCode",
        })
    }
}
