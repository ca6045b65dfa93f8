//! What an interrupted rotation left is settled by whoever comes next.

use std::time::Duration;

use super::consumers::Consumers;
use super::faults::{Ending, Foreign, GetFault, RotateFault, SaveFault, StepFault, TRIES_OF_AN_OUTAGE};
use super::world::{APP, State, UID, World, other_record};
use crate::policy::Removals;
use crate::rotation::*;

fn last(state: &State) -> Option<Entry> {
    state.entries().pop()
}

fn has_made(state: &State) -> bool {
    matches!(last(state), Some(Entry::Made { .. }))
}

/// The save was answered by now, well or not.
fn has_sent(state: &State) -> bool {
    state.calls.last() == Some(&"save") && state.saves.is_empty()
}

fn has_saved(state: &State) -> bool {
    matches!(last(state), Some(Entry::Saved { .. }))
}

/// A world whose first process died at some point.
fn died_once(change: impl FnOnce(&mut State), condition: fn(&State) -> bool) -> World {
    let world = World::with(change);
    world.die_once(condition);
    world.0.borrow_mut().calls.clear();
    world
}

fn died_saving(fault: SaveFault) -> World {
    died_once(|state| state.saves = [fault].into(), has_sent)
}

fn recover(world: &World) -> Settlement {
    world.recover().expect("it was not to die").remove(0)
}

fn count(world: &World, call: &str) -> usize {
    world.0.borrow().calls.iter().filter(|made| **made == call).count()
}

fn code(settlement: &Settlement) -> &str {
    &settlement.error.as_ref().expect("an error").code
}

fn told(settlement: &Settlement) -> String {
    let error = settlement.error.as_ref().expect("an error");
    format!("{} {}", error.message, error.hint.as_ref().expect("a hint"))
}

fn assert_open(settlement: &Settlement, expected: &str) {
    assert_eq!((settlement.settled, code(settlement)), (Settled::Open, expected));
    let told = told(settlement);
    assert!(["r1", UID, APP].iter().all(|word| told.contains(word)), "{told}");
}

#[test]
fn an_intent_alone_has_changed_nothing() {
    let world = died_once(|_| {}, |state| matches!(last(state), Some(Entry::Intent(_))));
    assert_eq!(recover(&world).settled, Settled::NothingDone);
    assert_eq!(world.0.borrow().calls, ["unlock target"]);
    assert_eq!(last(&world.0.borrow()), Some(Entry::RolledBack));
}

#[test]
fn what_a_try_made_is_found_by_its_marker_and_rolled_back() {
    let world = died_once(|_| {}, |state| state.key("new-1").is_some());
    assert_eq!(recover(&world).settled, Settled::RolledBack);
    assert!(!world.0.borrow().is_alive("new-1"));
    assert_eq!(world.0.borrow().calls, ["lock target", "get", "rollback", "unlock target"]);
    assert_eq!(world.0.borrow().here.took, Duration::ZERO);
}

#[test]
fn a_try_that_made_nothing_is_closed_only_after_the_settle_window() {
    let world = died_once(|_| {}, |state| matches!(last(state), Some(Entry::Try { .. })));
    assert_eq!(recover(&world).settled, Settled::RolledBack);
    assert_eq!(world.0.borrow().here.took, Duration::from_mins(1));
}

#[test]
fn the_settle_window_counts_from_when_nothing_could_be_sent_any_more() {
    let world = died_once(|_| {}, |state| matches!(last(state), Some(Entry::Try { .. })));
    world.wait(Duration::from_hours(1));
    assert_eq!(recover(&world).settled, Settled::RolledBack);
    assert_eq!(world.0.borrow().here.took, Duration::from_secs(1), "two looks, and no waiting");
}

#[test]
fn what_lands_after_the_death_is_waited_for() {
    let late = RotateFault { ending: Some(Ending::Lost), lands: Some(30), ..RotateFault::default() };
    let world = died_once(|state| state.rotate = [late].into(), |state| !state.arriving.is_empty());
    assert_eq!(recover(&world).settled, Settled::RolledBack);
    let state = world.0.borrow();
    assert!(state.key("new-1").is_some_and(|key| !key.alive));
}

