//! Test cases for plugins: a scripted service, records and a time of their own, in which the
//! shipped engine, gate and redactor run.
//!
//! In: case folders. Out: a [`World`] for a run, and what is wrong after it. Touches: the case
//! folders, and for scripts a port of this machine; no network, and no other file.

mod canaries;
mod case;
mod error;
mod expect;
mod fault;
mod find;
mod judge;
mod loopback;
mod memory;
mod pattern;
mod promises;
mod record;
mod records;
mod request;
mod service;
mod stand_in;
mod template;
mod time;
mod witness;
mod world;

pub use canaries::Canaries;
pub use case::{CASE_FILE, Case, ProgramEntry, Setting};
pub use error::CaseError;
pub use expect::Expect;
pub use fault::{CallFault, Fault};
pub use find::find;
pub use judge::{Played, Problem, judge};
pub use loopback::{follow, serve};
pub use memory::{MemoryJournal, MemoryVault};
pub use promises::{Promises, Stage};
pub use record::{Recording, Story};
pub use records::params;
pub use request::{Difference, Request};
pub use service::Service;
pub use stand_in::StandIn;
pub use time::{ProcessClock, VirtualTime, Waiting};
pub use witness::Witness;
pub use world::{Exchange, Reach, Snapshot, World};
