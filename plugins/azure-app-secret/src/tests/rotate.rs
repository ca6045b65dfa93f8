use pamrun_plugin::{FailureKind, Place, Plugin, Request};
use serde_json::Value;

use super::cloud::Fault;
use super::*;

const COLLISION: &str =
    "Error due to concurrent requests being made to the tenant. Please wait briefly and retry.";

fn rotate(cloud: &mut Cloud, request: &Request) -> (Result<Credential, Failure>, Vec<String>) {
    run(cloud, |host| AzureAppSecret::rotate(host, request, &plan_removing(&["old-1", "old-2"])))
}

fn failing(faults: &[Fault]) -> (Cloud, Failure, usize) {
    let mut cloud = Cloud::new().failing("/addPassword", faults);
    let (result, calls) = rotate(&mut cloud, &usual());
    let tries = calls.iter().filter(|call| call.ends_with("/addPassword")).count();
    (cloud, result.unwrap_err(), tries)
}

#[test]
fn two_requests_make_a_secret_named_with_the_marker_and_remove_nothing() {
    let mut cloud = Cloud::new();
    let (credential, calls) = rotate(&mut cloud, &usual());
    let credential = credential.unwrap();
    assert_eq!(credential.handle, "new-1");
    assert_eq!(credential.value("client_secret_id"), Some("new-1"));
    assert_eq!(credential.value("client_secret"), Some("value-of-new-1"));
    assert_eq!(credential.value("expires"), Some("2031-01-01T00:00:00Z"));
    assert_eq!(credential.expires.as_deref(), Some("2031-01-01T00:00:00Z"));
    let kinds: Vec<_> =
        credential.updates.iter().map(|update| (update.place, update.kind.as_str())).collect();
    assert_eq!(kinds, [(Place::Custom, "text"), (Place::Custom, "secret"), (Place::Custom, "text")]);
    assert_eq!(cloud.secrets[2].name, usual().marker);
    assert_eq!(cloud.ids(), ["old-1", "old-2", "new-1"]);
    assert_eq!(calls.len(), 2);
}

#[test]
fn the_end_follows_the_setting() {
    let (credential, _) =
        rotate(&mut Cloud::new(), &usual().with_setting("expiry_days", SettingValue::Integer(1)));
    assert_eq!(credential.unwrap().expires.as_deref(), Some("2030-01-02T00:00:00Z"));
}

#[test]
fn both_forms_of_collision_are_tried_again() {
    let mut cloud = Cloud::new().failing(
        "/addPassword",
        &[
            Fault::Refuse(409, "Directory_ConcurrencyViolation", COLLISION),
            Fault::Refuse(400, "Request_BadRequest", COLLISION),
        ],
    );
    assert!(rotate(&mut cloud, &usual()).0.is_ok());
    assert_eq!(cloud.ids(), ["old-1", "old-2", "new-1"]);
}

#[test]
fn a_collision_that_lasts_is_a_conflict_after_five_tries() {
    let (cloud, failure, tries) =
        failing(&vec![Fault::Refuse(409, "Directory_ConcurrencyViolation", COLLISION); 5]);
    assert_eq!((failure.kind, tries), (FailureKind::Conflict, 5));
    assert_eq!(cloud.ids(), ["old-1", "old-2"]);
}

#[test]
fn throttling_is_waited_out_for_as_long_as_the_service_asks_and_never_without_a_pause() {
    // The clock of these tests stands at the first second of 2030.
    for (asked, expected) in [
        ("11", 11),
        ("0", 5),
        ("45.5", 46),
        ("120", 120),
        ("Tue, 01 Jan 2030 00:00:12 GMT", 12),
        ("Mon, 31 Dec 2029 00:00:12 GMT", 5),
        ("-7", 5),
        ("soon", 5),
        ("", 5),
    ] {
        let mut cloud = Cloud::new().failing("/addPassword", &[Fault::SlowDown(429, asked)]);
        let (waited, _) = run(&mut cloud, |host| {
            AzureAppSecret::rotate(host, &usual(), &plan_removing(&[]))?;
            Ok(pamrun_plugin::Host::elapsed(host).as_secs())
        });
        assert_eq!(waited.unwrap(), expected);
    }
}

#[test]
fn what_may_have_been_done_is_uncertain_and_never_repeated() {
    for fault in [
        Fault::LoseAfter,
        Fault::LoseBefore,
        Fault::AnswerAfter(503),
        Fault::AnswerAfter(500),
        Fault::AnswerAfter(200),
    ] {
        let (_, failure, tries) = failing(&[fault]);
        assert_eq!((failure.kind, tries), (FailureKind::Uncertain, 1));
    }
}

#[test]
fn a_service_that_was_not_reached_is_tried_again() {
    let mut cloud = Cloud::new().failing("/addPassword", &[Fault::Unreached]);
    assert!(rotate(&mut cloud, &usual()).0.is_ok());
}

