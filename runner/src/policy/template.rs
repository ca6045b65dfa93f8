//! The hosts that a manifest names: written out, or left to a setting.
//!
//! A setting chooses among the hosts that the operator allows, and adds none: its value is parsed
//! as strictly as any host and then has to be on the operator's list like any other.

use super::{Deny, HostError, HostPort};
use crate::model::{Setting, SettingValue};

/// A host, or the setting that has it for its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Template {
    Host(HostPort),
    Setting(String),
}

/// Why a text does not name a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum TemplateError {
    #[error("{0}")]
    Host(#[from] HostError),
    #[error("a host is asked for as https://HOST or https://{{setting:KEY}}")]
    Scheme,
    #[error("a host is written out, or {{setting:KEY}} as a whole")]
    Part,
}

impl Template {
    /// Reads an entry of the manifest's `hosts`.
    pub(super) fn parse_url(text: &str) -> Result<Self, TemplateError> {
        Self::parse(text.strip_prefix("https://").ok_or(TemplateError::Scheme)?)
    }

    /// Reads the `host` of a request.
    pub(super) fn parse(text: &str) -> Result<Self, TemplateError> {
        match text.strip_prefix("{setting:").and_then(|rest| rest.strip_suffix('}')) {
            Some(key) if !key.is_empty() && !key.contains(['{', '}']) => Ok(Self::Setting(key.to_owned())),
            _ if text.contains(['{', '}']) => Err(TemplateError::Part),
            _ => Ok(Self::Host(text.parse()?)),
        }
    }

    /// Puts the setting's value in. `None` when it has none: then there is nothing to ask for.
    pub(super) fn resolve(&self, settings: &[Setting]) -> Result<Option<HostPort>, Deny> {
        let key = match self {
            Self::Host(host) => return Ok(Some(host.clone())),
            Self::Setting(key) => key,
        };
        let invalid = |problem: String| Deny::Invalid { place: format!("the setting {key}"), problem };
        match settings.iter().find(|setting| setting.key == *key).map(|setting| &setting.value) {
            None => Ok(None),
            Some(SettingValue::Text(value)) => {
                value.parse().map(Some).map_err(|error: HostError| invalid(error.to_string()))
            }
            Some(_) => Err(invalid("only a setting of type text or enum can name a host".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn resolved(value: SettingValue) -> Result<Option<HostPort>, Deny> {
        let setting = Setting { key: "graph".to_owned(), value };
        Template::parse("{setting:graph}").unwrap().resolve(&[setting])
    }

    #[test]
    fn a_setting_names_a_host_or_a_host_and_port() {
        for value in ["graph.microsoft.us", "Graph.Microsoft.us:8443"] {
            let host = resolved(SettingValue::Text(value.to_owned())).unwrap().unwrap();
            assert_eq!(host.to_string(), value.to_lowercase());
        }
    }

    #[test]
    fn a_setting_cannot_name_anything_else() {
        for value in ["", "https://graph.microsoft.com", "a/b", "a@b", "*", "a?b", "{setting:other}"] {
            assert!(resolved(SettingValue::Text(value.to_owned())).is_err(), "{value}");
        }
        assert!(resolved(SettingValue::Integer(1)).is_err());
        let secret = resolved(SettingValue::Secret(Secret::new("hidden.example"))).unwrap_err();
        assert!(!secret.to_string().contains("hidden"));
    }

    #[test]
    fn a_setting_without_a_value_names_nothing() {
        assert_eq!(Template::parse("{setting:graph}").unwrap().resolve(&[]), Ok(None));
    }

    #[test]
    fn a_host_is_a_setting_as_a_whole_or_not_at_all() {
        for text in ["{setting:a}.example.com", "x{setting:a}", "{setting:}", "{a}", "{setting:a}{setting:b}"]
        {
            assert_eq!(Template::parse(text), Err(TemplateError::Part), "{text}");
        }
        for text in ["http://a.example", "a.example", "https:/a.example"] {
            assert_eq!(Template::parse_url(text), Err(TemplateError::Scheme), "{text}");
        }
        assert_eq!(Template::parse_url("https://a.example/x"), Err(HostError::NotBare.into()));
    }
}
