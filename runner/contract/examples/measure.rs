//! How long it takes to read and to check a manifest, as the best of many times:
//!
//!     cargo run --release -p pamrun-contract --example measure -- tests/cases/contract/*/plugin.toml

use std::time::{Duration, Instant};

use pamrun_contract::check::{check, check_source};
use pamrun_contract::manifest::read_packed;

fn best(times: u32, mut run: impl FnMut()) -> Duration {
    let one = || {
        let begin = Instant::now();
        run();
        begin.elapsed()
    };
    std::iter::repeat_with(one).take(times as usize).min().unwrap_or_default()
}

#[expect(clippy::print_stdout, reason = "this is a program for people")]
#[expect(clippy::disallowed_methods, reason = "it reads the files that it is named")]
fn main() {
    for path in std::env::args().skip(1) {
        let Ok(text) = std::fs::read_to_string(&path) else {
            println!("{path}: it cannot be read");
            continue;
        };
        let (manifest, packed) = match check_source(&text) {
            Ok(checked) => checked,
            Err(refusals) => {
                println!("{path}:\n{refusals}");
                continue;
            }
        };
        let read = best(50, || drop(read_packed(packed.as_bytes())));
        let checked = best(10, || drop(check(&manifest)));
        println!("{:6} bytes: read in {read:9.1?}, checked in {checked:9.1?}: {path}", packed.len());
    }
}
