//! Plays the engine against a model of the world, failure by failure, and checks after each run
//! that the guarantee holds.

mod committing;
mod fakes;
mod faults;
mod making;
mod planning;
mod promises;
mod property;
mod saving;
mod world;
