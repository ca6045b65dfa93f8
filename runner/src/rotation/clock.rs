//! Time, as the engine sees it.

use std::time::Duration;

/// Tells the time and waits. A fake one makes a five-minute window cost nothing.
#[async_trait::async_trait(?Send)]
pub trait Clock {
    /// The time since this run began, which its limits count from; never goes back.
    fn elapsed(&self) -> Duration;
    /// The wall clock, as time since the Unix epoch.
    fn unix_time(&self) -> Duration;
    /// Waits.
    async fn sleep(&self, duration: Duration);
}
