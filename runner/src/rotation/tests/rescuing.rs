//! What was in our hands and could be neither saved nor undone is kept in the record.

use std::time::Duration;

use super::faults::*;
use super::process::{When, parts};
use super::world::{UID, World};
use crate::rotation::*;

/// A rotation that fails with the new values in hand, and whose rollbacks remove nothing.
fn failing() -> World {
    World::with(|state| {
        state.rotate = [in_hand(Ending::Trap)].into();
        state.rollback = [StepFault::RemovalRefused; 40].into();
    })
}

fn in_hand(ending: Ending) -> RotateFault {
    RotateFault { ending: Some(ending), lands: Some(0), in_hand: true, ..RotateFault::default() }
}

fn rescued(world: &World) -> Vec<Rescued> {
    Rescued::all_in(&world.0.borrow().version().record(true))
}

fn told(outcome: &Outcome) -> String {
    let error = outcome.error.as_ref().expect("an error");
    format!("{} {}", error.message, error.hint.as_deref().unwrap_or_default())
}

impl World {
    fn take_up(&self, choice: Choice) -> Result<Vec<Rescued>, Stop> {
        let job = Job { params_records: Vec::new(), ..self.start() };
        let (mut plugin, mut vault, mut journal) = (self.clone(), self.clone(), self.clone());
        let prepare = |records: &[crate::model::Record]| self.prepare(records);
        let parts = parts(self, &mut plugin, Some(&mut vault), &mut journal, &prepare);
        let taken = self.play(take_up(&job, parts, choice)).expect("it was not to die");
        self.end();
        taken
    }
}

#[test]
fn n3_values_of_a_failed_rotate_are_kept_where_it_cannot_be_undone() {
    let world = failing();
    let outcome = world.run();
    assert_eq!((outcome.kind, outcome.saved), (OutcomeKind::Uncertain, false));
    let kept = rescued(&world);
    assert_eq!((kept.len(), kept[0].rotation_id.as_str(), kept[0].plugin.as_str()), (1, "r1", "keys"));
    assert_eq!(kept[0].fields(), "`client_secret_id`, `client_secret`");
    assert!(kept[0].why.contains("unreachable") && kept[0].at.starts_with("2027-"), "{kept:?}");
    assert!(told(&outcome).contains("`pamrun_rescued`") && told(&outcome).contains("recover target"));
}

#[test]
fn n3_what_is_proven_to_be_gone_is_not_kept() {
    let world = World::with(|state| state.rotate = [in_hand(Ending::Trap)].into());
    assert_eq!(world.run().kind, OutcomeKind::Failed);
    assert_eq!(rescued(&world), []);
}

#[test]
fn n3_a_failure_that_promises_no_change_is_not_believed_with_values_in_hand() {
    let world = World::with(|state| {
        state.rotate = [in_hand(Ending::Denied)].into();
        state.rollback = [StepFault::RemovalRefused; 40].into();
    });
    assert_eq!(world.run().kind, OutcomeKind::Uncertain);
    assert_eq!(rescued(&world).len(), 1);
}

#[test]
fn n3_what_the_vault_refused_and_rollback_left_is_kept() {
    let world = World::with(|state| {
        state.saves = [SaveFault::Refused].into();
        state.rollback = [StepFault::RemovalRefused; 40].into();
    });
    let outcome = world.run();
    assert_eq!(outcome.kind, OutcomeKind::Uncertain);
    assert_eq!(rescued(&world).len(), 1, "{outcome:?}");
}

#[test]
fn n3_what_cannot_be_kept_either_is_told_to_be_lost_with_its_id_and_its_time() {
    let world = World::with(|state| {
        state.saves = [SaveFault::Refused; 20].into();
        state.rollback = [StepFault::RemovalRefused; 40].into();
    });
    let outcome = world.run();
    assert_eq!(outcome.kind, OutcomeKind::Uncertain);
    let told = told(&outcome);
    for word in ["is lost", "new-1", "`client_secret`", "2027-", "r1", "read-only"] {
        assert!(told.contains(word), "{word}: {told}");
    }
}

#[test]
fn n3_every_later_run_names_what_is_kept_and_is_not_blocked_by_it() {
    let world = failing();
    world.run();
    world.0.borrow_mut().rollback = [StepFault::RemovalRefused; 40].into();
    for _ in 0..2 {
        let outcome = world.run();
        assert_eq!(outcome.kind, OutcomeKind::Rotated, "{outcome:?}");
        let names = |warning: &String| warning.contains("r1") && warning.contains("client_secret");
        assert!(outcome.warnings.iter().any(names), "{:?}", outcome.warnings);
        assert_eq!(rescued(&world).len(), 1);
        world.0.borrow_mut().rollback = [StepFault::RemovalRefused; 40].into();
    }
}

