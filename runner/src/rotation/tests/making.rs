//! Steps 6 to 8: what is made is proven or rolled back.

use std::time::Duration;

use super::faults::{Ending, RotateFault, StepFault};
use super::world::{APP, UID, World, other_record};
use crate::policy::Removals;
use crate::rotation::*;

fn fails(ending: Ending, lands: Option<u64>) -> RotateFault {
    RotateFault { ending: Some(ending), lands, ..RotateFault::default() }
}

fn world(rotate: impl IntoIterator<Item = RotateFault>) -> World {
    World::with(|state| state.rotate = rotate.into_iter().collect())
}

fn count(world: &World, call: &str) -> usize {
    world.0.borrow().calls.iter().filter(|made| **made == call).count()
}

fn code(outcome: &Outcome) -> &str {
    &outcome.error.as_ref().expect("an error").code
}

fn assert_rolled_back(world: &World, outcome: &Outcome, expected: &str) {
    assert_eq!((outcome.kind, code(outcome)), (OutcomeKind::Failed, expected));
    assert_eq!(world.0.borrow().entries().last(), Some(&Entry::RolledBack));
    assert_eq!(world.0.borrow().version().revision, 7);
}

#[test]
fn after_a_lost_answer_a_stray_that_was_seen_and_removed_lets_rotate_try_again() {
    for ending in [Ending::Lost, Ending::Other, Ending::Unavailable] {
        let world = world([fails(ending, Some(0))]);
        let outcome = world.run();
        assert_eq!(outcome.kind, OutcomeKind::Rotated);
        assert_eq!(count(&world, "rotate"), 2);
        let state = world.0.borrow();
        assert_eq!(state.version().id, "new-2");
        assert_eq!(state.key("new-2").expect("made").label, marker(UID, "r1", 2));
        assert!(!state.is_alive("new-1"));
    }
}

#[test]
fn a_stray_that_lands_late_is_waited_for() {
    let world = world([RotateFault { lag: 18, ..fails(Ending::Lost, Some(40)) }]);
    assert_eq!(world.run().kind, OutcomeKind::Rotated);
    assert!(!world.0.borrow().is_alive("new-1"));
    assert_eq!(count(&world, "rotate"), 2);
}

#[test]
fn rotate_is_tried_three_times_at_most() {
    let world = world(vec![fails(Ending::Lost, Some(0)); 5]);
    let outcome = world.run();
    assert_rolled_back(&world, &outcome, "answer-lost");
    assert_eq!(count(&world, "rotate"), 3);
}

#[test]
fn absence_is_proof_only_after_the_settle_window() {
    let world = world(vec![fails(Ending::Lost, None); 5]);
    let outcome = world.run();
    assert_rolled_back(&world, &outcome, "answer-lost");
    assert_eq!(count(&world, "rotate"), 3);
    assert_eq!(world.0.borrow().here.took, Duration::from_secs(3 * 60 + 2));
}

#[test]
fn a_stray_of_an_earlier_try_that_still_shows_does_not_stand_for_the_last_one() {
    let world =
        world([RotateFault { lag: 15, ..fails(Ending::Lost, Some(0)) }, fails(Ending::Lost, Some(30))]);
    assert_eq!(world.run().kind, OutcomeKind::Rotated);
    assert!(world.0.borrow().made_by("r1") == ["new-3"]);
}

#[test]
fn a_plugin_that_says_it_rolled_back_what_was_there_before_is_not_believed() {
    let world = World::with(|state| {
        state.rotate = [fails(Ending::Lost, None)].into();
        state.rollback = vec![StepFault::Claims("OLD"); 100].into();
    });
    let outcome = world.run();
    assert_eq!(outcome.kind, OutcomeKind::Uncertain);
    assert_eq!(count(&world, "rotate"), 1);
}

#[test]
fn what_cannot_be_proven_in_time_is_uncertain_and_says_what_to_look_for() {
    let world = World::with(|state| {
        state.rotate = [fails(Ending::Lost, None)].into();
        state.limits.timeout = Duration::from_secs(50);
    });
    let outcome = world.run();
    assert_eq!((outcome.kind, code(&outcome)), (OutcomeKind::Uncertain, "answer-lost"));
    let hint = outcome.error.expect("an error").hint.expect("a hint");
    assert!(hint.contains(&marker_stem(UID, "r1")) && hint.contains(APP), "{hint}");
    assert_ne!(world.0.borrow().entries().last(), Some(&Entry::RolledBack));
}

