//! Steps 9 and 10: what the vault holds decides, not what it answers.

use std::time::Duration;

use super::faults::{Foreign, GetFault, SaveFault};
use super::world::World;
use crate::policy::Removals;
use crate::rotation::*;

/// The vault is called once before the save.
const AT_THE_SAVE: usize = 1;
const AT_READING_BACK: usize = 2;

fn saving(saves: impl IntoIterator<Item = SaveFault>) -> World {
    World::with(|state| state.saves = saves.into_iter().collect())
}

fn meanwhile(at: usize, foreign: Foreign) -> World {
    World::with(|state| state.foreign = vec![(at, foreign)])
}

fn reading(gets: impl IntoIterator<Item = GetFault>) -> World {
    let first = std::iter::once(GetFault::None);
    World::with(|state| state.gets = first.chain(gets).collect())
}

fn code(outcome: &Outcome) -> &str {
    &outcome.error.as_ref().expect("an error").code
}

fn count(world: &World, call: &str) -> usize {
    world.0.borrow().calls.iter().filter(|made| **made == call).count()
}

fn assert_rolled_back(outcome: &Outcome, expected: &str) {
    assert_eq!((outcome.kind, code(outcome), outcome.saved), (OutcomeKind::Failed, expected, false));
}

fn assert_both_kept(world: &World, outcome: &Outcome) {
    assert_eq!((outcome.kind, code(outcome)), (OutcomeKind::Uncertain, "save-unclear"));
    assert!(!outcome.saved);
    let state = world.0.borrow();
    assert!(state.is_alive("new-1") && state.is_alive("old") && state.is_alive("older"));
    let retained: Vec<_> = outcome.retained.iter().map(|listed| listed.id.as_str()).collect();
    assert_eq!(retained, ["old", "older", "new-1"]);
}

#[test]
fn a_conflict_over_other_fields_is_saved_again_on_top_of_them() {
    let world = meanwhile(AT_THE_SAVE, Foreign::Note);
    assert_eq!(world.run().kind, OutcomeKind::Rotated);
    let state = world.0.borrow();
    assert_eq!((state.version().revision, state.version().note), (9, "edited"));
    assert!(state.entries().contains(&Entry::Saving { revision: 8 }));
}

#[test]
fn a_conflict_over_the_fields_that_we_write_is_rolled_back() {
    let world = meanwhile(AT_THE_SAVE, Foreign::Rotates);
    let outcome = world.run();
    assert_rolled_back(&outcome, "rotated-elsewhere");
    assert_eq!(count(&world, "save"), 1);
    let state = world.0.borrow();
    assert_eq!(state.version().id, "foreign-1");
    let Removals::Strays { never, .. } = &state.here.gate else { panic!("{:?}", state.here.gate) };
    assert!(never.contains("foreign-1"), "{never:?}");
}

#[test]
fn a_credential_in_the_plan_that_another_gateway_saves_first_survives() {
    let world = World::with(|state| {
        state.foreign = vec![(AT_THE_SAVE, Foreign::RotatesFromTheStart)];
        state.listed.push(state.key("foreign").expect("it is there").listed());
    });
    assert_rolled_back(&world.run(), "rotated-elsewhere");
    assert!(world.0.borrow().is_alive("foreign"));
}

#[test]
fn a_conflict_over_what_the_plugin_was_told_is_rolled_back() {
    let world = meanwhile(AT_THE_SAVE, Foreign::Repoint);
    assert_rolled_back(&world.run(), "record-changed");
    assert_eq!(world.0.borrow().version().id, "old");
}

#[test]
fn a_record_that_others_never_stop_changing_is_given_up() {
    let world = World::with(|state| {
        state.foreign = (0..20).map(|round| (AT_THE_SAVE + 2 * round, Foreign::Note)).collect();
    });
    assert_rolled_back(&world.run(), "save-conflict");
}

#[test]
fn a_save_that_the_vault_refuses_is_rolled_back() {
    let world = saving([SaveFault::Refused]);
    assert_rolled_back(&world.run(), "vault-denied");
    assert_eq!(count(&world, "save"), 1);
}

#[test]
fn a_save_whose_answer_is_lost_is_repeated_and_found() {
    let world = saving([SaveFault::AnswerLost]);
    let outcome = world.run();
    assert_eq!((outcome.kind, outcome.saved), (OutcomeKind::Rotated, true));
    assert_eq!(count(&world, "save"), 2);
    assert_eq!(world.0.borrow().version().revision, 8);
}

