//! The settings of `test`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use super::config::Config;
use super::settings::Layers;
use super::{CliError, Environment, Format, StateFolder, TestArgs, state, values};

/// The settings of one `test`, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestSettings {
    /// Case folders, or folders that hold some.
    pub paths: Vec<PathBuf>,
    /// What the path of a case must contain.
    pub filter: Option<String>,
    /// Whether each case is replayed with every fault.
    pub sweep: bool,
    /// How many cases run at the same time.
    pub jobs: NonZeroUsize,
    /// How the results are printed.
    pub format: Format,
    /// Whether to show what was sent and answered.
    pub verbose: bool,
    /// Whether colour is welcome on a terminal.
    pub may_colour: bool,
    /// Where compiled plugins are kept, if there is a place for them.
    pub cache: Option<StateFolder>,
}

impl TestSettings {
    /// Puts the settings together. The configuration file does not count: a case is the same for
    /// everybody.
    ///
    /// # Errors
    /// The first value that is wrong.
    pub fn gather(args: TestArgs, environment: Environment<'_>) -> Result<Self, CliError> {
        let layers = Layers { environment, config: &Config::default() };
        let state = state::locate(layers.one("state-dir", args.state_dir)?.as_ref(), environment)?;
        let cache = StateFolder::open(&state).and_then(|state| state.folder("cache"));
        Ok(Self {
            paths: args.paths,
            filter: args.filter,
            sweep: args.sweep,
            jobs: args
                .jobs
                .or_else(|| std::thread::available_parallelism().ok())
                .unwrap_or(NonZeroUsize::MIN),
            format: layers.checked("format", args.format, values::format)?.unwrap_or(Format::Text),
            verbose: args.verbose,
            may_colour: environment("NO_COLOR").is_none_or(|value| value.is_empty()),
            // Compiling again costs seconds, and is no reason not to test.
            cache: cache.ok(),
        })
    }
}