#[test]
fn a_stray_of_an_earlier_try_does_not_stand_for_the_last_one() {
    let lost = |lands, lag| RotateFault {
        ending: Some(Ending::Lost),
        lands: Some(lands),
        lag,
        ..RotateFault::default()
    };
    let world = died_once(
        |state| state.rotate = [lost(0, 15), lost(40, 0)].into(),
        |state| state.rotate.is_empty() && !state.arriving.is_empty(),
    );
    assert_eq!(recover(&world).settled, Settled::RolledBack);
    assert!(world.0.borrow().key("new-2").is_some_and(|key| !key.alive));
}

#[test]
fn a_new_rotation_looks_once_and_does_not_wait_for_what_cannot_be_told_yet() {
    let world = died_once(|_| {}, |state| matches!(last(state), Some(Entry::Try { .. })));
    let life = world.live(|_| {}, true).expect("it was not to die");
    assert_open(&life.settled[0], "rollback-unproven");
    assert!(told(&life.settled[0]).contains(&marker_stem(UID, "r1")));
    assert_eq!(life.outcome.kind, OutcomeKind::Rotated);
    assert!(world.0.borrow().here.took <= Duration::from_secs(5));
    world.wait(Duration::from_hours(1));
    assert_eq!(recover(&world).settled, Settled::RolledBack);
}

#[test]
fn a_credential_that_was_not_saved_is_rolled_back_by_its_handle() {
    let world = died_once(|_| {}, has_made);
    assert_eq!(recover(&world).settled, Settled::RolledBack);
    assert!(!world.0.borrow().is_alive("new-1"));
    assert_eq!((count(&world, "save"), count(&world, "verify")), (0, 0));
}

#[test]
fn a_save_that_landed_is_proven_again_and_committed() {
    for fault in [SaveFault::None, SaveFault::AnswerLost] {
        let world = died_saving(fault);
        let settlement = recover(&world);
        assert_eq!(
            (settlement.settled, &settlement.removed[..]),
            (Settled::Committed, &["old".into(), "older".into()][..])
        );
        assert_eq!(world.0.borrow().calls, ["lock target", "get", "verify", "commit", "unlock target"]);
        assert_eq!(last(&world.0.borrow()), Some(Entry::Done));
        assert!(settlement.summary().contains("older"), "{}", settlement.summary());
    }
}

#[test]
fn a_save_that_has_not_landed_is_fenced_off_before_it_is_rolled_back() {
    for fault in [SaveFault::RequestLost, SaveFault::Late(300)] {
        let world = died_saving(fault);
        assert_eq!(recover(&world).settled, Settled::RolledBack);
        assert_eq!(
            world.0.borrow().calls,
            ["lock target", "get", "save", "get", "rollback", "unlock target"]
        );
        world.wait(Duration::from_mins(5));
        assert_eq!((world.0.borrow().version().id.as_str(), world.0.borrow().version().revision), ("old", 8));
    }
}

#[test]
fn a_save_that_somebody_elses_has_fenced_off_needs_no_fence_of_ours() {
    let world = died_saving(SaveFault::Late(300));
    let at = world.0.borrow().vault_calls;
    world.0.borrow_mut().foreign = vec![(at, Foreign::Note)];
    assert_eq!(recover(&world).settled, Settled::RolledBack);
    assert_eq!(count(&world, "save"), 0);
}

#[test]
fn a_save_that_lands_while_it_is_fenced_off_is_gone_forward_with() {
    let world = died_saving(SaveFault::Late(1));
    world.0.borrow_mut().saves = [SaveFault::RequestLost].into();
    assert_eq!(recover(&world).settled, Settled::Committed);
    assert_eq!(world.0.borrow().version().id, "new-1");
}

#[test]
fn a_fence_whose_answer_is_lost_is_looked_for() {
    let world = died_saving(SaveFault::Late(300));
    world.0.borrow_mut().saves = [SaveFault::RequestLost, SaveFault::AnswerLost].into();
    assert_eq!(recover(&world).settled, Settled::RolledBack);
    assert_eq!(count(&world, "save"), 2);
}

