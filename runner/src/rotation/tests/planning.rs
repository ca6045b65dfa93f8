//! Steps 1 to 5: nothing is changed yet.

use std::time::Duration;

use super::faults::{Ending, GetFault, StepFault, TRIES_OF_AN_OUTAGE};
use super::world::{APP, UID, World, other_record};
use crate::model::{Finding, Level, Listed};
use crate::rotation::*;

fn code(outcome: &Outcome) -> &str {
    &outcome.error.as_ref().expect("an error").code
}

fn assert_untouched(world: &World) {
    let calls = &world.0.borrow().calls;
    assert!(!calls.iter().any(|call| ["rotate", "save", "commit", "rollback"].contains(call)), "{calls:?}");
}

#[test]
fn a_rotation_without_failures_takes_its_steps_in_their_order() {
    let world = World::new();
    let outcome = world.run();
    assert_eq!(outcome.kind, OutcomeKind::Rotated);
    assert!(outcome.saved);
    assert_eq!(outcome.proof, Some("verified"));
    assert_eq!(outcome.removed, ["old", "older"]);
    assert!(outcome.retained.is_empty());
    assert_eq!(outcome.warnings, ["a note"]);
    let state = world.0.borrow();
    assert_eq!(
        state.calls,
        ["lock record", "get", "preflight", "lock target", "rotate", "verify", "save", "get", "commit"]
    );
    let timed: Vec<_> = outcome.steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(timed, ["get", "preflight", "rotate", "verify", "save", "read-back", "commit"]);
    assert!(matches!(
        &state.entries()[..],
        [
            Entry::Intent(_),
            Entry::Try { .. },
            Entry::Made { .. },
            Entry::Saving { revision: 7 },
            Entry::Saved { .. },
            Entry::Done
        ]
    ));
    assert!(state.is_alive("strange"));
}

#[test]
fn a_dry_run_plans_without_locks_or_journal() {
    let world = World::new();
    let outcome = world.run_as(|job| job.dry_run = true, true);
    assert_eq!(outcome.kind, OutcomeKind::Planned);
    assert_eq!(outcome.plan.expect("a plan").removes.len(), 2);
    assert_eq!(world.0.borrow().calls, ["get", "preflight"]);
    assert!(world.0.borrow().here.journal.is_empty());
}

#[test]
fn a_plugin_is_told_that_no_try_will_follow_a_dry_run() {
    let attempt = |dry_run| {
        let world = World::new();
        let _ = world.run_as(|job| job.dry_run = dry_run, true);
        let state = world.0.borrow();
        state.attempts.first().copied()
    };
    assert_eq!((attempt(true), attempt(false)), (Some(0), Some(1)));
}

fn finding(level: Level, code: &str, message: &str, fix: Option<&str>) -> Finding {
    let fix = fix.map(str::to_owned);
    Finding { level, code: code.to_owned(), message: message.to_owned(), fix }
}

#[test]
fn findings_are_told_with_their_codes_and_warnings_among_them_twice() {
    let findings = vec![
        finding(Level::Warning, "old-key", "the key is old", Some("make another one")),
        finding(Level::Info, "beta", "as of today", None),
    ];
    let world = World::with(|state| state.findings = findings);
    let outcome = world.run();
    assert_eq!(outcome.kind, OutcomeKind::Rotated);
    assert_eq!(outcome.warnings, ["the key is old; make another one"]);
    let codes: Vec<_> = outcome.findings.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes, ["old-key", "beta"]);
}

#[test]
fn what_is_bound_to_fail_is_not_begun() {
    for dry_run in [true, false] {
        let findings = vec![
            finding(Level::Error, "full", "there is no room", Some("make room")),
            finding(Level::Error, "off", "it is off", None),
        ];
        let world = World::with(|state| state.findings = findings);
        let outcome = world.run_as(|job| job.dry_run = dry_run, true);
        assert_eq!((outcome.kind, code(&outcome)), (OutcomeKind::Failed, "full"));
        let error = outcome.error.expect("an error");
        assert_eq!((error.message.as_str(), error.hint.as_deref()), ("there is no room", Some("make room")));
        assert_eq!((outcome.warnings, outcome.findings.len()), (vec!["it is off".to_owned()], 2));
        assert!(outcome.plan.is_some());
        assert_untouched(&world);
        assert!(world.0.borrow().here.journal.is_empty());
    }
}

