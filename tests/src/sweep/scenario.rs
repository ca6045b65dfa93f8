//! Scenarios: what is rotated, into which vault, and with which settings.

use crate::gateway::VaultKind;

/// A rotation that is to be disturbed.
#[derive(Debug, PartialEq, Eq)]
pub struct Scenario {
    /// What it is called.
    pub name: &'static str,
    /// Where records live.
    pub vault: VaultKind,
    /// What is rotated.
    pub subject: Subject,
    /// What rotates it.
    pub rotator: Rotator,
    /// The rotator's settings, besides those that follow from the subject.
    pub settings: &'static [(&'static str, &'static str)],
}

/// What rotates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotator {
    /// The plugin, in its sandbox.
    Plugin,
    /// The example script with steps, by its interpreter.
    Script,
}

/// What is rotated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The secret of an Entra app: old and new are both valid for a while.
    AppSecret {
        /// What the service is like.
        service: Service,
        /// Which old secrets are to be removed.
        retire: Retire,
    },
    /// The password of an Entra user: one is replaced by the other.
    UserPassword {
        /// Whether the gateway brings the new one.
        proposed: bool,
    },
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
        Self::app("app-all", Service::Prompt, Retire::All),
        Self::app("app-previous", Service::Prompt, Retire::Previous),
        Self::app("app-none", Service::Prompt, Retire::None),
        Self::app("app-own-admin", Service::OwnAdmin, Retire::Previous),
        Self {
            settings: &[("verify_successes", "2")],
            ..Self::app("app-spreading", Service::Spreading, Retire::All)
        },
        Self {
            settings: &[("unproven", "save")],
            ..Self::app("app-unproven", Service::Unprovable, Retire::All)
        },
        Self {
            settings: &[("unproven", "fail")],
            ..Self::app("app-unprovable", Service::Unprovable, Retire::All)
        },
        Self::app("app-all-ksm", Service::Prompt, Retire::All).at_keeper(),
        Self::app("app-previous-ksm", Service::Prompt, Retire::Previous).at_keeper(),
        Self::app("app-none-ksm", Service::Prompt, Retire::None).at_keeper(),
        Self::app("app-script", Service::Prompt, Retire::All).by_script(),
        Self::user("user", false),
        Self::user("user-proposed", true),
        Self { settings: &[("verify", "trust")], ..Self::user("user-trusted", false) },
        Self::user("user-ksm", false).at_keeper(),
        Self::user("user-proposed-ksm", true).at_keeper(),
    ];

    const fn app(name: &'static str, service: Service, retire: Retire) -> Self {
        Self::new(name, Subject::AppSecret { service, retire })
    }

    const fn user(name: &'static str, proposed: bool) -> Self {
        Self::new(name, Subject::UserPassword { proposed })
    }

    const fn new(name: &'static str, subject: Subject) -> Self {
        Self { name, vault: VaultKind::File, subject, rotator: Rotator::Plugin, settings: &[] }
    }

    const fn by_script(self) -> Self {
        Self { rotator: Rotator::Script, ..self }
    }

    const fn at_keeper(self) -> Self {
        Self { vault: VaultKind::Keeper, ..self }
    }

    /// Whether an undisturbed rotation ends well.
    pub fn succeeds(&self) -> bool {
        !self.settings.contains(&("unproven", "fail"))
    }
}
