//! `make sweep`: shows that pamrun keeps its promises, whatever fails and whenever it is killed.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the experiment talks to people")]

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use pamrun_tests::sweep::Series;

/// Plays every fault at every moment of a rotation with the real pamrun, and judges what is left.
#[derive(Parser)]
struct Args {
    /// The order of the cases, and everything that is left to chance
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only the cases whose name contains this
    #[arg(long)]
    filter: Vec<String>,
    /// Only so many cases
    #[arg(long)]
    sample: Option<usize>,
    /// List the cases and do nothing else
    #[arg(long)]
    list: bool,
    /// Print what each run said
    #[arg(long)]
    verbose: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let mut series = Series::all(args.seed).filter(&args.filter);
    if let Some(count) = args.sample {
        series = series.sample(count);
    }
    if args.list {
        for case in series.cases() {
            println!("{case}");
        }
        return ExitCode::SUCCESS;
    }
    let results = series.play(&progress);
    println!("{results}\n{}", results.complaints());
    if args.verbose {
        for (case, verdict) in results.violated() {
            println!("{case}\n{}", verdict.story);
        }
    }
    println!("sweep: {} cases, {} violations", results.cases(), results.violations());
    if results.violations() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Tells people how far it is; a log is not the place for that.
fn progress(over: usize, of: usize) {
    if std::io::stderr().is_terminal() {
        eprint!("\r{over} of {of} cases");
        if over == of {
            eprintln!();
        }
    }
}