#[test]
fn n3_what_a_later_run_removes_is_forgotten() {
    let world = failing();
    world.run();
    world.0.borrow_mut().rollback.clear();
    world.wait(Duration::from_mins(2));
    let settled = world.recover().unwrap();
    assert_eq!(settled[0].settled, Settled::RolledBack);
    assert_eq!(rescued(&world), []);
}

#[test]
fn n3_what_is_taken_stands_in_its_fields_and_is_not_rolled_back() {
    let world = failing();
    world.run();
    world.0.borrow_mut().rollback.clear();
    assert_eq!(world.take_up(Choice::Take).unwrap().len(), 1);
    assert_eq!((world.0.borrow().version().id.as_str(), rescued(&world)), ("new-1", vec![]));
    let settled = world.recover().unwrap();
    assert_eq!(settled.len(), 0, "{settled:?}");
    assert!(world.0.borrow().is_alive("new-1"));
}

#[test]
fn n3_what_is_taken_goes_forward_where_its_id_is_journaled() {
    let world = World::with(|state| {
        state.verify = [StepFault::Ends(Ending::Denied)].into();
        state.rollback = [StepFault::RemovalRefused; 40].into();
    });
    world.run();
    world.0.borrow_mut().rollback.clear();
    world.take_up(Choice::Take).unwrap();
    let settled = world.recover().unwrap();
    assert_eq!(settled[0].settled, Settled::Committed, "{settled:?}");
    let state = world.0.borrow();
    assert!(state.is_alive("new-1") && !state.is_alive("old"));
}

#[test]
fn n3_looking_changes_nothing_and_dropping_forgets() {
    let world = failing();
    world.run();
    let revision = world.0.borrow().version().revision;
    assert_eq!(world.take_up(Choice::Look).unwrap().len(), 1);
    assert_eq!(world.0.borrow().version().revision, revision);
    assert_eq!(world.take_up(Choice::Drop).unwrap().len(), 1);
    assert_eq!((rescued(&world), world.0.borrow().version().id.as_str()), (vec![], "old"));
}

#[test]
fn n3_an_answer_that_nobody_could_read_is_not_taken_and_stays() {
    let world = failing();
    world.run();
    let mut kept = rescued(&world);
    kept[0].updates[1].label = UNREAD_ANSWER.to_owned();
    let text = Rescued::update(&kept).values[0].expose().to_owned();
    world.0.borrow_mut().edit(|version| version.rescued = text);
    world.take_up(Choice::Take).unwrap();
    let left = rescued(&world);
    assert_eq!((left.len(), left[0].fields()), (1, format!("`{UNREAD_ANSWER}`")));
}

#[test]
fn n3_wherever_it_is_killed_the_vault_has_the_values_or_the_journal_the_rotation() {
    let mut kept = 0;
    for at in 0.. {
        let world = failing();
        world.0.borrow_mut().moments.dies = Some(When::At(at));
        let has_lived = world.live(|_| {}, true).is_some();
        let state = world.0.borrow();
        let is_made = !state.made_by("r1").is_empty();
        let is_kept = state.version().rescued.contains("new-1-secret");
        kept += usize::from(is_kept);
        assert!(!is_made || is_kept || !state.open_rotations().is_empty(), "moment {at}");
        assert!(!has_lived || is_kept, "moment {at}");
        if has_lived {
            break;
        }
    }
    assert!(kept > 2, "it was never killed after that");
}

#[test]
fn n3_whatever_fails_in_the_vault_meanwhile_they_are_kept_or_told_to_be_lost() {
    use GetFault::{Missing, None, Stale, Unreadable};
    use SaveFault::{AnswerLost, Late, Refused, RequestLost};
    for get in [Unreadable, Stale, Missing] {
        for save in [Refused, AnswerLost, RequestLost, Late(3), Late(70)] {
            for at in 0..4 {
                let world = failing();
                let mut state = world.0.borrow_mut();
                state.gets = [None].into_iter().chain(std::iter::repeat_n(get, at)).collect();
                state.saves = std::iter::repeat_n(save, at).collect();
                drop(state);
                let outcome = world.run();
                let is_kept = world.0.borrow().version().rescued.contains("new-1-secret");
                assert!(is_kept || told(&outcome).contains("is lost"), "{get:?} {save:?} {at}: {outcome:?}");
            }
        }
    }
}

#[test]
fn n3_somebody_elses_change_meanwhile_is_kept_too() {
    let world = failing();
    world.0.borrow_mut().foreign = vec![(2, Foreign::Note), (3, Foreign::Rotates)];
    world.run();
    let state = world.0.borrow();
    assert!(state.version().note == "edited" && state.version().rescued.contains("new-1-secret"));
    assert!(state.version().id.starts_with("foreign"));
    assert_eq!(state.version().record(true).uid, UID);
}
