//! Disturbed rotations: one fault at one place of one scenario, played with the real binary and judged.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use super::case::Verdict;
use super::fault::Fault;
use super::journal::Journal;
use super::place::Place;
use super::promises::{Judge, Stage};
use super::scenario::Scenario;
use super::seed::Chance;
use super::world::World;
use crate::gateway::{Run, Signal, Victim};

/// One fault at one place of one scenario.
#[derive(Debug, Clone)]
pub struct Disturbed {
    /// What is rotated, and how.
    pub scenario: &'static Scenario,
    /// When something goes wrong.
    pub place: Place,
    /// What goes wrong.
    pub fault: Fault,
}

/// What a fault does to the run itself.
#[derive(Default)]
pub(super) struct Disturbance {
    pub victim: Victim,
    /// The most that a file may take, in bytes.
    pub file_limit: Option<u64>,
    /// The entry of the journal at which it is killed, and how long after.
    pub death_at_entry: Option<(usize, Duration)>,
    /// More options.
    pub flags: &'static [(&'static str, &'static str)],
}

impl fmt::Display for Disturbed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.scenario.name, self.place, self.fault.name())
    }
}

impl Disturbed {
    /// Lists all cases of a scenario, for the places that an undisturbed rotation shows.
    pub fn of(scenario: &'static Scenario) -> Vec<Self> {
        let mut cases = Vec::new();
        for place in scenario.places() {
            let fitting = Fault::ALL.into_iter().map(|(_, fault)| fault).filter(|fault| fault.fits(&place));
            cases.extend(fitting.map(|fault| Self { scenario, place: place.clone(), fault }));
        }
        cases
    }

    /// Plays it with `binary`: a run with the fault, at once the next run without, and settling when nothing can be
    /// on its way any more.
    pub(super) fn play(&self, seed: u64, binary: &Path) -> Verdict {
        let world = World::new(self.scenario, binary);
        if self.fault == Fault::DiskFull {
            world.lengthen_journal();
        }
        let disturbance = self.fault.plant(&self.place, &world, Chance::new(seed, &self.to_string()));
        world.let_others_work();
        let mut judge = Judge::new(&world, self.fault);
        let disturbed = run(&world, disturbance);
        judge.see();
        world.calm();
        world.land();
        judge.judge(Stage::Disturbed, &disturbed);

        let next = world.exec().flag("--timeout", "60s").launch().run();
        judge.judge(Stage::Next, &next);

        world.settle();
        let recovery = world.recover().launch().run();
        judge.judge(Stage::Recovery, &recovery);

        let elsewhere = world.others.deeds().run.take();
        let mut story = String::new();
        let runs = [
            ("disturbed", Some(disturbed)),
            ("elsewhere", elsewhere),
            ("next", Some(next)),
            ("recover", Some(recovery)),
        ];
        for (name, run) in runs {
            story += &run.map_or_else(String::new, |run| format!("=== {name}\n{run}\n"));
        }
        Verdict { violations: judge.violations, story, is_played: true }
    }
}

/// Runs the rotation that is to be disturbed.
fn run(world: &World, disturbance: Disturbance) -> Run {
    let Disturbance { victim, file_limit, death_at_entry, flags } = disturbance;
    let exec = world.exec().as_victim(&victim);
    let exec = flags.iter().fold(exec, |exec, (name, value)| exec.flag(name, value));
    let launch = match file_limit {
        None => exec.launch(),
        // A full disk is told by an error, and not by a signal.
        Some(bytes) => exec.started_by(r#"trap "" XFSZ; exec "$@""#).launch().file_limit(bytes),
    };
    let state = world.gateway.path("state");
    std::thread::scope(|scope| {
        if let Some((entries, linger)) = death_at_entry {
            scope.spawn(move || kill_at_entry(&victim, &state, entries, linger));
        }
        launch.run()
    })
}

/// Kills a run a little after its journal has so many entries, unless it ends before that.
fn kill_at_entry(victim: &Victim, state: &Path, entries: usize, linger: Duration) {
    while !victim.has_ended() {
        if Journal::read(state).lines().len() >= entries {
            std::thread::sleep(linger);
            return victim.signal(Signal::KILL);
        }
        std::thread::sleep(Duration::from_micros(200));
    }
}
