//! On what terms a plugin runs: those of its manifest, or, for a script, which has none, its own word.

use crate::model::{Manifest, ReturnedField, Role, Setting, SettingSchema, SettingType, Strategy};
use crate::policy::{Deny, Grant, Operator};
use crate::request::{self, RequestError, Sources};

/// The terms of a plugin.
pub(super) enum Terms {
    /// What its manifest names, and nothing else.
    Manifest(Box<Manifest>),
    /// A script, with the strategy of its steps, if it has steps: it is given everything, may return any
    /// custom field, and what it sends nobody judges.
    Script(Option<Strategy>),
}

impl Terms {
    /// The fields that it may return by name.
    pub(super) fn returns(&self) -> &[ReturnedField] {
        match self {
            Self::Manifest(manifest) => &manifest.returns,
            Self::Script(_) => &[],
        }
    }

    /// Whether it may return any custom field.
    pub(super) fn any_custom(&self) -> bool {
        self.is_script()
    }

    /// Whether it needs the records attached to the target's scripts, where the params lack them. A
    /// script gets those that the gateway gives it.
    pub(super) fn wants_attached(&self) -> bool {
        let asks = |manifest: &Manifest| manifest.records.iter().any(|ask| ask.role == Role::Attached);
        matches!(self, Self::Manifest(manifest) if asks(manifest))
    }

    /// How it rotates; none where it can only be run once.
    pub(super) fn strategy(&self) -> Option<Strategy> {
        match self {
            Self::Manifest(manifest) => Some(manifest.strategy),
            Self::Script(strategy) => *strategy,
        }
    }

    /// Tells whether it is a script.
    pub(super) fn is_script(&self) -> bool {
        matches!(self, Self::Script(_))
    }

    /// Tells whether a setting is known to be secret.
    pub(super) fn is_secret(&self, key: &str) -> bool {
        let is_meant = |setting: &SettingSchema| setting.key == key && setting.kind == SettingType::Secret;
        matches!(self, Self::Manifest(manifest) if manifest.settings.iter().any(is_meant))
    }

    /// The keys of all its settings, as far as it names them.
    pub(super) fn setting_keys(&self) -> Vec<String> {
        match self {
            Self::Manifest(manifest) => manifest.settings.iter().map(|setting| setting.key.clone()).collect(),
            Self::Script(_) => Vec::new(),
        }
    }

    /// Makes the request of what there is.
    pub(super) fn request(&self, sources: &Sources<'_>) -> Result<request::Prepared, RequestError> {
        match self {
            Self::Manifest(manifest) => request::prepare(manifest, sources),
            Self::Script(strategy) => request::prepare_whole(*strategy, sources),
        }
    }

    /// Makes the grant of what it asks for and what the operator allows.
    pub(super) fn grant(&self, settings: &[Setting], operator: &Operator) -> Result<Grant, Vec<Deny>> {
        match self {
            Self::Manifest(manifest) => Grant::new(manifest, settings, operator),
            Self::Script(_) => Ok(Grant::default()),
        }
    }
}
