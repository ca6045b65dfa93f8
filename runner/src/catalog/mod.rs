//! Finds the plugin that an operator named.
//!
//! In: a path and a size limit. Out: the file's bytes with their digest, as a [`PluginFile`], and its manifest.
//! Touches: that file; when it is missing, the names beside it; and the file that a plugin is packed to.

mod digest;
mod file;
mod output;
pub mod packed;
mod seems;

pub use digest::{Digest, DigestError};
pub use file::{CatalogError, PluginFile};
pub use output::{check_output, write};
pub use seems::seems;
