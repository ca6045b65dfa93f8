use std::time::Duration;

use pamrun_plugin::{FailureKind, Plugin, Proof, Request};
use serde_json::Value;

use super::cloud::{Fault, SIGN_IN};
use super::*;

fn verify(cloud: &mut Cloud, request: &Request) -> (Result<Proof, Failure>, Vec<String>, u64) {
    run(cloud, |host| EntraUserPassword::verify(host, request, &plan(), &credential()))
}

fn with(verify: &str) -> Request {
    usual().with_setting("verify", text(verify))
}

#[track_caller]
fn unproven(cloud: &mut Cloud, request: &Request) -> String {
    match verify(cloud, request).0 {
        Ok(Proof::Unproven(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_sign_in_is_proof() {
    let (proof, calls, seconds) = verify(&mut Cloud::rotated(), &usual());
    assert_eq!((proof, seconds), (Ok(Proof::Verified), 0));
    let token = format!("POST /{TENANT}/oauth2/v2.0/token");
    assert_eq!(calls, [token.clone(), format!("GET /v1.0/users/{OBJECT_ID}"), token]);
}

#[test]
fn a_demand_that_follows_the_right_password_is_proof_and_says_nothing_about_a_wrong_one() {
    for code in [50_055, 50_072, 50_074, 50_076, 50_079, 50_158, 53_000, 53_003, 530_032] {
        let mut right = Cloud { next_demand: Some(code), ..Cloud::rotated() };
        assert_eq!(verify(&mut right, &with("prove")).0, Ok(Proof::Verified), "{code}");
        let mut wrong = Cloud { next_demand: Some(code), ..Cloud::new() };
        assert_eq!(verify(&mut wrong, &with("prove")).0.unwrap_err().kind, FailureKind::WrongCredential);
    }
}

#[test]
fn a_password_that_is_still_spreading_is_waited_for() {
    let mut cloud = Cloud { usable_from: Duration::from_secs(10), ..Cloud::rotated() };
    let (proof, _, seconds) = verify(&mut cloud, &usual());
    assert_eq!((proof, seconds), (Ok(Proof::Verified), 14));
}

#[test]
fn a_password_that_stays_wrong_is_given_up_at_the_end_of_the_window() {
    let (result, _, seconds) = verify(&mut Cloud::new(), &usual());
    let failure = result.unwrap_err();
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::WrongCredential, "wrong-password"));
    assert_eq!(seconds, 300);
    let hasty = usual().with_setting("verify_window", SettingValue::Duration(Duration::ZERO));
    let (result, _, seconds) = verify(&mut Cloud::new(), &hasty);
    assert_eq!((result.unwrap_err().kind, seconds), (FailureKind::WrongCredential, 0));
}

#[test]
fn a_sign_in_that_cannot_be_decided_leaves_what_graph_says_of_the_change() {
    for (code, hint) in
        [(50_053, "locked out"), (50_057, "disabled"), (65_001, "consent"), (7_000_218, "AADSTS7000218")]
    {
        let undecided = || Cloud::rotated().failing(SIGN_IN, &[Fault::Login(400, "invalid_grant", code)]);
        let why = unproven(&mut undecided(), &usual());
        assert!(why.contains(hint) && why.contains("2030-01-01T00:00:00Z"), "{why}");
        let failure = verify(&mut undecided(), &with("prove")).0.unwrap_err();
        assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Denied, "not-provable"));
        assert!(failure.message.contains(hint), "{failure}");
    }
}

#[test]
fn trust_needs_no_sign_in_and_is_never_called_proof() {
    let mut cloud = Cloud::rotated();
    let (proof, calls, _) = verify(&mut cloud, &with("trust"));
    assert!(matches!(proof, Ok(Proof::Unproven(why)) if why.contains("verify=trust")));
    assert_eq!(calls, [format!("POST /{TENANT}/oauth2/v2.0/token"), format!("GET /v1.0/users/{OBJECT_ID}")]);
}

