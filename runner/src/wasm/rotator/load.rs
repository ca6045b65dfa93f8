//! From the bytes of a packed plugin to one that can be called.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use pamrun_contract::manifest::Manifest;
use tokio::sync::Mutex;
use wasmtime::Engine;
use wasmtime::component::{HasSelf, Linker};

use super::bindings::{Rotator, RotatorPre};
use super::guest::Guest;
use super::plugin::RotatorPlugin;
use crate::call::Session;
use crate::limits::Limits;
use crate::rotation::LogLine;
use crate::secret::Redactor;
use crate::wasm::cache::CacheError;
use crate::wasm::compile::compile_packed;
use crate::wasm::engine::{Runtime, Ticker};
use crate::wasm::gate::Gate;
use crate::wasm::load::{LoadError, compiled};
use crate::wasm::time;

/// What guests are linked to.
pub(in crate::wasm) type Linked = Linker<Guest>;

/// Makes the linker: everything that a language's runtime may import, over a context that grants nothing.
pub(in crate::wasm) fn linker(engine: &Engine) -> wasmtime::Result<Linked> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    time::link(&mut linker)?;
    Rotator::add_to_linker::<_, HasSelf<_>>(&mut linker, |guest| guest)?;
    Ok(linker)
}

/// A packed plugin, compiled and linked.
pub struct LoadedRotator {
    pub(super) engine: Engine,
    pub(super) pre: RotatorPre<Guest>,
    warning: Option<CacheError>,
    _ticker: Arc<Ticker>,
}

/// A packed plugin that is compiled and linked when it is first needed: whatever keeps it from being run
/// at all shows before that.
pub struct Packed {
    bytes: Vec<u8>,
    digest: String,
    manifest: Arc<Manifest>,
    limits: Limits,
    cache: Option<PathBuf>,
    loaded: OnceLock<LoadedRotator>,
}

impl Packed {
    /// A plugin with the manifest that was read of it. `digest` is the SHA-256 of `bytes`; compiled code is
    /// kept in the folder `cache`, and found again by it.
    #[must_use]
    pub fn new(
        bytes: Vec<u8>,
        digest: String,
        manifest: Manifest,
        limits: &Limits,
        cache: Option<&Path>,
    ) -> Self {
        Self {
            bytes,
            digest,
            manifest: Arc::new(manifest),
            limits: limits.clone(),
            cache: cache.map(Path::to_owned),
            loaded: OnceLock::new(),
        }
    }

    /// Its manifest.
    #[must_use]
    pub fn manifest(&self) -> &Arc<Manifest> {
        &self.manifest
    }

    /// Compiles and links it, unless that was done.
    ///
    /// # Errors
    /// What the file is instead of a plugin for this host, and what its author should do.
    pub fn load(&self) -> Result<&LoadedRotator, LoadError> {
        if let Some(loaded) = self.loaded.get() {
            return Ok(loaded);
        }
        let runtime = Runtime::new(&self.limits, self.cache.as_deref())?;
        let limit = self.limits.timeout;
        let compile = || compile_packed(&runtime.engine, &self.bytes, limit);
        let (component, warning) = compiled(&runtime, &self.bytes, &self.digest, compile)?;
        let linker = linker(&runtime.engine).map_err(|error| LoadError::engine(&error))?;
        let pre = linker.instantiate_pre(&component).and_then(RotatorPre::new);
        let pre = pre.map_err(|error| LoadError::not_linkable(&error))?;
        let (engine, ticker) = (runtime.engine, runtime.ticker);
        Ok(self.loaded.get_or_init(|| LoadedRotator { engine, pre, warning, _ticker: ticker }))
    }

    /// Makes the plugin of one rotation, within `limits`: its requests go through `gate`, what it says is filtered by
    /// `redactor`, and the lines of its log are handed to `log` when their step has ended.
    #[must_use]
    pub fn instantiate(
        self: &Arc<Self>,
        limits: &Limits,
        gate: Arc<Gate>,
        redactor: Redactor,
        log: Rc<dyn Fn(LogLine)>,
    ) -> RotatorPlugin {
        let session = Session::new(Arc::clone(&self.manifest), redactor.clone());
        let session = Arc::new(Mutex::new(session));
        let limits = limits.clone();
        RotatorPlugin { packed: Arc::clone(self), limits, gate, redactor, log, session }
    }
}

impl LoadedRotator {
    /// Why the compiled code was not kept, if so: every run will compile it again.
    #[must_use]
    pub fn warning(&self) -> Option<&CacheError> {
        self.warning.as_ref()
    }
}