#[test]
fn a_record_that_cannot_be_saved_is_not_rotated() {
    let world = World::with(|state| state.gets = [GetFault::Missing].into());
    assert_eq!(code(&world.run()), "record-missing");
    assert_untouched(&world);

    // What the params say of the target does not count when the vault does not have it.
    let world = World::with(|state| {
        state.gets = [GetFault::Missing].into();
        state.params = vec![state.version().record(true)];
    });
    assert_eq!(code(&world.run()), "record-missing");

    let world = World::with(|state| state.editable = false);
    assert_eq!(code(&world.run()), "record-not-editable");
    assert_untouched(&world);

    let world = World::with(|state| state.gets = vec![GetFault::Unreadable; TRIES_OF_AN_OUTAGE].into());
    assert_eq!(code(&world.run()), "vault-unreachable");
    assert_untouched(&world);
}

#[test]
fn what_prepare_says_is_how_it_ends() {
    for kind in [OutcomeKind::Invalid, OutcomeKind::Refused] {
        let stop = Stop::new(kind, "settings", "two-problems", "one and another");
        let world = World::with(|state| state.prepares = [Some(stop.clone())].into());
        let outcome = world.run();
        assert_eq!((outcome.kind, outcome.error), (kind, Some(stop.error)));
        assert_untouched(&world);
    }
}

#[test]
fn a_failed_preflight_changes_nothing_and_says_why() {
    for (ending, kind, word) in [
        (Ending::Denied, OutcomeKind::Failed, "denied"),
        (Ending::Lost, OutcomeKind::Failed, "answer-lost"),
        (Ending::Limit, OutcomeKind::Limit, "cpu"),
        (Ending::Trap, OutcomeKind::Failed, "plugin-trapped"),
        (Ending::Contract, OutcomeKind::Failed, "plugin-contract"),
        (Ending::Refused, OutcomeKind::Refused, "host-not-allowed"),
        (Ending::Internal, OutcomeKind::Internal, "internal"),
    ] {
        let world =
            World::with(|state| state.preflight = vec![StepFault::Ends(ending); TRIES_OF_AN_OUTAGE].into());
        let outcome = world.run();
        assert_eq!((outcome.kind, code(&outcome)), (kind, word));
        assert_eq!(outcome.error.expect("an error").step.as_deref(), Some("preflight"));
        assert_untouched(&world);
    }
}

#[test]
fn a_refusal_that_ends_a_step_hints_what_would_allow_it_and_one_that_does_not_is_a_warning() {
    let world = World::with(|state| state.preflight = [StepFault::Ends(Ending::Refused)].into());
    let outcome = world.run();
    assert_eq!(outcome.error.expect("an error").hint, Ending::denial().hint());
    assert!(outcome.warnings.is_empty());

    let world = World::with(|state| state.verify = [StepFault::Denial].into());
    let outcome = world.run();
    assert_eq!(outcome.kind, OutcomeKind::Rotated);
    assert!(outcome.warnings.iter().any(|warning| warning.contains("evil.example")));
}

#[test]
fn without_time_for_more_than_rollback_nothing_is_begun() {
    let world = World::with(|state| state.limits.timeout = Duration::from_secs(30));
    let outcome = world.run();
    assert_eq!((outcome.kind, code(&outcome)), (OutcomeKind::Limit, "timeout"));
    assert_untouched(&world);
}

#[test]
fn after_waiting_for_the_target_everything_is_read_again() {
    let world = World::with(|state| state.target_locks = [Lock::Waited].into());
    assert_eq!(world.run().kind, OutcomeKind::Rotated);
    assert_eq!(
        world.0.borrow().calls[..6],
        ["lock record", "get", "preflight", "lock target", "get", "preflight"]
    );
    assert_eq!(world.0.borrow().calls[6], "rotate");
}

