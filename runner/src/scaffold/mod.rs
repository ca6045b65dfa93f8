//! Begins a plugin: writes a small project that builds and passes its cases.
//!
//! In: a language and a path whose last part is the plugin's name. Out: a new folder. Touches: that
//! folder alone.

mod embedded;
mod error;
mod project;

pub use error::ScaffoldError;
pub use project::{Project, create};
