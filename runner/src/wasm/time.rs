//! The time as guests see it.

use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

use wasmtime::component::{HasData, Linker, Resource};
use wasmtime_wasi::WasiView;
use wasmtime_wasi::clocks::WasiClocksView as _;
use wasmtime_wasi::clocks::{HostMonotonicClock, HostWallClock};
use wasmtime_wasi::p2::DynPollable;
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock;
use wasmtime_wasi::p2::{Pollable, subscribe};

use std::sync::Arc;

/// A time that is not the machine's: it passes when everybody waits for it, and costs nothing.
pub trait Time: Send + Sync {
    /// The time that has passed since some moment; never goes back.
    fn elapsed(&self) -> Duration;
    /// The wall clock, as time since the Unix epoch.
    fn unix_time(&self) -> Duration;
    /// Waits.
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// Both of a guest's clocks, in a time that is not the machine's.
pub(super) struct GuestClock(pub Arc<dyn Time>);

const NANOSECOND: Duration = Duration::from_nanos(1);

impl HostWallClock for GuestClock {
    fn resolution(&self) -> Duration {
        NANOSECOND
    }

    fn now(&self) -> Duration {
        self.0.unix_time()
    }
}

impl HostMonotonicClock for GuestClock {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        nanoseconds(self.0.elapsed())
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// A guest that may live in a time that is not the machine's.
pub(super) trait Clocked: WasiView {
    /// That time, if there is one.
    fn time(&self) -> Option<Arc<dyn Time>>;
}

/// Puts our own monotonic clock in the place of WASI's, which waits in the machine's time only.
pub(super) fn link<G: Clocked + 'static>(linker: &mut Linker<G>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    monotonic_clock::add_to_linker::<G, Clocks<G>>(linker, |guest| Clock(guest))?;
    linker.allow_shadowing(false);
    Ok(())
}

struct Clocks<G>(PhantomData<G>);

impl<G: Clocked + 'static> HasData for Clocks<G> {
    type Data<'a> = Clock<'a, G>;
}

/// The monotonic clock of a guest.
struct Clock<'a, G>(&'a mut G);

impl<G: Clocked> monotonic_clock::Host for Clock<'_, G> {
    fn now(&mut self) -> wasmtime::Result<u64> {
        self.0.clocks().now()
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        self.0.clocks().resolution()
    }

    fn subscribe_instant(&mut self, when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        if self.0.time().is_none() {
            return self.0.clocks().subscribe_instant(when);
        }
        let now = self.0.clocks().now()?;
        self.subscribe_duration(when.saturating_sub(now))
    }

    fn subscribe_duration(&mut self, duration: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let Some(time) = self.0.time() else { return self.0.clocks().subscribe_duration(duration) };
        let sleep = time.sleep(Duration::from_nanos(duration));
        let table = self.0.clocks().table;
        let alarm = table.push(Alarm { sleep, has_rung: false })?;
        subscribe(table, alarm)
    }
}

/// Waits until its time has come, and is ready from then on.
struct Alarm {
    sleep: Pin<Box<dyn Future<Output = ()> + Send>>,
    has_rung: bool,
}

#[async_trait::async_trait]
impl Pollable for Alarm {
    async fn ready(&mut self) {
        if !self.has_rung {
            self.sleep.as_mut().await;
            self.has_rung = true;
        }
    }
}
