//! A time that passes when everybody waits for it.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::rotation::Clock;
use crate::wasm::Time;

/// When a case begins that does not say, as time since the Unix epoch: 2026-01-01, 00:00:00 UTC.
const BEGINNING: Duration = Duration::from_hours(490_896);

/// The time of a case. Clones share it.
#[derive(Clone)]
pub struct VirtualTime(Arc<Mutex<Alarms>>);

struct Alarms {
    /// When it began, as time since the Unix epoch.
    beginning: Duration,
    now: Duration,
    /// Those who wait, by the moment for which they do.
    set: BTreeMap<(Duration, u64), Waker>,
    count: u64,
}

impl Alarms {
    /// Takes out those whose moment has come.
    fn due(&mut self) -> BTreeMap<(Duration, u64), Waker> {
        let later = self.set.split_off(&(self.now, u64::MAX));
        std::mem::replace(&mut self.set, later)
    }
}

impl VirtualTime {
    /// A time that begins at a moment, as time since the Unix epoch; at the usual one without.
    #[must_use]
    pub fn beginning(at: Option<Duration>) -> Self {
        let beginning = at.unwrap_or(BEGINNING);
        Self(Arc::new(Mutex::new(Alarms { beginning, now: Duration::ZERO, set: BTreeMap::new(), count: 0 })))
    }

    /// The time since the case began.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.alarms().now
    }

    /// The wall clock.
    #[must_use]
    pub fn unix_time(&self) -> Duration {
        let alarms = self.alarms();
        alarms.beginning + alarms.now
    }

    /// Lets time pass until the next one who waits is to be woken. To be called when nobody has
    /// anything else to do.
    pub fn pass(&self) {
        let first = self.alarms().set.keys().next().map(|(at, _)| *at);
        if let Some(at) = first {
            self.advance_to(at);
        }
    }

    /// Lets time pass up to a moment, and wakes all who waited for it.
    pub fn advance_to(&self, now: Duration) {
        let mut alarms = self.alarms();
        alarms.now = alarms.now.max(now);
        let due = alarms.due();
        drop(alarms);
        due.into_values().for_each(Waker::wake);
    }

    /// Lets time pass in which nothing happens.
    pub fn skip(&self, duration: Duration) {
        self.alarms().now += duration;
    }

    /// Waits.
    #[must_use]
    pub fn wait(&self, duration: Duration) -> Waiting {
        let mut alarms = self.alarms();
        alarms.count += 1;
        let key = (alarms.now.saturating_add(duration), alarms.count);
        Waiting { time: self.clone(), key }
    }

    fn alarms(&self) -> MutexGuard<'_, Alarms> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for a moment.
pub struct Waiting {
    time: VirtualTime,
    key: (Duration, u64),
}

impl Future for Waiting {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut alarms = self.time.alarms();
        if alarms.now >= self.key.0 {
            return Poll::Ready(());
        }
        alarms.set.insert(self.key, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.time.alarms().set.remove(&self.key);
    }
}

impl Time for VirtualTime {
    fn elapsed(&self) -> Duration {
        self.now()
    }

    fn unix_time(&self) -> Duration {
        Self::unix_time(self)
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(self.wait(duration))
    }
}

/// The clock of one process, which was started some time after the case began.
pub struct ProcessClock {
    time: VirtualTime,
    born: Duration,
}

impl ProcessClock {
    /// Starts a process now.
    #[must_use]
    pub fn start(time: VirtualTime) -> Self {
        let born = time.now();
        Self { time, born }
    }
}

#[async_trait::async_trait(?Send)]
impl Clock for ProcessClock {
    fn elapsed(&self) -> Duration {
        self.time.now().saturating_sub(self.born)
    }

    fn unix_time(&self) -> Duration {
        self.time.unix_time()
    }

    async fn sleep(&self, duration: Duration) {
        self.time.wait(duration).await;
    }
}