#[test]
fn a_save_that_never_arrived_is_repeated() {
    let world = saving([SaveFault::RequestLost, SaveFault::RequestLost]);
    assert_eq!(world.run().kind, OutcomeKind::Rotated);
}

#[test]
fn a_save_that_stays_unclear_keeps_both_credentials() {
    let world = saving([SaveFault::RequestLost; 9]);
    let outcome = world.run();
    assert_both_kept(&world, &outcome);
}

#[test]
fn a_save_that_may_land_after_we_gave_up_finds_its_credential_alive_and_its_values_in_the_record() {
    let world = saving([SaveFault::Late(300); 9]);
    let outcome = world.run();
    world.wait(Duration::from_mins(5));
    assert_both_kept(&world, &outcome);
    // What kept the values fenced it off.
    let state = world.0.borrow();
    assert_eq!(state.version().id, "old");
    assert!(state.version().rescued.contains("new-1-secret"));
}

#[test]
fn a_refusal_after_an_unclear_save_does_not_say_that_nothing_was_written() {
    let refusals = [SaveFault::Refused; 8];
    let world = saving([SaveFault::Late(300)].into_iter().chain(refusals));
    let outcome = world.run();
    assert_both_kept(&world, &outcome);
}

#[test]
fn a_change_by_others_fences_off_an_unclear_save() {
    let world = World::with(|state| {
        state.saves = [SaveFault::Late(60)].into();
        state.foreign = vec![(AT_THE_SAVE + 1, Foreign::Note)];
    });
    assert_eq!(world.run().kind, OutcomeKind::Rotated);
    assert_eq!((world.0.borrow().version().revision, world.0.borrow().version().note), (9, "edited"));

    let world = World::with(|state| {
        state.saves = [SaveFault::Late(60)].into();
        state.foreign = vec![(AT_THE_SAVE + 1, Foreign::Rotates)];
    });
    assert_rolled_back(&world.run(), "rotated-elsewhere");
}

#[test]
fn a_record_that_cannot_be_read_back_keeps_both_credentials() {
    for fault in [GetFault::Unreadable, GetFault::Stale, GetFault::Missing] {
        let world = reading([fault; 9]);
        let outcome = world.run();
        assert_eq!((outcome.kind, code(&outcome)), (OutcomeKind::Uncertain, "save-unclear"), "{fault:?}");
        assert_eq!(count(&world, "commit"), 0);
    }
}

#[test]
fn a_record_that_cannot_be_read_after_a_save_that_may_have_landed_keeps_both_credentials() {
    let world = reading([GetFault::Unreadable; 9]);
    world.0.borrow_mut().saves = [SaveFault::AnswerLost].into();
    let outcome = world.run();
    assert_both_kept(&world, &outcome);
    assert_eq!(world.0.borrow().version().id, "new-1");
}

#[test]
fn a_credential_of_ours_that_a_record_came_to_name_is_not_rolled_back() {
    let world = World::with(|state| {
        state.foreign = vec![(AT_THE_SAVE, Foreign::Rotates), (AT_THE_SAVE, Foreign::Needs("new-1"))];
    });
    let outcome = world.run();
    assert_eq!((outcome.kind, code(&outcome)), (OutcomeKind::Uncertain, "rotated-elsewhere"));
    assert!(world.0.borrow().is_alive("new-1"));
    assert_eq!(outcome.retained[0].id, "new-1");
}

#[test]
fn a_stale_read_back_is_read_again() {
    let world = reading([GetFault::Stale, GetFault::Unreadable]);
    assert_eq!(world.run().kind, OutcomeKind::Rotated);
}

#[test]
fn a_clean_conflict_on_a_record_that_cannot_be_read_any_more_is_rolled_back() {
    let world = reading([GetFault::Unreadable; 9]);
    world.0.borrow_mut().foreign = vec![(AT_THE_SAVE, Foreign::Note)];
    assert_rolled_back(&world.run(), "save-conflict");
}

#[test]
fn somebody_elses_value_read_back_is_never_committed() {
    let world = meanwhile(AT_READING_BACK, Foreign::Rotates);
    assert_rolled_back(&world.run(), "rotated-elsewhere");
    assert_eq!(count(&world, "commit"), 0);
}

#[test]
fn a_save_that_cannot_be_journaled_is_not_sent() {
    let world = World::with(|state| state.full_at = [3].into());
    assert_rolled_back(&world.run(), "journal-full");
    assert_eq!(count(&world, "save"), 0);
}
