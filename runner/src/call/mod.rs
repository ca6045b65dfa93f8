//! Declared requests: what a plugin calls by name, the host writes, signs, sends, judges and takes apart.
//!
//! ```text
//! name, parameters ──> permit ──> values ──> contract::render ──> Way ──> contract::judge ──> answer
//!                                    ▲                                          │
//!                                 session  <── answers, secrets, ids, effects ──┘
//! ```
//!
//! In: a manifest, what a step is given ([`Session::begin`]), and calls. Out: what the plugin may see of the
//! answers; for the engine, what the host knows by itself (`told`): ids that were made, effects that are
//! open, credentials that are gone. Touches nothing but the [`Way`].

mod bound;
mod chance;
mod deliver;
mod hosts;
mod only_if;
mod pages;
mod password;
mod perform;
mod permit;
mod returns;
mod session;
mod store;
#[cfg(test)]
mod tests;
mod told;
mod trouble;
mod values;
mod way;

pub use hosts::hosts;
pub use returns::returned_fields;
pub use session::{Begin, Session};
pub(crate) use told::seconds;
pub use told::{Planned, Rotated};
pub use trouble::{Answered, Item, Rejection, Trouble};
pub use way::{Sendable, Unsent, Way};
