//! The plugins and scripts under test, each loaded once.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::catalog::{PluginFile, packed};
use crate::cli::StateFolder;
use crate::limits::Limits;
use crate::report::PluginInfo;
use crate::run::fault::Fault;
use crate::wasm::Packed;

/// What is under test.
pub(super) enum Program {
    /// A plugin in the sandbox, ready to run.
    Plugin { packed: Arc<Packed>, info: PluginInfo },
    /// A script.
    Script(Box<PluginFile>),
}

type Slot = Arc<Mutex<Option<Arc<Program>>>>;

/// All plugins and scripts that the cases name.
pub(super) struct Programs {
    /// The folder of compiled code, if there is a place for it.
    cache: Option<PathBuf>,
    loaded: Mutex<HashMap<PathBuf, Slot>>,
}

impl Programs {
    /// Has none yet; keeps compiled code in `cache`.
    pub(super) fn new(cache: Option<&StateFolder>) -> Self {
        Self { cache: cache.map(|cache| cache.path().to_owned()), loaded: Mutex::default() }
    }

    /// Loads one, or waits until somebody else has.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn get(&self, path: &Path) -> Result<Arc<Program>, Fault> {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let slot = {
            let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(loaded.entry(path.clone()).or_default())
        };
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(program) = &*slot {
            return Ok(Arc::clone(program));
        }
        let program = Arc::new(self.load(&path)?);
        *slot = Some(Arc::clone(&program));
        Ok(program)
    }

    fn load(&self, path: &Path) -> Result<Program, Fault> {
        let file = PluginFile::read(path, Limits::default().plugin)?;
        if !file.is_wasm() {
            return Ok(Program::Script(Box::new(file)));
        }
        let manifest = packed::manifest(&file.bytes).map_err(|error| Fault::unpacked(path, &error))?;
        let info = PluginInfo::wasm(&manifest.name, &manifest.version, file.digest);
        let (digest, limits) = (file.digest.to_string(), Limits::default());
        let unfit = |error| Fault::unfit(path, &error);
        let packed = Packed::new(file.bytes, digest, manifest, &limits, self.cache.as_deref());
        packed.load().map_err(unfit)?;
        Ok(Program::Plugin { packed: Arc::new(packed), info })
    }
}
