//! What a plugin may do: what its manifest declares, as far as the operator allows it.
//!
//! In: the hosts that the declared requests go to, the operator's lists. Out: a [`Grant`], which answers
//! for each host, each address and each removal of each step with yes or with the reason and the line that
//! would allow it. Touches nothing: no socket, no file, no clock.
//!
//! What a request does, and when it may be called, the manifest declares, and `call` holds the plugin to it.
//! An effect is declared and not proven: what a service does with a request, nobody here can know. `pamrun
//! plugin inspect` says so beside every read that is not GET.

mod address;
mod deny;
mod grant;
mod removal;

pub use crate::model::{HostError, HostPort};
pub use address::{AddressKind, judge};
pub use deny::Deny;
pub(crate) use deny::excerpt;
pub use grant::{Grant, Operator, StepGrant};
pub use removal::{Removals, spelling};
