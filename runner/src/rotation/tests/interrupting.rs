//! Whoever is told to end begins nothing new, and settles what it began.

use std::time::Duration;

use super::faults::{Ending, RotateFault, SaveFault, StepFault};
use super::process::When;
use super::world::{State, World};
use crate::rotation::*;

fn interrupted_once(change: impl FnOnce(&mut State), condition: fn(&State) -> bool) -> World {
    World::with(|state| {
        change(state);
        state.moments.interrupted = Some(When::Once(condition));
    })
}

fn code(outcome: &Outcome) -> &str {
    &outcome.error.as_ref().expect("an error").code
}

fn assert_interrupted(world: &World, kind: OutcomeKind) -> Outcome {
    let outcome = world.run();
    assert_eq!((outcome.kind, code(&outcome)), (kind, "interrupted"));
    outcome
}

#[test]
fn before_the_first_try_nothing_is_begun() {
    for condition in [(|_| true) as fn(&State) -> bool, |state| state.calls.contains(&"get")] {
        let world = interrupted_once(|_| {}, condition);
        assert_interrupted(&world, OutcomeKind::Failed);
        assert!(!world.0.borrow().calls.contains(&"rotate"));
    }
}

#[test]
fn a_step_under_way_is_broken_off_and_rolled_back() {
    for step in ["rotate", "verify"] {
        let condition: fn(&State) -> bool = match step {
            "rotate" => |state| state.calls.last() == Some(&"rotate"),
            _ => |state| state.calls.last() == Some(&"verify"),
        };
        let world = interrupted_once(|_| {}, condition);
        let outcome = assert_interrupted(&world, OutcomeKind::Failed);
        assert_eq!(outcome.error.expect("an error").step.as_deref(), Some(step));
        let state = world.0.borrow();
        assert_eq!(state.calls.last(), Some(&"rollback"));
        assert_eq!(state.entries().last(), Some(&Entry::RolledBack));
    }
}

#[test]
fn what_a_broken_off_rotate_may_have_sent_is_not_waited_for() {
    let late = RotateFault { ending: Some(Ending::Lost), lands: Some(20), ..RotateFault::default() };
    let world = interrupted_once(|state| state.rotate = [late].into(), |state| !state.arriving.is_empty());
    assert_interrupted(&world, OutcomeKind::Uncertain);
    assert_eq!(world.0.borrow().here.took, Duration::ZERO);
    let settled = world.recover().expect("it was not to die");
    assert_eq!(settled[0].settled, Settled::RolledBack);
}

#[test]
fn what_is_proven_but_not_saved_is_rolled_back() {
    let outcomes = (0..60).map(|at| {
        let world = World::with(|state| state.moments.interrupted = Some(When::At(at)));
        (world.run(), world)
    });
    let is_before_the_save =
        |outcome: &Outcome| outcome.error.iter().any(|error| error.step.as_deref() == Some("save"));
    let (outcome, world) =
        outcomes.into_iter().find(|(outcome, _)| is_before_the_save(outcome)).expect("one");
    assert_eq!((outcome.kind, code(&outcome)), (OutcomeKind::Failed, "interrupted"));
    assert!(!world.0.borrow().calls.contains(&"save"));
}

#[test]
fn what_is_being_saved_is_finished() {
    for condition in [(|state| state.calls.contains(&"save")) as fn(&State) -> bool, |state| {
        state.calls.contains(&"commit")
    }] {
        let world = interrupted_once(|_| {}, condition);
        assert_eq!(world.run().kind, OutcomeKind::Rotated);
    }
}

#[test]
fn nothing_is_waited_for_any_more() {
    let world = interrupted_once(
        |state| state.saves = [SaveFault::RequestLost; 9].into(),
        |state| state.calls.contains(&"save"),
    );
    let outcome = world.run();
    assert_eq!((outcome.kind, code(&outcome)), (OutcomeKind::Uncertain, "save-unclear"));
    assert_eq!(world.0.borrow().here.took, Duration::ZERO);

    let world = interrupted_once(
        |state| state.commit = [StepFault::Ends(Ending::Unavailable); 9].into(),
        |state| state.calls.contains(&"commit"),
    );
    let outcome = world.run();
    assert_eq!((outcome.kind, code(&outcome)), (OutcomeKind::Uncertain, "commit-incomplete"));
    assert_eq!(world.0.borrow().here.took, Duration::ZERO);
}

#[test]
fn an_interrupted_settling_leaves_the_rest_to_the_next_one() {
    let world = World::new();
    world.die_once(|state| matches!(state.entries().last(), Some(Entry::Saved { .. })));
    world.0.borrow_mut().moments.interrupted = Some(When::At(0));
    let settled = world.recover().expect("it was not to die");
    assert_eq!(settled[0].settled, Settled::Open);
    let settled = world.recover().expect("it was not to die");
    assert_eq!(settled[0].settled, Settled::Committed);
}
