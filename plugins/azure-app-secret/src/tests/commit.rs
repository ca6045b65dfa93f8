use std::time::Duration;

use pamrun_plugin::{FailureKind, Plugin, Removed, Request};

use super::cloud::{Fault, Secret, secret};
use super::*;

const REMOVE: &str = "/removePassword";

fn commit(
    cloud: &mut Cloud,
    request: &Request,
    ids: &[&str],
) -> (Result<Vec<Removed>, Failure>, Vec<String>) {
    run(cloud, |host| AzureAppSecret::commit(host, request, &plan_removing(ids), "new"))
}

fn gone(removed: Result<Vec<Removed>, Failure>) -> Vec<(String, bool)> {
    removed.unwrap().into_iter().map(|old| (old.id, old.gone)).collect()
}

fn after_rotation() -> Cloud {
    Cloud::new().with_secrets(&[secret("new", "pamrun")])
}

#[test]
fn exactly_the_plan_is_removed_and_an_acknowledgement_is_enough() {
    let mut cloud = after_rotation().with_secrets(&[secret("late", "added meanwhile")]);
    let (removed, calls) = commit(&mut cloud, &usual(), &["old-1", "old-2"]);
    assert_eq!(gone(removed), [("old-1".to_owned(), true), ("old-2".to_owned(), true)]);
    assert_eq!(cloud.ids(), ["new", "late"]);
    assert_eq!(calls.len(), 3);
}

#[test]
fn nothing_to_remove_needs_no_request() {
    let (removed, calls) = commit(&mut after_rotation(), &usual(), &[]);
    assert!(removed.unwrap().is_empty() && calls.is_empty());
}

#[test]
fn the_new_secret_is_never_removed_even_if_a_plan_names_it() {
    let mut cloud = after_rotation();
    let (removed, _) = commit(&mut cloud, &usual(), &["new", "old-1"]);
    assert_eq!(gone(removed), [("old-1".to_owned(), true)]);
    assert_eq!(cloud.ids(), ["old-2", "new"]);
}

#[test]
fn an_unclear_removal_that_took_effect_is_confirmed_by_two_reads() {
    for fault in [Fault::LoseAfter, Fault::AnswerAfter(503)] {
        let mut cloud = after_rotation().failing(REMOVE, &[fault]);
        let (removed, calls) = commit(&mut cloud, &usual(), &["old-1"]);
        assert_eq!(gone(removed), [("old-1".to_owned(), true)]);
        assert_eq!(calls.iter().filter(|call| call.starts_with("GET")).count(), 2);
    }
}

#[test]
fn an_unclear_removal_that_did_not_take_effect_is_repeated() {
    let mut cloud = after_rotation().failing(REMOVE, &[Fault::LoseBefore, Fault::Refuse(500, "", "oops")]);
    assert_eq!(gone(commit(&mut cloud, &usual(), &["old-1"]).0), [("old-1".to_owned(), true)]);
    assert_eq!(cloud.ids(), ["old-2", "new"]);
}

#[test]
fn a_removal_that_somebody_in_between_answered_is_confirmed_by_reads() {
    let mut cloud = after_rotation().failing(REMOVE, &[Fault::Refuse(200, "", "a login page")]);
    assert_eq!(gone(commit(&mut cloud, &usual(), &["old-1"]).0), [("old-1".to_owned(), true)]);
    assert_eq!(cloud.ids(), ["old-2", "new"]);
}

#[test]
fn one_read_without_the_secret_is_no_proof() {
    let mut cloud = after_rotation().failing(REMOVE, &[Fault::LoseBefore]);
    cloud.stale_lists.push_back(vec![secret("new", "pamrun")]);
    assert_eq!(gone(commit(&mut cloud, &usual(), &["old-1"]).0), [("old-1".to_owned(), true)]);
    assert_eq!(cloud.ids(), ["old-2", "new"]);
}

#[test]
fn a_secret_that_was_gone_already_is_confirmed_by_reads() {
    let mut cloud = after_rotation();
    let (removed, calls) = commit(&mut cloud, &usual(), &["gone-before"]);
    assert_eq!(gone(removed), [("gone-before".to_owned(), true)]);
    assert_eq!(calls.iter().filter(|call| call.starts_with("GET")).count(), 2);
}

