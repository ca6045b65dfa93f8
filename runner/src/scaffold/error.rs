//! Why no project was made.

use std::io;
use std::path::PathBuf;

/// Why no project was made; nothing is left behind.
#[derive(Debug, thiserror::Error)]
pub enum ScaffoldError {
    /// The name cannot be a plugin's.
    #[error(
        "`{name}` cannot be the name of a plugin: it must be lower-case letters, digits and single `-` between them, begin with a letter, and have at most 64 characters"
    )]
    Name {
        /// The name.
        name: String,
    },
    /// There is something at the path.
    #[error("{} exists already; choose another name, or remove it", path.display())]
    Taken {
        /// The path.
        path: PathBuf,
    },
    /// The folder could not be written.
    #[error("{} could not be written: {error}", path.display())]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
}
