//! TLS on loopback: one authority per process, a server that can misbehave, a proxy, and a plain client.

mod acts;
mod authority;
mod client;
mod listener;
mod proxy;
mod server;

pub(crate) use acts::Acting;
pub use acts::{Acts, Moment};
pub use authority::Authority;
pub use client::{Client, Reply};
pub use proxy::Proxy;
pub use server::{Answer, Delivery, Received, Server, Site};
