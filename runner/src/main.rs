//! The `pamrun` binary: see the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(pamrun::run(std::env::args_os()))
}
