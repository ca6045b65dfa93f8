//! What a SaaS plugin says of itself, in place of a manifest.

use serde::Deserialize;

/// A SaaS plugin.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SaasPlugin {
    /// Its permanent name, which stands as `SaaS Type` in its config record.
    pub name: String,
    /// The class that it is.
    pub class: String,
    /// What its config record must hold.
    pub config: Vec<ConfigItem>,
}

impl SaasPlugin {
    /// The custom field by which a config record is known: it holds the plugin's name.
    pub const TYPE_FIELD: &str = "SaaS Type";
}

/// One field of the config record.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ConfigItem {
    /// The label of the field.
    pub label: String,
    /// `text`, `multiline`, `secret`, `url`, `int`, `number`, `bool` or `enum`; anything else is text.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether there must be a value.
    pub required: bool,
    /// Whether the value is secret, whatever the type of the field.
    pub secret: bool,
    /// What counts where the field is empty or missing.
    pub default: Option<String>,
    /// What an `enum` may be.
    pub choices: Vec<String>,
}
