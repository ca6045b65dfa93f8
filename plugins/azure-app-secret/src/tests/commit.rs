use pamrun_plugin::testing::{rejected, unavailable, uncertain};
use pamrun_plugin::{FailureKind, Retired};

use super::cloud::{Fault, refuse, refuse_login, secret};
use super::*;

const REMOVE: &str = "remove-password";

fn commit(
    cloud: &mut Cloud,
    request: &Request,
    ids: &[&str],
) -> (Result<Vec<Retired>, Failure>, Vec<String>) {
    run(cloud, |host| AzureAppSecret::commit(host, request, &plan_removing(ids), Some("new")))
}

fn gone(retired: Result<Vec<Retired>, Failure>) -> Vec<(String, bool)> {
    retired.unwrap().into_iter().map(|old| (old.id, old.state == State::Gone)).collect()
}

fn after_rotation() -> Cloud {
    Cloud::new().with_secrets(&[secret("new", "pamrun")])
}

/// It was not applied, and nobody knows.
fn lost_before() -> Fault {
    Fault::Reply(uncertain())
}

fn missing() -> Fault {
    refuse(404, "Request_ResourceNotFound", "does not exist")
}

#[track_caller]
fn removes_old_1(cloud: &mut Cloud, request: &Request) -> Vec<String> {
    let (retired, calls) = commit(cloud, request, &["old-1"]);
    assert_eq!(gone(retired), [("old-1".to_owned(), true)]);
    assert_eq!(cloud.ids(), ["old-2", "new"]);
    calls
}

#[test]
fn exactly_the_plan_is_removed_and_an_acknowledgement_is_enough() {
    let mut cloud = after_rotation().with_secrets(&[secret("late", "added meanwhile")]);
    let (retired, calls) = commit(&mut cloud, &usual(), &["old-1", "old-2"]);
    assert_eq!(gone(retired), [("old-1".to_owned(), true), ("old-2".to_owned(), true)]);
    assert_eq!(cloud.ids(), ["new", "late"]);
    assert_eq!(calls, ["remove-password key=old-1", "remove-password key=old-2"]);
}

#[test]
fn nothing_to_remove_needs_no_request() {
    let (retired, calls) = commit(&mut after_rotation(), &usual(), &[]);
    assert!(retired.unwrap().is_empty() && calls.is_empty());
}

#[test]
fn the_new_secret_is_never_removed_even_if_a_plan_names_it() {
    let mut cloud = after_rotation();
    let (retired, _) = commit(&mut cloud, &usual(), &["NEW", "old-1"]);
    assert_eq!(gone(retired), [("old-1".to_owned(), true)]);
    assert_eq!(cloud.ids(), ["old-2", "new"]);
}

#[test]
fn an_unclear_removal_that_took_effect_is_confirmed_by_two_reads() {
    let calls = removes_old_1(&mut after_rotation().failing(REMOVE, &[Fault::LoseAfter]), &usual());
    assert_eq!(calls, ["remove-password key=old-1", "app", "app"]);
}

#[test]
fn an_unclear_removal_that_did_not_take_effect_is_repeated() {
    removes_old_1(&mut after_rotation().failing(REMOVE, &[lost_before(), lost_before()]), &usual());
}

#[test]
fn one_read_without_the_secret_is_no_proof() {
    let mut cloud = after_rotation().failing(REMOVE, &[lost_before()]);
    cloud.stale_lists.push_back(vec![secret("new", "pamrun")]);
    removes_old_1(&mut cloud, &usual());
}

#[test]
fn a_secret_that_was_gone_already_is_confirmed_by_reads() {
    let (retired, calls) = commit(&mut after_rotation(), &usual(), &["gone-before"]);
    assert_eq!(gone(retired), [("gone-before".to_owned(), true)]);
    assert_eq!(calls.iter().filter(|call| *call == "app").count(), 2);
}

#[test]
fn an_unknown_key_that_is_still_listed_is_tried_again() {
    let unknown = refuse(404, "Request_ResourceNotFound", "No password credential found with keyId 'x'.");
    removes_old_1(&mut after_rotation().failing(REMOVE, &[unknown]), &usual());
}

#[test]
fn n11_an_app_that_a_backend_does_not_know_is_asked_for_again_by_changes_and_reads() {
    let mut cloud =
        after_rotation().failing(REMOVE, &[missing(), lost_before()]).failing("app", &[missing(), missing()]);
    removes_old_1(&mut cloud, &usual());
}

#[test]
fn what_stays_listed_is_not_gone() {
    let mut cloud = after_rotation().failing(REMOVE, &[lost_before(), lost_before(), lost_before()]);
    assert_eq!(gone(commit(&mut cloud, &usual(), &["old-1"]).0), [("old-1".to_owned(), false)]);
}

#[test]
fn collisions_and_throttling_are_waited_out() {
    let faults = [
        refuse(409, "Directory_ConcurrencyViolation", ""),
        refuse(400, "Request_BadRequest", "Error due to concurrent requests being made"),
        Fault::Reply(rejected(429).waiting(5)),
    ];
    removes_old_1(&mut after_rotation().failing(REMOVE, &faults), &usual());
}

#[test]
fn a_refusal_at_the_first_is_a_failure_and_later_leaves_the_rest() {
    let denied = || refuse(403, "Authorization_RequestDenied", "no");
    let mut cloud = after_rotation().failing(REMOVE, &[denied()]);
    assert_eq!(commit(&mut cloud, &usual(), &["old-1", "old-2"]).0.unwrap_err().kind, FailureKind::Denied);
    let mut cloud = after_rotation();
    let host = FakeHost::new().otherwise(|call| {
        if call.text("key") == "old-2" {
            cloud.faults.push_back((REMOVE, denied()));
        }
        cloud.answer(call)
    });
    let retired = AzureAppSecret::commit(&host, &usual(), &plan_removing(&["old-1", "old-2"]), Some("new"));
    assert_eq!(gone(retired), [("old-1".to_owned(), true), ("old-2".to_owned(), false)]);
    assert_eq!(host.logged().len(), 1);
}

#[test]
fn a_removal_that_nobody_can_read_about_is_uncertain() {
    let mut cloud = after_rotation()
        .failing(REMOVE, &[Fault::LoseAfter])
        .failing("app", &vec![Fault::Reply(unavailable(0)); 5]);
    assert_eq!(commit(&mut cloud, &usual(), &["old-1"]).0.unwrap_err().kind, FailureKind::Uncertain);
}

#[test]
fn an_app_that_rotated_itself_waits_until_its_new_secret_is_known() {
    // The host logs in anew, since the record has the new secret now.
    let not_yet = || Fault::Reply(refuse_login(401, "invalid_client", 7_000_215).of("token"));
    removes_old_1(&mut after_rotation().failing(REMOVE, &[not_yet(), not_yet()]), &own());
    for request in [usual(), own()] {
        let mut never = after_rotation().failing(REMOVE, &vec![not_yet(); 99]);
        let (result, calls) = commit(&mut never, &request, &["old-1"]);
        assert_eq!(result.unwrap_err().kind, FailureKind::WrongCredential);
        assert_eq!(calls.len(), if request == own() { 11 } else { 1 });
    }
}
