//! The plugin contract 1.0: what a manifest may say, the HTTP that its requests become, and what is
//! taken of an answer.
//!
//! Pure: no sockets, no files, no Wasmtime, no clock; whoever uses it hands in the time, the random
//! bytes and the answers.
