//! The world outside, as a plugin sees it.

use std::time::{Duration, SystemTime};

use crate::{Answer, Trouble, Value};

/// How much a log line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Of use to the plugin's author.
    Debug,
    /// What is going on.
    Info,
    /// Something wants attention.
    Warn,
}

/// The world outside of a plugin.
pub trait Host {
    /// Sends a request that the manifest declares, and waits until it is over. The functions of
    /// [`requests!`](crate::requests) do this with types.
    ///
    /// # Errors
    /// Why there is no success.
    fn call(&self, request: &str, params: &[(&str, Value)]) -> Result<Answer, Trouble>;

    /// The time.
    fn now(&self) -> SystemTime;

    /// How much time the step took so far.
    fn elapsed(&self) -> Duration;

    /// Waits.
    fn sleep(&self, pause: Duration);

    /// Writes a line for people.
    fn log(&self, level: Level, message: &str);
}
