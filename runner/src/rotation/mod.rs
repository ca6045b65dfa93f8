//! The heart: drives one plugin against one vault, one journal and a clock, in the order of
//! steps in which nothing is lost.
//!
//! In: a [`Plugin`], a [`Vault`], a [`Journal`], a [`Clock`]. Out: an [`Outcome`]. Touches nothing
//! but those four, so that every interleaving of failures can be played with fakes.

mod clock;
mod journal;
mod outcome;
mod plugin;
mod vault;

pub use clock::Clock;
pub use journal::{Entry, Journal, JournalError, Lock};
pub use outcome::{ErrorInfo, Outcome, OutcomeKind, StepTiming};
pub use plugin::{Call, Plugin, StepError, StepResult, Trace};
pub use vault::{GetError, SaveError, Vault};