#[test]
fn an_unknown_key_that_is_still_listed_is_tried_again() {
    let unknown =
        Fault::Refuse(404, "Request_ResourceNotFound", "No password credential found with keyId 'x'.");
    let mut cloud = after_rotation().failing(REMOVE, &[unknown]);
    assert_eq!(gone(commit(&mut cloud, &usual(), &["old-1"]).0), [("old-1".to_owned(), true)]);
    assert_eq!(cloud.ids(), ["old-2", "new"]);
}

#[test]
fn n11_an_app_that_a_backend_does_not_know_is_asked_for_again_by_changes_and_reads() {
    let missing = Fault::Refuse(404, "Request_ResourceNotFound", "does not exist");
    let mut cloud = after_rotation()
        .failing(REMOVE, &[missing.clone(), Fault::LoseBefore])
        .failing("GET", &[missing.clone(), missing]);
    assert_eq!(gone(commit(&mut cloud, &usual(), &["old-1"]).0), [("old-1".to_owned(), true)]);
    assert_eq!(cloud.ids(), ["old-2", "new"]);
}

#[test]
fn what_stays_listed_is_not_gone() {
    let mut cloud =
        after_rotation().failing(REMOVE, &[Fault::LoseBefore, Fault::LoseBefore, Fault::LoseBefore]);
    assert_eq!(gone(commit(&mut cloud, &usual(), &["old-1"]).0), [("old-1".to_owned(), false)]);
}

#[test]
fn collisions_and_throttling_are_waited_out() {
    let mut cloud = after_rotation().failing(
        REMOVE,
        &[
            Fault::Refuse(409, "Directory_ConcurrencyViolation", ""),
            Fault::Refuse(400, "Request_BadRequest", "Error due to concurrent requests being made"),
            Fault::SlowDown(429, "5"),
        ],
    );
    assert_eq!(gone(commit(&mut cloud, &usual(), &["old-1"]).0), [("old-1".to_owned(), true)]);
}

#[test]
fn a_refusal_at_the_first_is_a_failure_and_later_leaves_the_rest() {
    let denied = || Fault::Refuse(403, "Authorization_RequestDenied", "no");
    let mut cloud = after_rotation().failing(REMOVE, &[denied()]);
    assert_eq!(commit(&mut cloud, &usual(), &["old-1", "old-2"]).0.unwrap_err().kind, FailureKind::Denied);
    let mut removals = 0;
    let mut cloud = after_rotation();
    let host = FakeHost::new(|sent, elapsed| {
        removals += usize::from(sent.uri().path().ends_with(REMOVE));
        if removals == 2 {
            cloud.faults.push_back((REMOVE, denied()));
        }
        cloud.answer(sent, elapsed)
    });
    let removed = AzureAppSecret::commit(&host, &usual(), &plan_removing(&["old-1", "old-2"]), "new");
    assert_eq!(gone(removed), [("old-1".to_owned(), true), ("old-2".to_owned(), false)]);
}

#[test]
fn a_removal_that_nobody_can_read_about_is_uncertain() {
    let outage = std::iter::repeat_n((OBJECT_ID, Fault::Unreached), 5);
    let mut cloud = after_rotation().failing(REMOVE, &[Fault::LoseAfter]);
    cloud.faults.extend(outage);
    assert_eq!(commit(&mut cloud, &usual(), &["old-1"]).0.unwrap_err().kind, FailureKind::Uncertain);
}

#[test]
fn an_app_that_rotated_itself_waits_until_its_new_secret_is_known() {
    let new = Secret { usable_from: Duration::from_secs(5), ..secret("new", "pamrun") };
    let mut cloud = Cloud::new().with_secrets(&[new]);
    assert_eq!(gone(commit(&mut cloud, &own("value-of-new"), &["old-1"]).0), [("old-1".to_owned(), true)]);
    let mut never = Cloud::new();
    let failure = commit(&mut never, &own("value-of-new"), &["old-1"]).0.unwrap_err();
    assert_eq!(failure.kind, FailureKind::WrongCredential);
}
