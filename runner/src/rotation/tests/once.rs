//! Scripts without steps: what they return is saved, and how they end is never called more than it is.

use super::faults::{Ending, Foreign, GetFault, SaveFault, TRIES_OF_AN_OUTAGE};
use super::process::{When, parts};
use super::world::{State, UID, World};
use crate::model::{Credential, Place, Plan, Proof, Record, Removed, Undone, Update};
use crate::rotation::*;
use crate::secret::Secret;

/// A plugin that can only be run.
struct Script {
    ends: Result<Vec<Update>, StepError>,
    change: Change,
    in_hand: Vec<Update>,
    /// Where it is told to end while it runs, if it is.
    interrupted_in: Option<World>,
    runs: usize,
}

#[async_trait::async_trait(?Send)]
impl Plugin for Script {
    async fn preflight(&mut self, _: Call<'_>) -> StepResult<Plan> {
        panic!("it has no steps")
    }

    async fn rotate(&mut self, _: Call<'_>, _: &Plan) -> StepResult<Credential> {
        self.runs += 1;
        if let Some(world) = &self.interrupted_in {
            world.0.borrow_mut().moments.is_interrupted = true;
            std::future::pending::<()>().await;
        }
        let ended = self.ends.clone();
        let result = ended.map(|updates| Credential { handle: String::new(), updates, expires: None });
        StepResult {
            result,
            trace: Trace { change: self.change, in_hand: self.in_hand.clone(), ..Trace::default() },
        }
    }

    async fn verify(&mut self, _: Call<'_>, _: &Plan, _: &Credential) -> StepResult<Proof> {
        panic!("it has no steps")
    }

    async fn commit(&mut self, _: Call<'_>, _: &Plan, _: &str) -> StepResult<Vec<Removed>> {
        panic!("it has no steps")
    }

    async fn rollback(&mut self, _: Call<'_>, _: &Plan, _: Option<&str>) -> StepResult<Undone> {
        panic!("it has no steps")
    }
}

impl Script {
    fn returning(updates: Vec<Update>) -> Self {
        Self {
            ends: Ok(updates),
            change: Change::Possible,
            in_hand: Vec::new(),
            interrupted_in: None,
            runs: 0,
        }
    }

    fn ending(ending: Ending, change: Change) -> Self {
        Self { ends: Err(ending.error()), change, ..Self::returning(Vec::new()) }
    }

    fn run_in(&mut self, world: &World) -> Outcome {
        self.run_as(world, |_| {}, true)
    }

    fn run_as(&mut self, world: &World, change: impl FnOnce(&mut Job), with_vault: bool) -> Outcome {
        self.live(world, change, with_vault).expect("it was not to die")
    }

    /// Runs a process; returns nothing when it died.
    fn live(&mut self, world: &World, change: impl FnOnce(&mut Job), with_vault: bool) -> Option<Outcome> {
        let mut job = Job { any_custom: true, returns: Vec::new(), ..world.start() };
        change(&mut job);
        let (mut vault, mut journal) = (world.clone(), world.clone());
        let prepare = |records: &[Record]| world.prepare(records);
        let vault = with_vault.then_some(&mut vault as &mut dyn Vault);
        let outcome = world.play(run_once(&job, parts(world, self, vault, &mut journal, &prepare)));
        world.end();
        outcome
    }
}

fn update(place: Place, label: &str, kind: &str, value: &str) -> Update {
    Update { label: label.into(), place, kind: kind.into(), values: vec![Secret::new(value)] }
}

fn new_secret() -> Vec<Update> {
    vec![update(Place::Custom, "client_secret", "secret", "brand-new")]
}

fn params_only() -> World {
    World::with(|state| state.params = vec![state.version().record(true)])
}

fn code(outcome: &Outcome) -> &str {
    &outcome.error.as_ref().expect("an error").code
}

