//! Plugins that are built in, and hand the new value to somebody on this machine.
//!
//! In: a step's request. Out: what a plugin answers. Touches: the file that the operator named, and the
//! folder that it is in.

mod file;
mod place;

#[cfg(test)]
mod tests;

pub use file::FileDelivery;