#[test]
fn a_change_that_does_not_show_yet_is_waited_for_and_at_last_not_believed() {
    let mut late = Cloud { shows_change_from: Duration::from_secs(20), ..Cloud::rotated() };
    assert!(matches!(verify(&mut late, &with("trust")), (Ok(Proof::Unproven(_)), _, 20..40)));
    let (result, _, seconds) = verify(&mut Cloud::new(), &with("trust"));
    let failure = result.unwrap_err();
    assert_eq!((failure.kind, seconds), (FailureKind::Unavailable { retry_after: None }, 300));
    assert_eq!(failure.code, "change-not-shown");
}

#[test]
fn clocks_may_be_some_minutes_apart() {
    let behind = |minutes: u64| {
        let at = format!("2029-12-31T23:{:02}:00Z", 60 - minutes);
        verify(&mut Cloud::new().with("lastPasswordChangeDateTime", at), &with("trust")).0
    };
    assert!(behind(5).is_ok());
    assert!(behind(6).is_err());
}

#[test]
fn a_directory_that_does_not_tell_of_changes_leaves_graphs_acknowledgement() {
    let why = unproven(&mut Cloud::rotated().with("lastPasswordChangeDateTime", Value::Null), &with("trust"));
    assert!(why.contains("acknowledged"), "{why}");
}

#[test]
fn an_outage_ends_it_after_thirty_seconds_and_a_short_one_is_survived() {
    let out = |count| Cloud::rotated().failing(SIGN_IN, &vec![Fault::Unreached; count]);
    assert_eq!(verify(&mut out(3), &usual()).0, Ok(Proof::Verified));
    let (result, _, seconds) = verify(&mut out(100), &usual());
    assert!(matches!(result.unwrap_err().kind, FailureKind::Unavailable { .. }));
    assert_eq!(seconds, 30);
}

#[test]
fn the_proposed_password_is_proven_where_the_credential_has_none() {
    let bare = Credential { updates: Vec::new(), ..credential() };
    let verify = |request: &Request| {
        run(&mut Cloud::rotated(), |host| EntraUserPassword::verify(host, request, &plan(), &bare)).0
    };
    assert_eq!(verify(&usual()), Ok(Proof::Verified));
    let mut unproposed = usual();
    unproposed.proposed = None;
    assert_eq!(verify(&unproposed).unwrap_err().code, "nothing-proposed");
}

#[test]
fn a_handle_of_somebody_else_is_refused() {
    let foreign = Credential { handle: "key-1".to_owned(), ..credential() };
    let (result, ..) =
        run(&mut Cloud::rotated(), |host| EntraUserPassword::verify(host, &with("trust"), &plan(), &foreign));
    assert_eq!(result.unwrap_err().code, "foreign-handle");
}

#[test]
fn a_wrong_secret_of_the_admin_app_never_passes_for_a_wrong_password() {
    let wrong = || Fault::Login(401, "invalid_client", 7_000_215);
    let expired = || Fault::Refuse(401, "InvalidAuthenticationToken", "expired");
    for verify_by in ["auto", "trust"] {
        let mut at_once = Cloud::rotated().failing("/token", &[wrong()]);
        assert_eq!(verify(&mut at_once, &with(verify_by)).0.unwrap_err().kind, FailureKind::Denied);
        let mut later = Cloud::rotated().failing("GET", &[expired()]);
        let mut logins = 0;
        let host = FakeHost::new(|sent, elapsed| {
            logins += usize::from(sent.uri().path().ends_with("/token"));
            if logins == 2 && later.faults.is_empty() {
                later.faults.push_back(("/token", wrong()));
            }
            later.answer(sent, elapsed)
        });
        let failure = EntraUserPassword::verify(&host, &with(verify_by), &plan(), &credential()).unwrap_err();
        assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Denied, "wrong-secret"));
    }
}

#[test]
fn n11_a_user_that_a_backend_does_not_know_is_read_again() {
    let missing = Fault::Refuse(404, "Request_ResourceNotFound", "does not exist");
    let mut cloud = Cloud::rotated().failing("GET", &[missing.clone(), missing]);
    assert_eq!(verify(&mut cloud, &usual()).0, Ok(Proof::Verified));
}
