//! The engine: how code is compiled, what it is linked to, and the clock that interrupts it.

use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use wasmtime::component::{HasSelf, Linker};
use wasmtime::{Config, Engine};

use super::bindings::Contract;
use super::cache::Cache;
use super::guest::Guest;
use super::inspect::Inspection;
use super::load::{LoadError, Loaded, load, load_with_gaps};
use super::time;
use crate::limits::Limits;

/// How often a computing guest is interrupted, so that timeouts can fire and its time is counted.
const TICK: Duration = Duration::from_millis(10);

/// Loads plugins. One for the whole process.
pub struct Runtime {
    pub(super) engine: Engine,
    pub(super) linker: Linker<Guest>,
    pub(super) limits: Limits,
    pub(super) cache: Option<Cache>,
    pub(super) ticker: Arc<Ticker>,
}

impl Runtime {
    /// Makes a runtime. With a `cache` folder, compiled code is kept there; the folder is made,
    /// for its owner only, when the first plugin is compiled.
    ///
    /// # Errors
    /// [`LoadError::Engine`] when this machine cannot run WebAssembly.
    pub fn new(limits: &Limits, cache: Option<&Path>) -> Result<Self, LoadError> {
        let engine = Engine::new(&config()).map_err(|error| LoadError::engine(&error))?;
        let linker = linker(&engine).map_err(|error| LoadError::engine(&error))?;
        let ticker = Ticker::start(&engine).map_err(|error| LoadError::Engine(error.to_string()))?;
        let cache = cache.map(|folder| Cache::new(folder, &engine));
        Ok(Self { engine, linker, limits: limits.clone(), cache, ticker: Arc::new(ticker) })
    }

    /// Loads a plugin: a component, or a core module, which is made one. `digest` is the SHA-256
    /// of `bytes`, in whatever spelling; compiled code is found again by it.
    ///
    /// # Errors
    /// What the file is instead of a plugin for this host, and what its author should do.
    pub fn load(&self, bytes: &[u8], digest: &str) -> Result<Loaded, LoadError> {
        load(self, bytes, digest)
    }

    /// Loads a component of which only the description is wanted, even if it imports more than there
    /// is.
    ///
    /// # Errors
    /// As for [`Self::load`], but for the imports.
    pub fn load_with_gaps(&self, bytes: &[u8], inspection: &Inspection) -> Result<Loaded, LoadError> {
        load_with_gaps(self, bytes, inspection)
    }
}

fn config() -> Config {
    let mut config = Config::new();
    config.wasm_component_model(true);
    // A busy loop ends when its time is up, not when it likes to.
    config.epoch_interruption(true);
    // Steps follow one another; no guest needs tasks of its own.
    config.concurrency_support(false);
    // Memory is reserved as it grows instead of 4 GiB ahead: a service unit with a limit on
    // address space must be able to run plugins, and bounds checks cost a plugin nothing that
    // can be told from the network it waits for.
    config.memory_reservation(0);
    config.memory_reservation_for_growth(1 << 20);
    config.memory_guard_size(1 << 16);
    // Nobody debugs or profiles guests here; without these tables the compiled code is smaller,
    // and so is a warm start.
    config.generate_address_map(false);
    config.native_unwind_info(false);
    config
}

fn linker(engine: &Engine) -> wasmtime::Result<Linker<Guest>> {
    let mut linker = Linker::new(engine);
    // Everything that a language's runtime may import, over a context that grants nothing.
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    time::link(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    Contract::add_to_linker::<_, HasSelf<_>>(&mut linker, |guest| guest)?;
    Ok(linker)
}

/// The thread that moves the engine's epoch on; it ends when this is dropped.
pub(super) struct Ticker {
    _alive: mpsc::Sender<()>,
}

impl Ticker {
    fn start(engine: &Engine) -> std::io::Result<Self> {
        let (alive, ended) = mpsc::channel();
        let engine = engine.weak();
        thread::Builder::new().name("epoch".to_owned()).spawn(move || {
            while ended.recv_timeout(TICK) == Err(mpsc::RecvTimeoutError::Timeout) {
                let Some(engine) = engine.upgrade() else { break };
                engine.increment_epoch();
            }
        })?;
        Ok(Self { _alive: alive })
    }
}
