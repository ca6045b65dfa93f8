//! What a plugin may do: what its manifest asks for, as far as the operator allows it.
//!
//! In: the manifest, the settings, the operator's lists. Out: a [`Grant`], which answers for each
//! request of each step with yes or with the reason and the line that would allow it. Touches
//! nothing: no socket, no file, no clock.
//!
//! # What the host can know, and what it cannot
//!
//! A request is judged by scheme, host, port, method, path and headers, and, where the manifest
//! says that it removes something, by the id of what it removes. One principle runs through all of it:
//! **what grants is compared exactly, what restrains is compared loosely**. A path is granted in its
//! very spelling, yet counts as a removal in any case; an id is granted as it stands, yet is
//! protected in any spelling of its letters and digits.
//!
//! Rules overlap, so the strictest wins: a request that *any* removing rule describes, for whatever
//! step, is a removal, even if a second rule describes it as something harmless. A manifest therefore
//! cannot take back with a broad rule what a narrow one admits.
//!
//! What the host cannot know is what a service does with a request. A plugin whose manifest never
//! admits that a request removes, a second name of the same act at the service, a body that
//! names more than the one id: these are seen by whoever reads the manifest (`pamrun plugin
//! inspect`) and by nobody else. The query is not judged either, apart from method overrides.

mod address;
mod body;
mod deny;
mod form;
mod grant;
mod pattern;
mod removal;
mod rule;
mod template;

pub use crate::model::{HostError, HostPort};
pub use address::{AddressKind, judge};
pub use deny::Deny;
pub use form::OutgoingRequest;
pub use grant::{Grant, Operator, StepGrant};
pub use removal::{Removals, spelling};
