use pamrun_plugin::testing::{answer, rejected, unavailable, uncertain};
use pamrun_plugin::{Credential, FailureKind};

use super::cloud::{END, Fault, refuse};
use super::*;

const COLLISION: &str =
    "Error due to concurrent requests being made to the tenant. Please wait briefly and retry.";
const ADD: &str = "add-password";

fn rotate(cloud: &mut Cloud, request: &Request) -> (Result<Credential, Failure>, Vec<String>) {
    run(cloud, |host| AzureAppSecret::rotate(host, request, &plan_removing(&["old-1", "old-2"])))
}

fn failing(faults: &[Fault]) -> (Cloud, Failure, usize) {
    let mut cloud = Cloud::new().failing(ADD, faults);
    let (result, calls) = rotate(&mut cloud, &usual());
    let tries = calls.iter().filter(|call| call.starts_with(ADD)).count();
    (cloud, result.unwrap_err(), tries)
}

#[test]
fn one_request_makes_a_secret_and_removes_nothing() {
    let mut cloud = Cloud::new();
    let (credential, calls) = rotate(&mut cloud, &usual());
    assert_eq!(credential.unwrap(), Credential::new("new-1").returning("expires", END).expiring(END));
    assert_eq!(cloud.ids(), ["old-1", "old-2", "new-1"]);
    assert_eq!(calls, ["add-password ends=2031-01-01T00:00:00Z"]);
}

#[test]
fn the_end_follows_the_setting() {
    let (credential, _) = rotate(&mut Cloud::new(), &usual().with_setting("expiry_days", 1));
    assert_eq!(credential.unwrap().expires.as_deref(), Some("2030-01-02T00:00:00Z"));
}

#[test]
fn fractions_of_a_second_are_cut_off_and_what_says_no_end_ends_as_asked() {
    for ends in ["2031-01-01T00:00:00.1234567Z", "never"] {
        let made = Fault::Reply(answer().with("id", "k").with("ends", ends));
        let (credential, _) = rotate(&mut Cloud::new().failing(ADD, &[made]), &usual());
        assert_eq!(credential.unwrap().returns.text("expires"), Some(END), "{ends}");
    }
}

#[test]
fn both_forms_of_collision_are_tried_again() {
    let faults = [
        refuse(409, "Directory_ConcurrencyViolation", COLLISION),
        refuse(400, "Request_BadRequest", COLLISION),
    ];
    let mut cloud = Cloud::new().failing(ADD, &faults);
    assert!(rotate(&mut cloud, &usual()).0.is_ok());
    assert_eq!(cloud.ids(), ["old-1", "old-2", "new-1"]);
    let (cloud, failure, tries) = failing(&vec![faults[0].clone(); 5]);
    assert_eq!((failure.kind, tries), (FailureKind::Conflict, 5));
    assert_eq!(cloud.ids(), ["old-1", "old-2"]);
}

#[test]
fn throttling_is_waited_out_for_as_long_as_the_service_asks_and_never_without_a_pause() {
    for (asked, expected) in [(Some(11), 11), (Some(120), 120), (Some(0), 5), (None, 5)] {
        let busy = rejected(429).with("code", "TooManyRequests");
        let busy = asked.map_or(busy.clone(), |seconds| busy.waiting(seconds));
        let mut cloud = Cloud::new().failing(ADD, &[Fault::Reply(busy)]);
        let (waited, _) = run(&mut cloud, |host| {
            AzureAppSecret::rotate(host, &usual(), &plan_removing(&[]))?;
            Ok(host.elapsed().as_secs())
        });
        assert_eq!(waited, Ok(expected));
    }
}

#[test]
fn n16_what_may_have_been_done_is_uncertain_and_never_repeated() {
    // So is a secret without its value, of which the host says so.
    for fault in [Fault::LoseAfter, Fault::Reply(uncertain())] {
        let (_, failure, tries) = failing(&[fault]);
        assert_eq!(
            (failure.kind, failure.code.as_str(), tries),
            (FailureKind::Uncertain, "graph-unclear", 1)
        );
    }
}

#[test]
fn a_service_that_was_not_reached_is_tried_again() {
    let mut cloud = Cloud::new().failing(ADD, &[Fault::Reply(unavailable(0))]);
    assert!(rotate(&mut cloud, &usual()).0.is_ok());
}

#[test]
fn a_refusal_promises_that_nothing_was_done() {
    for (status, code, text, word) in [
        (403, "Authorization_RequestDenied", "Insufficient privileges", "insufficient-rights"),
        (403, "", "The size of the object has exceeded its limit.", "application-full"),
        (400, "CredentialTypeNotAllowedAsPerAppPolicy", "", "policy-forbids-secrets"),
        (400, "CredentialInvalidLifetimeAsPerAppPolicy", "", "policy-limits-lifetime"),
        (403, "Directory_QuotaExceeded", "The directory object quota limit for the Tenant", "directory-full"),
        (400, "Request_BadRequest", "Invalid value", "graph-refused"),
    ] {
        let (cloud, failure, tries) = failing(&[refuse(status, code, text)]);
        assert_eq!((failure.kind, failure.code.as_str(), tries), (FailureKind::Denied, word, 1));
        assert_eq!(cloud.ids(), ["old-1", "old-2"]);
    }
}

#[test]
fn n11_a_change_of_an_app_that_was_read_is_sent_again_when_a_backend_does_not_know_it() {
    let missing = || refuse(404, "Request_ResourceNotFound", "does not exist");
    let mut cloud = Cloud::new().failing(ADD, &vec![missing(); 5]);
    assert!(rotate(&mut cloud, &usual()).0.is_ok());
    assert_eq!(cloud.ids(), ["old-1", "old-2", "new-1"]);
    let (cloud, failure, tries) = failing(&vec![missing(); 6]);
    assert_eq!((failure.kind, tries), (FailureKind::NotFound, 6));
    assert_eq!(cloud.ids(), ["old-1", "old-2"]);
}

#[test]
fn n8_an_app_that_graph_calls_full_is_told_with_the_secret_to_remove() {
    for text in [
        "Not allowed to add 3 passwords. You can only add a maximum of 2 passwords.",
        "The size of the object has exceeded its limit.",
    ] {
        let (_, failure, tries) = failing(&[refuse(400, "Request_BadRequest", text)]);
        assert_eq!(
            (failure.kind, failure.code.as_str(), tries),
            (FailureKind::Denied, "application-full", 1)
        );
        let remedy = "remove old-2 (\"of a stranger\", ends 2031-01-01T00:00:00Z), unless somebody uses it";
        assert!(failure.message.contains(text) && failure.fix.as_deref() == Some(remedy), "{failure:?}");
    }
    let mut cloud = Cloud::new()
        .failing(ADD, &[refuse(400, "", "Not allowed to add 3 passwords.")])
        .failing("app", &[refuse(403, "Authorization_RequestDenied", "no")]);
    assert_eq!(rotate(&mut cloud, &usual()).0.unwrap_err().code, "application-full");
}

#[test]
fn an_expired_token_is_renewed_once() {
    let expired = || refuse(401, "InvalidAuthenticationToken", "expired");
    let mut cloud = Cloud::new().failing(ADD, &[expired()]);
    assert!(rotate(&mut cloud, &usual()).0.is_ok());
    let (_, failure, tries) = failing(&[expired(), expired()]);
    assert_eq!((failure.code.as_str(), tries), ("token-refused", 2));
}
