//! Turns records and settings into the request that a plugin is given.
//!
//! In: what a plugin asks for (a manifest, or what is built in or known of scripts) and what there is
//! ([`Sources`]). Out: a [`Prepared`] request, with every secret that it or its records hold. Touches
//! nothing: pure checks, all problems reported at once.

mod built_in;
mod declared;
pub(crate) mod nearest;
mod problems;
mod saas;
mod secrets;
mod settings;
mod source;
mod value;
mod whole;

pub use built_in::prepare_built_in;
pub use declared::prepare_declared;
pub use problems::{Problems, RequestError};
pub use saas::prepare_saas;
pub use source::{Sources, wanted_uids};
pub use whole::prepare_whole;

use crate::model::Request;
use crate::secret::Secret;

/// A request, and what goes with it.
#[derive(Debug)]
pub struct Prepared {
    /// The request. Its rotation id, marker and number of the try are set by whoever calls a step.
    pub request: Request,
    /// Every secret at hand, granted or not: for the redactor.
    pub secrets: Vec<Secret>,
    /// What an operator should know.
    pub warnings: Vec<String>,
}