#[test]
fn without_a_fence_both_credentials_are_kept() {
    for (saves, gets, expected) in [
        ([SaveFault::Refused; 9], [GetFault::None; 9], "vault-denied"),
        ([SaveFault::RequestLost; 9], [GetFault::None; 9], "save-unclear"),
        ([SaveFault::None; 9], [GetFault::Unreadable; 9], "save-unclear"),
    ] {
        let world = died_saving(SaveFault::Late(300));
        world.0.borrow_mut().saves = saves.into();
        world.0.borrow_mut().gets = gets.into();
        let settlement = recover(&world);
        assert_open(&settlement, expected);
        assert!(told(&settlement).contains("new-1"), "{}", told(&settlement));
        assert!(world.0.borrow().is_alive("new-1") && world.0.borrow().is_alive("old"));
    }
}

#[test]
fn a_save_by_somebody_else_supersedes_ours_and_commits_nothing_that_was_not_saved() {
    let world = died_once(|_| {}, has_sent);
    let at = world.0.borrow().vault_calls;
    world.0.borrow_mut().foreign = vec![(at, Foreign::Rotates)];
    assert_eq!(recover(&world).settled, Settled::Superseded);
    let state = world.0.borrow();
    assert!(!state.is_alive("new-1") && state.is_alive("old") && state.is_alive("older"));
}

/// Found by a crowd: who replaces ours need not know what ours replaced, and nobody removed that.
#[test]
fn what_a_saved_credential_replaced_is_removed_although_another_one_is_saved_by_now() {
    let superseded = || {
        let world = died_once(|_| {}, has_saved);
        let at = world.0.borrow().vault_calls;
        world.0.borrow_mut().foreign = vec![(at, Foreign::Rotates)];
        world
    };
    let world = superseded();
    let settlement = recover(&world);
    assert_eq!((settlement.settled, settlement.removed.len()), (Settled::Superseded, 2));
    let state = world.0.borrow();
    assert!(!state.is_alive("new-1") && !state.is_alive("old") && !state.is_alive("older"));
    assert!(state.is_alive(&state.version().id));

    // Nothing goes before it is known that the other one works.
    let world = superseded();
    world.0.borrow_mut().verify = [StepFault::Ends(Ending::Wrong)].into();
    assert_open(&recover(&world), "commit-incomplete");
    assert!(world.0.borrow().is_alive("old") && world.0.borrow().is_alive("new-1"));
}

#[test]
fn the_old_credential_put_back_supersedes_ours_and_commits_nothing() {
    let world = died_once(|_| {}, has_saved);
    let at = world.0.borrow().vault_calls;
    world.0.borrow_mut().foreign = vec![(at, Foreign::Restores)];
    assert_eq!(recover(&world).settled, Settled::Superseded);
    let state = world.0.borrow();
    assert!(!state.is_alive("new-1") && state.is_alive("old") && state.is_alive("older"));
}

#[test]
fn a_saved_credential_is_proven_again_before_anything_is_removed() {
    let world = died_once(|_| {}, has_saved);
    assert_eq!(recover(&world).settled, Settled::Committed);
    assert_eq!(world.0.borrow().calls, ["lock target", "get", "verify", "commit", "unlock target"]);

    let world = died_once(|_| {}, has_saved);
    world.0.borrow_mut().verify = vec![StepFault::Ends(Ending::Unavailable); TRIES_OF_AN_OUTAGE].into();
    let settlement = recover(&world);
    assert_open(&settlement, "commit-incomplete");
    assert_eq!(count(&world, "commit"), 0);
    let retained: Vec<_> = settlement.retained.iter().map(|listed| listed.id.as_str()).collect();
    assert_eq!(retained, ["old", "older"]);
    assert!(told(&settlement).contains("old, older"));

    let world = died_once(|_| {}, has_saved);
    world.0.borrow_mut().verify = [StepFault::Unproven].into();
    assert_eq!(recover(&world).settled, Settled::Committed);
    assert!(world.0.borrow().is_alive("old"));
}

