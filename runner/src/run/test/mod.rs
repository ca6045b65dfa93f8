//! `pamrun test`: runs case folders.

mod life;
mod program;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use self::life::Life;
use self::program::Programs;
use super::fault::Fault;
use super::guard;
use crate::cli::{Format, TestArgs, TestSettings, process_environment};
use crate::harness::{Case, Problem, World, find, judge};
use crate::report::{CaseReport, Difference, TestReport, print, render_json, stdout_is_terminal};

/// The exit code when some case failed.
const FAILED: u8 = 1;

/// Carries it out, and returns the exit code.
pub(super) fn test(args: TestArgs) -> Result<u8, Fault> {
    let began = Instant::now();
    let settings = TestSettings::gather(args, &process_environment)?;
    let cases = cases(&settings)?;
    let programs = Programs::new(settings.cache.as_ref())?;
    let colour = settings.may_colour && stdout_is_terminal();
    let is_text = settings.format == Format::Text;
    let mut report = TestReport::default();
    let say = |text: &str| print(text).map_err(|error| Fault::unwritable(&error));
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        let (told, results) = mpsc::channel();
        for _ in 0..settings.jobs.map_or(1, NonZeroUsize::get).min(cases.len()) {
            let (told, next, cases, programs, settings) = (told.clone(), &next, &cases, &programs, &settings);
            scope.spawn(move || {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if told.send(try_case(case, programs, settings)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(told);
        for result in results {
            let result = result?;
            if is_text {
                say(&result.render(colour))?;
            }
            report.add(result);
        }
        Ok::<_, Fault>(())
    })?;
    report.end(began.elapsed());
    match settings.format {
        Format::Text => say(&report.summary(colour))?,
        Format::Json => {
            let text = render_json(&report, stdout_is_terminal());
            say(&text.map_err(|error| Fault::unwritable(&error.into()))?)?;
        }
    }
    Ok(if report.failed == 0 { 0 } else { FAILED })
}

/// Reads all cases before any is run: a mistake in one is told at once.
fn cases(settings: &TestSettings) -> Result<Vec<Case>, Fault> {
    let wrong = |error: crate::harness::CaseError| Fault::invalid("case", error.to_string(), None);
    let mut cases = Vec::new();
    for path in &settings.paths {
        for folder in find(path).map_err(wrong)? {
            let case = Case::read(&folder).map_err(wrong)?;
            if settings.filter.as_ref().is_none_or(|part| folder.to_string_lossy().contains(part.as_str())) {
                cases.push(case);
            }
        }
    }
    if cases.is_empty() {
        return Err(Fault::invalid("usage", "no case fits the filter", None));
    }
    Ok(cases)
}

/// Runs one case.
fn try_case(case: &Case, programs: &Programs, settings: &TestSettings) -> Result<CaseReport, Fault> {
    // Compiling is no time of the case's.
    let program = programs.get(&case.run).map_err(|fault| in_case(case, fault))?;
    let began = Instant::now();
    let setting = Arc::new(case.setting.clone());
    let world = World::new(&setting, None);
    let world = Arc::new(world.map_err(|problem| in_case(case, Fault::invalid("case", problem, None)))?);
    let life = Life { case, program: &program, world: &world };
    let asks_again = case.expect.again != Some(false);
    let played = guard::catch(|| life.live(asks_again)).unwrap_or_else(|place| Err(Fault::panicked(&place)));
    let played = played.map_err(|fault| in_case(case, fault))?.unwrap_or_default();
    let problems = judge(&case.expect, &world, &played).into_iter().map(difference).collect();
    let mut report = CaseReport::new(&case.name, &case.path, began.elapsed(), problems);
    if settings.verbose {
        report.exchange = world.exchanges().into_iter().map(|exchange| exchange.shown).collect();
        report.log = played.log;
    }
    Ok(report)
}

fn difference(problem: Problem) -> Difference {
    Difference { what: problem.what, expected: problem.expected, found: problem.found }
}

/// Says in which case it is that something is wrong.
fn in_case(case: &Case, fault: Fault) -> Fault {
    Fault { message: format!("{}: {}", case.path.display(), fault.message), ..fault }
}
