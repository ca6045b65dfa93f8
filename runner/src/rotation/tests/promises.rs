//! The guarantee, checked from the world's own state: never from what the engine believes.

use std::time::Duration;

use super::world::{State, UID, World};
use crate::rotation::*;

/// The world as it will be once everything has landed that is still on its way.
fn later(state: &State) -> State {
    let mut state = state.clone();
    state.now += Duration::from_hours(24);
    state.catch_up();
    state
}

fn story(state: &State) -> String {
    let State { here, calls, versions, consumers, .. } = state;
    let journal: Vec<String> = here.journal.iter().map(|(id, entry)| format!("{id} {entry:?}")).collect();
    format!("{}\n{calls:?}\n{versions:?}\n{consumers:?}", journal.join("\n"))
}

/// Checks what must hold whenever a process ended, however it ended.
pub fn check_always(state: &State) {
    let state = later(state);
    let story = story(&state);
    assert!(state.breaches.is_empty(), "{:?}\n{story}", state.breaches);
    let took = state.here.took;
    assert!(took <= state.limits.timeout, "it took {took:?}\n{story}");

    // 1. The vault holds a credential that the service accepts.
    let held = state.version();
    let accepted = state.key(&held.id).is_some_and(|key| key.alive && key.secret == held.secret);
    assert!(accepted, "the vault holds {} and the service does not accept it\n{story}", held.id);

    // A consumer that was handed a credential can use it.
    for consumer in &state.consumers.list {
        let works = state.keys.iter().any(|key| key.alive && key.secret == consumer.holds);
        assert!(works || state.account.is_rotated, "{} holds what is gone\n{story}", consumer.name);
    }

    // 2. What we made is known to the vault or the journal; what is outside all plans is untouched.
    for id in &state.rotations {
        let entries = state.entries_of(id);
        let is_open = entries.last().is_some_and(|last| !last.closes());
        let is_out = entries.contains(&&Entry::HandingOver);
        for stray in state.made_by(id).iter().filter(|stray| **stray != held.id) {
            let label = &state.key(stray).expect("it is there").label;
            let is_tried =
                entries.iter().any(|entry| matches!(entry, Entry::Try { marker, .. } if marker == label));
            let was_held = state.versions.iter().any(|version| version.id == *stray);
            assert!(is_tried && is_open || was_held || is_out, "nobody knows of {stray}\n{story}");
        }
    }
    for key in state.keys.iter().filter(|key| !key.alive) {
        let is_own = state.rotations.iter().any(|id| key.label.starts_with(&marker_stem(UID, id)));
        let is_planned = state.rotations.iter().any(|id| state.may_remove(id, &key.id));
        assert!(
            is_own || is_planned,
            "{} was removed and in no plan whose rotation was saved\n{story}",
            key.id
        );
    }
}

/// Checks what must hold of an account whose password is replaced, and what a process said of it.
pub fn check_account(state: &State, outcome: Option<&Outcome>) {
    let now = later(state);
    let account = &now.account;
    let story = format!("{outcome:?}\n{account:?}\n{}", story(&now));
    let held = now.version();
    let is_known = held.knows(&account.accepts) || account.is_overwritten;
    assert!(is_known, "the record does not know what works\n{story}");

    let Some(outcome) = outcome else { return };
    let is_good = matches!(outcome.kind, OutcomeKind::Rotated | OutcomeKind::Planned);
    assert_eq!(outcome.error.is_some(), !is_good, "{story}");
    match outcome.kind {
        OutcomeKind::Rotated => {
            now.consumers.check(outcome, &story);
            assert!(outcome.saved && outcome.proof.is_some(), "{story}");
            let agrees = held.password == account.accepts || account.is_overwritten;
            assert!(agrees && held.pending.is_empty(), "it is told to work, and does not\n{story}");
            let proposed = account.proposed.as_ref().is_none_or(|proposed| *proposed == held.password);
            // Somebody may set another one right after the rotation, and a stale read not show it.
            let is_ours = !held.password.starts_with("by-hand");
            assert!(proposed || !is_ours, "another password was set than the proposed one\n{story}");
        }
        OutcomeKind::Uncertain => {
            let hint = outcome.error.as_ref().and_then(|error| error.hint.as_deref()).unwrap_or_default();
            now.consumers.check(outcome, &story);
            assert!(
                hint.contains("pamrun_pending") || !hint.is_empty() && held.pending.is_empty(),
                "{story}"
            );
        }
        _ => {
            // Nothing of this rotation is left, neither here nor there nor on its way.
            let ours = state.rotations.last().expect("a rotation");
            let left = held.pending("rotation_id").is_some_and(|id| id == *ours);
            assert!(!left && !outcome.saved, "the record is changed\n{story}");
            let knows = held.knows(&account.accepts) || account.is_overwritten;
            let is_theirs = held.pending("new").is_some();
            assert!(
                knows && (is_theirs || state.account.arriving.is_empty()),
                "the service is changed\n{story}"
            );
        }
    }
}