#[test]
fn a_saved_credential_that_no_longer_works_removes_nothing() {
    let world = died_once(|_| {}, has_saved);
    world.0.borrow_mut().verify = [StepFault::Ends(Ending::Wrong)].into();
    assert_open(&recover(&world), "commit-incomplete");
    assert!(world.0.borrow().is_alive("old") && world.0.borrow().is_alive("new-1"));
}

#[test]
fn a_read_from_before_the_save_is_not_acted_on() {
    let world = died_once(|_| {}, has_saved);
    world.0.borrow_mut().gets = [GetFault::Stale].into();
    assert_eq!(recover(&world).settled, Settled::Committed);
    assert_eq!((count(&world, "get"), count(&world, "save")), (2, 0));

    let world = died_once(|_| {}, has_saved);
    world.0.borrow_mut().gets = [GetFault::Stale; 99].into();
    assert_open(&recover(&world), "save-unclear");
    assert!(world.0.borrow().is_alive("new-1") && world.0.borrow().is_alive("old"));
}

#[test]
fn what_a_record_came_to_name_is_not_removed() {
    let world = died_once(|_| {}, has_saved);
    world.0.borrow_mut().others.push(other_record("other", "OLD"));
    let life = world.live(|_| {}, true).expect("it was not to die");
    assert_eq!(
        (life.settled[0].settled, &life.settled[0].removed[..]),
        (Settled::Committed, &["older".into()][..])
    );
    assert_eq!(life.settled[0].retained[0].id, "old");
}

#[test]
fn a_commit_that_died_half_way_is_finished() {
    let world = died_once(|_| {}, |state| !state.is_alive("old"));
    assert!(world.0.borrow().is_alive("older"));
    let settlement = recover(&world);
    assert_eq!((settlement.settled, settlement.removed.len()), (Settled::Committed, 2));
}

#[test]
fn a_commit_that_fails_again_stays_open_and_says_what_is_left() {
    let world = died_once(|_| {}, has_saved);
    world.0.borrow_mut().commit = [StepFault::OneThen(Ending::Denied)].into();
    let settlement = recover(&world);
    assert_open(&settlement, "commit-incomplete");
    assert!(told(&settlement).contains("older"));
}

#[test]
fn what_was_being_printed_is_never_undone() {
    let world = World::with(|state| state.params = vec![state.version().record(false)]);
    assert_eq!(world.run_without_vault().kind, OutcomeKind::Rotated);
    let life = world.live(|_| {}, false).expect("it was not to die");
    assert_open(&life.settled[0], "handing-over");
    assert!(told(&life.settled[0]).contains("find out who was to save new-1"));
    assert_eq!((count(&world, "rollback"), count(&world, "commit")), (0, 0));
    assert!(world.0.borrow().is_alive("new-1"));
}

#[test]
fn what_was_printed_is_closed_when_a_record_names_it() {
    let world = World::with(|state| state.params = vec![state.version().record(false)]);
    world.run_without_vault();
    world.0.borrow_mut().params.push(other_record("other", "NEW-1"));
    let life = world.live(|_| {}, false).expect("it was not to die");
    assert_eq!(life.settled[0].settled, Settled::HandedOver);
}

#[test]
fn what_was_being_saved_is_settled_with_a_vault_only() {
    let world = died_saving(SaveFault::AnswerLost);
    let record = world.0.borrow().version().record(false);
    world.0.borrow_mut().params = vec![record];
    let life = world.live(|_| {}, false).expect("it was not to die");
    assert_open(&life.settled[0], "no-vault");
}