#[test]
fn a_script_that_returns_nothing_has_run_and_is_promised_nothing() {
    let world = World::new();
    let outcome = Script::returning(Vec::new()).run_in(&world);
    assert_eq!((outcome.kind, outcome.saved, outcome.proof), (OutcomeKind::Ran, false, None));
    assert!(outcome.warnings.iter().any(|warning| warning.contains("declares no steps")));
    assert_eq!(world.0.borrow().calls, ["lock record", "get"]);
}

#[test]
fn that_it_runs_is_journaled_and_that_it_ended_too_however_it_did() {
    let ended = |entries: &[Entry]| matches!(entries, [Entry::Intent(intent), Entry::Done] if intent.strategy.is_none());
    for (mut script, world) in [
        (Script::returning(new_secret()), World::new()),
        (Script::returning(new_secret()), World::with(|state| state.saves = [SaveFault::Refused].into())),
        (Script::ending(Ending::Trap, Change::Possible), World::new()),
    ] {
        script.run_in(&world);
        let entries = world.0.borrow().entries();
        assert!(ended(&entries), "{entries:?}");
    }
}

#[test]
fn one_that_cannot_be_journaled_is_not_run() {
    let mut script = Script::returning(Vec::new());
    let outcome = script.run_in(&World::with(|state| state.full_at = [0].into()));
    assert_eq!((outcome.kind, code(&outcome), script.runs), (OutcomeKind::Failed, "journal-full", 0));
}

#[test]
fn one_that_was_killed_in_the_middle_is_told_by_whoever_comes_next_and_only_once() {
    let world = World::new();
    let is_announced = |state: &State| !state.entries().is_empty();
    world.0.borrow_mut().moments.dies = Some(When::Once(is_announced));
    assert!(Script::returning(Vec::new()).live(&world, |_| {}, true).is_none());
    let told = world.recover().unwrap();
    let error = told[0].error.as_ref().unwrap();
    assert_eq!((told.len(), told[0].settled, error.code.as_str()), (1, Settled::Unknown, "run-interrupted"));
    assert!(told[0].summary().contains("is not known") && told[0].summary().contains(UID));
    assert_eq!(world.recover().unwrap().len(), 0);
}

#[test]
fn one_that_is_told_to_end_is_not_started_any_more() {
    let world = World::new();
    world.0.borrow_mut().moments.interrupted = Some(When::At(0));
    let mut script = Script::returning(new_secret());
    let outcome = script.run_in(&world);
    assert_eq!((outcome.kind, code(&outcome), script.runs), (OutcomeKind::Failed, "interrupted", 0));
}

#[test]
fn one_that_is_broken_off_is_uncertain() {
    let world = World::new();
    let mut script = Script { interrupted_in: Some(world.clone()), ..Script::returning(new_secret()) };
    let outcome = script.run_in(&world);
    assert_eq!((outcome.kind, code(&outcome), outcome.saved), (OutcomeKind::Uncertain, "interrupted", false));
}

#[test]
fn what_it_returns_is_saved_and_known_as_secret() {
    let world = World::new();
    let outcome = Script::returning(new_secret()).run_in(&world);
    assert_eq!((outcome.kind, outcome.saved, outcome.updates), (OutcomeKind::Ran, true, new_secret()));
    assert_eq!(world.0.borrow().version().secret, "brand-new");
    assert!(world.0.borrow().learnt.borrow().contains(&"brand-new".to_owned()));
}

#[test]
fn it_is_saved_on_top_of_what_others_changed_meanwhile() {
    let world = World::with(|state| state.foreign = vec![(1, Foreign::Note)]);
    let outcome = Script::returning(new_secret()).run_in(&world);
    assert_eq!((outcome.kind, outcome.saved), (OutcomeKind::Ran, true));
    let state = world.0.borrow();
    assert_eq!((state.version().secret.as_str(), state.version().note), ("brand-new", "edited"));
}