/// Checks what a process said of an interrupted rotation.
pub fn check_settlement(state: &State, settlement: &Settlement) {
    let state = later(state);
    let Settlement { rotation_id, settled, error, .. } = settlement;
    let story = format!("{settlement:?}\n{}", story(&state));
    let is_open = state.open_rotations().iter().any(|open| open.rotation_id == *rotation_id);
    assert_eq!(matches!(settled, Settled::Open | Settled::Unknown), error.is_some(), "{story}");
    // The next rotation may have done what this one was waiting for.
    let entries = state.entries_of(rotation_id);
    let is_overtaken = entries.iter().any(|entry| matches!(entry, Entry::Saved { .. }));
    assert!(is_open || *settled != Settled::Open || is_overtaken, "told to be open and is closed\n{story}");
    let not_closed = settlement.warnings.iter().any(|warning| warning.contains("journal"));
    assert!(!is_open || *settled == Settled::Open || not_closed, "told to be settled and is open\n{story}");
    for id in &settlement.removed {
        assert!(!state.is_alive(id), "{id} is told to be removed and is not\n{story}");
    }
    match settled {
        Settled::NothingDone | Settled::RolledBack => {
            assert_eq!(state.made_by(rotation_id), [""; 0], "something is left of it\n{story}");
        }
        Settled::Superseded => {
            let is_retained = |id: &String| settlement.retained.iter().any(|listed| listed.id == *id);
            assert!(state.made_by(rotation_id).iter().all(is_retained), "something is left of it\n{story}");
        }
        Settled::Committed => {
            assert!(state.has_saved(rotation_id), "told to be finished and was never saved\n{story}");
            for id in state.planned(rotation_id) {
                let is_retained = settlement.retained.iter().any(|listed| listed.id == id);
                assert!(!state.is_alive(&id) || is_retained, "{id} lives, and nobody is told\n{story}");
            }
        }
        Settled::HandedOver | Settled::Unknown => {}
        Settled::Open => {
            let error = error.as_ref().expect("an error");
            let hint = error.hint.as_deref().unwrap_or_default();
            let told = format!("{} {hint}", error.message);
            assert!([rotation_id, UID, &settlement.target].iter().all(|word| told.contains(word)), "{story}");
        }
    }
}

