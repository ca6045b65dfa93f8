use std::time::Duration;

use pamrun_plugin::{FailureKind, Host, Plugin, Proof, Request};

use super::cloud::{Fault, Secret, secret};
use super::*;

/// A cloud that accepts the new secret from then on.
fn accepting_from(seconds: u64) -> Cloud {
    let new = Secret { usable_from: Duration::from_secs(seconds), ..secret("new", "pamrun") };
    Cloud::new().with_secrets(&[new])
}

/// The result, the number of logins, and the seconds that it took.
fn verify(cloud: &mut Cloud, request: &Request) -> (Result<Proof, Failure>, usize, u64) {
    let mut seconds = 0;
    let (result, calls) = run(cloud, |host| {
        let result = AzureAppSecret::verify(host, request, &plan_removing(&[]), &credential("value-of-new"));
        seconds = host.elapsed().as_secs();
        result
    });
    (result, calls.len(), seconds)
}

#[test]
fn three_logins_in_a_row_are_proof() {
    assert_eq!(verify(&mut accepting_from(0), &usual()), (Ok(Proof::Verified), 3, 2));
}

#[test]
fn the_number_of_logins_and_their_pause_are_settings() {
    let request = usual()
        .with_setting("verify_successes", SettingValue::Integer(2))
        .with_setting("verify_interval", SettingValue::Duration(Duration::from_secs(7)));
    assert_eq!(verify(&mut accepting_from(0), &request), (Ok(Proof::Verified), 2, 7));
}

#[test]
fn a_secret_that_is_still_spreading_is_waited_for() {
    // Tried at 0, 2, 6 and 14 seconds, then twice more.
    assert_eq!(verify(&mut accepting_from(10), &usual()), (Ok(Proof::Verified), 6, 16));
}

#[test]
fn a_login_that_flaps_starts_the_count_again() {
    let wrong = || Fault::Login(401, "invalid_client", 7_000_215);
    let mut cloud = accepting_from(0);
    let mut logins = 0;
    let host = FakeHost::new(|sent, elapsed| {
        logins += 1;
        if logins == 3 {
            cloud.faults.push_back(("/token", wrong()));
        }
        cloud.answer(sent, elapsed)
    });
    let proof = AzureAppSecret::verify(&host, &usual(), &plan_removing(&[]), &credential("value-of-new"));
    assert_eq!((proof, host.calls().len()), (Ok(Proof::Verified), 6));
}

#[test]
fn a_secret_that_stays_wrong_is_given_up_at_the_end_of_the_window() {
    let (result, _, seconds) = verify(&mut accepting_from(301), &usual());
    assert_eq!((result.unwrap_err().kind, seconds), (FailureKind::WrongCredential, 300));
    let request = usual().with_setting("verify_window", SettingValue::Duration(Duration::ZERO));
    let (result, logins, _) = verify(&mut accepting_from(1), &request);
    assert_eq!((result.unwrap_err().kind, logins), (FailureKind::WrongCredential, 1));
}

#[test]
fn an_outage_ends_it_after_thirty_seconds_whatever_the_window() {
    let mut cloud = accepting_from(0);
    cloud.faults.extend(std::iter::repeat_n(("/token", Fault::Unreached), 100));
    let (result, _, seconds) = verify(&mut cloud, &usual());
    assert_eq!((result.unwrap_err().kind, seconds), (FailureKind::Unavailable { retry_after: None }, 30));
}

#[test]
fn a_service_that_invites_to_ask_again_at_once_is_as_silent_as_others() {
    let mut cloud = accepting_from(0);
    cloud.faults.extend(std::iter::repeat_n(("/token", Fault::SlowDown(503, "0")), 100));
    let (result, logins, seconds) = verify(&mut cloud, &usual());
    assert!(matches!(result.unwrap_err().kind, FailureKind::Unavailable { .. }));
    assert_eq!((logins, seconds), (16, 30));
}