#[test]
fn a_target_that_became_another_is_locked_too() {
    let world = World::with(|state| {
        state.target_locks = [Lock::Waited].into();
        state.targets = ["app-0", APP].into();
    });
    assert_eq!(world.run().kind, OutcomeKind::Rotated);
    assert_eq!(world.0.borrow().calls.iter().filter(|call| **call == "lock target").count(), 2);
}

#[test]
fn a_target_that_never_stays_the_same_is_given_up() {
    let world = World::with(|state| {
        state.target_locks = [Lock::Waited; 9].into();
        state.targets = ["a", "b", "c", "d", "e", "f"].into();
    });
    assert_eq!(code(&world.run()), "target-unsteady");
    assert_untouched(&world);
}

#[test]
fn a_plan_that_breaks_the_interface_is_refused() {
    let entry = |id: &str| Listed { id: id.into(), label: String::new(), expires: None };
    let world = World::with(|state| state.targets = [" "].into());
    assert_eq!(code(&world.run()), "plugin-contract");
    assert_untouched(&world);

    let world = World::with(|state| state.listed.push(entry("")));
    assert_eq!(code(&world.run()), "plugin-contract");

    let world = World::with(|state| {
        state.listed.push(entry("a-hunter2-b"));
        state.learnt.borrow_mut().push("hunter2".into());
    });
    let outcome = world.run();
    assert_eq!(code(&outcome), "plugin-contract");
    assert!(!format!("{outcome:?}").contains("hunter2"));
    assert_untouched(&world);
}

#[test]
fn what_another_record_names_is_kept_and_told() {
    for in_the_vault in [true, false] {
        let world = World::with(|state| {
            let other = other_record("other", " OLDER ");
            if in_the_vault { state.others.push(other) } else { state.params.push(other) }
        });
        let outcome = world.run();
        assert_eq!(outcome.kind, OutcomeKind::Rotated);
        assert_eq!(outcome.removed, ["old"]);
        assert_eq!(outcome.plan.expect("a plan").removes.len(), 1);
        assert_eq!(outcome.retained[0].id, "older");
        assert!(
            outcome.warnings.iter().any(|warning| warning.contains("older") && warning.contains("other"))
        );
        assert!(world.0.borrow().is_alive("older"));
    }
}

#[test]
fn what_a_rotation_of_another_record_made_is_kept_and_told() {
    let world = World::with(|state| {
        let strange = state.keys.iter_mut().find(|key| key.id == "strange").expect("it is there");
        strange.label = marker("another record", "r7", 1);
        state.listed.push(strange.listed());
    });
    let outcome = world.run();
    assert_eq!(outcome.removed, ["old", "older"]);
    assert_eq!(outcome.retained[0].id, "strange");
    assert!(world.0.borrow().is_alive("strange"));
}

#[test]
fn what_a_plan_lists_twice_is_removed_once() {
    let world = World::with(|state| {
        let upper = Listed { id: "OLD".into(), ..state.listed[0].clone() };
        state.listed.push(upper);
    });
    assert_eq!(world.run().removed, ["old", "older"]);
}

#[test]
fn a_full_journal_is_met_before_anything_is_touched() {
    for (entry, calls) in [(0, 0), (1, 0)] {
        let world = World::with(|state| state.full_at = [entry].into());
        let outcome = world.run();
        assert_eq!((outcome.kind, code(&outcome)), (OutcomeKind::Failed, "journal-full"));
        assert_eq!(world.0.borrow().calls.iter().filter(|call| **call == "rotate").count(), calls);
        assert_eq!(world.0.borrow().version().id, "old");
    }
}

#[test]
fn the_target_is_read_even_when_nobody_asked_for_it() {
    let world = World::new();
    let outcome = world.run_as(|job| job.wanted = vec!["other".into(), UID.into()], true);
    assert_eq!(outcome.kind, OutcomeKind::Rotated);
}