#[test]
fn a_plugin_that_was_stopped_after_it_may_have_changed_something_is_rolled_back_and_not_called_again() {
    for (ending, kind) in [
        (Ending::Trap, OutcomeKind::Failed),
        (Ending::Contract, OutcomeKind::Failed),
        (Ending::Limit, OutcomeKind::Limit),
        (Ending::Refused, OutcomeKind::Refused),
        (Ending::Internal, OutcomeKind::Internal),
    ] {
        let world = world([fails(ending, Some(0))]);
        let outcome = world.run();
        assert_eq!(outcome.kind, kind);
        assert_eq!((count(&world, "rotate"), count(&world, "rollback")), (1, 1));
    }
}

#[test]
fn a_promise_that_nothing_changed_is_believed_where_the_service_refused_too() {
    for ending in [Ending::Denied, Ending::Conflict] {
        let world = world([fails(ending, None)]);
        let outcome = world.run();
        assert_eq!(outcome.kind, OutcomeKind::Failed);
        assert_eq!((count(&world, "rotate"), count(&world, "rollback")), (1, 0));
        assert_eq!(world.0.borrow().entries().last(), Some(&Entry::RolledBack));
    }
}

#[test]
fn a_promise_that_nothing_changed_is_not_believed_against_what_was_seen() {
    for ending in [Ending::Denied, Ending::Conflict] {
        let world = world([fails(ending, Some(30))]);
        let outcome = world.run();
        assert_eq!(outcome.kind, OutcomeKind::Failed);
        assert_eq!(count(&world, "rotate"), 1);
        assert!(world.0.borrow().key("new-1").is_some_and(|made| !made.alive));
    }
}

#[test]
fn a_rotate_that_used_up_the_time_leaves_enough_to_roll_back() {
    let world = world([RotateFault { takes: 100_000, ..fails(Ending::Limit, Some(0)) }]);
    assert_eq!(world.run().kind, OutcomeKind::Limit);
    assert_eq!(count(&world, "rollback"), 1);
}

#[test]
fn a_handle_that_cannot_be_right_is_rolled_back_by_marker_and_not_journaled() {
    for handle in ["", "OLD", "older", "kept elsewhere", "x-hunter2"] {
        let world = World::with(|state| {
            state.handles = [handle].into();
            state.others.push(other_record("other", "kept elsewhere"));
            state.learnt.borrow_mut().push("hunter2".into());
        });
        let outcome = world.run();
        assert_rolled_back(&world, &outcome, "plugin-contract");
        assert!(!world.0.borrow().entries().iter().any(|entry| matches!(entry, Entry::Made { .. })));
    }
}

#[test]
fn updates_that_the_manifest_does_not_name_are_rolled_back() {
    let world = World::with(|state| state.extra_field = true);
    let outcome = world.run();
    assert_rolled_back(&world, &outcome, "plugin-contract");
    assert!(outcome.error.expect("an error").message.contains("password"));

    let world = World::new();
    let outcome = world.run_as(|job| job.returns[0].kind = "url".into(), true);
    assert_rolled_back(&world, &outcome, "plugin-contract");
}

#[test]
fn without_one_update_that_holds_the_handle_nobody_could_tell_whose_value_the_vault_holds() {
    let world = World::with(|state| state.handle_update = Some("not the handle"));
    let outcome = world.run();
    assert_rolled_back(&world, &outcome, "plugin-contract");
}

#[test]
fn a_new_secret_is_known_before_anything_else_is_said() {
    let world = World::new();
    world.run();
    assert!(world.0.borrow().learnt.borrow().contains(&"new-1-secret".to_owned()));
}

#[test]
fn more_strays_than_tries_are_not_all_removed_and_the_rest_is_named() {
    let world = world([RotateFault { twice: true, ..fails(Ending::Lost, Some(0)) }]);
    let outcome = world.run();
    assert_eq!(outcome.kind, OutcomeKind::Uncertain);
    assert_eq!(outcome.retained[0].id, "new-1-twin");
}

