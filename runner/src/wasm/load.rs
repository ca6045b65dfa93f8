//! From the bytes of a file to a plugin that can be called.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

use super::bindings::{ContractPre, Rotation};
use super::cache::CacheError;
use super::compile::compile;
use super::engine::{Runtime, Ticker};
use super::gate::Gate;
use super::guest::{Guest, Outlet};
use super::inspect::{Inspection, VERSION, inspect};
use super::log::StepLog;
use super::plugin::SandboxedPlugin;
use super::step::Sandbox;
use super::watch::{Exceeded, Watch};
use crate::limits::Limits;
use crate::model::{Manifest, StepName};
use crate::rotation::{LogLine, StepError, clean};
use crate::secret::Redactor;
use crate::units::format_duration;

/// Why a file is no plugin for this host, and what its author should do.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It is not WebAssembly.
    #[error(
        "this is {what}, not WebAssembly; give the .wasm file that it is built to (Rust: --target wasm32-wasip2)"
    )]
    NotWasm {
        /// What it seems to be.
        what: &'static str,
    },
    /// It is WebAssembly, but not whole or not valid.
    #[error("the WebAssembly file is damaged ({0}); build or download it again")]
    Damaged(String),
    /// It is a program.
    #[error(
        "this is a WebAssembly program, with a main function; a plugin is a library: build it with \
         crate-type = [\"cdylib\"] (Rust), -mexec-model=reactor (C) or -buildmode=c-shared (Go)"
    )]
    Program,
    /// It was made for something else.
    #[error(
        "this WebAssembly file does not export pamrun:plugin/rotation, it exports {}; build it against \
         the world `rotator` of pamrun's wit folder (with the Rust SDK: is `export!` there?)",
        listed(.exports)
    )]
    AnotherWorld {
        /// What it exports.
        exports: Vec<String>,
    },
    /// It lacks functions of the interface.
    #[error(
        "the plugin exports pamrun:plugin/rotation without {}; all six functions must be there: \
         implement what is missing, or build the plugin with an SDK, which brings all of them",
        listed(.missing)
    )]
    StepsMissing {
        /// The functions that it lacks.
        missing: Vec<&'static str>,
    },
    /// It was made for another version of us.
    #[error(
        "the plugin speaks version {found} of pamrun:plugin/rotation, and this pamrun speaks {}; \
         {}", ours(), advice(.found)
    )]
    AnotherVersion {
        /// The version that it exports.
        found: String,
    },
    /// It imports something that nobody has for it.
    #[error(
        "the plugin imports {}, which pamrun does not provide: a plugin has WASI 0.2 and \
         pamrun:plugin/log; build it without what needs {}",
        listed(.imports), if .imports.len() == 1 { "that import" } else { "those imports" }
    )]
    NotGranted {
        /// What it imports.
        imports: Vec<String>,
    },
    /// It could not be made a component.
    #[error(
        "the core module could not be made a component ({0}); build it against the world `rotator` \
         of this pamrun's wit folder, or for wasm32-wasip2, which yields a component"
    )]
    NotAdaptable(String),
    /// It does not fit together.
    #[error("the plugin does not fit this pamrun ({0}); build it against this pamrun's wit folder")]
    NotLinkable(String),
    /// It is larger than a plugin may be.
    #[error("the plugin is {size} bytes long and may be {limit}; `plugin` under [limits] raises it")]
    TooLarge {
        /// Its size.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// It takes too long to compile.
    #[error(
        "the plugin was not compiled within {}, which is all the time that a run has; build it for \
         release, with less in it, or raise --timeout", format_duration(*.limit)
    )]
    TooSlow {
        /// The limit.
        limit: Duration,
    },
    /// This machine cannot run WebAssembly.
    #[error("the WebAssembly engine cannot be started: {0}")]
    Engine(String),
}

