//! The cases of the Azure plugin, played with the example script and either vault: rotations, conflicts in
//! the vault, lost answers, what is removed, and rotations that are killed or told to stop.

#![expect(clippy::duplicate_mod, reason = "each vault has the same suite")]

#[path = "../recovery/cast.rs"]
mod cast;
mod file;
mod keeper;
#[path = "../recovery/killed.rs"]
mod killed;
mod script;
#[path = "../recovery/signals.rs"]
mod signals;
