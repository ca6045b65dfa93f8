//! Why a packed plugin cannot be made ready here, and what to do.

use std::time::Duration;

use crate::catalog::packed::PackedError;
use crate::rotation::clean;
use crate::units::format_duration;

/// Why a packed plugin cannot be made ready here, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It is WebAssembly, but not whole or not valid.
    #[error("the WebAssembly file is damaged ({0}); build or download it again")]
    Damaged(String),
    /// Its manifest breaks the contract.
    #[error(transparent)]
    Manifest(#[from] PackedError),
    /// It imports or exports something else than a plugin does.
    #[error("the plugin does not fit this pamrun ({0}); `pamrun plugin check` tells more")]
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
            Self::Damaged(_) => "damaged",
            Self::Manifest(error) => error.code(),
            Self::NotLinkable(_) => "not-linkable",
            Self::TooLarge { .. } => "too-large",
            Self::TooSlow { .. } => "compile-timeout",
            Self::Engine(_) => "engine",
        }
    }

    pub(super) fn engine(error: &wasmtime::Error) -> Self {
        Self::Engine(format!("{error:#}"))
    }

    pub(super) fn damaged(error: &wasmtime::Error) -> Self {
        Self::Damaged(clean(&format!("{error:#}"), 500))
    }

    pub(super) fn not_linkable(error: &wasmtime::Error) -> Self {
        Self::NotLinkable(clean(&format!("{error:#}"), 500))
    }
}
