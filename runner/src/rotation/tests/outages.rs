//! Services and vaults that do not answer, in every step: one patience, which begins anew with each
//! answer, and which pauses that were asked for do not use up.

use std::time::Duration;

use super::consumers::Consumers;
use super::faults::*;
use super::process::When;
use super::world::{State, World};
use crate::rotation::*;

const SILENT: StepFault = StepFault::Ends(Ending::Unavailable);
const BUSY: StepFault = StepFault::Ends(Ending::Busy);
const MINUTE: Duration = Duration::from_mins(1);

/// So many of the one, and then the others.
fn first<T: Clone>(count: usize, fault: T, then: impl IntoIterator<Item = T>) -> Vec<T> {
    std::iter::repeat_n(fault, count).chain(then).collect()
}

fn fails(ending: Ending, lands: Option<u64>) -> RotateFault {
    RotateFault { ending: Some(ending), lands, ..RotateFault::default() }
}

fn took(world: &World) -> Duration {
    world.0.borrow().here.took
}

fn count(world: &World, call: &str) -> usize {
    world.0.borrow().calls.iter().filter(|made| **made == call).count()
}

fn told(outcome: &Outcome) -> (OutcomeKind, &str, bool) {
    let code = outcome.error.as_ref().map_or("", |error| &error.code);
    (outcome.kind, code, outcome.saved)
}

const ROTATED: (OutcomeKind, &str, bool) = (OutcomeKind::Rotated, "", true);

#[test]
fn n14_an_outage_in_commit_ends_after_a_minute_as_uncertain_and_saved() {
    for ending in [Ending::Unavailable, Ending::Lost, Ending::Other] {
        let world = World::with(|state| state.commit = vec![StepFault::Ends(ending); 99].into());
        assert_eq!(told(&world.run()), (OutcomeKind::Uncertain, "commit-incomplete", true));
        assert_eq!((took(&world), count(&world, "commit")), (MINUTE, TRIES_OF_AN_OUTAGE));
        // The next run finds it open, and ends it.
        world.0.borrow_mut().commit.clear();
        assert_eq!(world.recover().unwrap()[0].settled, Settled::Committed);
    }
}

#[test]
fn n14_an_outage_in_rollback_ends_after_a_minute_as_uncertain() {
    for ending in [Ending::Unavailable, Ending::Lost, Ending::Other] {
        let world = World::with(|state| {
            state.verify = [StepFault::Ends(Ending::Denied)].into();
            state.rollback = vec![StepFault::Ends(ending); 99].into();
        });
        assert_eq!(told(&world.run()), (OutcomeKind::Uncertain, "denied", false));
        assert_eq!((took(&world), count(&world, "rollback")), (MINUTE, TRIES_OF_AN_OUTAGE));
        world.0.borrow_mut().rollback.clear();
        assert_eq!(world.recover().unwrap()[0].settled, Settled::RolledBack);
    }
}

/// Graph's 500 to `addPassword` ended the run as failed, a minute later and with nothing wrong any more.
#[test]
fn n14_a_try_that_never_showed_up_is_repeated_once_it_cannot_any_more() {
    for ending in [Ending::Lost, Ending::Other, Ending::Unavailable] {
        let world = World::with(|state| {
            state.rotate = [fails(ending, None)].into();
            state.rotate[0].is_possible = true;
        });
        let outcome = world.run();
        assert_eq!(told(&outcome), ROTATED, "{ending:?}");
        assert_eq!((count(&world, "rotate"), took(&world)), (2, MINUTE + Duration::from_secs(1)));
        let state = world.0.borrow();
        assert_eq!((state.version().id.as_str(), state.made_by("r1").len()), ("new-2", 1));
        assert!(outcome.warnings.iter().any(|warning| warning.contains("rotate was repeated")));
    }
}

#[test]
fn n14_a_try_is_not_repeated_where_there_is_no_time_left_for_it() {
    let world = World::with(|state| {
        state.rotate = [fails(Ending::Lost, None)].into();
        state.limits.timeout = Duration::from_secs(85);
    });
    assert_eq!(told(&world.run()), (OutcomeKind::Failed, "answer-lost", false));
    assert_eq!(count(&world, "rotate"), 1);
}

#[test]
fn n14_a_service_that_turns_rotate_away_is_waited_for_and_no_try_is_used_up() {
    let world = World::with(|state| state.rotate = first(5, fails(Ending::Unavailable, None), []).into());
    assert_eq!(told(&world.run()), ROTATED);
    assert_eq!((count(&world, "rotate"), count(&world, "rollback")), (6, 0));
    let state = world.0.borrow();
    assert_eq!((state.version().id.as_str(), state.attempts.iter().max()), ("new-1", Some(&1)));
    drop(state);

    let world = World::with(|state| state.rotate = vec![fails(Ending::Unavailable, None); 99].into());
    assert_eq!(told(&world.run()), (OutcomeKind::Failed, "unavailable", false));
    assert_eq!((took(&world), count(&world, "rotate")), (MINUTE, TRIES_OF_AN_OUTAGE));
}

