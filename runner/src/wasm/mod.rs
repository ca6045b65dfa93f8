//! Runs a plugin in a sandbox: the runtime, and the one gate through which its declared requests reach a network.
//!
//! In: the bytes of a packed plugin; then, step by step, a request and a grant. Out: a
//! [`Plugin`](crate::rotation::Plugin), what an inspection shows, lines for the log.
//! May touch: Wasmtime, the folder of compiled code (`cache`), sockets (`dial`). Prints nothing.

mod bindings;
mod bodies;
mod cache;
mod compile;
mod componentize;
mod convert;
mod dial;
mod engine;
mod error;
mod gate;
mod guest;
mod inspect;
mod load;
mod log;
mod lost;
mod memory;
mod network;
mod passage;
mod peer;
mod plugin;
mod pool;
mod prune;
mod step;
#[cfg(test)]
mod tests;
mod time;
mod trust;
mod unfit;
mod watch;

pub use cache::CacheError;
pub use componentize::{check_component, componentize};
pub use dial::Resolve;
pub use error::LoadError;
pub use gate::Gate;
pub use inspect::{Inspection, Tool, look_into};
pub use load::Packed;
pub use network::{NetworkError, NetworkOptions};
pub use peer::{NoAnswer, Peer, Recorder, Sent};
pub use plugin::SandboxedPlugin;
pub use time::Time;
pub use unfit::GuestError;