#[test]
fn a_short_outage_is_survived() {
    let mut cloud =
        accepting_from(0).failing("/token", &[Fault::AnswerAfter(503), Fault::SlowDown(429, "20")]);
    assert_eq!(verify(&mut cloud, &usual()).0, Ok(Proof::Verified));
}

#[test]
fn n13_long_waits_that_the_service_asks_for_are_no_silence() {
    let mut cloud = accepting_from(0).failing("/token", &vec![Fault::SlowDown(429, "45.5"); 5]);
    assert_eq!(verify(&mut cloud, &usual()), (Ok(Proof::Verified), 8, 5 * 46 + 2));
    let mut cloud = accepting_from(0).failing("/token", &[Fault::SlowDown(429, "481")]);
    let (result, logins, _) = verify(&mut cloud, &usual());
    assert_eq!((result.unwrap_err().kind, logins), (FailureKind::Unavailable { retry_after: Some(481) }, 1));
}

#[test]
fn n10_a_fresh_secret_that_is_called_expired_has_not_spread_yet() {
    let expired = || Fault::Login(401, "invalid_client", 7_000_222);
    let mut cloud = accepting_from(0).failing("/token", &vec![expired(); 3]);
    assert_eq!(verify(&mut cloud, &usual()), (Ok(Proof::Verified), 6, 2 + 4 + 8 + 2));
    let mut cloud = accepting_from(0).failing("/token", &vec![expired(); 99]);
    let (result, _, seconds) = verify(&mut cloud, &usual());
    let failure = result.unwrap_err();
    assert_eq!((failure.kind, seconds), (FailureKind::WrongCredential, 300));
    assert!(failure.message.contains("still calls it expired (HTTP 401"), "{failure}");
}

#[test]
fn n12_what_no_waiting_mends_is_said_at_once() {
    for (error, code, word) in [
        ("invalid_client", 700_025, "public-client"),
        ("invalid_client", 7_000_218, "login-refused"),
        ("unauthorized_client", 7_000_112, "app-disabled"),
        ("invalid_request", 900_023, "unknown-tenant"),
        ("invalid_request", 1_234_567, "login-refused"),
    ] {
        let mut cloud = accepting_from(0).failing("/token", &[Fault::Login(401, error, code)]);
        let (result, logins, seconds) = verify(&mut cloud, &usual());
        assert_eq!((result.unwrap_err().code.as_str(), logins, seconds), (word, 1, 0), "{code}");
    }
}

#[test]
fn what_cannot_be_tried_fails_or_is_saved_by_the_setting() {
    for (error, code) in
        [("unauthorized_client", 7_000_229), ("access_denied", 53_003), ("access_denied", 530_032)]
    {
        let blocked = || accepting_from(0).failing("/token", &[Fault::Login(400, error, code)]);
        let failure = verify(&mut blocked(), &usual()).0.unwrap_err();
        assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Denied, "not-provable"));
        let saving = usual().with_setting("unproven", text("save"));
        assert!(matches!(verify(&mut blocked(), &saving).0, Ok(Proof::Unproven(_))));
    }
}

#[test]
fn a_disabled_app_is_denied_even_where_unproven_secrets_are_saved() {
    let mut cloud =
        accepting_from(0).failing("/token", &[Fault::Login(400, "unauthorized_client", 7_000_112)]);
    let failure = verify(&mut cloud, &usual().with_setting("unproven", text("save"))).0.unwrap_err();
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Denied, "app-disabled"));
}

#[test]
fn the_secret_of_the_record_is_proven_where_the_credential_has_none() {
    let mut cloud = Cloud::new();
    let request = own("value-of-old-1");
    let (result, _) = run(&mut cloud, |host| {
        let bare = Credential { handle: "old-1".to_owned(), updates: Vec::new(), expires: None };
        AzureAppSecret::verify(host, &request, &plan_removing(&[]), &bare)
    });
    assert_eq!(result, Ok(Proof::Verified));
}
