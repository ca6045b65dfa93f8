//! The experiment behind the guarantee: every fault at every moment of a rotation, with the real
//! binary, judged by what service, vault and state folder hold afterwards.
//!
//! A [`Case`] is one [`Fault`] at one [`Place`] of one [`Scenario`], or a script that answers in an odd way.
//! Places are not listed here: an undisturbed rotation of the scenario shows them. A [`Crowd`] is many rotations at a time, some of
//! them killed. A [`Mutant`] is pamrun with a mistake, which some case has to catch.

mod answer;
mod case;
mod crowd;
mod disturbed;
mod fault;
mod journal;
mod mutants;
mod place;
mod promises;
mod scenario;
mod seed;
mod series;
mod world;

pub use case::{Case, Verdict};
pub use crowd::{Aftermath, Crowd};
pub use fault::Fault;
pub use mutants::Mutant;
pub use place::{Peer, Place};
pub use scenario::{Retire, Rotator, Scenario, Service, Subject};
pub use series::{Progress, Results, Series};
