//! `pamrun test`: runs case folders.

mod life;
mod parallel;
mod players;
mod program;
mod sweep;

use std::sync::Arc;
use std::time::{Duration, Instant};

use self::life::{Life, Purpose};
use self::parallel::parallel;
use self::players::Players;
use self::program::Programs;
use self::sweep::{obstacle, sweep};
use super::fault::Fault;
use super::guard;
use crate::cli::{Format, TestArgs, TestSettings, process_environment};
use crate::harness::{Case, Played, Problem, World, find, judge};
use crate::report::{CaseReport, Difference, TestReport, print, render_json, stdout_is_terminal};

/// The exit code when some case failed.
const FAILED: u8 = 1;

/// Carries it out, and returns the exit code.
pub(super) fn test(args: TestArgs) -> Result<u8, Fault> {
    let began = Instant::now();
    let settings = TestSettings::gather(args, &process_environment)?;
    let cases = cases(&settings)?;
    let programs = Programs::new(settings.cache.as_ref());
    let colour = settings.may_colour && stdout_is_terminal();
    let is_text = settings.format == Format::Text;
    let mut report = TestReport::default();
    let say = |text: &str| print(text).map_err(|error| Fault::unwritable(&error));
    let mut tell = |result: CaseReport| {
        if is_text {
            say(&result.render(colour))?;
        }
        report.add(result);
        Ok::<_, Fault>(())
    };
    let jobs = settings.jobs.get();
    parallel(
        jobs,
        &cases,
        |case| try_case(case, &programs),
        |case, tried| {
            let tried = tried.map_err(|fault| in_case(case, fault))?;
            let mut result = tried.report(case, settings.verbose);
            if settings.sweep && result.passed {
                if let Some(why) = obstacle(&tried.players) {
                    result.not_swept = Some(why.to_owned());
                } else {
                    let swept = sweep(case, &tried.players, (&tried.world, &tried.played), jobs);
                    result = swept.map_err(|fault| in_case(case, fault))?;
                }
            }
            tell(result)
        },
    )?;
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
            let case = Case::read(&folder, path).map_err(wrong)?;
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

/// A case that was run.
struct Tried {
    players: Players,
    world: Arc<World>,
    played: Played,
    problems: Vec<Problem>,
    elapsed: Duration,
}

/// Runs one case.
fn try_case(case: &Case, programs: &Programs) -> Result<Tried, Fault> {
    // Compiling is no time of the case's.
    let players = Players::of(case, programs)?;
    let began = Instant::now();
    let world = World::new(&players.setting, None, players.reach())
        .map_err(|problem| Fault::invalid("case", problem, None))?;
    let world = Arc::new(world);
    let life = Life { case, players: &players, world: &world };
    let purpose = match case.expect.again {
        Some(false) => Purpose::Rotate,
        _ => Purpose::RotateAndAskAgain,
    };
    let played = guard::catch(|| life.live(purpose)).unwrap_or_else(|place| Err(Fault::panicked(&place)))?;
    let played = played.unwrap_or_default();
    let problems = judge(&case.expect, &world, &played);
    Ok(Tried { players, world, played, problems, elapsed: began.elapsed() })
}

impl Tried {
    fn report(&self, case: &Case, is_verbose: bool) -> CaseReport {
        let problems = self.problems.iter().cloned().map(difference).collect();
        let mut report = CaseReport::new(&case.name, &case.path, self.elapsed, problems);
        if is_verbose {
            report.exchange = self.world.exchanges().into_iter().map(|exchange| exchange.shown).collect();
            report.log.clone_from(&self.played.log);
        }
        report
    }
}

fn difference(problem: Problem) -> Difference {
    Difference { what: problem.what, expected: problem.expected, found: problem.found }
}

/// Says in which case it is that something is wrong.
fn in_case(case: &Case, fault: Fault) -> Fault {
    Fault { message: format!("{}: {}", case.path.display(), fault.message), ..fault }
}
