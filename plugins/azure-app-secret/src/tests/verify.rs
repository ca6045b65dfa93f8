use std::time::Duration;

use pamrun_plugin::testing::{rejected, unavailable};
use pamrun_plugin::{FailureKind, Proof};

use super::cloud::{Fault, refuse_login};
use super::*;

const LOGIN: &str = "login-new";

/// A cloud that accepts the new secret from then on.
fn accepting_from(seconds: u64) -> Cloud {
    Cloud { accepts_from: Duration::from_secs(seconds), ..Cloud::new() }
}

fn refusing(status: u16, code: &str, number: u32, times: usize) -> Cloud {
    accepting_from(0).failing(LOGIN, &vec![Fault::Reply(refuse_login(status, code, number)); times])
}

/// The result, the number of calls, and the seconds that it took.
fn verify(cloud: &mut Cloud, request: &Request) -> (Result<Proof, Failure>, usize, u64) {
    let mut seconds = 0;
    let (result, calls) = run(cloud, |host| {
        let result = AzureAppSecret::verify(host, request, &plan_removing(&[]), Some("new"));
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
    let request =
        usual().with_setting("verify_successes", 2).with_setting("verify_interval", Duration::from_secs(7));
    assert_eq!(verify(&mut accepting_from(0), &request), (Ok(Proof::Verified), 2, 7));
}

#[test]
fn a_secret_that_is_still_spreading_is_waited_for() {
    // Tried at 0, 2, 6 and 14 seconds, then twice more.
    assert_eq!(verify(&mut accepting_from(10), &usual()), (Ok(Proof::Verified), 6, 16));
}

#[test]
fn a_login_that_flaps_starts_the_count_again() {
    let mut logins = 0;
    let mut cloud = accepting_from(0);
    let host = FakeHost::new().otherwise(|call| {
        logins += 1;
        if logins == 3 { refuse_login(401, "invalid_client", 7_000_215) } else { cloud.answer(call) }
    });
    let proof = AzureAppSecret::verify(&host, &usual(), &plan_removing(&[]), Some("new"));
    assert_eq!((proof, host.calls().len()), (Ok(Proof::Verified), 6));
}

#[test]
fn a_secret_that_stays_wrong_is_given_up_at_the_end_of_the_window() {
    let (result, _, seconds) = verify(&mut accepting_from(301), &usual());
    let failure = result.unwrap_err();
    assert_eq!((failure.kind, seconds), (FailureKind::WrongCredential, 300));
    assert!(failure.message.starts_with("with the new secret, the app cannot log in: "), "{failure}");
    let request = usual().with_setting("verify_window", Duration::ZERO);
    let (result, logins, _) = verify(&mut accepting_from(1), &request);
    assert_eq!((result.unwrap_err().kind, logins), (FailureKind::WrongCredential, 1));
}

#[test]
fn an_outage_ends_it_after_thirty_seconds_whatever_the_window() {
    for reply in [unavailable(0), unavailable(503), unavailable(503).waiting(0)] {
        let mut cloud = accepting_from(0).failing(LOGIN, &vec![Fault::Reply(reply); 100]);
        let (result, logins, seconds) = verify(&mut cloud, &usual());
        assert_eq!((result.unwrap_err().kind, logins, seconds), (FailureKind::Unavailable, 16, 30));
    }
}

#[test]
fn n13_long_waits_that_the_service_asks_for_are_no_silence() {
    let asking = |seconds| Fault::Reply(rejected(429).waiting(seconds));
    let mut cloud = accepting_from(0).failing(LOGIN, &vec![asking(46); 5]);
    assert_eq!(verify(&mut cloud, &usual()), (Ok(Proof::Verified), 8, 5 * 46 + 2));
    let (result, logins, _) = verify(&mut accepting_from(0).failing(LOGIN, &[asking(481)]), &usual());
    assert_eq!((result.unwrap_err().kind, logins), (FailureKind::Unavailable, 1));
}

#[test]
fn n10_a_fresh_secret_that_is_called_expired_has_not_spread_yet() {
    let mut cloud = refusing(401, "invalid_client", 7_000_222, 3);
    assert_eq!(verify(&mut cloud, &usual()), (Ok(Proof::Verified), 6, 2 + 4 + 8 + 2));
    let (result, _, seconds) = verify(&mut refusing(401, "invalid_client", 7_000_222, 99), &usual());
    let failure = result.unwrap_err();
    assert_eq!((failure.kind, seconds), (FailureKind::WrongCredential, 300));
    assert!(failure.message.contains("still calls it expired (HTTP 401"), "{failure}");
}

#[test]
fn n12_what_no_waiting_mends_is_said_at_once() {
    for (code, number, word) in [
        ("invalid_client", 700_025, "public-client"),
        ("invalid_client", 7_000_218, "login-refused"),
        ("unauthorized_client", 7_000_112, "app-disabled"),
        ("invalid_request", 900_023, "unknown-tenant"),
        ("invalid_request", 1_234_567, "login-refused"),
    ] {
        let (result, logins, seconds) = verify(&mut refusing(401, code, number, 1), &usual());
        assert_eq!((result.unwrap_err().code.as_str(), logins, seconds), (word, 1, 0), "{number}");
    }
}

#[test]
fn what_cannot_be_tried_fails_or_is_saved_by_the_setting() {
    for (code, number) in
        [("unauthorized_client", 7_000_229), ("access_denied", 53_003), ("access_denied", 530_032)]
    {
        let failure = verify(&mut refusing(400, code, number, 1), &usual()).0.unwrap_err();
        assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Denied, "not-provable"));
        assert!(failure.fix.unwrap().contains("unproven=save"));
        let saving = usual().with_setting("unproven", "save");
        assert!(matches!(verify(&mut refusing(400, code, number, 1), &saving).0, Ok(Proof::Unproven(_))));
    }
}

#[test]
fn a_disabled_app_is_denied_even_where_unproven_secrets_are_saved() {
    let saving = usual().with_setting("unproven", "save");
    let failure = verify(&mut refusing(400, "unauthorized_client", 7_000_112, 1), &saving).0.unwrap_err();
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Denied, "app-disabled"));
}

#[test]
fn a_refusal_of_what_the_host_reads_before_says_nothing_of_the_secret() {
    let lagging = Fault::Reply(rejected(404).of("app"));
    let mut cloud =
        accepting_from(0).failing(LOGIN, &[lagging.clone(), Fault::Reply(unavailable(503).of("app"))]);
    assert_eq!(verify(&mut cloud, &usual()).0, Ok(Proof::Verified));
    let mut cloud = accepting_from(0).failing(LOGIN, &[Fault::Reply(rejected(403).of("app"))]);
    assert_eq!(verify(&mut cloud, &usual()).0.unwrap_err().kind, FailureKind::Denied);
    // An app that the record names by its client id is read so once more.
    let plan = Plan { context: "client-id".to_owned(), ..Plan::default() };
    let mut cloud = Cloud { is_known_by_object_id: false, ..accepting_from(0) }.failing(LOGIN, &[lagging]);
    let (result, calls) = run(&mut cloud, |host| AzureAppSecret::verify(host, &usual(), &plan, Some("new")));
    assert_eq!(result, Ok(Proof::Verified));
    assert_eq!(calls, [LOGIN, "app-by-client-id", LOGIN, LOGIN, LOGIN]);
}