#[test]
fn a_refusal_promises_that_nothing_was_done() {
    for (status, code, text, word) in [
        (403, "Authorization_RequestDenied", "Insufficient privileges", "insufficient-rights"),
        (403, "", "The size of the object has exceeded its limit.", "application-full"),
        (400, "CredentialTypeNotAllowedAsPerAppPolicy", "", "policy-forbids-secrets"),
        (400, "CredentialInvalidLifetimeAsPerAppPolicy", "", "policy-limits-lifetime"),
        (400, "Request_BadRequest", "Invalid value", "graph-refused"),
    ] {
        let (cloud, failure, tries) = failing(&[Fault::Refuse(status, code, text)]);
        assert_eq!((failure.kind, failure.code.as_str(), tries), (FailureKind::Denied, word, 1));
        assert_eq!(cloud.ids(), ["old-1", "old-2"]);
    }
}

#[test]
fn n11_a_change_of_an_app_that_was_read_is_sent_again_when_a_backend_does_not_know_it() {
    let missing = || Fault::Refuse(404, "Request_ResourceNotFound", "does not exist");
    let mut cloud = Cloud::new().failing("/addPassword", &vec![missing(); 5]);
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
        let (_, failure, tries) = failing(&[Fault::Refuse(400, "Request_BadRequest", text)]);
        assert_eq!(
            (failure.kind, failure.code.as_str(), tries),
            (FailureKind::Denied, "application-full", 1)
        );
        let remedy = "remove old-2 (\"of a stranger\", ends 2031-01-01T00:00:00Z), unless somebody uses it";
        assert!(failure.message.contains(text) && failure.message.ends_with(remedy), "{failure}");
    }
    let mut cloud = Cloud::new()
        .failing("/addPassword", &[Fault::Refuse(400, "", "Not allowed to add 3 passwords.")])
        .failing("GET", &[Fault::Refuse(403, "Authorization_RequestDenied", "no")]);
    assert_eq!(rotate(&mut cloud, &usual()).0.unwrap_err().code, "application-full");
}

#[test]
fn n16_a_secret_without_its_value_is_made_and_of_no_use() {
    for made in [
        r#"{"keyId":"k","secretText":""}"#,
        r#"{"keyId":"k","secretText":" \n"}"#,
        r#"{"keyId":"k","secretText":null}"#,
        r#"{"keyId":"k"}"#,
        r#"{"keyId":"","secretText":"s"}"#,
        r#"{"secretText":"s"}"#,
        "[]",
        "null",
        "",
        "<html>",
    ] {
        let host = FakeHost::new(|sent, _| {
            let is_login = sent.uri().path().ends_with("/token");
            pamrun_plugin::testing::answer(200, if is_login { r#"{"access_token":"opaque"}"# } else { made })
        });
        let failure = AzureAppSecret::rotate(&host, &usual(), &plan_removing(&[])).unwrap_err();
        assert_eq!(
            (failure.kind, failure.code.as_str()),
            (FailureKind::Uncertain, "graph-unclear"),
            "{made}"
        );
        assert_eq!(host.calls().len(), 2);
    }
}

#[test]
fn n14_a_byte_order_mark_before_a_secret_changes_nothing() {
    let host = FakeHost::new(|_, _| {
        let both = "\u{feff}{\"access_token\":\"opaque\",\"keyId\":\"k\",\"secretText\":\"s\"}";
        pamrun_plugin::testing::answer(200, both)
    });
    let made = AzureAppSecret::rotate(&host, &usual(), &plan_removing(&[])).unwrap();
    assert_eq!((made.handle.as_str(), made.value("client_secret")), ("k", Some("s")));
}

#[test]
fn an_expired_token_is_renewed_once() {
    let expired = || Fault::Refuse(401, "InvalidAuthenticationToken", "expired");
    let mut cloud = Cloud::new().failing("/addPassword", &[expired()]);
    let (result, calls) = rotate(&mut cloud, &usual());
    assert!(result.is_ok());
    assert_eq!(calls.len(), 4);
    let (_, failure, tries) = failing(&[expired(), expired()]);
    assert_eq!((failure.code.as_str(), tries), ("token-refused", 2));
}

#[test]
fn a_plan_for_another_cloud_is_refused() {
    let mut plan = plan_removing(&[]);
    plan.target = plan.target.replace(GRAPH, "graph.microsoft.us");
    let (result, calls) = run(&mut Cloud::new(), |host| AzureAppSecret::rotate(host, &usual(), &plan));
    assert_eq!(result.unwrap_err().code, "foreign-plan");
    assert!(calls.is_empty());
}

#[test]
fn fractions_of_a_second_are_cut_off() {
    let mut cloud = Cloud::new();
    let (result, _) = run(&mut cloud, |_| {
        let host = FakeHost::new(|sent, _| {
            if sent.uri().path().ends_with("/token") {
                return pamrun_plugin::testing::answer(200, r#"{"access_token":"opaque"}"#);
            }
            let asked: Value = serde_json::from_slice(sent.body()).unwrap();
            assert_eq!(asked["passwordCredential"]["endDateTime"], "2031-01-01T00:00:00Z");
            let made =
                r#"{"keyId":"k","secretText":"s","endDateTime":"2031-01-01T00:00:00.1234567Z","more":[1]}"#;
            pamrun_plugin::testing::answer(200, made)
        });
        AzureAppSecret::rotate(&host, &usual(), &plan_removing(&[]))
    });
    assert_eq!(result.unwrap().value("expires"), Some("2031-01-01T00:00:00Z"));
}
