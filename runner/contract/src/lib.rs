//! The plugin contract 1.0: what a manifest may say, the HTTP that its requests become, and what is
//! taken of an answer.
//!
//! Pure: no sockets, no files, no Wasmtime, no clock; whoever uses it hands in the time, the random
//! bytes and the answers.

pub mod answer;
pub mod compute;
pub mod filter;
pub mod given;
pub mod path;
pub mod pattern;
pub mod random;
mod rsa_key;
pub mod sign;
mod strict;
mod time;
pub mod value;
