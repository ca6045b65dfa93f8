//! Step 11: what consumers get, and when the old credential may go.

use std::time::Duration;

use super::consumers::Consumers;
use super::faults::{DeliverFault, Ending, Foreign, GetFault};
use super::world::{State, World};
use crate::rotation::*;

fn with_consumers(change: impl FnOnce(&mut State)) -> World {
    World::with(|state| {
        state.consumers.list = Consumers::holding(2, "old-secret");
        state.lists = State::everything_of_the_record;
        change(state);
    })
}

fn failing(faults: &[DeliverFault]) -> World {
    with_consumers(|state| state.consumers.faults = faults.iter().copied().collect())
}

fn holds(world: &World) -> Vec<String> {
    world.0.borrow().consumers.list.iter().map(|consumer| consumer.holds.clone()).collect()
}

fn alive(world: &World) -> Vec<&'static str> {
    let state = world.0.borrow();
    ["old", "older", "new-1"].into_iter().filter(|id| state.is_alive(id)).collect()
}

fn is_delivering(state: &State) -> bool {
    matches!(state.entries().last(), Some(Entry::Delivering { consumer }) if consumer == "mill")
}

const DENIED: DeliverFault = DeliverFault::Ends(Ending::Denied);
const LOST: DeliverFault = DeliverFault::AnswerLost;
const GOOD: DeliverFault = DeliverFault::None;

#[test]
fn all_consumers_have_the_new_value_before_the_old_one_goes() {
    let world = failing(&[]);
    let outcome = world.run();
    assert_eq!(outcome.kind, OutcomeKind::Rotated);
    assert_eq!(holds(&world), ["new-1-secret"; 2]);
    assert_eq!(outcome.removed, ["old", "older"]);
    let ids: Vec<_> = outcome.deliveries.iter().filter_map(|delivery| delivery.id.as_deref()).collect();
    assert_eq!(ids, ["shop-1", "mill-1"]);
    let calls = world.0.borrow().calls.clone();
    let last = |step: &str| calls.iter().rposition(|call| *call == step).unwrap();
    assert!(last("save") < last("rotate") && last("verify") < last("commit"), "{calls:?}");
}

#[test]
fn a_consumer_that_cannot_be_served_is_found_before_anything_is_touched() {
    let world = with_consumers(|state| state.consumers.preflight = [GOOD, DENIED].into());
    let outcome = world.run();
    assert_eq!(outcome.kind, OutcomeKind::Failed);
    assert!(outcome.error.unwrap().message.starts_with("mill: "));
    assert_eq!(world.0.borrow().entries(), []);
}

#[test]
fn a_dry_run_names_the_deliveries() {
    let world = failing(&[]);
    let outcome = world.run_as(|job| job.dry_run = true, true);
    let targets: Vec<_> = outcome.deliveries.iter().map(|delivery| delivery.target.as_str()).collect();
    assert_eq!(targets, ["consumer:shop", "consumer:mill"]);
    assert_eq!(holds(&world), ["old-secret"; 2]);
}

#[test]
fn a_consumer_that_fails_keeps_the_old_credential_and_the_others_get_their_turn() {
    let world = failing(&[DENIED]);
    let outcome = world.run();
    assert_eq!((outcome.kind, outcome.saved), (OutcomeKind::Uncertain, true));
    assert_eq!(holds(&world), ["old-secret", "new-1-secret"]);
    assert_eq!(alive(&world), ["old", "older", "new-1"]);
    let retained: Vec<_> = outcome.retained.iter().map(|listed| listed.id.as_str()).collect();
    assert_eq!(retained, ["old", "older"]);
    let error = outcome.error.unwrap();
    assert_eq!(error.code, "delivery-incomplete");
    assert!(error.message.contains("shop (consumer:shop): it ended as denied"), "{error:?}");
    assert!(error.hint.unwrap().contains("consumer:shop, and then remove these at app-1: old, older"));
    let failed: Vec<_> = outcome.deliveries.iter().map(|delivery| delivery.error.is_some()).collect();
    assert_eq!(failed, [true, false]);

    let settled = world.recover().unwrap();
    assert_eq!(settled[0].settled, Settled::Committed);
    assert_eq!(settled[0].removed, ["old", "older"]);
    assert_eq!(holds(&world), ["new-1-secret"; 2]);
    // What was done was not done again.
    assert_eq!(world.0.borrow().consumers.list[1].writes, 1);
    assert!(settled[0].deliveries.iter().all(|delivery| delivery.id.is_some()));
}

#[test]
fn a_lost_answer_is_followed_by_the_same_again() {
    let world = failing(&[LOST, GOOD, GOOD]);
    assert_eq!(world.run().kind, OutcomeKind::Rotated);
    assert_eq!(world.0.borrow().consumers.list[0].writes, 2);
}

#[test]
fn what_cannot_be_read_back_is_delivered_and_told() {
    let world = failing(&[GOOD, DeliverFault::Unproven]);
    let outcome = world.run();
    assert_eq!(outcome.kind, OutcomeKind::Rotated);
    assert_eq!(outcome.deliveries[0].proof, Some("unproven"));
    assert!(outcome.warnings.iter().any(|warning| warning.contains("consumer:shop could not be read back")));
}

