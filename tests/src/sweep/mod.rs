//! The experiment behind the guarantee: every fault at every moment of a rotation, with the real
//! binary, judged by what service, vault and state folder hold afterwards.
//!
//! A [`Case`] is one [`Fault`] at one [`Place`] of one [`Scenario`]. Places are not listed here: an
//! undisturbed rotation of the scenario shows them.

mod case;
mod fault;
mod journal;
mod place;
mod promises;
mod scenario;
mod seed;
mod series;
mod world;

pub use case::{Case, Verdict};
pub use fault::Fault;
pub use place::{Peer, Place};
pub use scenario::{Retire, Scenario, Service};
pub use series::{Progress, Series};
