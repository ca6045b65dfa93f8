//! Every room's error, in the words of the outcome document.

use std::io;

use crate::catalog::CatalogError;
use crate::cli::CliError;
use crate::params::ParamsError;
use crate::policy::Deny;
use crate::request::RequestError;
use crate::rotation::{ErrorInfo, OutcomeKind, StepError, Stop};
use crate::wasm::{DescribeError, LoadError, NetworkError};

/// Why a command cannot be carried out. Nothing has begun.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) kind: OutcomeKind,
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

impl Fault {
    /// Usage or input is wrong.
    pub(super) fn invalid(code: &'static str, message: impl Into<String>, hint: Option<String>) -> Self {
        Self { kind: OutcomeKind::Invalid, code, message: message.into(), hint }
    }

    /// What the operator does not allow, all of it in one.
    pub(super) fn refused(denials: &[Deny]) -> Self {
        let lines = |texts: Vec<String>| texts.join("\n");
        let hints: Vec<String> = denials.iter().filter_map(Deny::hint).collect();
        // A list or a manifest that makes no sense is nobody's refusal.
        let is_refusal = denials.iter().any(|deny| !matches!(deny, Deny::Invalid { .. }));
        Self {
            kind: if is_refusal { OutcomeKind::Refused } else { OutcomeKind::Invalid },
            code: denials.first().map_or("refused", Deny::code),
            message: lines(denials.iter().map(ToString::to_string).collect()),
            hint: Some(hints).filter(|hints| !hints.is_empty()).map(lines),
        }
    }

    /// The error as the document has it.
    pub(super) fn info(&self, step: Option<&str>) -> ErrorInfo {
        ErrorInfo {
            code: self.code.to_owned(),
            step: step.map(str::to_owned),
            message: self.message.clone(),
            hint: self.hint.clone(),
        }
    }

    /// The same, as the engine of rotations hands it on.
    pub(super) fn into_stop(self, step: &str) -> Stop {
        Stop { kind: self.kind, error: self.info(Some(step)) }
    }
}

impl From<CliError> for Fault {
    fn from(error: CliError) -> Self {
        Self::invalid(error.code(), error.to_string(), error.hint())
    }
}

impl From<ParamsError> for Fault {
    fn from(error: ParamsError) -> Self {
        Self::invalid(error.code(), error.to_string(), Some(error.hint().to_owned()))
    }
}

impl From<CatalogError> for Fault {
    fn from(error: CatalogError) -> Self {
        Self::invalid(error.code(), error.to_string(), None)
    }
}

impl From<RequestError> for Fault {
    fn from(error: RequestError) -> Self {
        Self::invalid(error.code(), error.to_string(), None)
    }
}

impl From<NetworkError> for Fault {
    fn from(error: NetworkError) -> Self {
        Self::invalid("network-options", error.to_string(), None)
    }
}

impl From<LoadError> for Fault {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Engine(_) => {
                Self { kind: OutcomeKind::Internal, ..Self::invalid("engine", error.to_string(), None) }
            }
            _ => Self::invalid("plugin-unfit", error.to_string(), None),
        }
    }
}

impl From<DescribeError> for Fault {
    fn from(error: DescribeError) -> Self {
        let kind = match &error {
            DescribeError::Stopped(StepError::Limit { .. }) => OutcomeKind::Limit,
            DescribeError::Stopped(_) => OutcomeKind::Failed,
            DescribeError::Manifest { .. } => OutcomeKind::Invalid,
        };
        Self { kind, ..Self::invalid("manifest-unreadable", error.to_string(), None) }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::invalid("output", format!("stdout could not be written: {error}"), None)
    }
}