#[test]
fn n14_an_answer_in_between_lets_patience_begin_anew() {
    let twice = |answer| first(6, SILENT, [answer, SILENT, SILENT, SILENT]);
    let world = World::with(|state| state.commit = twice(StepFault::Ends(Ending::Conflict)).into());
    assert_eq!(told(&world.run()), ROTATED);
    assert!(took(&world) > MINUTE);

    let world = World::with(|state| {
        state.verify = [StepFault::Ends(Ending::Denied)].into();
        state.rollback = twice(StepFault::RemovalRefused).into();
    });
    assert_eq!(told(&world.run()), (OutcomeKind::Failed, "denied", false));
    assert!(took(&world) > MINUTE);
}

#[test]
fn n14_pauses_that_were_asked_for_do_not_count() {
    let with: [fn(&mut State, Vec<StepFault>); 3] = [
        |state, faults| state.preflight = faults.into(),
        |state, faults| state.verify = faults.into(),
        |state, faults| state.commit = faults.into(),
    ];
    for with in with {
        let world = World::with(|state| with(state, first(20, BUSY, [SILENT; 3])));
        assert_eq!(told(&world.run()), ROTATED);
        assert!(took(&world) > 3 * MINUTE);
    }
    let world = World::with(|state| state.rotate = vec![fails(Ending::Busy, None); 20].into());
    assert_eq!(told(&world.run()), ROTATED);
    assert!(took(&world) > 3 * MINUTE);
}

#[test]
fn n14_pauses_that_were_asked_for_leave_the_reserve_for_the_rollback() {
    let world = World::with(|state| state.preflight = vec![BUSY; 999].into());
    assert_eq!(told(&world.run()), (OutcomeKind::Failed, "busy", false));
    assert!(took(&world) + Duration::from_secs(30) <= world.0.borrow().limits.timeout);

    let world = World::with(|state| {
        state.verify = vec![BUSY; 999].into();
        state.rollback = [BUSY, SILENT].into();
    });
    assert_eq!(told(&world.run()), (OutcomeKind::Failed, "busy", false));
    assert_eq!(world.0.borrow().made_by("r1"), [""; 0]);

    let world = World::with(|state| state.commit = vec![BUSY; 999].into());
    assert_eq!(told(&world.run()), (OutcomeKind::Uncertain, "commit-incomplete", true));
}

#[test]
fn n14_an_outage_ends_what_changes_nothing_after_a_minute() {
    for ending in [Ending::Unavailable, Ending::Lost] {
        let silent = || vec![StepFault::Ends(ending); TRIES_OF_AN_OUTAGE];
        let world = World::with(|state| state.preflight = silent().into());
        assert_eq!(world.run().kind, OutcomeKind::Failed);
        assert_eq!((took(&world), world.0.borrow().entries()), (MINUTE, vec![]));
        let world = World::with(|state| state.verify = silent().into());
        assert_eq!(world.run().kind, OutcomeKind::Failed);
        assert_eq!((took(&world), world.0.borrow().made_by("r1")), (MINUTE, vec![]));
    }
    // What a plugin does not know is none, where nobody is hurt by an early end.
    let world = World::with(|state| state.preflight = [StepFault::Ends(Ending::Other)].into());
    assert_eq!((world.run().kind, count(&world, "preflight")), (OutcomeKind::Failed, 1));
}

#[test]
fn n14_a_consumer_that_does_not_answer_is_waited_for() {
    let silent = DeliverFault::Ends(Ending::Unavailable);
    let consuming = |faults: Vec<DeliverFault>| {
        World::with(|state| {
            state.consumers.list = Consumers::holding(1, "old-secret");
            state.consumers.faults = faults.into();
        })
    };
    let world = consuming(first(TRIES_OF_AN_OUTAGE - 1, silent, []));
    assert_eq!(told(&world.run()), ROTATED);
    let world = consuming(vec![silent; 99]);
    assert_eq!(told(&world.run()), (OutcomeKind::Uncertain, "delivery-incomplete", true));
    assert_eq!(took(&world), MINUTE);
    let world = consuming(vec![DeliverFault::Ends(Ending::Conflict); 99]);
    assert_eq!(told(&world.run()), (OutcomeKind::Uncertain, "delivery-incomplete", true));
    assert!(took(&world) < Duration::from_secs(10));

    let world = consuming(vec![]);
    world.0.borrow_mut().consumers.preflight = vec![silent; TRIES_OF_AN_OUTAGE - 1].into();
    assert_eq!(told(&world.run()), ROTATED);
    let world = consuming(vec![]);
    world.0.borrow_mut().consumers.preflight = vec![silent; 99].into();
    assert_eq!(told(&world.run()), (OutcomeKind::Failed, "unavailable", false));
    assert_eq!(took(&world), MINUTE);
}

