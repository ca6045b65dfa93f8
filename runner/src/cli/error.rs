//! What is wrong with what the operator wrote, where, and what to do.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::Origin;
use crate::text::{Mishap, NotText, in_single_quotes};
use crate::units::format_duration;

/// Why the settings of a run cannot be made, or its folders not be used. Nothing has begun.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CliError {
    /// A value is not what its place takes.
    #[error("{origin}: {problem}")]
    BadValue {
        /// Where it was written.
        origin: Origin,
        /// What is wrong with it.
        problem: String,
    },
    /// It is not said where the records are.
    #[error("no vault is named, so there is nowhere to save a new credential")]
    NoVault,
    /// It is not said where secrets are to be read.
    #[error("no vault is named that secrets could be read from")]
    NothingToRead,
    /// No configuration of Keeper Secrets Manager was found.
    #[error("no configuration of Keeper Secrets Manager was found")]
    NoKeeper,
    /// The environment has Keeper's client trust anybody.
    #[error("KSM_SKIP_VERIFY is set, which lets anybody on the way to the vault read and change records")]
    SkipVerify,
    /// A variable that a script was begun with is not set any more.
    #[error("the script was begun with --env {name}, and the variable {name} is not set here")]
    VariableMissing {
        /// The variable.
        name: String,
    },
    /// A variable holds no text.
    #[error("{place} is not UTF-8 text")]
    NotUtf8 {
        /// The variable.
        place: String,
    },
    /// A file holds no text.
    #[error("{} {problem}", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// Where it stops to be one.
        problem: NotText,
    },
    /// Something else than the value arrived in a variable or a path.
    #[error("{place} {mishap}")]
    NotArrived {
        /// Where it was expected.
        place: String,
        /// What happened to it.
        mishap: Mishap,
    },
    /// The vault is `none`, and the new values would be lost.
    #[error(
        "with the vault `none` the new values are only printed, and without --reveal they would be masked"
    )]
    RevealMissing,
    /// Nothing is saved that could be delivered.
    #[error("what is delivered is what the vault holds, and with the vault `none` nothing is saved")]
    NothingToDeliver,
    /// All the time of the rotation is kept for its end.
    #[error(
        "the rotation may take {}, of which {} are kept for rollback and commit: no time is left for itself",
        format_duration(*.timeout),
        format_duration(*.reserve)
    )]
    NoTimeLeft {
        /// The whole.
        timeout: Duration,
        /// What of it is kept.
        reserve: Duration,
    },
    /// A file that was named cannot be read.
    #[error("{} cannot be read: {}", path.display(), in_words(*error))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::ErrorKind,
    },
    /// Others could have written the configuration file.
    #[error("the configuration file {} is not trusted: {problem}", path.display())]
    ConfigNotTrusted {
        /// The file.
        path: PathBuf,
        /// Who could have written it.
        problem: String,
    },
    /// The configuration file is not TOML.
    #[error("{}, line {line}: {problem}", path.display())]
    ConfigSyntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What the TOML parser says.
        problem: String,
        /// What to write instead.
        mend: Option<String>,
    },
    /// The configuration file has a key that means nothing.
    #[error("unknown key {origin}{}", nearest.as_ref().map(|key| format!("; did you mean `{key}`?")).unwrap_or_default())]
    UnknownKey {
        /// The key.
        origin: Origin,
        /// The known key that looks most like it.
        nearest: Option<String>,
        /// The keys that could stand there.
        known: Vec<&'static str>,
    },
    /// No folder is named for the state, and the system has none that all agree on.
    #[error("no folder is named to keep the state of rotations in")]
    NoStateFolder,
    /// The state folder cannot be made, or is not ours alone.
    #[error("the state folder {} cannot be used: {problem}", path.display())]
    StateFolder {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
        /// What to do.
        remedy: String,
    },
}

impl CliError {
    /// Returns a stable kebab-case word for the outcome document.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadValue { .. } => "bad-value",
            Self::NoVault | Self::NothingToRead => "no-vault",
            Self::NoKeeper => "no-keeper-config",
            Self::SkipVerify => "skip-verify",
            Self::VariableMissing { .. } => "variable-missing",
            Self::NotUtf8 { .. } | Self::NotText { .. } => "not-utf8",
            Self::NotArrived { .. } => "not-arrived",
            Self::RevealMissing => "reveal-missing",
            Self::NothingToDeliver => "vault-needed",
            Self::NoTimeLeft { .. } => "no-time-left",
            Self::Unreadable { .. } => "file-unreadable",
            Self::ConfigNotTrusted { .. } => "config-not-trusted",
            Self::ConfigSyntax { .. } => "config-syntax",
            Self::UnknownKey { .. } => "config-unknown-key",
            Self::NoStateFolder | Self::StateFolder { .. } => "state-folder",
        }
    }

    /// Returns what to do about it, where the message does not say it all.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoVault => Some(
                "add --vault ksm:PATH, --vault file:PATH, or --vault none to take the new values from \
                 stdout; or set `vault` in the configuration file"
                    .to_owned(),
            ),
            Self::NothingToRead => Some(
                "add --vault ksm:PATH or --vault file:PATH, or put the configuration of Keeper Secrets Manager \
                 into KSM_CONFIG"
                    .to_owned(),
            ),
            Self::NoKeeper => Some(
                "name it with --vault ksm:PATH, or in KSM_CONFIG, KSM_CONFIG_FILE or GATEWAY_CONFIG; \
                 on a Linux gateway it is /etc/keeper-gateway/gateway-config.json"
                    .to_owned(),
            ),
            Self::SkipVerify => Some(
                "unset KSM_SKIP_VERIFY; a private certificate authority is named with --ca-file".to_owned(),
            ),
            Self::VariableMissing { name } => Some(format!("set {name} as it is set where the gateway runs")),
            Self::RevealMissing => Some("add --reveal, or name a vault that they can be saved to".to_owned()),
            Self::NothingToDeliver => Some("name a vault, or leave out --deliver".to_owned()),
            Self::NoTimeLeft { .. } => Some(
                "raise --timeout, or lower `reserve` under [limits] in the configuration file".to_owned(),
            ),
            Self::ConfigNotTrusted { path, .. } => Some(format!(
                "make root or yourself its owner and take write access from others: chmod go-w {}",
                path.display()
            )),
            Self::UnknownKey { known, .. } => Some(format!("known keys there: {}", known.join(", "))),
            Self::NoStateFolder => Some("name one with --state-dir".to_owned()),
            Self::StateFolder { remedy, .. } => Some(remedy.clone()),
            Self::ConfigSyntax { mend, .. } => mend.as_ref().map(|line| in_single_quotes(line)),
            Self::BadValue { .. }
            | Self::Unreadable { .. }
            | Self::NotUtf8 { .. }
            | Self::NotText { .. }
            | Self::NotArrived { .. } => None,
        }
    }
}

/// Says what the system said, in words that people use.
pub(super) fn in_words(error: io::ErrorKind) -> String {
    match error {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        io::ErrorKind::AlreadyExists => "a file of that name is in the way".to_owned(),
        io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        _ => error.to_string(),
    }
}
