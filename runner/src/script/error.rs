//! Why a script cannot be run.

use std::io;
use std::path::PathBuf;

/// Why a script cannot be run. Nothing was started.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// Nothing says what runs it.
    #[error(
        "nothing says what runs {path}: it has no `#!` line, no known ending (.py, .sh, .ps1, .js …) and is \
         not executable; name the program with --interpreter"
    )]
    NoInterpreter {
        /// The script.
        path: PathBuf,
    },
    /// What runs it is not there.
    #[error(
        "{program}, which is to run {path} ({reason}), is not on this machine; {provider}, or name another program with --interpreter"
    )]
    MissingInterpreter {
        /// The script.
        path: PathBuf,
        /// The program.
        program: String,
        /// Who says so.
        reason: &'static str,
        /// What to install.
        provider: &'static str,
    },
    /// It says something about its steps that makes no sense.
    #[error("the script's `pamrun:` line (line {line}): {problem}")]
    Head {
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// It is no SaaS plugin that can be run.
    #[error("{name} cannot be run as a SaaS plugin: {problem}")]
    Unfit {
        /// The plugin's file.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The Python that is to run a SaaS plugin lacks what that needs.
    #[error("{name} cannot be run yet: {problem}")]
    RequirementsMissing {
        /// The plugin's file.
        name: String,
        /// What is missing, and how to install it.
        problem: String,
    },
    /// This machine cannot confine it.
    #[error(
        "--confine cannot be kept on this machine: {0}; without it the script would run unconfined, so that is left to you"
    )]
    NotConfinable(String),
    /// There is no folder for it to work in.
    #[error("the script's working folder cannot be made in {path}: {source}")]
    Folder {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The processes that it leaves behind could not be found again.
    #[error("the system does not let pamrun look after what the script starts: {0}")]
    Supervision(io::Error),
}

impl ScriptError {
    /// A stable kebab-case word for the outcome document.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoInterpreter { .. } => "interpreter-unknown",
            Self::MissingInterpreter { .. } => "interpreter-missing",
            Self::Head { .. } => "script-head",
            Self::Unfit { .. } => "plugin-unfit",
            Self::RequirementsMissing { .. } => "requirements-missing",
            Self::NotConfinable(_) => "not-confinable",
            Self::Folder { .. } => "work-folder",
            Self::Supervision(_) => "not-supervisable",
        }
    }
}
