//! The heart: drives one plugin against one vault, one journal and a clock, in the order of
//! steps in which nothing is lost.
//!
//! In: a [`Plugin`], a [`Vault`], a [`Journal`], a [`Clock`]. Out: an [`Outcome`]. Touches nothing
//! but those four, so that every interleaving of failures can be played with fakes.

mod clock;
mod clock_skew;
mod commit;
mod conclude;
mod contract;
mod deliver;
mod engine;
mod exchange;
mod in_place;
mod intake;
mod interrupt;
mod job;
mod journal;
mod log;
mod make;
mod marker;
mod once;
mod outcome;
mod overlap;
mod password;
mod pending;
mod plugin;
mod reads;
mod records;
mod rescue;
mod rescued;
mod resume;
mod resume_in_place;
mod retry;
mod save;
mod settle;
mod stop;
mod trail;
mod undo;
mod vault;

#[cfg(test)]
mod tests;

pub use clock::Clock;
pub use clock_skew::ClockSkew;
pub use contract::Secrets;
pub use in_place::rotate_in_place;
pub use intake::{Intake, clean};
pub use interrupt::{Interrupt, Uninterrupted};
pub use job::{Deliverer, Job, Parts, Prepare, Prepared, StepGrants};
pub use journal::{Consumer, Entry, HandleField, Intent, Journal, JournalError, Lock, OpenRotation};
pub use log::{LogLevel, LogLine};
pub use marker::{is_marker_of_another, is_marker_of_rotation, marker, marker_stem};
pub use once::run_once;
pub use outcome::{Delivery, ErrorInfo, Outcome, OutcomeKind, StepTiming};
pub use overlap::rotate_overlap;
pub(crate) use password::Complexity;
pub use password::Random;
pub use plugin::{Call, Change, Plugin, StepError, StepResult, Trace};
pub use rescue::{Choice, take_up};
pub use rescued::{Rescued, UNREAD_ANSWER};
pub use retry::{Outage, Retry, Trouble};
pub use settle::{Patience, Settled, Settlement, settle};
pub use stop::Stop;
pub use vault::{GetError, SaveError, Vault};
