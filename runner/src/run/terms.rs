//! On what terms a plugin runs: those of its manifest, or, for a script, which has none, its own word.

use std::sync::Arc;

use pamrun_contract::manifest::{self as declared, Manifest};

use crate::call::{hosts, returned_fields};
use crate::cli::Runtime;
use crate::model::{
    BuiltIn, Place, ReturnedField, SaasPlugin, Setting, SettingSchema, SettingType, Strategy,
};
use crate::policy::{Deny, Grant, Operator};
use crate::request::{self, RequestError, Sources};

/// The terms of a plugin.
pub(super) enum Terms {
    /// What the manifest that is packed with it declares, and nothing else.
    Declared(Arc<Manifest>),
    /// What is part of pamrun says of itself.
    BuiltIn(BuiltIn),
    /// A script, with the strategy of its steps, if it has steps: it is given everything, may return any
    /// custom field, and what it sends nobody judges.
    Script(Option<Strategy>),
    /// A SaaS plugin: a script that replaces the password, and whose config record is checked first.
    Saas(SaasPlugin),
}

impl Terms {
    /// What runs it.
    pub(super) fn runtime(&self) -> Runtime {
        match self {
            Self::Declared(_) | Self::BuiltIn(_) => Runtime::Wasm,
            Self::Script(_) => Runtime::Script,
            Self::Saas(_) => Runtime::Saas,
        }
    }

    /// The fields that it may return by name.
    pub(super) fn returns(&self) -> Vec<ReturnedField> {
        match self {
            Self::Declared(manifest) => returned_fields(manifest),
            Self::BuiltIn(built_in) => built_in.returns.clone(),
            Self::Script(Some(Strategy::InPlace)) | Self::Saas(_) => vec![password()],
            Self::Script(_) => Vec::new(),
        }
    }

    /// Whether it may return any custom field.
    pub(super) fn any_custom(&self) -> bool {
        self.is_script()
    }

    /// Whether it needs the records attached to the target's scripts, where the params lack them. A
    /// script gets those that the gateway gives it; a SaaS plugin cannot do without its config record.
    pub(super) fn wants_attached(&self) -> bool {
        match self {
            Self::Declared(manifest) => {
                let ways = manifest.inputs.values().flat_map(|group| &group.one_of);
                ways.filter_map(|way| way.role).any(|role| role == declared::Role::Attached)
            }
            Self::BuiltIn(_) | Self::Script(_) => false,
            Self::Saas(_) => true,
        }
    }

    /// How it rotates; none where it can only be run once.
    pub(super) fn strategy(&self) -> Option<Strategy> {
        match self {
            Self::Declared(manifest) => Some(manifest.strategy),
            Self::BuiltIn(built_in) => Some(built_in.strategy),
            Self::Script(strategy) => *strategy,
            Self::Saas(_) => Some(Strategy::InPlace),
        }
    }

    /// Tells whether it is a script, of whatever kind.
    pub(super) fn is_script(&self) -> bool {
        matches!(self, Self::Script(_) | Self::Saas(_))
    }

    /// Tells whether a setting is known to be secret.
    pub(super) fn is_secret(&self, key: &str) -> bool {
        let is_meant = |setting: &SettingSchema| setting.key == key && setting.kind == SettingType::Secret;
        match self {
            Self::Declared(manifest) => manifest
                .settings
                .get(key)
                .is_some_and(|setting| setting.kind == declared::SettingKind::Secret),
            Self::BuiltIn(built_in) => built_in.settings.iter().any(is_meant),
            Self::Script(_) | Self::Saas(_) => false,
        }
    }

    /// The keys of all its settings, as far as it names them.
    pub(super) fn setting_keys(&self) -> Vec<String> {
        match self {
            Self::Declared(manifest) => manifest.settings.keys().cloned().collect(),
            Self::BuiltIn(built_in) => built_in.settings.iter().map(|setting| setting.key.clone()).collect(),
            Self::Script(_) | Self::Saas(_) => Vec::new(),
        }
    }

    /// Makes the request of what there is.
    pub(super) fn request(&self, sources: &Sources<'_>) -> Result<request::Prepared, RequestError> {
        match self {
            Self::Declared(manifest) => request::prepare_declared(manifest, sources),
            Self::BuiltIn(built_in) => request::prepare_built_in(built_in, sources),
            Self::Script(strategy) => request::prepare_whole(*strategy, sources),
            Self::Saas(plugin) => request::prepare_saas(plugin, sources),
        }
    }

    /// Makes the grant of what it asks for and what the operator allows.
    pub(super) fn grant(&self, settings: &[Setting], operator: &Operator) -> Result<Grant, Vec<Deny>> {
        match self {
            Self::Declared(manifest) => {
                let hosts = hosts(manifest, settings);
                Grant::new(hosts.iter().map(String::as_str), operator)
            }
            Self::BuiltIn(_) | Self::Script(_) | Self::Saas(_) => Ok(Grant::default()),
        }
    }
}

/// What a script of strategy `in-place` replaces.
fn password() -> ReturnedField {
    ReturnedField { label: "password".to_owned(), place: Place::Standard, kind: "password".to_owned() }
}
