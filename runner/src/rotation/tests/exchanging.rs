//! `in-place`: the record knows every value that the service may accept, at every moment.

use std::time::Duration;

use super::account::Account;
use super::faults::{Ending, Foreign, RotateFault, SaveFault, StepFault, TRIES_OF_AN_OUTAGE};
use super::process::When;
use super::world::{State, UID, World};
use crate::rotation::*;

fn world(change: impl FnOnce(&mut State)) -> World {
    World::with(|state| {
        state.account = Account { is_rotated: true, accepts: "first".into(), ..Account::default() };
        state.versions[0].password = "first".into();
        change(state);
    })
}

fn proposing(state: &mut State) {
    state.account.proposed = Some("Proposed".into());
    state.account.replaced = Some("first".into());
}

fn fails(ending: Ending, lands: Option<u64>) -> RotateFault {
    RotateFault { ending: Some(ending), lands, ..RotateFault::default() }
}

fn code(outcome: &Outcome) -> &str {
    &outcome.error.as_ref().expect("an error").code
}

fn count(world: &World, call: &str) -> usize {
    world.0.borrow().calls.iter().filter(|made| **made == call).count()
}

/// Somebody else's hidden field, good for so many seconds from now on.
fn left_behind(state: &mut State, new: &str, seconds: u64) {
    let until = 500_000 * 3600 + seconds;
    state.versions[0].pending =
        format!(r#"{{"new":"{new}","old":"first","rotation_id":"elsewhere","until":{until}}}"#);
}

fn assert_failed(world: &World, outcome: &Outcome, expected: &str) {
    assert_eq!((outcome.kind, code(outcome)), (OutcomeKind::Failed, expected));
    let state = world.0.borrow();
    assert_eq!((state.account.accepts.as_str(), &*state.version().password), ("first", "first"));
    assert_eq!(state.version().pending, "");
    assert_eq!(state.entries().last(), Some(&Entry::RolledBack));
}

/// The record keeps what works, next to what the gateway makes of its own field.
fn assert_behind(world: &World, outcome: &Outcome, expected: &str) {
    assert_eq!((outcome.kind, code(outcome)), (OutcomeKind::Uncertain, expected));
    let state = world.0.borrow();
    let version = state.version();
    assert_eq!((version.pending("new"), version.pending("old")), (None, Some("first".into())));
    assert_eq!(state.account.accepts, "first");
}

fn assert_undecided(world: &World, outcome: &Outcome, expected: &str) {
    assert_eq!((outcome.kind, code(outcome)), (OutcomeKind::Uncertain, expected));
    let state = world.0.borrow();
    assert!(state.version().pending("new").is_some());
    assert_eq!(state.version().pending("old"), Some("first".into()));
    assert!(!state.open_rotations().is_empty());
}

#[test]
fn both_values_are_in_the_record_before_the_service_is_touched() {
    let world = world(|_| {});
    let outcome = world.run();
    assert_eq!((outcome.kind, outcome.proof, outcome.saved), (OutcomeKind::Rotated, Some("verified"), true));
    let state = world.0.borrow();
    assert_eq!(
        state.calls,
        ["lock record", "get", "preflight", "lock target", "save", "get", "rotate", "verify", "save", "get"]
    );
    assert!(matches!(
        &state.entries()[..],
        [
            Entry::Intent(_),
            Entry::Saving { revision: 7 },
            Entry::Try { .. },
            Entry::Made { .. },
            Entry::Saving { revision: 8 },
            Entry::Done
        ]
    ));
    assert_eq!(state.versions[1].pending("old"), Some("first".into()));
    assert_eq!(state.versions[1].pending("new"), Some(state.account.accepts.clone()));
    assert_eq!(state.version().password.len(), 32);
    assert!(state.learnt.borrow().contains(&state.account.accepts));
}

#[test]
fn what_the_gateway_proposes_is_set() {
    for is_written in [false, true] {
        let world = world(|state| {
            proposing(state);
            if is_written {
                state.versions[0].password = "Proposed".into();
            }
        });
        assert_eq!(world.run().kind, OutcomeKind::Rotated);
        let state = world.0.borrow();
        assert_eq!(state.account.accepts, "Proposed");
        assert_eq!(state.versions[1].pending("old"), Some("first".into()));
    }
}

#[test]
fn what_the_service_refuses_is_forgotten() {
    let world = world(|state| state.rotate = [fails(Ending::Denied, None)].into());
    assert_failed(&world, &world.run(), "denied");
    assert_eq!(count(&world, "verify"), 0);
}

#[test]
fn what_the_service_refuses_of_the_gateways_leaves_the_old_value_to_the_next_run() {
    let world = world(|state| {
        proposing(state);
        state.rotate = [fails(Ending::Denied, None)].into();
        state.foreign = vec![(9, Foreign::Gateway)];
    });
    assert_behind(&world, &world.run(), "denied");
    // The gateway writes what it proposed all the same.
    world.0.borrow_mut().edit(|version| version.password = "Proposed".into());
    world.0.borrow_mut().account.proposed = Some("Proposed again".into());
    world.0.borrow_mut().account.replaced = Some("Proposed".into());
    let life = world.live(|_| {}, true).expect("it was not to die");
    assert_eq!((life.settled[0].settled, life.outcome.kind), (Settled::Open, OutcomeKind::Rotated));
    assert_eq!(world.0.borrow().account.accepts, "Proposed again");
    assert!(world.0.borrow().open_rotations().is_empty());
}

#[test]
fn after_a_lost_answer_the_same_value_is_set_again_and_what_may_land_is_waited_for() {
    for lands in [None, Some(0), Some(50)] {
        let world = world(|state| state.rotate = [fails(Ending::Lost, lands)].into());
        assert_eq!(world.run().kind, OutcomeKind::Rotated);
        assert_eq!((count(&world, "rotate"), count(&world, "rollback")), (2, 0));
        assert!(world.0.borrow().here.took >= Duration::from_mins(1));
    }
}

#[test]
fn a_plugin_that_was_stopped_is_not_asked_again_and_what_it_did_is_proven() {
    for ending in [Ending::Trap, Ending::Limit, Ending::Contract, Ending::Internal] {
        let world = world(|state| state.rotate = [fails(ending, Some(0))].into());
        assert_eq!(world.run().kind, OutcomeKind::Rotated);
        assert_eq!(count(&world, "rotate"), 1);
    }
}

#[test]
fn what_never_arrived_is_put_back_once_the_service_says_that_it_is_wrong() {
    let world = world(|state| state.rotate = [fails(Ending::Trap, None)].into());
    assert_failed(&world, &world.run(), "wrong-credential");
    assert_eq!((count(&world, "rotate"), count(&world, "rollback")), (1, 1));
}

#[test]
fn a_wrong_value_is_replaced_by_the_old_one() {
    let world = world(|state| state.verify = [StepFault::Ends(Ending::Wrong)].into());
    assert_failed(&world, &world.run(), "wrong-credential");
    assert!(world.0.borrow().entries().contains(&Entry::PuttingBack));
}

#[test]
fn a_wrong_value_of_the_gateways_leaves_the_old_one_to_the_next_run() {
    let world = world(|state| {
        proposing(state);
        state.verify = [StepFault::Ends(Ending::Wrong)].into();
    });
    assert_behind(&world, &world.run(), "wrong-credential");
}

#[test]
fn an_old_value_that_cannot_be_put_back_or_proven_leaves_both() {
    for (rollback, verify) in [
        (fails(Ending::Denied, None), StepFault::None),
        (fails(Ending::Trap, None), StepFault::None),
        (RotateFault::default(), StepFault::Ends(Ending::Denied)),
        (RotateFault::default(), StepFault::Ends(Ending::Wrong)),
    ] {
        let world = world(|state| {
            state.rotate = [RotateFault::default(), rollback].into();
            state.verify = [StepFault::Ends(Ending::Wrong), verify].into();
        });
        assert_undecided(&world, &world.run(), "wrong-credential");
        world.wait(Duration::from_hours(1));
        let settled = world.recover().expect("it was not to die");
        assert_eq!(settled[0].settled, Settled::RolledBack);
        assert_eq!(world.0.borrow().account.accepts, "first");
    }
}

#[test]
fn what_cannot_be_asked_is_not_put_back() {
    for ending in [Ending::Unavailable, Ending::Denied, Ending::Trap] {
        let world = world(|state| state.verify = vec![StepFault::Ends(ending); TRIES_OF_AN_OUTAGE].into());
        let outcome = world.run();
        assert_eq!((outcome.kind, count(&world, "rollback")), (OutcomeKind::Uncertain, 0));
        world.0.borrow_mut().verify.clear();
        let settled = world.recover().expect("it was not to die");
        assert_eq!(settled[0].settled, Settled::Committed);
        let state = world.0.borrow();
        assert_eq!((&state.version().password, &*state.version().pending), (&state.account.accepts, ""));
    }
}

#[test]
fn a_service_that_cannot_be_asked_is_believed_when_it_says_that_it_is_done() {
    let world = world(|state| state.verify = [StepFault::Unproven].into());
    let outcome = world.run();
    assert_eq!((outcome.kind, outcome.proof), (OutcomeKind::Rotated, Some("unproven")));
}

#[test]
fn a_service_that_can_neither_be_asked_nor_said_anything_is_uncertain() {
    let world = world(|state| {
        state.rotate = [fails(Ending::Trap, Some(0))].into();
        state.verify = [StepFault::Unproven].into();
    });
    assert_undecided(&world, &world.run(), "plugin-trapped");
}

#[test]
fn without_time_to_wait_for_what_may_land_both_values_stay() {
    let world = world(|state| {
        state.limits.timeout = Duration::from_secs(80);
        state.rotate =
            [fails(Ending::Lost, Some(40)), fails(Ending::Lost, None), fails(Ending::Lost, None)].into();
    });
    assert_undecided(&world, &world.run(), "answer-lost");
}

#[test]
fn a_record_that_somebody_edits_meanwhile_is_saved_on_top_of_that() {
    for at in [1, 3] {
        let world = world(|state| state.foreign = vec![(at, Foreign::Note)]);
        assert_eq!(world.run().kind, OutcomeKind::Rotated);
        assert_eq!(world.0.borrow().version().note, "edited");
    }
}

/// Found by the sweep: the last save went over it, and nobody knew the password any more.
#[test]
fn a_password_that_is_set_by_hand_right_before_the_last_save_is_kept() {
    let world = world(|state| state.foreign = vec![(3, Foreign::SetsPassword)]);
    let outcome = world.run();
    assert_eq!((outcome.kind, code(&outcome)), (OutcomeKind::Failed, "rotated-elsewhere"));
    let state = world.0.borrow();
    assert_eq!((&*state.version().password, &*state.account.accepts), ("by-hand-3", "by-hand-3"));
    assert_eq!((&*state.version().pending, state.open_rotations().len()), ("", 0));
}

#[test]
fn what_is_written_into_the_record_and_does_not_work_is_overwritten() {
    let world = world(|state| state.foreign = vec![(3, Foreign::Mistypes)]);
    assert_eq!(world.run().kind, OutcomeKind::Rotated);
    assert_eq!(count(&world, "verify"), 2);
}

#[test]
fn a_password_that_is_set_by_hand_while_ours_is_proven_wrong_is_not_put_back() {
    let world = world(|state| state.foreign = vec![(3, Foreign::SetsPassword)]);
    world.0.borrow_mut().verify = [StepFault::Ends(Ending::Wrong)].into();
    let outcome = world.run();
    assert_eq!((outcome.kind, code(&outcome)), (OutcomeKind::Failed, "rotated-elsewhere"));
    assert_eq!((count(&world, "rollback"), &*world.0.borrow().version().pending), (0, ""));
}

#[test]
fn a_password_that_is_set_by_hand_after_an_interruption_is_kept() {
    for dies_after in ["rotate", "verify"] {
        let world = world(|_| {});
        world.die_once(if dies_after == "rotate" {
            |state| state.calls.last() == Some(&"rotate")
        } else {
            |state| state.calls.last() == Some(&"verify")
        });
        let mut state = world.0.borrow_mut();
        state.account.accepts = "by hand".into();
        state.edit(|version| version.password = "by hand".into());
        drop(state);
        assert_eq!(world.recover().expect("it was not to die")[0].settled, Settled::Superseded);
        let state = world.0.borrow();
        assert_eq!((&*state.version().password, &*state.account.accepts), ("by hand", "by hand"));
        assert_eq!((&*state.version().pending, state.open_rotations().len()), ("", 0));
    }
}

#[test]
fn a_record_that_comes_to_name_another_user_is_not_written() {
    let world = world(|state| state.foreign = vec![(1, Foreign::Repoint)]);
    assert_failed(&world, &world.run(), "record-changed");
    assert_eq!(count(&world, "rotate"), 0);

    let world = self::world(|state| state.foreign = vec![(3, Foreign::Repoint)]);
    assert_undecided(&world, &world.run(), "record-changed");
    let settled = world.recover().expect("it was not to die");
    assert_eq!(settled[0].error.as_ref().expect("an error").code, "record-changed");
    assert_eq!(count(&world, "rotate"), 1);
}

#[test]
fn a_save_whose_answer_is_lost_is_found() {
    let world = world(|state| state.saves = [SaveFault::AnswerLost; 2].into());
    assert_eq!(world.run().kind, OutcomeKind::Rotated);
    let world =
        self::world(|state| state.saves = [SaveFault::Late(1), SaveFault::None, SaveFault::Late(1)].into());
    assert_eq!(world.run().kind, OutcomeKind::Rotated);
}

#[test]
fn without_both_values_in_the_record_the_service_is_not_touched() {
    let world = world(|state| state.saves = [SaveFault::Refused].into());
    assert_failed(&world, &world.run(), "vault-denied");
    let world = self::world(|state| state.saves = [SaveFault::RequestLost; 9].into());
    let outcome = world.run();
    assert_eq!((outcome.kind, code(&outcome)), (OutcomeKind::Uncertain, "save-unclear"));
    assert_eq!(count(&world, "rotate"), 0);
    assert_eq!(world.recover().expect("it was not to die")[0].settled, Settled::RolledBack);
}

#[test]
fn what_was_on_its_way_to_the_record_is_fenced_off_before_it_is_forgotten() {
    let world = world(|state| state.saves = [SaveFault::Late(300)].into());
    world.die_once(|state| state.calls.last() == Some(&"save") && state.saves.is_empty());
    assert_eq!(world.recover().expect("it was not to die")[0].settled, Settled::RolledBack);
    world.wait(Duration::from_mins(5));
    assert_eq!(world.0.borrow().version().pending, "");
}

#[test]
fn while_another_gateway_may_be_at_work_nothing_is_begun() {
    let world = world(|state| left_behind(state, "second", 3600));
    let outcome = world.run();
    assert_eq!((outcome.kind, code(&outcome)), (OutcomeKind::Failed, "rotation-pending"));
    assert!(world.0.borrow().entries().is_empty());
    assert_eq!(count(&world, "preflight"), 0);
}

#[test]
fn what_another_gateway_left_is_settled_from_the_field_alone() {
    for landed in ["first", "second"] {
        let world = world(|state| {
            left_behind(state, "second", 100);
            state.account.accepts = landed.into();
        });
        let outcome = world.run();
        assert_eq!(outcome.kind, OutcomeKind::Rotated);
        assert!(
            outcome.warnings.iter().any(|warning| warning.contains("elsewhere")),
            "{:?}",
            outcome.warnings
        );
        assert!(world.0.borrow().here.took >= Duration::from_secs(100));
        assert!(world.0.borrow().versions.iter().any(|version| version.password == "second"));
        assert!(world.0.borrow().open_rotations().is_empty());
    }
}

#[test]
fn what_another_gateway_left_is_not_saved_over_what_ours_proposes() {
    let world = world(|state| {
        left_behind(state, "second", 0);
        proposing(state);
    });
    assert_eq!(world.run().kind, OutcomeKind::Rotated);
    let state = world.0.borrow();
    assert!(!state.versions.iter().any(|version| version.password == "second"));
    assert!(state.versions.iter().any(|version| version.pending("old") == Some("second".into())));
    assert!(state.open_rotations().is_empty());
}

#[test]
fn while_our_own_is_not_settled_no_new_one_is_begun() {
    let world = world(|state| {
        state.verify = vec![StepFault::Ends(Ending::Unavailable); 2 * TRIES_OF_AN_OUTAGE].into();
    });
    world.run();
    let life = world.live(|_| {}, true).expect("it was not to die");
    assert_eq!(life.settled[0].settled, Settled::Open);
    assert_undecided(&world, &life.outcome, "rotation-open");
    assert_eq!(count(&world, "rotate"), 1);
}

#[test]
fn whoever_was_taken_over_writes_nothing_more() {
    let world = world(|state| state.moments.dies = Some(When::Once(|state| state.calls.contains(&"verify"))));
    assert!(world.live(|_| {}, true).is_none());
    // Another gateway settles it, with a journal of its own.
    let journal = std::mem::take(&mut world.0.borrow_mut().here.journal);
    world.0.borrow_mut().moments.dies = None;
    world.wait(Duration::from_hours(1));
    assert_eq!(world.run().kind, OutcomeKind::Rotated);
    let revision = world.0.borrow().version().revision;
    world.0.borrow_mut().here.journal = journal;
    assert_eq!(world.recover().expect("it was not to die")[0].settled, Settled::Committed);
    assert_eq!(world.0.borrow().version().revision, revision);
}

#[test]
fn what_another_gateway_took_over_meanwhile_is_not_overwritten() {
    let world = world(|state| state.foreign = vec![(3, Foreign::TakesOver)]);
    let outcome = world.run();
    assert_eq!((outcome.kind, code(&outcome)), (OutcomeKind::Uncertain, "rotated-elsewhere"));
    let state = world.0.borrow();
    assert_eq!(state.version().pending("new"), Some("theirs".into()));
    assert_eq!(state.version().password, "first");
}

#[test]
fn a_field_that_we_did_not_write_is_left_alone() {
    let world = world(|state| state.versions[0].pending = "by hand: hunter2".into());
    let outcome = world.run();
    assert_eq!((outcome.kind, code(&outcome)), (OutcomeKind::Failed, "pending-malformed"));
    assert_eq!(world.0.borrow().version().revision, 7);
}

#[test]
fn an_overlap_rotation_does_not_begin_while_the_field_stands() {
    let world = World::with(|state| left_behind(state, "second", 0));
    let outcome = world.run();
    assert_eq!((outcome.kind, code(&outcome)), (OutcomeKind::Uncertain, "rotation-open"));
    assert_eq!(count(&world, "preflight"), 0);
}

#[test]
fn a_dry_run_names_what_is_not_settled() {
    let world = world(|state| left_behind(state, "second", 3600));
    let outcome = world.run_as(|job| job.dry_run = true, true);
    assert_eq!(outcome.kind, OutcomeKind::Planned);
    assert!(outcome.warnings.iter().any(|warning| warning.contains("elsewhere")));
    assert_eq!((count(&world, "save"), count(&world, "lock record")), (0, 0));
}

#[test]
fn what_cannot_be_rotated_in_place_is_told_before_anything_is_touched() {
    let world = world(|_| {});
    let outcome = world.run_without_vault();
    assert_eq!((outcome.kind, code(&outcome)), (OutcomeKind::Invalid, "vault-needed"));
    let outcome = world.run_as(|job| job.returns.clear(), true);
    assert_eq!((outcome.kind, code(&outcome)), (OutcomeKind::Invalid, "returns-unfit"));
    let outcome = world.run_as(|job| job.returns[0].label = "pin".into(), true);
    assert_eq!((outcome.kind, code(&outcome)), (OutcomeKind::Failed, "record-without-field"));
    assert!(world.0.borrow().entries().is_empty() && count(&world, "save") == 0);
}

#[test]
fn what_was_interrupted_is_settled_wherever_that_was() {
    for at in 0..60 {
        let world = world(|state| state.moments.interrupted = Some(When::At(at)));
        let outcome = world.run();
        let is_through = outcome.kind == OutcomeKind::Rotated;
        assert!(is_through || code(&outcome) == "interrupted", "{at}: {outcome:?}");
        world.recover();
        let state = world.0.borrow();
        assert_eq!((&state.version().password, &*state.version().pending), (&state.account.accepts, ""));
        assert_eq!((state.open_rotations().len(), state.version().record(true).uid.as_str()), (0, UID));
    }
}

#[test]
fn after_an_interruption_the_later_steps_are_given_what_was_noted_before_the_change() {
    let world = world(|state| state.moments.dies = Some(When::Once(|state| state.account.changes > 0)));
    assert!(world.live(|_| {}, true).is_none(), "it was not to live");
    let settled = world.recover().expect("it was not to die");
    assert_eq!(settled[0].settled, Settled::Committed, "{settled:?}");
    assert!(count(&world, "preflight") > 1 && count(&world, "verify") > 0);
    let state = world.0.borrow();
    assert_eq!(state.account.accepts, state.version().password);
}

#[test]
fn wherever_it_dies_the_record_knows_what_works_and_recover_finishes() {
    for at in 0..60 {
        let world = world(|state| state.moments.dies = Some(When::At(at)));
        if world.live(|_| {}, true).is_none() {
            let settled = world.recover().expect("it was not to die");
            assert!(
                settled.iter().all(|settlement| settlement.settled != Settled::Open),
                "{at}: {settled:?}"
            );
        }
        let state = world.0.borrow();
        assert_eq!((&state.version().password, &*state.version().pending), (&state.account.accepts, ""));
    }
}
