//! Finds the plugin that an operator named.
//!
//! In: a path and a size limit. Out: the file's bytes with their digest, as a [`PluginFile`].
//! Touches: that file; when it is missing, the names beside it.

mod digest;
mod file;

pub use digest::{Digest, DigestError};
pub use file::{CatalogError, PluginFile};
