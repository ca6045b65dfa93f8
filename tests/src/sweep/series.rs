//! A series of cases, played many at a time: they wait more than they compute.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::answer::Answered;
use super::case::{Case, Verdict};
use super::fault::Fault;
use super::scenario::Scenario;
use super::seed::Chance;
use crate::gateway::binary;

/// How many cases one core plays at a time.
const PER_CORE: usize = 32;
/// How many cases are played at a time until one has a violation: the first ones will do.
const HUNTERS: usize = 6;

/// Cases, in the order in which they are played.
#[derive(Clone)]
pub struct Series {
    seed: u64,
    binary: PathBuf,
    cases: Vec<Case>,
}

/// What came of a series.
pub struct Results {
    seed: u64,
    results: Vec<(Case, Verdict)>,
}

/// Is told how many cases are over, of how many.
pub type Progress<'a> = &'a (dyn Fn(usize, usize) + Sync);

impl Series {
    /// All cases of all scenarios, in an order that follows from the seed.
    pub fn all(seed: u64) -> Self {
        let lists: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                Scenario::ALL.iter().map(|scenario| scope.spawn(|| Case::of(scenario))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let mut cases: Vec<_> = lists.into_iter().flatten().chain(Case::odd_answers()).collect();
        Chance::new(seed, "order").shuffle(&mut cases);
        Self { seed, binary: binary(), cases }
    }

    /// Only the cases whose name contains every one of these words.
    #[must_use]
    pub fn filter(mut self, words: &[impl AsRef<str>]) -> Self {
        let fits = |case: &Case| words.iter().all(|word| case.to_string().contains(word.as_ref()));
        self.cases.retain(fits);
        self
    }

    /// Only so many, the first of the order.
    #[must_use]
    pub fn sample(mut self, count: usize) -> Self {
        self.cases.truncate(count);
        self
    }

    /// Those that contain the word first; the order is otherwise kept.
    #[must_use]
    pub fn beginning_with(mut self, word: &str) -> Self {
        self.cases.sort_by_key(|case| !case.to_string().contains(word));
        self
    }

    /// With another binary than the one under test.
    #[must_use]
    pub fn with(mut self, binary: &Path) -> Self {
        binary.clone_into(&mut self.binary);
        self
    }

    /// The cases.
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// Plays all cases.
    pub fn play(self, progress: Progress<'_>) -> Results {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        self.play_until(cores * PER_CORE, progress, |_| false)
    }

    /// Plays the cases until one shows that a promise is violated; returns its name and the first
    /// violation.
    pub fn hunt(self) -> Option<String> {
        let shows = |verdict: &Verdict| verdict.is_played && !verdict.violations.is_empty();
        let results = self.play_until(HUNTERS, &|_, _| {}, shows);
        let (case, verdict) = results.all().find(|(_, verdict)| shows(verdict))?;
        Some(format!("{case} ({})", verdict.violations[0]))
    }

    fn play_until(
        self,
        at_a_time: usize,
        progress: Progress<'_>,
        is_wanted: impl Fn(&Verdict) -> bool + Sync,
    ) -> Results {
        let (next, over) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let stop = AtomicBool::new(false);
        let results = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..at_a_time.min(self.cases.len()) {
                scope.spawn(|| {
                    while !stop.load(Ordering::SeqCst) {
                        let Some(case) = self.cases.get(next.fetch_add(1, Ordering::SeqCst)) else { return };
                        let verdict = case.play(self.seed, &self.binary);
                        stop.fetch_or(is_wanted(&verdict), Ordering::SeqCst);
                        results.lock().unwrap().push((case.clone(), verdict));
                        progress(over.fetch_add(1, Ordering::SeqCst) + 1, self.cases.len());
                    }
                });
            }
        });
        let mut results = results.into_inner().unwrap();
        results.sort_by_key(|(case, _): &(Case, Verdict)| case.to_string());
        Results { seed: self.seed, results }
    }
}

impl Results {
    /// How many cases there were.
    pub fn cases(&self) -> usize {
        self.results.len()
    }

    /// How many cases violated a promise.
    pub fn violations(&self) -> usize {
        self.violated().count()
    }

    /// All cases, and what came of them.
    pub fn all(&self) -> impl Iterator<Item = &(Case, Verdict)> {
        self.results.iter()
    }

    /// The cases that violated a promise.
    pub fn violated(&self) -> impl Iterator<Item = &(Case, Verdict)> {
        self.results.iter().filter(|(_, verdict)| !verdict.violations.is_empty())
    }

    /// What was violated, case by case, with the command that plays it again.
    pub fn complaints(&self) -> String {
        let complaint = |(case, verdict): &(Case, Verdict)| {
            let list: Vec<_> = verdict.violations.iter().map(|line| format!("  {line}\n")).collect();
            format!(
                "{case}\n{}  again: target/release/sweep --seed {} --filter {case} --verbose\n",
                list.concat(),
                self.seed
            )
        };
        self.violated().map(complaint).collect()
    }
}

/// A table: a line for each fault, a column for each scenario; in it how many cases there were and, in
/// brackets, how many of them violated a promise.
impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut cells: BTreeMap<(&str, &str), (usize, usize)> = BTreeMap::new();
        for (case, verdict) in &self.results {
            let (row, column) = case.cell();
            for (fault, scenario) in [(row, column), (row, TOTAL), (TOTAL, column), (TOTAL, TOTAL)] {
                let cell = cells.entry((fault, scenario)).or_default();
                cell.0 += 1;
                cell.1 += usize::from(!verdict.violations.is_empty());
            }
        }
        let columns: Vec<_> =
            Scenario::ALL.iter().map(|scenario| scenario.name).chain([Answered::COLUMN, TOTAL]).collect();
        write!(f, "{:18}", "")?;
        for column in &columns {
            write!(f, " {column:>WIDTH$}")?;
        }
        writeln!(f)?;
        for fault in Fault::ALL.iter().map(|(name, _)| *name).chain([Answered::ROW, TOTAL]) {
            write!(f, "{fault:18}")?;
            for column in &columns {
                let text = match cells.get(&(fault, *column)) {
                    None => "·".to_owned(),
                    Some((cases, 0)) => cases.to_string(),
                    Some((cases, violated)) => format!("{cases} ({violated})"),
                };
                write!(f, " {text:>WIDTH$}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

const TOTAL: &str = "all";
const WIDTH: usize = 15;