impl LoadError {
    /// A stable kebab-case word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotWasm { .. } => "not-wasm",
            Self::Damaged(_) => "damaged",
            Self::Program => "not-a-library",
            Self::AnotherWorld { .. } => "another-world",
            Self::StepsMissing { .. } => "steps-missing",
            Self::AnotherVersion { .. } => "another-version",
            Self::NotGranted { .. } => "import-not-granted",
            Self::NotAdaptable(_) => "not-adaptable",
            Self::NotLinkable(_) => "not-linkable",
            Self::TooLarge { .. } => "too-large",
            Self::TooSlow { .. } => "compile-timeout",
            Self::Engine(_) => "engine",
        }
    }

    pub(super) fn engine(error: &wasmtime::Error) -> Self {
        Self::Engine(format!("{error:#}"))
    }

    pub(super) fn not_linkable(error: &wasmtime::Error) -> Self {
        Self::NotLinkable(clean(&format!("{error:#}"), 500))
    }
}

/// Names for people: at most five, so that a plugin with many does not flood the message.
fn listed(names: &[impl AsRef<str>]) -> String {
    const MOST: usize = 5;
    let mut shown: Vec<_> =
        names.iter().take(MOST).map(|name| format!("`{}`", clean(name.as_ref(), 100))).collect();
    let last = match names.len().saturating_sub(MOST) {
        0 => shown.pop(),
        more => Some(format!("{more} more")),
    };
    match last {
        None => "nothing".to_owned(),
        Some(last) if shown.is_empty() => last,
        Some(last) => format!("{} and {last}", shown.join(", ")),
    }
}

fn ours() -> String {
    let (major, minor, patch) = VERSION;
    format!("{major}.{minor}.{patch}")
}

fn advice(found: &str) -> &'static str {
    let mut numbers = found.split('.').map(|number| number.parse::<u32>().unwrap_or_default());
    let found = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
    if found > (VERSION.0, VERSION.1) {
        "update pamrun, or build the plugin with an older SDK"
    } else {
        "build the plugin with the SDK of this pamrun"
    }
}

/// Why a plugin's description of itself is of no use.
#[derive(Debug, thiserror::Error)]
pub enum DescribeError {
    /// `describe` did not return.
    #[error("the plugin could not describe itself: {0}")]
    Stopped(StepError),
    /// It returned something that is no manifest.
    #[error("the plugin's manifest is wrong at line {line}, column {column}, near `{near}`: {message}")]
    Manifest {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// The text that ends there.
        near: String,
        /// What is wrong.
        message: String,
    },
}

/// A plugin, compiled and linked. Clones share the code.
#[derive(Clone)]
pub struct Loaded {
    engine: Engine,
    pre: ContractPre<Guest>,
    pub(super) limits: Limits,
    warning: Option<Arc<CacheError>>,
    _ticker: Arc<Ticker>,
}

pub(super) fn load(runtime: &Runtime, bytes: &[u8], digest: &str) -> Result<Loaded, LoadError> {
    let limit = runtime.limits.timeout;
    let compile = || compile(&runtime.engine, bytes, &inspect(bytes)?, limit);
    let (component, warning) = compiled(runtime, bytes, digest, compile)?;
    Ok(Loaded { warning: warning.map(Arc::new), ..link(runtime, &runtime.linker, &component)? })
}

/// Takes compiled code out of the cache, or compiles it; with the reason why it could not be kept.
pub(super) fn compiled(
    runtime: &Runtime,
    bytes: &[u8],
    digest: &str,
    compile: impl Fn() -> Result<Component, LoadError>,
) -> Result<(Component, Option<CacheError>), LoadError> {
    let limit = runtime.limits.plugin;
    if bytes.len() > limit {
        return Err(LoadError::TooLarge { size: bytes.len(), limit });
    }
    Ok(match &runtime.cache {
        None => (compile()?, None),
        Some(cache) => match cache.get(&runtime.engine, digest) {
            Ok(Some(component)) => (component, None),
            Ok(None) => {
                let component = compile()?;
                let warning = cache.put(&component, digest).err();
                (component, warning)
            }
            Err(warning) => (compile()?, Some(warning)),
        },
    })
}

