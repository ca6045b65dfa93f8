//! The engine: how code is compiled, what it is linked to, and the clock that interrupts it.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use wasmtime::component::{HasSelf, Linker};
use wasmtime::{Config, Engine};

use super::bindings::Rotator;
use super::error::LoadError;
use super::guest::Guest;
use super::time;

/// How often a computing guest is interrupted, so that timeouts can fire and its time is counted.
const TICK: Duration = Duration::from_millis(10);

/// Makes the engine.
///
/// # Errors
/// [`LoadError::Engine`] when this machine cannot run WebAssembly.
pub(super) fn engine() -> Result<Engine, LoadError> {
    Engine::new(&config()).map_err(|error| LoadError::engine(&error))
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

/// Makes the linker: everything that a language's runtime may import, over a context that grants nothing.
pub(super) fn linker(engine: &Engine) -> wasmtime::Result<Linker<Guest>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    time::link(&mut linker)?;
    Rotator::add_to_linker::<_, HasSelf<_>>(&mut linker, |guest| guest)?;
    Ok(linker)
}

/// The thread that moves the engine's epoch on; it ends when this is dropped.
pub(super) struct Ticker {
    _alive: mpsc::Sender<()>,
}

impl Ticker {
    /// Starts it.
    ///
    /// # Errors
    /// [`LoadError::Engine`] when there is no further thread to be had.
    pub(super) fn start(engine: &Engine) -> Result<Self, LoadError> {
        let (alive, ended) = mpsc::channel();
        let engine = engine.weak();
        let tick = move || {
            while ended.recv_timeout(TICK) == Err(mpsc::RecvTimeoutError::Timeout) {
                let Some(engine) = engine.upgrade() else { break };
                engine.increment_epoch();
            }
        };
        let thread = thread::Builder::new().name("epoch".to_owned()).spawn(tick);
        thread.map_err(|error| LoadError::Engine(error.to_string()))?;
        Ok(Self { _alive: alive })
    }
}
