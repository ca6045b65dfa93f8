//! TLS on loopback: one authority per process, a server that can misbehave, and a plain client.

mod authority;
mod client;
mod server;

pub use authority::Authority;
pub use client::{Client, Reply};
pub use server::{Answer, Delivery, Received, Server, Site};