/// Loads a component that imports more than there is, so that it can at least be described: what
/// nobody provides traps when it is called.
pub(super) fn load_with_gaps(
    runtime: &Runtime,
    bytes: &[u8],
    inspection: &Inspection,
) -> Result<Loaded, LoadError> {
    let component = compile(&runtime.engine, bytes, inspection, runtime.limits.timeout)?;
    let mut linker = runtime.linker.clone();
    linker.define_unknown_imports_as_traps(&component).map_err(|error| LoadError::not_linkable(&error))?;
    link(runtime, &linker, &component)
}

fn link(runtime: &Runtime, linker: &Linker<Guest>, component: &Component) -> Result<Loaded, LoadError> {
    let pre = linker.instantiate_pre(component).and_then(ContractPre::new);
    Ok(Loaded {
        engine: runtime.engine.clone(),
        pre: pre.map_err(|error| LoadError::not_linkable(&error))?,
        limits: runtime.limits.clone(),
        warning: None,
        _ticker: Arc::clone(&runtime.ticker),
    })
}

impl Loaded {
    /// Why the compiled code was not kept, if so: every run will compile it again.
    #[must_use]
    pub fn warning(&self) -> Option<&CacheError> {
        self.warning.as_deref()
    }

    /// Asks the plugin what it is. It runs in a sandbox from which nothing leaves.
    ///
    /// # Errors
    /// When the plugin traps, meets a limit, or returns something that is no manifest.
    pub async fn describe(&self) -> Result<Manifest, DescribeError> {
        let log = StepLog::new(self.limits.log);
        let outlet = Outlet { way: None, watch: Arc::new(Watch::new(StepName::Preflight)) };
        // It has nothing to wait for, so what it may compute is also all the time that it has.
        let text = self
            .sandbox(self.limits.cpu, log, outlet)
            .run(async |guest: &Rotation, store: &mut Store<Guest>| guest.call_describe(store).await)
            .await
            .map_err(DescribeError::Stopped)?;
        if text.len() > self.limits.output {
            let limit = Exceeded::new("output", "the manifest is longer than what a plugin may return");
            return Err(DescribeError::Stopped(limit.into()));
        }
        serde_json::from_str(&text).map_err(|error| DescribeError::Manifest {
            line: error.line(),
            column: error.column(),
            near: near(&text, error.line(), error.column()),
            message: clean(&without_place(&error), 500),
        })
    }

    /// The same plugin within other limits.
    #[must_use]
    pub fn within(&self, limits: &Limits) -> Self {
        Self { limits: limits.clone(), ..self.clone() }
    }

    /// Makes the plugin of one rotation: its requests go through `gate`, what it says is filtered
    /// by `redactor`, and the lines of its log are handed to `log` when their step has ended.
    #[must_use]
    pub fn instantiate(
        &self,
        gate: Arc<Gate>,
        redactor: Redactor,
        log: Rc<dyn Fn(LogLine)>,
    ) -> SandboxedPlugin {
        SandboxedPlugin { loaded: self.clone(), gate, redactor, log }
    }

    pub(super) fn sandbox(&self, budget: Duration, log: StepLog, outlet: Outlet) -> Sandbox<'_> {
        Sandbox { engine: &self.engine, pre: &self.pre, limits: &self.limits, budget, log, outlet }
    }
}

/// The text before a place, for an author who has all of it in one line.
fn near(text: &str, line: usize, column: usize) -> String {
    let line = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let before = line.get(..line.floor_char_boundary(column)).unwrap_or_default();
    let start = before.ceil_char_boundary(before.len().saturating_sub(40));
    clean(before.get(start..).unwrap_or_default(), 200)
}

/// The message of a parser error without its place, which is told apart.
fn without_place(error: &serde_json::Error) -> String {
    let message = error.to_string();
    match message.rsplit_once(" at line ") {
        Some((message, _)) => message.to_owned(),
        None => message,
    }
}
