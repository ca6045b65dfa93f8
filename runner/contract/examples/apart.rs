//! Plays random pairs of requests until as many million were compared as the argument says, 10 by default:
//!
//!     cargo run --release -p pamrun-contract --example apart -- 10

#[path = "../tests/support/pairs.rs"]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]
mod pairs;

#[expect(clippy::print_stdout, reason = "this is a program for people")]
fn main() {
    let millions = std::env::args().nth(1).and_then(|argument| argument.parse::<u64>().ok()).unwrap_or(10);
    let mut dice = pairs::Dice(0x2545_f491_4f6c_dd1d);
    let mut seen = pairs::Seen::default();
    let begin = std::time::Instant::now();
    while seen.pairs < millions * 1_000_000 {
        pairs::play(&mut dice, 48, &mut seen);
    }
    println!("{seen:?} in {:.0?}: none of an accepted manifest rendered equal", begin.elapsed());
}
