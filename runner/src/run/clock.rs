//! The real clock.

use std::time::{Duration, Instant, SystemTime};

use crate::rotation::Clock;

/// Tells the machine's time, and waits on the async runtime.
pub(super) struct SystemClock {
    started: Instant,
}

impl SystemClock {
    pub(super) fn start() -> Self {
        Self { started: Instant::now() }
    }
}

#[async_trait::async_trait(?Send)]
impl Clock for SystemClock {
    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    fn unix_time(&self) -> Duration {
        // A clock before 1970 is wrong either way; zero at least never reaches into the future.
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
