//! From the bytes of a packed plugin to one that can be called.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use pamrun_contract::manifest::Manifest;
use tokio::sync::Mutex;
use wasmtime::Engine;
use wasmtime::component::Component;

use super::bindings::RotatorPre;
use super::cache::{Cache, CacheError};
use super::compile::compile;
use super::engine::{Ticker, engine, linker};
use super::error::LoadError;
use super::gate::Gate;
use super::guest::Guest;
use super::plugin::SandboxedPlugin;
use crate::call::Session;
use crate::catalog::packed;
use crate::limits::Limits;
use crate::rotation::LogLine;
use crate::secret::Redactor;

/// A packed plugin that is compiled and linked when it is first needed: whatever keeps it from being run
/// at all shows before that.
pub struct Packed {
    bytes: Bytes,
    digest: String,
    manifest: Arc<Manifest>,
    limits: Limits,
    cache: Option<PathBuf>,
    loaded: OnceLock<Loaded>,
}

/// A packed plugin, compiled and linked.
pub(super) struct Loaded {
    pub(super) engine: Engine,
    pub(super) pre: RotatorPre<Guest>,
    warning: Option<CacheError>,
    _ticker: Ticker,
}

impl Packed {
    /// A plugin with the manifest that was read of it. `digest` is the SHA-256 of `bytes`; compiled code is
    /// kept in the folder `cache`, and found again by it.
    #[must_use]
    pub fn new(
        bytes: Bytes,
        digest: String,
        manifest: Manifest,
        limits: &Limits,
        cache: Option<&Path>,
    ) -> Self {
        let (manifest, limits, cache) = (Arc::new(manifest), limits.clone(), cache.map(Path::to_owned));
        Self { bytes, digest, manifest, limits, cache, loaded: OnceLock::new() }
    }

    /// Its manifest.
    #[must_use]
    pub fn manifest(&self) -> &Arc<Manifest> {
        &self.manifest
    }

    /// Makes it ready to be called, unless that was done; with the reason why its compiled code was not kept,
    /// if so: every run will compile it again.
    ///
    /// # Errors
    /// Why it cannot be called here, and what its author should do.
    pub fn load(&self) -> Result<Option<&CacheError>, LoadError> {
        Ok(self.loaded()?.warning.as_ref())
    }

    /// Compiles and links it, unless that was done.
    pub(super) fn loaded(&self) -> Result<&Loaded, LoadError> {
        if let Some(loaded) = self.loaded.get() {
            return Ok(loaded);
        }
        let engine = engine()?;
        let (component, warning) = self.component(&engine)?;
        let linker = linker(&engine).map_err(|error| LoadError::engine(&error))?;
        let pre = linker.instantiate_pre(&component).and_then(RotatorPre::new);
        let pre = pre.map_err(|error| LoadError::not_linkable(&error))?;
        let ticker = Ticker::start(&engine)?;
        Ok(self.loaded.get_or_init(|| Loaded { engine, pre, warning, _ticker: ticker }))
    }

    /// Takes compiled code out of the cache, or compiles it; with the reason why it could not be kept.
    fn component(&self, engine: &Engine) -> Result<(Component, Option<CacheError>), LoadError> {
        let (size, limit) = (self.bytes.len(), self.limits.plugin);
        if size > limit {
            return Err(LoadError::TooLarge { size, limit });
        }
        let Some(folder) = &self.cache else { return Ok((self.compiled(engine)?, None)) };
        let cache = Cache::new(folder, engine);
        Ok(match cache.get(engine, &self.digest) {
            Ok(Some(component)) => (component, None),
            Ok(None) => {
                let component = self.compiled(engine)?;
                let warning = cache.put(&component, &self.digest).err();
                (component, warning)
            }
            Err(warning) => (self.compiled(engine)?, Some(warning)),
        })
    }

    /// Checks the manifest, which takes several times as long as reading it, and compiles: what is kept
    /// compiled was checked then.
    fn compiled(&self, engine: &Engine) -> Result<Component, LoadError> {
        packed::check(&self.manifest)?;
        compile(engine, &self.bytes, self.limits.timeout)
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
    ) -> SandboxedPlugin {
        let session = Session::new(Arc::clone(&self.manifest), redactor.clone());
        let session = Arc::new(Mutex::new(session));
        let limits = limits.clone();
        SandboxedPlugin { packed: Arc::clone(self), limits, gate, redactor, log, session }
    }
}
