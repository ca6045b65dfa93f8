//! Why Keeper could not be asked, or said no.

use std::time::Duration;

use keeper_secrets_manager_core::keeper_globals::KEEPER_SECRETS_MANAGER_SDK_CLIENT_ID;

use crate::model::RecordUid;
use crate::rotation::{GetError, Outage, SaveError};
use crate::vault::update::UpdateError;

/// What went wrong between us and the vault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum KsmError {
    #[error(
        "{host} cannot be reached: {why}; check name, firewall and proxy (--proxy, or HTTPS_PROXY in the environment)"
    )]
    Unreachable { host: String, why: String },
    #[error(
        "{host} is not trusted: {why}; where a proxy re-encrypts TLS, name its certificate authority with --ca-file"
    )]
    Untrusted { host: String, why: String },
    #[error(
        "the certificate of {host} is not valid at this time: {why}; is the clock of this machine right?"
    )]
    Clock { host: String, why: String },
    #[error("no whole answer came from {host}: {why}")]
    Lost { host: String, why: String },
    #[error("{host} answered with status {status}; try again later")]
    Server { host: String, status: u16, after: Option<Duration> },
    #[error(
        "what answered for {host}, with status {status}, is not Keeper: a proxy or a filter is in the way; have it let {host} pass"
    )]
    NotKeeper { host: String, status: u16 },
    #[error("{host}, where Keeper keeps attached files, answered with status {status}")]
    File { host: String, status: u16 },
    #[error("the vault has no attached file {uid}")]
    NoFile { uid: String },
    #[error("the attached file that {host} sent cannot be decrypted; is it damaged?")]
    FileUnreadable { host: String },
    #[error("the time for asking the vault is used up; --timeout gives a rotation more")]
    OutOfTime,
    #[error("the vault did not answer in time")]
    GivenUp,
    #[error(
        "Keeper throttles this application; other gateways and scripts that share its configuration count too: try again in a minute"
    )]
    Throttled { after: Duration },
    #[error("Keeper does not accept the public key `serverPublicKeyId` of the configuration{}", asked.as_ref().map(|id| format!(", and asks for {id}")).unwrap_or_default())]
    WrongKey { asked: Option<String> },
    #[error(
        "Keeper denied access ({message}): is the device still part of its application, allowed from this address, and the record shared with it as editable?"
    )]
    Denied { message: String },
    #[error("Keeper does not accept version {} of its client any more ({message}); update pamrun", *KEEPER_SECRETS_MANAGER_SDK_CLIENT_ID)]
    ClientVersion { message: String },
    #[error("Keeper refused with `{code}` ({message})")]
    Refused { code: String, message: String },
    #[error("the vault has another revision of the record by now ({code})")]
    Stale { code: String },
    #[error("the answer of {host} cannot be read; is the configuration of another device, or damaged?")]
    Unreadable { host: String },
    #[error("Keeper's client stumbled over the answer; please report this, with the time of it")]
    Stumbled,
    #[error("Keeper's client cannot be set up: {why}")]
    Setup { why: String },
    #[error("the vault has no record {uid}, or it is not shared with the application")]
    NoRecord { uid: RecordUid },
    #[error("the vault's application may not edit record {uid}; share it as editable")]
    NotEditable { uid: RecordUid },
    #[error("record {uid}: {source}")]
    Update { uid: RecordUid, source: UpdateError },
}

impl KsmError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "vault-unreachable",
            Self::Untrusted { .. } => "vault-not-trusted",
            Self::Clock { .. } => "vault-clock",
            Self::Lost { .. } => "vault-answer-lost",
            Self::Server { .. } => "vault-unavailable",
            Self::NotKeeper { .. } => "vault-not-keeper",
            Self::File { .. } => "file-unavailable",
            Self::NoFile { .. } => "file-missing",
            Self::FileUnreadable { .. } => "file-unreadable",
            Self::OutOfTime | Self::GivenUp => "vault-timeout",
            Self::Throttled { .. } => "vault-throttled",
            Self::WrongKey { .. } => "vault-key",
            Self::Denied { .. } => "vault-access-denied",
            Self::ClientVersion { .. } => "vault-client-version",
            Self::Refused { .. } => "vault-refused",
            Self::Stale { .. } => "vault-stale",
            Self::Unreadable { .. } => "vault-answer-unreadable",
            Self::Stumbled => "vault-client-panic",
            Self::Setup { .. } => "vault-client-setup",
            Self::NoRecord { .. } => "record-missing",
            Self::NotEditable { .. } => "record-not-editable",
            Self::Update { .. } => "record-update",
        }
    }

    /// That Keeper did not answer, or not now; none when this is an answer, or nobody can help it.
    pub(super) fn outage(&self) -> Option<Outage> {
        let asked = match self {
            Self::Throttled { after } => Some(*after),
            Self::Server { after, .. } => *after,
            Self::Unreachable { .. } | Self::Lost { .. } | Self::GivenUp => None,
            _ => return None,
        };
        Some(Outage { asked })
    }
}

impl From<KsmError> for GetError {
    fn from(error: KsmError) -> Self {
        Self { code: error.code(), message: error.to_string(), outage: error.outage() }
    }
}

/// What an error that ended a save says of it: only of a request that did not leave, or was
/// answered by Keeper itself with a refusal, is it known that nothing was written.
impl From<KsmError> for SaveError {
    fn from(error: KsmError) -> Self {
        let (code, message) = (error.code(), error.to_string());
        match (error.outage(), error) {
            (_, KsmError::Stale { .. }) => Self::Stale,
            (_, KsmError::Unreadable { .. } | KsmError::Stumbled) => {
                Self::Unclear { message, outage: Outage::default() }
            }
            (Some(outage), KsmError::Unreachable { .. } | KsmError::Throttled { .. }) => {
                Self::Unavailable { code, message, outage }
            }
            (Some(outage), _) => Self::Unclear { message, outage },
            (None, _) => Self::Refused { code, message },
        }
    }
}