/// Checks what a process said of its own rotation.
pub fn check(state: &State, job: &Job, outcome: &Outcome) {
    let state = later(state);
    let story = format!("{outcome:?}\n{}", story(&state));
    let held = state.version();

    // 2. What we made and is not saved is named; what is outside the plan is untouched.
    let hint = outcome.error.as_ref().and_then(|error| error.hint.clone()).unwrap_or_default();
    let is_retained = |id: &str| outcome.retained.iter().any(|listed| listed.id == id);
    let stem = marker_stem(UID, &job.rotation_id);
    for stray in state.made_by(&job.rotation_id).iter().filter(|id| **id != held.id) {
        let named = is_retained(stray) || hint.contains(&stem);
        let handed_over = outcome.updates.iter().any(|update| update.values[0].expose() == stray);
        assert!(
            handed_over || outcome.kind == OutcomeKind::Uncertain && named,
            "{stray} is left behind and not named\n{story}"
        );
    }
    // What was in our hands and is accepted is not lost, or it is told.
    for stray in state.made_by(&job.rotation_id).iter().filter(|id| **id != held.id) {
        let secret = format!("{stray}-secret");
        // A call that is broken off hands nothing over.
        let is_told = |error: &ErrorInfo| error.message.contains("is lost") || error.code == "interrupted";
        let told = outcome.error.as_ref().is_some_and(is_told);
        let given = outcome.updates.iter().any(|update| update.values[0].expose() == secret);
        let kept = held.rescued.contains(&secret) || given || told;
        assert!(kept || !state.handed.contains(stray), "the secret of {stray} is lost\n{story}");
    }
    let plan = outcome.plan.as_ref();
    let planned = |id: &str| plan.is_some_and(|plan| plan.removes.iter().any(|listed| listed.id == id));
    let died = |id: &str| !state.is_alive(id) && !state.here.dead_before.contains(id);
    let others = || state.keys.iter().filter(|key| died(&key.id) && !key.label.starts_with(&stem));
    for key in others() {
        assert!(planned(&key.id), "{} was removed and not in the plan\n{story}", key.id);
        let known = outcome.removed.contains(&key.id) || outcome.kind == OutcomeKind::Uncertain;
        assert!(known, "{} was removed and not told\n{story}", key.id);
        assert_ne!(outcome.proof, Some("unproven"), "removed for an unproven one\n{story}");
    }
    for id in &outcome.removed {
        assert!(!state.is_alive(id), "{id} is told to be removed and is not\n{story}");
    }

    // 3. Success is never reported for less.
    assert!(state.has_saved(&job.rotation_id) || !outcome.saved, "told to be saved and is not\n{story}");
    state.consumers.check(outcome, &story);
    if outcome.kind == OutcomeKind::Rotated {
        assert!(outcome.saved || outcome.updates.len() == 2, "nobody got the new credential\n{story}");
        assert!(outcome.proof.is_some(), "unproven\n{story}");
        for listed in &plan.expect("a plan").removes {
            let dealt_with = !state.is_alive(&listed.id) || is_retained(&listed.id);
            assert!(dealt_with, "{} lives, and nobody is told\n{story}", listed.id);
        }
    }

    // The words that say that nothing is changed are said only when nothing is.
    if matches!(
        outcome.kind,
        OutcomeKind::Failed
            | OutcomeKind::Limit
            | OutcomeKind::Refused
            | OutcomeKind::Internal
            | OutcomeKind::Invalid
    ) {
        assert_eq!(state.made_by(&job.rotation_id), [""; 0], "the service is changed\n{story}");
        assert_eq!(others().count(), 0, "something is gone\n{story}");
    }
    let is_good = matches!(outcome.kind, OutcomeKind::Rotated | OutcomeKind::Planned);
    assert_eq!(outcome.error.is_some(), !is_good, "{story}");
}

/// Checks how the world looks in which all faults are over, and everything was settled and rotated
/// once more.
pub fn check_end(world: &World, last: &Outcome) {
    let state = later(&world.0.borrow());
    let story = format!("{last:?}\n{}", story(&state));
    assert_eq!(last.kind, OutcomeKind::Rotated, "{story}");
    assert!(state.open_rotations().is_empty(), "{:?}\n{story}", state.open_rotations());
    let held = &state.version().id;
    let left: Vec<_> = state.rotations.iter().flat_map(|id| state.made_by(id)).collect();
    let serves = |holds: &str| state.version().secret == holds;
    assert!(state.consumers.list.iter().all(|consumer| serves(&consumer.holds)), "{story}");
    let is_named = |id: &String| id == held || last.retained.iter().any(|listed| listed.id == *id);
    assert!(left.iter().all(is_named), "{left:?} are left\n{story}");
}

/// Checks how the world looks in which all faults are over, and the password was replaced once more.
pub fn check_account_end(world: &World, last: &Outcome) {
    let state = later(&world.0.borrow());
    if !state.account.is_overwritten {
        assert_eq!(last.kind, OutcomeKind::Rotated, "{last:?}\n{}", story(&state));
        assert!(state.open_rotations().is_empty(), "{}", story(&state));
        let works = &state.account.accepts;
        assert!(state.consumers.list.iter().all(|consumer| consumer.holds == *works), "{}", story(&state));
    }
}

impl State {
    /// Tells whether the vault ever held what a rotation made.
    fn has_saved(&self, rotation_id: &str) -> bool {
        let stem = marker_stem(UID, rotation_id);
        let own = self.keys.iter().filter(|key| key.label.starts_with(&stem));
        own.into_iter().any(|key| self.versions.iter().any(|version| version.id == key.id))
    }

    /// What a rotation planned to remove.
    fn planned(&self, rotation_id: &str) -> Vec<String> {
        let plans = self.entries_of(rotation_id).into_iter().filter_map(|entry| match entry {
            Entry::Intent(intent) => Some(&intent.plan),
            _ => None,
        });
        plans.flat_map(|plan| plan.removes.iter().map(|listed| listed.id.clone())).collect()
    }

    fn may_remove(&self, rotation_id: &str, id: &str) -> bool {
        let entries = self.entries_of(rotation_id);
        let is_saved = entries.iter().any(|entry| matches!(entry, Entry::Saved { .. }));
        is_saved && self.planned(rotation_id).iter().any(|planned| planned == id)
    }
}
