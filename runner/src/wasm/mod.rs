//! Runs a plugin in a sandbox: the runtime, and the one gate through which it reaches a network.
//!
//! In: the bytes of a plugin; then, step by step, a request and a grant. Out: a
//! [`Plugin`](crate::rotation::Plugin), its manifest, what an inspection shows, lines for the log.
//! May touch: Wasmtime, the folder of compiled code (`cache`), sockets (`dial`). Prints nothing.

mod adapt;
mod bindings;
mod bodies;
mod cache;
mod compile;
mod componentize;
mod convert;
mod dial;
mod engine;
mod gate;
mod guest;
mod inspect;
mod load;
mod log;
mod network;
mod peer;
mod plugin;
mod pool;
mod prune;
mod rotator;
mod step;
mod suspects;
#[cfg(test)]
mod tests;
mod time;
mod trust;
mod unfit;
mod watch;

pub use cache::CacheError;
pub use componentize::{check_component, componentize};
pub use dial::Resolve;
pub use engine::Runtime;
pub use gate::Gate;

pub use inspect::{Inspection, Tool, inspect, look_into};
pub use load::{DescribeError, LoadError, Loaded};
pub use network::{NetworkError, NetworkOptions};
pub use peer::{NoAnswer, Peer, Recorder, Sent};
pub use plugin::SandboxedPlugin;
pub use rotator::{LoadedRotator, Packed, RotatorPlugin};
pub use time::Time;
pub use unfit::GuestError;
