//! Plays the engine against a model of the world, failure by failure, and checks after each run
//! that the guarantee holds.

mod account;
mod committing;
mod consumers;
mod delivering;
mod exchanging;
mod fakes;
mod faults;
mod interrupting;
mod making;
mod once;
mod outages;
mod planning;
mod process;
mod promises;
mod property;
mod rescuing;
mod saving;
mod settling;
mod world;
