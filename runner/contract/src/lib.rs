//! The plugin contract 1.0: what a manifest may say, the HTTP that its requests become, and what is
//! taken of an answer.
//!
//! ```text
//! plugin.toml ──> manifest ──> check ──> packed JSON
//!                    │
//! values ────────────┴──> render ──> HTTP ··> answer ──> outputs, secrets, ids
//!                                                └─────> account
//! ```
//!
//! `overview` says what an operator can know of a manifest. `template` knows what references mean and what they may write; `filter`, `compute` and `sign` make values
//! of values.
//!
//! Pure: no sockets, no files, no Wasmtime, no clock; whoever uses it hands in the time, the random
//! bytes and the answers.

pub mod account;
pub mod answer;
#[cfg(test)]
mod any_text;
pub mod check;
pub mod compute;
pub mod filter;
pub mod given;
pub mod manifest;
pub mod nearest;
pub mod overview;
pub mod password;
pub mod path;
pub mod pattern;
pub mod random;
pub mod refusal;
pub mod render;
mod rsa_key;
pub mod sign;
mod strict;
pub mod template;
mod time;
pub mod value;