#[test]
fn n14_a_throttled_vault_is_waited_out_in_every_call_within_the_time_of_the_rotation() {
    let throttled = GetFault::Throttled(11);
    for gets in [
        first(20, throttled, []),
        [vec![GetFault::None], first(20, throttled, [])].concat(),
        [vec![GetFault::None], first(5, throttled, [GetFault::Stale]), first(5, throttled, [])].concat(),
    ] {
        let world = World::with(|state| state.gets = gets.into());
        assert_eq!(told(&world.run()), ROTATED);
        assert_eq!(count(&world, "save"), 1);
        assert!(took(&world) >= Duration::from_secs(110));
    }
    let world = World::with(|state| state.saves = vec![SaveFault::Throttled(11); 20].into());
    assert_eq!(told(&world.run()), ROTATED);
    let state = world.0.borrow();
    // Each time at the same revision, and announced once: none of them was applied.
    let announced = state.entries().iter().filter(|entry| matches!(entry, Entry::Saving { .. })).count();
    assert_eq!((announced, state.version().revision), (1, 8));
}

#[test]
fn n14_a_vault_that_stays_throttled_ends_it_with_enough_time_to_roll_back() {
    for seconds in [11, 9999] {
        let world = World::with(|state| state.saves = vec![SaveFault::Throttled(seconds); 999].into());
        assert_eq!(told(&world.run()), (OutcomeKind::Failed, "vault-throttled", false));
        assert_eq!(world.0.borrow().made_by("r1"), [""; 0]);
    }
    let world = World::with(|state| state.gets = vec![GetFault::Throttled(11); 999].into());
    assert_eq!(told(&world.run()), (OutcomeKind::Failed, "vault-throttled", false));
    // As long as it may have been written, nothing is rolled back.
    let world = World::with(|state| {
        state.saves = first(1, SaveFault::Late(3000), vec![SaveFault::Throttled(11); 999]).into();
    });
    assert_eq!(told(&world.run()), (OutcomeKind::Uncertain, "save-unclear", false));
}

#[test]
fn n14_a_silent_vault_has_one_patience_for_save_and_read_back() {
    let silent = |save| {
        World::with(|state| {
            state.saves = vec![save; 99].into();
            state.gets = first(1, GetFault::None, vec![GetFault::Unreadable; 99]).into();
        })
    };
    let world = silent(SaveFault::Unreachable);
    assert_eq!(told(&world.run()), (OutcomeKind::Failed, "vault-unreachable", false));
    assert_eq!((took(&world), count(&world, "save")), (MINUTE, TRIES_OF_AN_OUTAGE));
    let world = silent(SaveFault::RequestLost);
    assert_eq!(told(&world.run()), (OutcomeKind::Uncertain, "save-unclear", false));
    // Once more, to keep the values in the record.
    assert_eq!(took(&world), 2 * MINUTE);

    // One that has answered the save is waited for as long once more.
    let world = World::with(|state| {
        state.saves = vec![SaveFault::RequestLost; TRIES_OF_AN_OUTAGE - 1].into();
        let unreadable = vec![GetFault::Unreadable; TRIES_OF_AN_OUTAGE - 1];
        state.gets = first(1, GetFault::None, unreadable).into();
    });
    assert_eq!((told(&world.run()), took(&world)), (ROTATED, 2 * MINUTE));

    let world = World::with(|state| state.gets = vec![GetFault::Unreadable; 99].into());
    assert_eq!(told(&world.run()), (OutcomeKind::Failed, "vault-unreachable", false));
    assert_eq!((took(&world), count(&world, "get")), (MINUTE, TRIES_OF_AN_OUTAGE));
}

#[test]
fn n14_what_is_settled_waits_as_long_and_no_longer() {
    let saving = |state: &State| state.entries().iter().any(|entry| matches!(entry, Entry::Saving { .. }));
    let died = || {
        let world = World::new();
        world.0.borrow_mut().moments.dies = Some(When::Once(saving));
        assert!(world.live(|_| {}, true).is_none());
        world
    };
    let world = died();
    world.0.borrow_mut().gets = vec![GetFault::Throttled(11); 20].into();
    assert_ne!(world.recover().unwrap()[0].settled, Settled::Open);
    let world = died();
    world.0.borrow_mut().gets = vec![GetFault::Unreadable; 99].into();
    assert_eq!(world.recover().unwrap()[0].settled, Settled::Open);
    assert_eq!(took(&world), MINUTE);
}

#[test]
fn n14_the_operator_sets_how_long() {
    let world = World::with(|state| {
        state.limits.outage_patience = Duration::from_secs(5);
        state.commit = vec![SILENT; 99].into();
    });
    assert_eq!(world.run().kind, OutcomeKind::Uncertain);
    assert_eq!((took(&world), count(&world, "commit")), (Duration::from_secs(5), 4));

    let world = World::with(|state| {
        state.limits.outage_patience = Duration::ZERO;
        state.commit = vec![SILENT; 99].into();
    });
    assert_eq!(world.run().kind, OutcomeKind::Uncertain);
    assert_eq!((took(&world), count(&world, "commit")), (Duration::ZERO, 1));
}
