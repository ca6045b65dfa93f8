//! What stands behind the imports of one running guest: its declared requests and its log; of WASI clocks,
//! random numbers and standard output, and nothing else.

use std::sync::Arc;

use tokio::sync::Mutex;
use wasmtime::Store;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::bindings::{http, log, model};
use super::convert;
use super::passage::Passage;
use crate::call::{Session, Trouble};
use crate::limits::Limits;
use crate::policy::Deny;
use crate::rotation::{LogLevel, StepError};
use crate::wasm::guest::{HANDED_OVER, HANDLES, Memory, RANDOM};
use crate::wasm::log::StepLog;
use crate::wasm::time::{Clocked, GuestClock, Time};

/// The state of one guest.
pub(in crate::wasm) struct Guest {
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
            Err(why) => Err(Trouble::Refused(format!("`{request}`: {why}"))),
        };
        for remark in session.take_remarks() {
            self.log.write(LogLevel::Debug, &remark)?;
        }
        match called {
            Ok(answered) => Ok(Ok(convert::answer(answered))),
            Err(Trouble::Ended(error)) => Err(Ended(error).into()),
            Err(Trouble::Refused(why)) => {
                self.passage.watch.denied(Deny::Form(why.clone()));
                Ok(Err(http::Trouble::Refused(why)))
            }
            Err(trouble) => Ok(Err(convert::trouble(trouble))),
        }
    }
}
