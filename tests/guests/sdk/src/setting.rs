//! The settings that a plugin declares.

use serde::Serialize;
use serde_json::Value;

/// A value that a setting of type enum may have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Choice {
    Plain(String),
    Described { value: String, description: String },
}

/// A setting that a plugin reads.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SettingSchema {
    pub(crate) key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<String>,
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) default: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    values: Vec<Choice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<Value>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    required: bool,
    description: String,
}

impl SettingSchema {
    fn new(kind: &'static str, key: &str, description: &str) -> Self {
        Self {
            key: key.to_owned(),
            label: None,
            aliases: Vec::new(),
            kind,
            default: None,
            values: Vec::new(),
            min: None,
            max: None,
            required: false,
            description: description.to_owned(),
        }
    }

    /// One line of text.
    #[must_use]
    pub fn text(key: &str, description: &str) -> Self {
        Self::new("text", key, description)
    }

    /// Several lines of text.
    #[must_use]
    pub fn multiline(key: &str, description: &str) -> Self {
        Self::new("multiline", key, description)
    }

    /// A text that is masked everywhere.
    #[must_use]
    pub fn secret(key: &str, description: &str) -> Self {
        Self::new("secret", key, description)
    }

    /// An `https` URL.
    #[must_use]
    pub fn url(key: &str, description: &str) -> Self {
        Self::new("url", key, description)
    }

    /// A whole number.
    #[must_use]
    pub fn int(key: &str, description: &str) -> Self {
        Self::new("int", key, description)
    }

    /// A number.
    #[must_use]
    pub fn number(key: &str, description: &str) -> Self {
        Self::new("number", key, description)
    }

    /// Yes or no.
    #[must_use]
    pub fn flag(key: &str, description: &str) -> Self {
        Self::new("bool", key, description)
    }

    /// A duration: `500ms`, `2s`, `5m`.
    #[must_use]
    pub fn duration(key: &str, description: &str) -> Self {
        Self::new("duration", key, description)
    }

    /// One of `values`.
    pub fn choice<S: Into<String>>(
        key: &str,
        values: impl IntoIterator<Item = S>,
        description: &str,
    ) -> Self {
        let values = values.into_iter().map(|value| Choice::Plain(value.into())).collect();
        Self { values, ..Self::new("enum", key, description) }
    }

    /// One of several values, each with what it means.
    pub fn explained_choice<S: Into<String>, D: Into<String>>(
        key: &str,
        values: impl IntoIterator<Item = (S, D)>,
        description: &str,
    ) -> Self {
        let explained =
            |(value, meaning): (S, D)| Choice::Described { value: value.into(), description: meaning.into() };
        let values = values.into_iter().map(explained).collect();
        Self { values, ..Self::new("enum", key, description) }
    }

    /// The least that a whole number, a number or a duration may be.
    #[must_use]
    pub fn min(mut self, value: impl Into<Value>) -> Self {
        self.min = Some(value.into());
        self
    }

    /// The most that it may be.
    #[must_use]
    pub fn max(mut self, value: impl Into<Value>) -> Self {
        self.max = Some(value.into());
        self
    }

    /// Names it for people; a record may set it under this name too.
    #[must_use]
    pub fn label(mut self, label: &str) -> Self {
        self.label = Some(label.to_owned());
        self
    }

    /// Further names under which a record may set it.
    #[must_use]
    pub fn aliases<S: Into<String>>(mut self, aliases: impl IntoIterator<Item = S>) -> Self {
        self.aliases = aliases.into_iter().map(Into::into).collect();
        self
    }

    /// The value when nobody sets one.
    #[must_use]
    pub fn default(mut self, value: impl Into<Value>) -> Self {
        self.default = Some(value.into());
        self
    }

    /// Somebody must set it.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }
}
