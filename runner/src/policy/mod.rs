//! What a plugin may do: what its manifest asks for, as far as the operator allows it.
//!
//! In: the manifest, the settings, the operator's lists. Out: a [`Grant`], which answers for each
//! request of each step with yes or with the reason and the line that would allow it. Touches
//! nothing: no socket, no file, no clock.

mod address;
mod deny;
mod grant;

pub use address::{AddressKind, judge};
pub use deny::Deny;
pub use grant::{Grant, Operator, OutgoingRequest, Removals, StepGrant};
