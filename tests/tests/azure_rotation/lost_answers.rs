//! Answers that are lost, late or wrong, lists that lag, and services that are busy.

use std::time::{Duration, Instant};

use pamrun_tests::azure::Azure;
use pamrun_tests::cloud::{CollisionForm, Fault, On};

use super::cast;

/// Runs a rotation through these faults; it must succeed and leave exactly the new secret.
#[track_caller]
fn survives(faults: impl IntoIterator<Item = (On, Fault)>) -> Azure {
    let azure = cast();
    for (on, fault) in faults {
        azure.cloud.fault(on, fault);
    }
    let run = azure.rotate(&[]);
    azure.expect_rotated(&run);
    azure.expect_keys(&run, &[&azure.current()]);
    assert_eq!(run.list("removed"), [azure.old.key_id.as_str()], "{run}");
    azure
}

// Making the new secret: a lost answer may hide a write, and the value is lost with it.

#[test]
fn a_secret_whose_answer_was_lost_is_removed_and_made_again() {
    for fault in [Fault::ApplyThenDrop, Fault::CutInTheMiddle, Fault::ApplyThenStatus(503)] {
        let azure = survives([(On::add_password(), fault)]);
        assert_eq!(azure.cloud.count("/addPassword"), 2);
    }
}

#[test]
fn two_lost_answers_in_a_row_are_survived() {
    let azure = survives([(On::add_password().first(2), Fault::ApplyThenDrop)]);
    assert_eq!(azure.cloud.count("/addPassword"), 3);
}

#[test]
fn after_three_lost_answers_nothing_is_left_behind() {
    let azure = cast();
    azure.cloud.fault(On::add_password().always(), Fault::ApplyThenDrop);
    let run = azure.rotate(&[]);
    run.ends("failed", 1);
    assert_eq!(azure.cloud.count("/addPassword"), 3, "{run}");
    azure.expect_unchanged(&run, &[]);
}

#[test]
fn n14_a_lost_request_is_repeated_once_it_can_no_longer_land() {
    for fault in [Fault::DropBeforeApply, Fault::Status(500, String::new())] {
        let began = Instant::now();
        let azure = survives([(On::add_password(), fault)]);
        assert_eq!(azure.cloud.count("/addPassword"), 2);
        // The settle window of these tests.
        assert!(began.elapsed() >= Duration::from_secs(2));
    }
}

#[test]
fn n14_an_outage_in_commit_ends_as_uncertain_with_the_new_secret_saved() {
    let azure = cast();
    azure.cloud.fault(On::remove_password().always(), Fault::Status(503, String::new()));
    let run = azure.rotate(&[]);
    run.ends("uncertain", 5).with_code("commit-incomplete");
    assert_eq!(run.outcome["saved"], true, "{run}");
    azure.expect_keys(&run, &[&azure.old, &azure.current()]);
}

#[test]
fn a_write_that_lands_late_is_found_and_removed() {
    let azure = cast();
    azure.cloud.fault(On::add_password(), Fault::LandLate(Duration::from_millis(700)));
    let run = azure.rotate(&[]);
    azure.cloud.wait_for_late_writes();
    azure.expect_rotated(&run);
    azure.expect_keys(&run, &[&azure.current()]);
}

#[test]
fn a_stray_that_lists_do_not_show_at_first_is_found_and_removed() {
    // Preflight reads once; then the stray stays hidden for two reads.
    survives([
        (On::add_password(), Fault::ApplyThenDrop),
        (On::read().nth(2), Fault::StaleList(1)),
        (On::read().nth(3), Fault::StaleList(1)),
    ]);
}

#[test]
fn a_stray_that_cannot_be_removed_is_uncertain_and_named() {
    let azure = cast();
    azure.cloud.fault(On::add_password(), Fault::ApplyThenDrop);
    azure.cloud.fault(On::remove_password().always(), Fault::Denied);
    let run = azure.rotate(&[]);
    run.ends("uncertain", 5);
    let stray = azure.cloud.keys_of(&azure.target).pop().unwrap();
    assert!(run.stdout.contains(&stray) || run.stdout.contains("pamrun-"), "{run}");
    assert_eq!(azure.gateway.vault().record(&azure.record.uid), azure.record.json, "{run}");
    assert_eq!(azure.cloud.keys_of(&azure.target).len(), 2, "{run}");
}

// Collisions: refused, hence not done, hence safe to repeat.

