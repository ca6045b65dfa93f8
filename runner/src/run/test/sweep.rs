//! `--sweep`: each case once more for every fault at every moment, and what pamrun promises, judged
//! after each.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::life::{Life, Purpose};
use super::parallel::parallel;
use super::players::Players;
use crate::harness::{Case, Fault as Disturbance, Played, Promises, Reach, Stage, World};
use crate::report::{CaseReport, Difference};
use crate::run::fault::Fault;
use crate::run::guard;

/// How long nothing is done before what is left is settled: nothing can be on its way any more.
const QUIET: Duration = Duration::from_mins(2);

/// Why a case cannot be swept.
pub(super) fn obstacle(players: &Players) -> Option<&'static str> {
    (players.reach() == Reach::Loopback).then_some(
        "it is not swept, but played once: a script runs in the machine's time, in which all the waiting after \
         faults would take hours",
    )
}

/// Replays a case with every fault; `undisturbed` is how it went without one.
pub(super) fn sweep(
    case: &Case,
    players: &Players,
    undisturbed: (&World, &Played),
    jobs: usize,
) -> Result<CaseReport, Fault> {
    let began = Instant::now();
    let (world, played) = undisturbed;
    let faults = Disturbance::all(world);
    let mut problems = Vec::new();
    parallel(
        jobs,
        &faults,
        |fault| replay(case, players, played, *fault),
        |fault, broken| {
            let broken = broken?;
            if !broken.is_empty() {
                let what = format!("{}\n{}", fault.told(world), broken.join("\n"));
                problems.push(Difference { what, expected: None, found: None });
            }
            Ok::<_, Fault>(())
        },
    )?;
    let mut report = CaseReport::new(&case.name, &case.path, began.elapsed(), problems);
    report.faults = Some(faults.len());
    if !world.declares_credentials() {
        report.notes.push(
            "the record holds no [[credential]] of the case, so that only words and secrets are judged"
                .to_owned(),
        );
    }
    Ok(report)
}

/// Plays a case with one fault, then a run without, and settles what is left; returns what was
/// promised and not kept.
fn replay(
    case: &Case,
    players: &Players,
    undisturbed: &Played,
    fault: Disturbance,
) -> Result<Vec<String>, Fault> {
    let world = World::new(&players.setting, Some(fault), players.reach())
        .map_err(|problem| Fault::invalid("case", problem, None))?;
    let world = Arc::new(world);
    let mut promises = Promises::new(&world, undisturbed);
    let life = Life { case, players, world: &world };
    for (stage, purpose) in [
        (Stage::Disturbed, Purpose::Rotate),
        (Stage::Next, Purpose::Rotate),
        (Stage::Recovery, Purpose::Settle),
    ] {
        if stage == Stage::Recovery {
            world.time.skip(QUIET);
        }
        let lived = guard::catch(|| life.live(purpose)).unwrap_or_else(|place| Err(Fault::panicked(&place)));
        world.calm();
        promises.judge(stage, lived?.as_ref());
    }
    let mut broken = promises.broken;
    if !broken.is_empty() {
        broken.extend(world.unmatched());
    }
    Ok(broken)
}
