//! `make sweep`: shows that pamrun keeps its promises, whatever fails and whenever it is killed.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the experiment talks to people")]

use std::io::IsTerminal;
use std::process::ExitCode;

use anyhow::{Error, Result, ensure};
use clap::Parser;
use pamrun_tests::gateway::VaultKind;
use pamrun_tests::sweep::{Crowd, Mutant, Results, Series};

/// How many rotations a crowd makes.
const CROWD: usize = 200;
/// Fewer cases than that prove nothing.
const FEWEST_CASES: usize = 1000;

/// Plays every fault at every moment of a rotation with the real pamrun, and judges what is left.
///
/// Without options, crowds of rotations follow, and mutants of pamrun that some case has to catch.
#[derive(Parser)]
struct Args {
    /// The order of the cases, and everything that is left to chance
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only the cases whose name contains this; may be given more than once
    #[arg(long)]
    filter: Vec<String>,
    /// Only so many cases
    #[arg(long)]
    sample: Option<usize>,
    /// List the cases, and do nothing else
    #[arg(long)]
    list: bool,
    /// Print what all runs said
    #[arg(long)]
    verbose: bool,
    /// Only the crowds
    #[arg(long)]
    crowds: bool,
    /// Only the mutants whose name contains this
    #[arg(long)]
    mutants: Option<String>,
}

fn main() -> Result<ExitCode> {
    let args = Args::parse();
    if let Some(name) = &args.mutants {
        return Ok(exit(catch_mutants(name, &Series::all(args.seed))?.1 == 0));
    }
    if args.crowds {
        return Ok(exit(play_crowds(args.seed, args.verbose) == 0));
    }
    let mut series = Series::all(args.seed).filter(&args.filter);
    if let Some(count) = args.sample {
        series = series.sample(count);
    }
    if args.list {
        series.cases().iter().for_each(|case| println!("{case}"));
        return Ok(ExitCode::SUCCESS);
    }

    let is_whole = args.filter.is_empty() && args.sample.is_none();
    let (results, crowds) = std::thread::scope(|scope| {
        // Crowds wait for each other most of the time.
        let crowds = is_whole.then(|| scope.spawn(|| play_crowds(args.seed, args.verbose)));
        (series.clone().play(&progress), crowds.map(|crowds| crowds.join().unwrap()))
    });
    tell(&results, args.verbose);
    let cases = results.cases();
    let Some(crowds) = crowds else {
        println!("sweep: {cases} cases, {} violations", results.violations());
        return Ok(exit(results.violations() == 0));
    };
    let violations = results.violations() + crowds;
    let (caught, survivors) = catch_mutants("", &series)?;
    ensure!(cases >= FEWEST_CASES, "there were {cases} cases only");
    println!("sweep: {cases} cases, {caught} mutants caught, {violations} violations");
    Ok(exit(violations == 0 && survivors == 0))
}

fn exit(good: bool) -> ExitCode {
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
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

fn tell(results: &Results, verbose: bool) {
    println!("{results}\n{}", results.complaints());
    for (case, verdict) in results.all().filter(|_| verbose) {
        println!("{case}\n{}", verdict.story);
    }
}

/// Plays a crowd in each vault; returns how often a promise was violated.
fn play_crowds(seed: u64, verbose: bool) -> usize {
    let mut violations = 0;
    for (vault, name) in [(VaultKind::File, "file"), (VaultKind::Keeper, "ksm")] {
        let aftermath = Crowd::new(vault).play(CROWD, seed);
        println!(
            "crowd {name}: {} rotations of ten records, eight at a time, {} killed, {} violations",
            aftermath.runs,
            aftermath.killed,
            aftermath.violations.len()
        );
        for violation in &aftermath.violations {
            println!("  {}", if verbose { violation } else { violation.lines().next().unwrap_or_default() });
        }
        violations += aftermath.violations.len();
    }
    violations
}

/// Builds the mutants and plays cases with each until one catches it; returns how many were caught
/// and how many were not.
fn catch_mutants(word: &str, series: &Series) -> Result<(usize, usize)> {
    let (mut caught, mut survivors) = (0, 0);
    for mutant in Mutant::all().iter().filter(|mutant| mutant.name.contains(word)) {
        let binary = mutant.build().map_err(Error::msg)?;
        if let Some(case) = series.clone().with(&binary).beginning_with(&mutant.first).hunt() {
            caught += 1;
            println!("mutant \"{}\": caught by {case}", mutant.name);
        } else {
            survivors += 1;
            println!("mutant \"{}\": SURVIVED", mutant.name);
        }
    }
    Ok((caught, survivors))
}