#[test]
fn rollback_is_granted_one_removal_a_try_and_nothing_that_plan_or_records_name() {
    let world = World::with(|state| {
        state.rotate = [fails(Ending::Trap, Some(0))].into();
        state.others.push(other_record("other", "kept elsewhere"));
    });
    world.run();
    let state = world.0.borrow();
    let Removals::Strays { tries, never, .. } = &state.here.gate else { panic!("{:?}", state.here.gate) };
    assert_eq!(*tries, 1);
    for id in ["old", "older", "kept elsewhere"] {
        assert!(never.contains(id), "{id}");
    }
}

#[test]
fn a_failed_verify_is_rolled_back() {
    for ending in [Ending::Denied, Ending::Other, Ending::Trap] {
        let world = World::with(|state| state.verify = [StepFault::Ends(ending)].into());
        let outcome = world.run();
        assert_eq!(outcome.kind, OutcomeKind::Failed);
        assert_eq!(outcome.error.expect("an error").step.as_deref(), Some("verify"));
        assert_eq!(count(&world, "save"), 0);
    }
}

#[test]
fn a_rollback_is_done_once_the_host_saw_the_new_one_go_however_it_ended() {
    for ending in [Ending::Denied, Ending::Trap, Ending::Limit, Ending::Unavailable] {
        let world = World::with(|state| {
            state.verify = [StepFault::Ends(Ending::Denied)].into();
            state.rollback = [StepFault::SeenThen(ending)].into();
        });
        assert_rolled_back(&world, &world.run(), "denied");
        assert_eq!(count(&world, "rollback"), 1);
    }
}

#[test]
fn a_known_handle_that_does_not_show_is_not_gone() {
    let world = World::with(|state| {
        state.rotate = [RotateFault { lag: 20, ..RotateFault::default() }].into();
        state.verify = [StepFault::Ends(Ending::Denied)].into();
    });
    let outcome = world.run();
    assert_rolled_back(&world, &outcome, "denied");
    assert!(count(&world, "rollback") > 1);
}

#[test]
fn one_look_that_misses_a_credential_is_not_its_end_however_late_it_is() {
    let world = World::with(|state| {
        state.limits.settle_window = Duration::ZERO;
        state.verify = [StepFault::Ends(Ending::Denied)].into();
        state.rollback = [StepFault::Misses].into();
    });
    assert_rolled_back(&world, &world.run(), "denied");
    assert_eq!(count(&world, "rollback"), 2);
}

#[test]
fn a_rollback_that_may_pass_is_repeated_after_the_time_that_the_service_asked_for() {
    let world = World::with(|state| {
        state.verify = [StepFault::Ends(Ending::Denied)].into();
        state.rollback = [StepFault::Ends(Ending::Busy), StepFault::RemovalRefused].into();
    });
    let outcome = world.run();
    assert_rolled_back(&world, &outcome, "denied");
    assert_eq!(count(&world, "rollback"), 3);
    assert_eq!(world.0.borrow().here.took, Duration::from_secs(7 + 2));
}

#[test]
fn a_rollback_that_fails_for_good_names_what_is_left() {
    let world = World::with(|state| {
        state.verify = [StepFault::Ends(Ending::Denied)].into();
        state.rollback = [StepFault::Ends(Ending::Trap)].into();
    });
    let outcome = world.run();
    assert_eq!((outcome.kind, code(&outcome)), (OutcomeKind::Uncertain, "denied"));
    assert_eq!(outcome.retained[0].id, "new-1");
    assert_eq!(outcome.retained[0].label, marker(UID, "r1", 1));
    assert_eq!(count(&world, "rollback"), 1);
}

#[test]
fn a_handle_that_cannot_be_journaled_is_rolled_back() {
    let world = World::with(|state| state.full_at = [2].into());
    let outcome = world.run();
    assert_rolled_back(&world, &outcome, "journal-full");
    assert_eq!(count(&world, "verify"), 0);
}

#[test]
fn a_journal_that_cannot_close_a_rollback_is_a_warning() {
    let world = World::with(|state| state.full_at = [2, 3].into());
    let outcome = world.run();
    assert_eq!((outcome.kind, code(&outcome)), (OutcomeKind::Failed, "journal-full"));
    assert!(outcome.warnings.iter().any(|warning| warning.contains("journal")), "{:?}", outcome.warnings);
}