#[test]
fn a_collision_in_either_form_is_waited_out() {
    for form in [CollisionForm::Conflict, CollisionForm::BadRequest] {
        let azure = survives([
            (On::add_password().nth(1), Fault::Collision(form)),
            (On::remove_password().nth(1), Fault::Collision(form)),
        ]);
        assert_eq!((azure.cloud.count("/addPassword"), azure.cloud.count("/removePassword")), (2, 2));
    }
}

// Throttling.

#[test]
fn throttling_is_waited_out_with_and_without_a_time() {
    for retry_after in [Some(1), None] {
        survives([
            (On::token().nth(1), Fault::Throttle(retry_after)),
            (On::read().nth(1), Fault::Throttle(retry_after)),
            (On::add_password().nth(1), Fault::Throttle(retry_after)),
            (On::remove_password().nth(1), Fault::Throttle(retry_after)),
        ]);
    }
}

#[test]
fn an_unavailable_service_is_asked_again() {
    let busy = || Fault::Status(503, String::new());
    survives([(On::token().nth(1), busy()), (On::read().nth(1), busy())]);
}

#[test]
fn lost_answers_to_logins_and_reads_are_asked_for_again() {
    survives([
        (On::token().nth(1), Fault::DropBeforeApply),
        (On::read().nth(1), Fault::CutInTheMiddle),
        (On::token().nth(2), Fault::CutInTheMiddle),
    ]);
}

#[test]
fn a_service_that_never_answers_ends_the_rotation_unchanged() {
    let azure = cast();
    azure.cloud.fault(On::token().always(), Fault::Delay(Duration::from_secs(30)));
    let run = azure.run(azure.exec().flag("--request-timeout", "300ms").flag("--timeout", "35s"));
    assert!(["failed", "limit"].contains(&run.word("outcome")), "{run}");
    azure.expect_unchanged(&run, &[]);
}

// Removing the old secret.

#[test]
fn a_removal_whose_answer_was_lost_is_confirmed() {
    for fault in [Fault::ApplyThenDrop, Fault::ApplyThenStatus(503), Fault::DropBeforeApply] {
        survives([(On::remove_password(), fault)]);
    }
}

#[test]
fn a_removal_that_fails_once_is_repeated() {
    survives([(On::remove_password(), Fault::Status(500, String::new()))]);
}

#[test]
fn a_key_that_one_backend_does_not_know_yet_is_confirmed_by_reads() {
    for status in [400, 404] {
        survives([(On::remove_password(), Fault::UnknownKey(status))]);
    }
}

#[test]
fn a_key_that_somebody_removed_meanwhile_counts_as_gone() {
    for status in [400, 404] {
        let azure = cast();
        azure.cloud.directory().unknown_key_status = status;
        let (target, key) = (azure.target.clone(), azure.old.key_id.clone());
        azure.cloud.before(On::remove_password(), move |directory| directory.revoke(&target, &key));
        let run = azure.rotate(&[]);
        azure.expect_rotated(&run);
        azure.expect_keys(&run, &[&azure.current()]);
    }
}

#[test]
fn a_removal_that_never_succeeds_is_uncertain_with_the_new_secret_saved() {
    let azure = cast();
    azure.cloud.fault(On::remove_password().always(), Fault::Denied);
    let run = azure.rotate(&[]);
    run.ends("uncertain", 5);
    assert_eq!(run.outcome["saved"], true, "{run}");
    azure.expect_keys(&run, &[&azure.old, &azure.current()]);
    assert!(azure.cloud.accepts(&azure.target.app_id, &azure.current().value), "{run}");
    assert!(run.outcome["retained"].to_string().contains(&azure.old.key_id), "{run}");
}

// Tokens.

#[test]
fn a_token_that_expires_on_the_way_is_renewed() {
    survives([
        (On::read().nth(1), Fault::ExpireTokens),
        (On::add_password().nth(1), Fault::ExpireTokens),
        (On::remove_password().nth(1), Fault::ExpireTokens),
    ]);
}

#[test]
fn a_token_that_is_refused_again_after_it_was_renewed_ends_the_rotation() {
    let azure = cast();
    azure.cloud.fault(On::add_password().always(), Fault::ExpireTokens);
    let run = azure.rotate(&[]);
    run.ends("failed", 1).with_code("token-refused");
    assert_eq!(azure.cloud.count("/addPassword"), 2, "{run}");
    azure.expect_unchanged(&run, &[]);
}
