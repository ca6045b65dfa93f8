//! What stands behind the imports of one running guest. Everything but the log, the clocks, random
//! numbers and the way to the gate is empty.

use std::sync::Arc;

use wasmtime::component::ResourceTable;
use wasmtime::{ResourceLimiter, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    Error as HttpError, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

use super::bindings::{log, model};
use super::gate::{Gate, Judge};
use super::log::StepLog;
use super::time::{Clocked, GuestClock, Time};
use super::watch::{Exceeded, Watch};
use crate::limits::Limits;
use crate::policy::Deny;
use crate::rotation::LogLevel;

/// The most handles (requests, bodies, header lists …) that a guest may hold at once. Each keeps
/// memory of the host's.
pub(super) const HANDLES: usize = 4096;

/// The most that waits unsent in one body, in bytes.
const WRITTEN: usize = 16 * 1024;

/// The most random bytes that a guest may ask for at once.
pub(super) const RANDOM: u64 = 64 * 1024;

/// The most that one header list of a guest may hold, in bytes.
const HEADERS: usize = 32 * 1024;

/// The most that a guest may hand over in one call, in bytes as the host holds them. What a step
/// returns is measured exactly, but only once the host holds it.
pub(super) const HANDED_OVER: usize = 8 * 1024 * 1024;

/// The state of one guest.
pub(super) struct Guest {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    table: ResourceTable,
    memory: Memory,
    output: usize,
    log: StepLog,
    outlet: Outlet,
}

impl Guest {
    /// An empty sandbox whose requests go out by `outlet`.
    pub(super) fn new(limits: &Limits, log: StepLog, outlet: Outlet) -> Self {
        // The defaults of a context are no files, no arguments, no environment, closed stdin, no
        // name lookups, and sockets that may talk to nobody; clocks and random numbers are real.
        let mut wasi = WasiCtx::builder();
        wasi.stdout(log.stdout())
            .stderr(log.stderr())
            .allow_tcp(false)
            .allow_udp(false)
            .max_random_size(RANDOM);
        if let Some(time) = outlet.time() {
            wasi.wall_clock(GuestClock(Arc::clone(&time))).monotonic_clock(GuestClock(time));
        }
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(HEADERS);
        let mut table = ResourceTable::new();
        table.set_max_capacity(HANDLES);
        Self {
            wasi: wasi.build(),
            http,
            table,
            memory: Memory::new(limits.memory),
            output: limits.output,
            log,
            outlet,
        }
    }

    /// Puts the guest into a store in which its memory is limited, and in which it yields at every
    /// tick. It stops at the first tick after a request of it met a limit.
    pub(super) fn into_store(self, engine: &wasmtime::Engine) -> Store<Self> {
        let mut store = Store::new(engine, self);
        store.limiter(|guest| &mut guest.memory);
        store.set_hostcall_fuel(HANDED_OVER.max(store.data().output.saturating_mul(2)));
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|store| store.data().outlet.watch.may_go_on());
        store
    }
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for Guest {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.outlet }
    }
}

impl Clocked for Guest {
    fn time(&self) -> Option<Arc<dyn Time>> {
        self.outlet.time()
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

/// Where the requests of one step go.
pub(super) struct Outlet {
    /// The gate, and who judges there; without one, nothing leaves.
    pub way: Option<(Arc<Gate>, Arc<dyn Judge>)>,
    /// Sees what happens.
    pub watch: Arc<Watch>,
}

impl Outlet {
    /// The time of the step, where it is not the machine's.
    pub(super) fn time(&self) -> Option<Arc<dyn Time>> {
        self.way.as_ref().and_then(|(gate, _)| gate.time())
    }
}

type Sent = (http::Response<WasiBody>, Box<dyn Future<Output = Result<(), HttpError>> + Send>);

impl WasiHttpHooks for Outlet {
    fn is_supported_scheme(&mut self, _: &http::uri::Scheme) -> bool {
        // The grant judges it, and then the refusal is named and noted like any other.
        true
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        WRITTEN
    }

    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), HttpError>> + Send>,
    ) -> Box<dyn Future<Output = Result<Sent, HttpError>> + Send> {
        let watch = Arc::clone(&self.watch);
        let Some((gate, judge)) = self.way.clone() else {
            watch.denied(Deny::Form("a plugin may not send requests while it describes itself".to_owned()));
            return Box::new(async { Err(HttpError::HttpRequestDenied) });
        };
        Box::new(async move {
            let answer = gate.pass(request, options.unwrap_or_default(), &*judge, &watch).await?;
            let nothing_left_to_do: Box<dyn Future<Output = _> + Send> = Box::new(async { Ok(()) });
            Ok((answer, nothing_left_to_do))
        })
    }
}

/// Counts what all memories and tables of a guest take together. Wasmtime's own limiter knows a
/// limit for each of them only, and a component may have many.
pub(super) struct Memory {
    used: usize,
    limit: usize,
}

impl Memory {
    pub(super) fn new(limit: usize) -> Self {
        Self { used: 0, limit }
    }

    fn grow(&mut self, current: usize, desired: usize) -> wasmtime::Result<bool> {
        let used = self.used.saturating_add(desired.saturating_sub(current));
        if used > self.limit {
            let limit = Exceeded {
                name: "memory",
                message: format!(
                    "the plugin asked for {used} bytes of memory and may have {}; --memory raises it",
                    self.limit
                ),
            };
            // Refused growth alone would end as some panic of the guest's, and nobody knew why.
            return Err(limit.into());
        }
        self.used = used;
        Ok(true)
    }
}

impl ResourceLimiter for Memory {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        self.grow(current, desired)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        const ELEMENT: usize = 16;
        self.grow(current.saturating_mul(ELEMENT), desired.saturating_mul(ELEMENT))
    }
}
