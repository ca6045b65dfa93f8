//! The guarantee, checked from the world's own state: never from what the engine believes.

use std::time::Duration;

use super::world::{UID, World};
use crate::rotation::*;

/// Lets everything land that is still on its way, and checks every promise.
pub fn check(world: &World, job: &Job, outcome: &Outcome) {
    {
        let mut state = world.0.borrow_mut();
        state.ended = state.now;
        state.now += Duration::from_hours(24);
        state.catch_up();
    }
    let state = world.0.borrow();
    let story = format!("{outcome:#?}\n{:#?}\n{:?}", state.journal, state.calls);

    assert!(state.breaches.is_empty(), "{:?}\n{story}", state.breaches);
    assert!(state.ended <= state.limits.timeout, "it took {:?}\n{story}", state.ended);

    // 1. The vault holds a credential that the service accepts.
    let held = state.version();
    let accepted = state.key(&held.id).is_some_and(|key| key.alive && key.secret == held.secret);
    assert!(accepted, "the vault holds {} and the service does not accept it\n{story}", held.id);

    // 2. What we made and is not saved is named; what is outside the plan is untouched.
    let hint = outcome.error.as_ref().and_then(|error| error.hint.clone()).unwrap_or_default();
    let is_retained = |id: &str| outcome.retained.iter().any(|listed| listed.id == id);
    for stray in state.ours().iter().filter(|id| **id != held.id) {
        let named = is_retained(stray) || hint.contains(&marker_stem(UID, &job.rotation_id));
        let handed_over = outcome.updates.iter().any(|update| update.values[0].expose() == stray);
        assert!(
            handed_over || outcome.kind == OutcomeKind::Uncertain && named,
            "{stray} is left behind and not named\n{story}"
        );
    }
    let planned = |id: &str| {
        outcome.plan.as_ref().is_some_and(|plan| plan.removes.iter().any(|listed| listed.id == id))
    };
    let stem = marker_stem(UID, &job.rotation_id);
    for key in state.keys.iter().filter(|key| !key.alive && !key.label.starts_with(&stem)) {
        assert!(planned(&key.id), "{} was removed and not in the plan\n{story}", key.id);
        let known = outcome.removed.contains(&key.id) || outcome.kind == OutcomeKind::Uncertain;
        assert!(known, "{} was removed and not told\n{story}", key.id);
    }
    assert!(
        outcome.proof != Some("unproven") || state.is_alive("old"),
        "removed for an unproven one\n{story}"
    );
    for id in &outcome.removed {
        assert!(!state.is_alive(id), "{id} is told to be removed and is not\n{story}");
    }

    // 3. Success is never reported for less.
    let our_version = state.versions.iter().any(|version| version.id.starts_with("new-"));
    assert!(our_version || !outcome.saved, "told to be saved and is not\n{story}");
    if outcome.kind == OutcomeKind::Rotated {
        assert!(outcome.saved || outcome.updates.len() == 2, "nobody got the new credential\n{story}");
        assert!(outcome.proof.is_some(), "unproven\n{story}");
        for listed in &outcome.plan.as_ref().expect("a plan").removes {
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
        assert!(!held.id.starts_with("new-"), "the vault is changed\n{story}");
        assert!(state.ours().is_empty(), "the service is changed\n{story}");
        for key in state.keys.iter().filter(|key| !key.label.starts_with(&stem)) {
            assert!(key.alive, "{} is gone\n{story}", key.id);
        }
    }
    let has_error = outcome.error.is_some();
    let is_good = matches!(outcome.kind, OutcomeKind::Rotated | OutcomeKind::Planned);
    assert_eq!(has_error, !is_good, "{story}");
}
