//! Test cases for plugins: a scripted service, records and a time of their own, in which the
//! shipped engine, gate and redactor run.
//!
//! In: case folders. Out: a [`World`] for a run, and what is wrong after it. Touches: the case
//! folders; no network, and no other file.

mod canaries;
mod case;
mod error;
mod find;
mod judge;
mod memory;
mod pattern;
mod records;
mod request;
mod service;
mod template;
mod time;
mod witness;
mod world;

pub use canaries::Canaries;
pub use case::{Case, Expect, Setting};
pub use error::CaseError;
pub use find::find;
pub use judge::{Played, Problem, judge};
pub use memory::{MemoryJournal, MemoryVault};
pub use records::params;
pub use request::{Difference, Request};
pub use service::Service;
pub use time::{ProcessClock, VirtualTime, Waiting};
pub use witness::Witness;
pub use world::{Exchange, Snapshot, World};
