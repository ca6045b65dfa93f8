//! Confinement: what a script may touch when the operator says `--confine`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What the operator grants a confined script besides its interpreter, its own file, its working folder
/// and what every program of the system reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Confinement {
    /// Files and folders to read, and to run programs from.
    pub read: Vec<PathBuf>,
    /// Files and folders to read and write.
    pub write: Vec<PathBuf>,
    /// Whether it may open sockets.
    pub network: bool,
}

/// All that a confined script may touch.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Confined {
    pub(super) read: Vec<PathBuf>,
    pub(super) write: Vec<PathBuf>,
    pub(super) network: bool,
}
