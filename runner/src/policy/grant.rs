//! The grant of a rotation, and of one step of it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use super::Deny;
use crate::model::{Manifest, Setting, StepName};

/// What the operator allows, from flags and configuration.
#[derive(Debug, Clone, Default)]
pub struct Operator {
    /// `--allow-host` and `[[plugin]] allow_hosts`: `host` (port 443) or `host:port`.
    pub allow_hosts: Vec<String>,
    /// `--allow-private`: hosts whose address may be a private one. Does not allow the host.
    pub allow_private: Vec<String>,
}

/// Manifest ∩ operator, for a whole rotation.
#[derive(Debug, Clone)]
pub struct Grant {}

/// What a step may remove.
#[derive(Debug, Clone)]
pub enum Removals {
    /// Nothing.
    Nothing,
    /// Exactly these ids, any number of times: commit.
    Exactly(BTreeSet<String>),
    /// Strays of this rotation: rollback. At most `tries` different ids over all calls that share
    /// `taken`, and never one of `never`.
    Strays {
        /// How many tries of rotate there were.
        tries: usize,
        /// Ids that the plan or a record names.
        never: BTreeSet<String>,
        /// The ids removed so far.
        taken: Arc<Mutex<BTreeSet<String>>>,
    },
}

/// A request on its way out, as the gate sees it.
#[derive(Debug, Clone, Copy)]
pub struct OutgoingRequest<'a> {
    /// The method.
    pub method: &'a http::Method,
    /// The absolute URI.
    pub uri: &'a http::Uri,
    /// The headers.
    pub headers: &'a http::HeaderMap,
    /// The whole body.
    pub body: &'a [u8],
}

impl Grant {
    /// Cuts the manifest's requests down to what the operator allows.
    ///
    /// # Errors
    /// The hosts that the manifest asks for and the operator does not allow, all at once.
    pub fn new(_manifest: &Manifest, _settings: &[Setting], _operator: &Operator) -> Result<Self, Vec<Deny>> {
        todo!()
    }

    /// The grant of one step.
    #[must_use]
    pub fn for_step(&self, _step: StepName, _removals: Removals) -> StepGrant {
        todo!()
    }
}

/// What one step may do; by default nothing.
#[derive(Debug, Clone, Default)]
pub struct StepGrant {}

impl StepGrant {
    /// Judges a request: scheme, host, port, method, path, headers and what it removes.
    /// `Ok(true)` when it may change the target, that is, when preflight would not be granted it.
    ///
    /// # Errors
    /// Why it must not leave.
    pub fn allows(&self, _request: &OutgoingRequest<'_>) -> Result<bool, Deny> {
        todo!()
    }

    /// Judges an address that the host resolved to.
    ///
    /// # Errors
    /// When it is not public and the operator did not open it for this very host.
    pub fn allows_address(&self, _host: &str, _address: std::net::IpAddr) -> Result<(), Deny> {
        todo!()
    }
}