#[test]
fn what_cannot_be_prepared_stays_open_and_says_why_and_what_to_do() {
    let world = died_once(|_| {}, has_made);
    let stop = Stop::new(OutcomeKind::Invalid, "settings", "bad-setting", "the admin record is gone");
    world.0.borrow_mut().prepares = [Some(stop)].into();
    let settlement = recover(&world);
    assert_open(&settlement, "bad-setting");
    let told = told(&settlement);
    assert!(
        ["the admin record is gone", "pamrun recover target", "new-1", &marker(UID, "r1", 1)]
            .iter()
            .all(|word| told.contains(word)),
        "{told}"
    );
    assert_eq!(count(&world, "unlock target"), 1);
}

#[test]
fn a_rollback_that_fails_for_good_stays_open() {
    let world = died_once(|_| {}, has_made);
    world.0.borrow_mut().rollback = [StepFault::Ends(Ending::Trap)].into();
    let settlement = recover(&world);
    assert_open(&settlement, "rollback-unproven");
    assert_eq!(settlement.retained[0].id, "new-1");
}

#[test]
fn a_bad_plugin_cannot_remove_more_in_settling_than_its_tries_and_nothing_that_anybody_names() {
    let world = World::with(|state| {
        state.listed.retain(|listed| listed.id == "older");
        state.others.push(other_record("other", "strange"));
        state.params = vec![other_record("not in the vault", "foreign")];
    });
    // The first rotation stays open, and so does the second: its own handle is the only thing left
    // that nobody names.
    world.die_once(has_made);
    world.0.borrow_mut().rollback = [StepFault::Ends(Ending::Trap)].into();
    world.die_once(|state| has_made(state) && state.key("r2-new-1").is_some());
    world.0.borrow_mut().rollback = [StepFault::Ends(Ending::Trap), StepFault::Greedy].into();
    let settled = world.recover().expect("it was not to die");
    assert_eq!([settled[0].settled, settled[1].settled], [Settled::Open, Settled::RolledBack]);
    let state = world.0.borrow();
    assert!(["old", "older", "strange", "foreign", "new-1"].iter().all(|id| state.is_alive(id)));
    let Removals::Strays { tries, .. } = state.here.gate else { panic!("{:?}", state.here.gate) };
    assert_eq!(tries, 1);
}

/// Found by the property test: the record as it was before the later one was saved showed the credential of
/// the earlier one, which was delivered once more, and removed by the later one's commit.
#[test]
fn a_record_from_before_a_later_rotation_of_it_was_saved_is_read_again() {
    let world = World::with(|state| {
        state.consumers.list = Consumers::holding(1, "old-secret");
        state.lists = State::everything_of_the_record;
    });
    world.die_once(|state| matches!(state.entries().last(), Some(Entry::Delivering { .. })));
    let denied = StepFault::Ends(Ending::Denied);
    world.0.borrow_mut().verify = [denied].into();
    world.0.borrow_mut().commit = [denied].into();
    let life = world.live(|_| {}, true).expect("it was not to die");
    assert_eq!((life.settled[0].settled, life.outcome.saved), (Settled::Open, true));
    world.0.borrow_mut().gets = [GetFault::Stale; 2].into();
    let settled = world.recover().expect("it was not to die");
    assert_eq!(settled.last().expect("two").settled, Settled::Committed);
    assert_eq!(world.0.borrow().consumers.list[0].holds, "r2-new-1-secret");
}

#[test]
fn a_journal_that_does_not_begin_with_an_intent_is_left_alone() {
    let world = World::with(|state| {
        state.rotations.push("r1".into());
        state.here.journal.push(("r1".into(), Entry::Saving { revision: 7 }));
    });
    let settlement = recover(&world);
    assert_eq!((settlement.settled, code(&settlement)), (Settled::Open, "journal-malformed"));
    assert!(world.0.borrow().calls.is_empty());
}

#[test]
fn settling_leaves_half_of_the_time_to_the_new_rotation() {
    let world = died_once(|_| {}, has_made);
    world.0.borrow_mut().rollback = vec![StepFault::Ends(Ending::Unavailable); 99].into();
    let life = world.live(|_| {}, true).expect("it was not to die");
    assert_open(&life.settled[0], "rollback-unproven");
    assert_eq!(life.outcome.kind, OutcomeKind::Rotated);
    assert!(life.outcome.removed.contains(&"old".into()));
}
