//! `make bench`: what a start of pamrun, a script and a whole rotation cost, beside the script's own
//! interpreter and a plain native program that makes the same requests.
//!
//! Everything is a process of its own, timed from before its start to after its end, in turns: what
//! disturbs the machine disturbs all of them. Each run has a cloud, a vault and a line of its own,
//! made before its time begins, so that all runs of a kind do the same work.

#![expect(clippy::print_stdout, reason = "a benchmark talks to people")]

mod contest;
mod measure;
mod trivial;

use contest::{Contest, requests};
use measure::Samples;
use trivial::Trivial;

/// How often each is run; `PAMRUN_BENCH_ROUNDS` says otherwise.
const ROUNDS: usize = 50;
/// Compiling takes too long to be done in every round.
const ROUNDS_PER_COMPILE: usize = 10;

fn main() {
    let rounds = std::env::var("PAMRUN_BENCH_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let contest = Contest::new();
    let [mut nothing, mut refused, mut compiled] =
        [Samples::default(), Samples::default(), Samples::default()];
    let [mut pamrun, mut straight] = [Samples::default(), Samples::default()];
    let [mut interpreter, mut script] = [Samples::default(), Samples::default()];
    for round in 0..rounds {
        nothing.add(&Contest::nothing());
        let trivial = Trivial::new();
        interpreter.add(&trivial.alone());
        script.add(&trivial.with_pamrun());
        refused.add(&contest.refused());
        let (measured, ours) = contest.rotation();
        pamrun.add(&measured);
        let (measured, theirs) = Contest::straight();
        straight.add(&measured);
        assert_eq!(requests(&ours), requests(&theirs), "the two do not make the same requests");
        if round == 0 {
            println!(
                "{rounds} rounds; a rotation is {} requests over 2 connections\n",
                ours.cloud.requests().len()
            );
        }
        if round % ROUNDS_PER_COMPILE == 0 {
            compiled.add(&Contest::compiled());
        }
    }
    println!("{:42} {:>9} {:>9} {:>9}", "", "median", "fastest", "memory");
    println!("{:42} {nothing}", "start and end: --version");
    println!("{:42} {refused}", "exec, refused after `describe`");
    println!("{:42} {compiled}", "the same, compiling the plugin first");
    println!("{:42} {interpreter}", "a script that reads its line: sh");
    println!("{:42} {script}", "a script that reads its line: pamrun");
    println!(
        "{:42} {:>6.1} ms {:>6.1} ms",
        "pamrun − sh",
        script.median() - interpreter.median(),
        script.fastest() - interpreter.fastest()
    );
    println!("{:42} {pamrun}", "a whole rotation: pamrun");
    println!("{:42} {straight}", "a whole rotation: a straight program");
    println!(
        "{:42} {:>9.2} {:>9.2}",
        "pamrun ÷ straight",
        pamrun.median() / straight.median(),
        pamrun.fastest() / straight.fastest()
    );
    println!("\nprocesses that wanted to run, at the end: {}", load());
}

/// The load of the machine over the last one, five and fifteen minutes: whoever shares it shares the time.
fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').take(3).collect::<Vec<_>>().join(", ")
}