#[test]
fn a_process_that_dies_between_consumers_is_followed_by_one_that_goes_on() {
    let world = failing(&[]);
    world.die_once(is_delivering);
    assert_eq!(holds(&world), ["new-1-secret", "old-secret"]);
    assert_eq!(world.recover().unwrap()[0].settled, Settled::Committed);
    let state = world.0.borrow();
    let writes: Vec<_> = state.consumers.list.iter().map(|consumer| consumer.writes).collect();
    assert_eq!(writes, [1, 1]);
}

#[test]
fn the_next_rotation_overtakes_what_could_not_be_delivered() {
    // The consumer is away while the first one is settled, and back for the second one.
    let world = failing(&[GOOD, GOOD, DENIED, DENIED]);
    world.run();
    let life = world.live(|_| {}, true).unwrap();
    assert_eq!(life.settled[0].settled, Settled::Open);
    assert_eq!(life.outcome.kind, OutcomeKind::Rotated);
    assert_eq!(holds(&world), ["r2-new-1-secret"; 2]);
    assert!(life.outcome.warnings.iter().any(|warning| warning.contains("rotation r1 was to deliver")));
    assert_eq!(world.0.borrow().open_rotations(), []);
}

#[test]
fn what_a_consumer_was_handed_is_kept_when_the_record_holds_another_one_by_now() {
    let world = failing(&[GOOD, GOOD, DENIED]);
    world.run();
    let calls = world.0.borrow().vault_calls;
    world.0.borrow_mut().foreign = vec![(calls, Foreign::Rotates)];
    let settled = world.recover().unwrap();
    assert_eq!(settled[0].settled, Settled::Superseded);
    assert_eq!(alive(&world), ["old", "older", "new-1"]);
    assert_eq!(settled[0].retained[0].id, "new-1");
    let warnings = settled[0].warnings.join("\n");
    assert!(warnings.contains("consumer:mill is dropped") && warnings.contains("new-1 is not removed"));
    assert!(settled[0].summary().contains("is closed"), "{}", settled[0].summary());
}

#[test]
fn nothing_is_removed_when_somebody_saves_another_credential_during_a_delivery() {
    // The read after the deliveries is the fourth call of the vault.
    let world = with_consumers(|state| state.foreign = vec![(3, Foreign::Rotates)]);
    let outcome = world.run();
    assert_eq!(outcome.error.unwrap().code, "rotated-elsewhere");
    assert_eq!(alive(&world), ["old", "older", "new-1"]);
    assert_eq!(world.recover().unwrap()[0].settled, Settled::Superseded);
}

#[test]
fn an_old_read_after_a_delivery_is_repeated() {
    let world = with_consumers(|state| {
        state.gets = [GetFault::None, GetFault::None, GetFault::Stale].into();
    });
    assert_eq!(world.run().kind, OutcomeKind::Rotated);
}

#[test]
fn a_journal_that_cannot_announce_a_delivery_keeps_it_from_being_made() {
    // intent, try, made, saving, saved, delivering
    let world = with_consumers(|state| state.full_at = [5].into());
    let outcome = world.run();
    assert_eq!(outcome.kind, OutcomeKind::Uncertain);
    assert_eq!(holds(&world), ["old-secret", "new-1-secret"]);
    assert_eq!(world.recover().unwrap()[0].settled, Settled::Committed);
}

fn password() -> World {
    World::with(|state| {
        state.account.is_rotated = true;
        state.account.accepts = "first".into();
        state.versions[0].password = "first".into();
        state.consumers.list = Consumers::holding(2, "first");
    })
}

#[test]
fn a_password_is_delivered_once_it_stands_in_the_record() {
    let world = password();
    let outcome = world.run();
    assert_eq!(outcome.kind, OutcomeKind::Rotated);
    let works = world.0.borrow().account.accepts.clone();
    assert_eq!(holds(&world), [works.as_str(); 2]);
}

#[test]
fn a_password_that_is_not_delivered_everywhere_stays_open_until_it_is() {
    let world = password();
    world.0.borrow_mut().consumers.faults = [DENIED].into();
    let outcome = world.run();
    assert_eq!((outcome.kind, outcome.saved), (OutcomeKind::Uncertain, true));
    assert_eq!(outcome.error.unwrap().code, "delivery-incomplete");
    assert_eq!(world.0.borrow().open_rotations().len(), 1);
    assert_eq!(world.recover().unwrap()[0].settled, Settled::Committed);
    let works = world.0.borrow().account.accepts.clone();
    assert_eq!(holds(&world), [works.as_str(); 2]);
    assert_eq!(world.0.borrow().consumers.list[1].writes, 1);
}

#[test]
fn the_next_password_overtakes_one_that_was_not_delivered() {
    let world = password();
    world.0.borrow_mut().consumers.faults = [DENIED, GOOD, GOOD, DENIED].into();
    world.run();
    world.wait(Duration::from_mins(2));
    let life = world.live(|_| {}, true).unwrap();
    assert_eq!(life.settled[0].settled, Settled::Open);
    assert_eq!(life.outcome.kind, OutcomeKind::Rotated);
    assert_eq!(world.0.borrow().open_rotations(), []);
}