#[test]
fn what_is_not_known_to_be_saved_is_uncertain_and_the_script_is_not_run_again() {
    let never = vec![SaveFault::RequestLost; 9];
    for (world, expected) in [
        (World::with(|state| state.saves = [SaveFault::Refused].into()), "vault-denied"),
        (World::with(|state| state.saves = never.into()), "save-unclear"),
        (World::with(|state| state.foreign = vec![(1, Foreign::Rotates)]), "rotated-elsewhere"),
        (World::with(|state| state.editable = false), "record-not-editable"),
    ] {
        let mut script = Script::returning(new_secret());
        let outcome = script.run_in(&world);
        assert_eq!((outcome.kind, code(&outcome), outcome.saved), (OutcomeKind::Uncertain, expected, false));
        assert!(outcome.error.unwrap().hint.unwrap().contains(UID));
        assert_eq!((script.runs, outcome.updates), (1, new_secret()));
    }
}

#[test]
fn a_script_that_ends_badly_is_uncertain_whatever_it_says() {
    for ending in [Ending::Trap, Ending::Limit, Ending::Contract, Ending::Denied] {
        for change in [Change::Possible, Change::Refused] {
            let outcome = Script::ending(ending, change).run_in(&World::new());
            assert_eq!(outcome.kind, OutcomeKind::Uncertain, "{ending:?}");
            assert!(outcome.error.unwrap().message.contains("is not known"));
        }
    }
}

#[test]
fn a_script_that_was_never_started_has_failed() {
    let outcome = Script::ending(Ending::Denied, Change::None).run_in(&World::new());
    assert_eq!((outcome.kind, code(&outcome)), (OutcomeKind::Failed, "denied"));
}

#[test]
fn it_may_return_custom_fields_only_and_each_once() {
    let standard = vec![update(Place::Standard, "password", "password", "brand-new")];
    let twice = [new_secret(), new_secret()].concat();
    for updates in [standard, twice] {
        let outcome = Script::returning(updates).run_in(&World::new());
        assert_eq!((outcome.kind, code(&outcome)), (OutcomeKind::Uncertain, "plugin-contract"));
    }
}

#[test]
fn without_a_vault_the_caller_gets_the_values() {
    let world = params_only();
    let outcome = Script::returning(new_secret()).run_as(&world, |_| {}, false);
    assert_eq!(world.0.borrow().entries().last(), Some(&Entry::HandingOver));
    assert_eq!((outcome.kind, outcome.saved, outcome.updates), (OutcomeKind::Ran, false, new_secret()));
}

#[test]
fn a_dry_run_does_not_run_it() {
    let mut script = Script::returning(new_secret());
    let outcome = script.run_as(&World::new(), |job| job.dry_run = true, true);
    assert_eq!((outcome.kind, script.runs), (OutcomeKind::Planned, 0));
    assert!(outcome.warnings[0].contains("was not run"));
}

#[test]
fn a_vault_that_cannot_be_read_stops_it_before_it_runs() {
    let mut script = Script::returning(Vec::new());
    let outcome = script
        .run_in(&World::with(|state| state.gets = vec![GetFault::Unreadable; TRIES_OF_AN_OUTAGE].into()));
    assert_eq!((outcome.kind, script.runs), (OutcomeKind::Failed, 0));
}

#[test]
fn n3_what_a_script_had_in_hand_when_it_failed_is_kept_in_the_record() {
    let world = World::new();
    let mut script = Script { in_hand: new_secret(), ..Script::ending(Ending::Trap, Change::Possible) };
    let outcome = script.run_in(&world);
    assert_eq!((outcome.kind, outcome.saved), (OutcomeKind::Uncertain, false));
    assert!(world.0.borrow().version().rescued.contains("brand-new"));
    assert_eq!(world.0.borrow().version().secret, "old-secret");
}

#[test]
fn n3_what_a_script_returned_and_the_vault_refused_is_kept_in_the_record() {
    let twice = [new_secret(), vec![update(Place::Custom, "client_secret", "secret", "another")]].concat();
    for (updates, saves) in [(new_secret(), vec![SaveFault::Refused]), (twice, vec![])] {
        let world = World::with(|state| state.saves = saves.into());
        let outcome = Script::returning(updates).run_in(&world);
        assert_eq!(outcome.kind, OutcomeKind::Uncertain);
        assert!(world.0.borrow().version().rescued.contains("brand-new"), "{outcome:?}");
    }
}
