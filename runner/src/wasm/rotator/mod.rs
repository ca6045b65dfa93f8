//! Plugins of contract 1.0: they call declared requests, and neither HTTP nor a secret reaches them.

mod bindings;
mod convert;
mod guest;
mod load;
mod passage;
mod plugin;
mod step;

pub use load::{LoadedRotator, Packed};
pub use plugin::RotatorPlugin;
