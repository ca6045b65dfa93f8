//! The `pamrun` binary: see the library.

fn main() {}
