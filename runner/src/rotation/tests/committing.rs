//! Step 12 and what takes its place: removes the plan, the whole plan, and nothing but the plan.

use super::faults::{Ending, Foreign, StepFault};
use super::world::World;
use crate::rotation::*;

fn committing(faults: impl IntoIterator<Item = StepFault>) -> World {
    World::with(|state| state.commit = faults.into_iter().collect())
}

fn code(outcome: &Outcome) -> &str {
    &outcome.error.as_ref().expect("an error").code
}

fn retained(outcome: &Outcome) -> Vec<&str> {
    outcome.retained.iter().map(|listed| listed.id.as_str()).collect()
}

fn assert_unfinished(outcome: &Outcome, left: &[&str]) {
    assert_eq!((outcome.kind, code(outcome)), (OutcomeKind::Uncertain, "commit-incomplete"));
    assert!(outcome.saved);
    assert_eq!(retained(outcome), left);
    let hint = outcome.error.as_ref().expect("an error").hint.as_ref().expect("a hint");
    assert!(left.iter().all(|id| hint.contains(id)), "{hint}");
}

fn commits(world: &World) -> usize {
    world.0.borrow().calls.iter().filter(|call| **call == "commit").count()
}

#[test]
fn what_cannot_be_proven_is_saved_and_replaces_nothing() {
    let world = World::with(|state| state.verify = [StepFault::Unproven].into());
    let outcome = world.run();
    assert_eq!((outcome.kind, outcome.proof), (OutcomeKind::Rotated, Some("unproven")));
    assert_eq!(retained(&outcome), ["old", "older"]);
    assert!(outcome.warnings.iter().any(|warning| warning.contains("no way to log in")));
    assert_eq!(commits(&world), 0);
    assert_eq!(world.0.borrow().entries().last(), Some(&Entry::Done));
}

#[test]
fn what_a_record_names_by_the_time_of_the_commit_stays() {
    let world = World::with(|state| state.foreign = vec![(1, Foreign::Needs("OLDER"))]);
    let outcome = world.run();
    assert_eq!(outcome.kind, OutcomeKind::Rotated);
    assert_eq!(outcome.removed, ["old"]);
    assert_eq!(retained(&outcome), ["older"]);
    assert!(world.0.borrow().is_alive("older"));
}

#[test]
fn a_plan_that_removes_nothing_needs_no_commit() {
    let world = World::with(|state| state.listed.clear());
    assert_eq!(world.run().kind, OutcomeKind::Rotated);
    assert_eq!(commits(&world), 0);
    assert_eq!(world.0.borrow().entries().last(), Some(&Entry::Done));
}

#[test]
fn a_commit_that_may_pass_is_repeated() {
    let world = committing([StepFault::Ends(Ending::Unavailable), StepFault::OneThen(Ending::Lost)]);
    let outcome = world.run();
    assert_eq!(outcome.kind, OutcomeKind::Rotated);
    assert_eq!(outcome.removed, ["old", "older"]);
    assert_eq!(commits(&world), 3);
}

#[test]
fn a_commit_that_fails_for_good_is_unfinished() {
    for ending in [Ending::Denied, Ending::Trap, Ending::Limit, Ending::Refused, Ending::Internal] {
        let world = committing([StepFault::OneThen(ending)]);
        assert_unfinished(&world.run(), &["old", "older"]);
        assert_eq!(commits(&world), 1);
    }
}

#[test]
fn a_commit_is_done_once_the_host_saw_all_of_it_go_however_it_ended() {
    for ending in [Ending::Denied, Ending::Trap, Ending::Limit, Ending::Internal, Ending::Unavailable] {
        let world = committing([StepFault::SeenThen(ending)]);
        let outcome = world.run();
        assert_eq!((outcome.kind, commits(&world)), (OutcomeKind::Rotated, 1));
        assert_eq!((outcome.removed.len(), outcome.retained.len()), (2, 0));
        assert!(outcome.warnings.iter().any(|warning| warning.starts_with("commit ended with an error")));
        assert_eq!(world.0.borrow().entries().last(), Some(&Entry::Done));
    }
}

#[test]
fn a_commit_that_never_passes_ends_with_the_time() {
    let world = committing([StepFault::Ends(Ending::Conflict); 100]);
    assert_unfinished(&world.run(), &["old", "older"]);
}

#[test]
fn a_removal_that_is_not_known_to_be_done_is_unfinished() {
    for fault in [StepFault::RemovalUnclear, StepFault::RemovalRefused] {
        let world = committing([fault]);
        assert_unfinished(&world.run(), &["old", "older"]);
    }
}

#[test]
fn records_that_cannot_be_used_any_more_leave_the_commit_unfinished() {
    let stop = Stop::new(OutcomeKind::Invalid, "settings", "bad-setting", "no such host");
    let world = World::with(|state| state.prepares = [None, Some(stop)].into());
    let outcome = world.run();
    assert_unfinished(&outcome, &["old", "older"]);
    assert!(outcome.error.expect("an error").message.contains("no such host"));
}

#[test]
fn a_save_that_cannot_be_journaled_as_done_is_not_built_on() {
    let world = World::with(|state| state.full_at = [4].into());
    assert_unfinished(&world.run(), &["old", "older"]);
    assert_eq!(commits(&world), 0);
}

#[test]
fn a_journal_that_cannot_be_closed_is_a_warning() {
    let world = World::with(|state| state.full_at = [5].into());
    let outcome = world.run();
    assert_eq!(outcome.kind, OutcomeKind::Rotated);
    assert!(outcome.warnings.iter().any(|warning| warning.contains("journal")), "{:?}", outcome.warnings);
}

#[test]
fn without_a_vault_the_new_values_are_handed_over_and_nothing_is_removed() {
    let world = World::with(|state| state.params = vec![state.version().record(false)]);
    let outcome = world.run_without_vault();
    assert_eq!((outcome.kind, outcome.saved), (OutcomeKind::Rotated, false));
    assert_eq!(outcome.updates.len(), 2);
    assert_eq!(retained(&outcome), ["old", "older"]);
    let state = world.0.borrow();
    assert_eq!(state.entries().last(), Some(&Entry::HandingOver));
    assert_eq!(state.calls, ["lock record", "preflight", "lock target", "rotate", "verify"]);
}

#[test]
fn a_handing_over_that_cannot_be_journaled_is_rolled_back() {
    let world = World::with(|state| {
        state.params = vec![state.version().record(false)];
        state.full_at = [3].into();
    });
    let outcome = world.run_without_vault();
    assert_eq!((outcome.kind, code(&outcome)), (OutcomeKind::Failed, "journal-full"));
    assert!(outcome.updates.is_empty());
}
