//! Scenarios: what is rotated, into which vault, and with which settings.

use crate::gateway::VaultKind;

/// A rotation that is to be disturbed.
#[derive(Debug, PartialEq, Eq)]
pub struct Scenario {
    /// What it is called.
    pub name: &'static str,
    /// Where records live.
    pub vault: VaultKind,
    /// What the service is like.
    pub service: Service,
    /// Which old credentials are to be removed.
    pub retire: Retire,
    /// The plugin's other settings.
    pub settings: &'static [(&'static str, &'static str)],
}

/// What the service is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// As one wants it.
    Prompt,
    /// Its backends learn of a new secret one after the other.
    Spreading,
    /// Nobody can log in as the app, with whatever secret.
    Unprovable,
    /// The app is its own admin: it rotates the secret that it logs in with.
    OwnAdmin,
}

/// The setting `retire`: which old credentials are removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retire {
    /// All that were there.
    All,
    /// The one that the record held.
    Previous,
    /// None.
    None,
}

impl Retire {
    /// The setting's value.
    pub fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Previous => "previous",
            Self::None => "none",
        }
    }
}

impl Scenario {
    /// All there are.
    pub const ALL: &[Self] = &[
        Self::plain("file-all", VaultKind::File, Retire::All),
        Self::plain("file-previous", VaultKind::File, Retire::Previous),
        Self::plain("file-none", VaultKind::File, Retire::None),
        Self {
            service: Service::Spreading,
            settings: &[("verify_successes", "2")],
            ..Self::plain("file-spreading", VaultKind::File, Retire::All)
        },
        Self {
            service: Service::Unprovable,
            settings: &[("unproven", "save")],
            ..Self::plain("file-unproven", VaultKind::File, Retire::All)
        },
        Self {
            service: Service::Unprovable,
            settings: &[("unproven", "fail")],
            ..Self::plain("file-unprovable", VaultKind::File, Retire::All)
        },
        Self {
            service: Service::OwnAdmin,
            ..Self::plain("file-own-admin", VaultKind::File, Retire::Previous)
        },
        Self::plain("ksm-all", VaultKind::Keeper, Retire::All),
        Self::plain("ksm-previous", VaultKind::Keeper, Retire::Previous),
        Self::plain("ksm-none", VaultKind::Keeper, Retire::None),
    ];

    const fn plain(name: &'static str, vault: VaultKind, retire: Retire) -> Self {
        Self { name, vault, service: Service::Prompt, retire, settings: &[] }
    }

    /// Whether an undisturbed rotation ends well.
    pub fn succeeds(&self) -> bool {
        !self.settings.contains(&("unproven", "fail"))
    }
}
