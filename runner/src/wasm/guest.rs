//! What stands behind the imports of one running guest: its declared requests and its log; of WASI clocks,
//! random numbers and standard output, and nothing else.

use std::sync::Arc;

use tokio::sync::Mutex;
use wasmtime::Store;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::bindings::{http, log, model};
use super::convert;
use super::log::StepLog;
use super::memory::Memory;
use super::passage::Passage;
use super::time::{Clocked, GuestClock, Time};
use crate::call::{Session, Trouble};
use crate::limits::Limits;
use crate::policy::{Deny, excerpt};
use crate::rotation::{LogLevel, StepError};

/// The most handles (streams, pollables) that a guest may hold at once. Each keeps memory of the host's.
const HANDLES: usize = 4096;

/// The most random bytes that a guest may ask for at once.
const RANDOM: u64 = 64 * 1024;

/// The most that a guest may hand over in one call, in bytes as the host holds them. What a step
/// returns is measured exactly, but only once the host holds it.
const HANDED_OVER: usize = 8 * 1024 * 1024;

/// The state of one guest.
pub(super) struct Guest {
    wasi: WasiCtx,
    table: ResourceTable,
    memory: Memory,
    output: usize,
    log: StepLog,
    passage: Arc<Passage>,
    session: Arc<Mutex<Session>>,
}

/// A call ended the step.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Ended(pub(super) StepError);

impl Guest {
    /// An empty sandbox whose calls go to `session`.
    pub(super) fn new(
        limits: &Limits,
        log: StepLog,
        passage: Arc<Passage>,
        session: Arc<Mutex<Session>>,
    ) -> Self {
        // The defaults of a context are no files, no arguments, no environment, closed stdin, no
        // name lookups, and sockets that may talk to nobody; clocks and random numbers are real.
        let mut wasi = WasiCtx::builder();
        wasi.stdout(log.stdout())
            .stderr(log.stderr())
            .allow_tcp(false)
            .allow_udp(false)
            .max_random_size(RANDOM);
        if let Some(time) = passage.gate.time() {
            wasi.wall_clock(GuestClock(Arc::clone(&time))).monotonic_clock(GuestClock(time));
        }
        let mut table = ResourceTable::new();
        table.set_max_capacity(HANDLES);
        Self {
            wasi: wasi.build(),
            table,
            memory: Memory::new(limits.memory),
            output: limits.output,
            log,
            passage,
            session,
        }
    }

    /// Puts the guest into a store in which its memory is limited, and in which it yields at every tick.
    pub(super) fn into_store(self, engine: &wasmtime::Engine) -> Store<Self> {
        let mut store = Store::new(engine, self);
        store.limiter(|guest| &mut guest.memory);
        store.set_hostcall_fuel(HANDED_OVER.max(store.data().output.saturating_mul(2)));
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|store| store.data().passage.watch.may_go_on());
        store
    }
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl Clocked for Guest {
    fn time(&self) -> Option<Arc<dyn Time>> {
        self.passage.gate.time()
    }
}

impl model::Host for Guest {}

impl log::Host for Guest {
    fn write(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        let level = match level {
            log::Level::Debug => LogLevel::Debug,
            log::Level::Info => LogLevel::Info,
            log::Level::Warn => LogLevel::Warn,
        };
        Ok(self.log.write(level, &message)?)
    }
}

impl http::Host for Guest {
    async fn call(
        &mut self,
        request: String,
        params: Vec<model::Named>,
    ) -> wasmtime::Result<Result<http::Answer, http::Trouble>> {
        let mut session = self.session.lock().await;
        let called = match convert::params(params) {
            Ok(params) => session.call(&*self.passage, &request, params).await,
            Err(why) => Err(Trouble::Refused(Deny::Form(format!("`{}`: {why}", excerpt(&request))))),
        };
        for remark in session.take_remarks() {
            self.log.write(LogLevel::Debug, &remark)?;
        }
        let handed = match called {
            Ok(answered) => Ok(convert::answer(answered)),
            Err(Trouble::Ended(error)) => return Err(Ended(error).into()),
            Err(trouble) => {
                if let Trouble::Refused(deny) = &trouble {
                    self.passage.gate.count(&self.passage.watch)?;
                    self.passage.watch.denied(deny.clone());
                }
                Err(convert::trouble(trouble))
            }
        };
        self.passage.gate.hands_over(&handed);
        Ok(handed)
    }
}
