//! A refusal: what was refused, why, and what would allow it.

use super::AddressKind;
use crate::model::StepName;

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Deny {
    /// The operator does not allow the host.
    #[error("{host} is not among the hosts that the operator allows")]
    HostNotAllowed {
        /// `host` or `host:port`, as `--allow-host` takes it.
        host: String,
    },
    /// The manifest does not ask for this request in this step.
    #[error("the manifest does not ask for {method} {host}{path} in {step}")]
    NotInManifest {
        /// The step.
        step: StepName,
        /// The method.
        method: String,
        /// The host.
        host: String,
        /// The path, without its query.
        path: String,
    },
    /// The address that the host resolves to is not public.
    #[error("{host} resolves to {address}, which is {kind:?}")]
    AddressNotPublic {
        /// The host.
        host: String,
        /// The address.
        address: std::net::IpAddr,
        /// What it is.
        kind: AddressKind,
    },
    /// The request is of a form that is never sent.
    #[error("{0}")]
    Form(String),
    /// The request would remove something that this step may not remove.
    #[error("{step} may not remove {id}")]
    Removal {
        /// The step.
        step: StepName,
        /// What it would have removed.
        id: String,
    },
}

impl Deny {
    /// A stable kebab-case word for the outcome document.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::HostNotAllowed { .. } => "host-not-allowed",
            Self::NotInManifest { .. } => "request-not-in-manifest",
            Self::AddressNotPublic { .. } => "address-not-public",
            Self::Form(_) => "request-form",
            Self::Removal { .. } => "removal-not-granted",
        }
    }

    /// The exact option or line that would allow it; `None` where nothing should.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        todo!()
    }
}
