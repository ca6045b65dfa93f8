//! Plays the engine against a model of the world, failure by failure, and checks after each run
//! that the guarantee holds.

mod fakes;
mod promises;
mod property;
mod world;

mod planning;
