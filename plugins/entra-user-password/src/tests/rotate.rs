//! `rotate` and `rollback`: both set the password that the host proposes.

use std::time::Duration;

use pamrun_plugin::{FailureKind, Place, Plugin, Request, Undone};

use super::cloud::{Fault, SIGN_IN};
use super::*;

fn rotate(cloud: &mut Cloud, request: &Request) -> (Result<Credential, Failure>, Vec<String>, u64) {
    run(cloud, |host| EntraUserPassword::rotate(host, request, &plan()))
}

fn rollback(cloud: &mut Cloud, handle: Option<&str>) -> Result<Undone, Failure> {
    let request = usual().with_proposed(OLD);
    run(cloud, |host| EntraUserPassword::rollback(host, &request, &plan(), handle)).0
}

/// A cloud that remembers passwords, and lost its answer when the new one was set.
fn unclear() -> Cloud {
    let mut cloud = Cloud { remembers: true, ..Cloud::new() }.failing("PATCH", &[Fault::LoseAfter]);
    let failure = rotate(&mut cloud, &usual()).0.unwrap_err();
    assert_eq!((failure.kind, cloud.password.as_str()), (FailureKind::Uncertain, NEW));
    cloud
}

#[test]
fn two_requests_set_the_proposed_password() {
    let mut cloud = Cloud::new();
    let (credential, calls, _) = rotate(&mut cloud, &usual());
    let credential = credential.unwrap();
    assert_eq!((cloud.password.as_str(), cloud.force_change), (NEW, Some(false)));
    assert_eq!((credential.handle.as_str(), credential.expires), ("2030-01-01T00:00:00Z", None));
    let [update] = credential.updates.as_slice() else { panic!("{:?}", credential.updates) };
    assert_eq!((update.place, update.kind.as_str()), (Place::Standard, "password"));
    assert_eq!((update.label.as_str(), update.values.as_slice()), ("password", &[NEW.to_owned()][..]));
    assert_eq!(
        calls,
        [format!("POST /{TENANT}/oauth2/v2.0/token"), format!("PATCH /v1.0/users/{OBJECT_ID}")]
    );
}

#[test]
fn a_change_that_somebody_in_between_answered_is_uncertain() {
    let mut cloud = Cloud::new().failing("PATCH", &[Fault::Refuse(200, "", "a login page")]);
    let failure = rotate(&mut cloud, &usual()).0.unwrap_err();
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Uncertain, "graph-unclear"));
}

#[test]
fn the_handle_is_the_time_at_which_graph_says_that_it_was_done() {
    let mut cloud = Cloud { date: Some("Sun, 04 May 2031 03:02:01 GMT"), ..Cloud::new() };
    assert_eq!(rotate(&mut cloud, &usual()).0.unwrap().handle, "2031-05-04T03:02:01Z");
    let mut odd = Cloud { date: Some("yesterday"), ..Cloud::new() };
    assert_eq!(rotate(&mut odd, &usual()).0.unwrap().handle, "2030-01-01T00:00:00Z");
}

#[test]
fn a_change_at_the_next_sign_in_is_asked_for_by_the_setting_only() {
    let mut cloud = Cloud::new();
    rotate(&mut cloud, &usual().with_setting("force_change", SettingValue::Flag(true))).0.unwrap();
    assert_eq!(cloud.force_change, Some(true));
}

#[test]
fn without_a_proposed_password_nothing_is_sent() {
    let mut request = usual();
    request.proposed = None;
    let (result, calls, _) = rotate(&mut Cloud::new(), &request);
    let failure = result.unwrap_err();
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Invalid, "nothing-proposed"));
    assert!(calls.is_empty());
}

#[test]
fn what_may_have_been_done_is_uncertain_and_never_repeated_by_itself() {
    for (fault, password) in [
        (Fault::LoseAfter, NEW),
        (Fault::LoseBefore, OLD),
        (Fault::AnswerAfter(503), NEW),
        (Fault::AnswerAfter(500), NEW),
    ] {
        let mut cloud = Cloud::new().failing("PATCH", &[fault]);
        let (result, calls, _) = rotate(&mut cloud, &usual());
        assert_eq!(result.unwrap_err().kind, FailureKind::Uncertain);
        assert_eq!((cloud.password.as_str(), calls.len()), (password, 2));
        assert!(rotate(&mut cloud, &usual()).0.is_ok(), "the host may repeat it");
        assert_eq!(cloud.password, NEW);
    }
}

#[test]
fn what_was_refused_for_now_is_tried_again() {
    let collision = "Error due to concurrent requests being made to the tenant.";
    let mut cloud = Cloud::new().failing(
        "PATCH",
        &[
            Fault::Refuse(409, "Directory_ConcurrencyViolation", collision),
            Fault::Refuse(400, "Request_BadRequest", collision),
            Fault::SlowDown(429, "7"),
            Fault::Unreached,
        ],
    );
    let (result, _, seconds) = rotate(&mut cloud, &usual());
    assert!(result.is_ok());
    assert_eq!((cloud.password.as_str(), seconds), (NEW, 2 + 4 + 7 + 8));
}

#[test]
fn a_refusal_says_what_to_do_and_promises_that_nothing_was_done() {
    let weak = "The specified password does not comply with password complexity requirements.";
    let synced = "Unable to update the specified properties for on-premises mastered Directory Sync objects.";
    let banned = "The password contains a banned word.";
    for (status, code, said, word, fix) in [
        (
            403,
            "Authorization_RequestDenied",
            "Insufficient privileges",
            "insufficient-rights",
            "User Administrator",
        ),
        (400, "Request_BadRequest", weak, "password-too-weak", "complexity"),
        (400, "Request_BadRequest", banned, "password-banned", "banned"),
        (400, "Request_BadRequest", synced, "user-synced", "on-premises"),
        (400, "Request_BadRequest", "Federated users are read-only.", "user-federated", "identity provider"),
        (400, "Request_BadRequest", "Invalid value", "graph-refused", "refuses"),
    ] {
        let mut cloud = Cloud::new().failing("PATCH", &[Fault::Refuse(status, code, said)]);
        let failure = rotate(&mut cloud, &usual()).0.unwrap_err();
        assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Denied, word));
        assert!(failure.message.contains(fix) && failure.message.contains(said), "{failure}");
        assert_eq!(cloud.password, OLD);
    }
}

#[test]
fn n11_a_user_that_was_read_is_waited_for_when_a_backend_does_not_know_it() {
    let missing = Fault::Refuse(404, "Request_ResourceNotFound", "does not exist");
    let mut cloud = Cloud::new().failing("PATCH", &vec![missing.clone(); 5]);
    let (result, _, seconds) = rotate(&mut cloud, &usual());
    assert!(result.is_ok());
    assert_eq!((cloud.password.as_str(), seconds), (NEW, 60));
    let mut cloud = Cloud::new().failing("PATCH", &vec![missing; 6]);
    assert_eq!(rotate(&mut cloud, &usual()).0.unwrap_err().kind, FailureKind::NotFound);
    assert_eq!(cloud.password, OLD);
}

#[test]
fn a_refusal_with_a_code_that_nobody_knows_is_shown_as_it_came() {
    let mut cloud = Cloud::new().failing("PATCH", &[Fault::Refuse(403, "Some_NewCode", "No.")]);
    let failure = rotate(&mut cloud, &usual()).0.unwrap_err();
    assert_eq!(failure.message, "Graph refuses (HTTP 403 Some_NewCode: No.)");
}

#[test]
fn a_repeat_that_is_refused_for_history_succeeds_where_a_sign_in_shows_that_it_was_set() {
    let mut cloud = unclear();
    let (result, calls, _) = rotate(&mut cloud, &usual());
    assert_eq!(result.unwrap().value("password"), Some(NEW));
    assert_eq!(
        calls,
        [
            format!("POST /{TENANT}/oauth2/v2.0/token"),
            format!("PATCH /v1.0/users/{OBJECT_ID}"),
            format!("GET /v1.0/users/{OBJECT_ID}"),
            format!("POST /{TENANT}/oauth2/v2.0/token"),
        ]
    );
    let mut spreading = Cloud { usable_from: Duration::from_secs(10), ..unclear() };
    assert!(rotate(&mut spreading, &usual()).0.is_ok(), "another backend may not know it yet");
    let mut guarded = Cloud { next_demand: Some(50_076), ..unclear() };
    assert!(rotate(&mut guarded, &usual()).0.is_ok(), "a second factor is asked for after the password");
}

#[test]
fn a_repeat_that_is_refused_for_history_stays_uncertain_where_nothing_can_be_shown() {
    let trusting = usual().with_setting("verify", text("trust"));
    let (result, calls, _) = rotate(&mut unclear(), &trusting);
    let failure = result.unwrap_err();
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Uncertain, "password-used-before"));
    assert_eq!(calls.len(), 2, "no sign-in");
    for fault in [Fault::Login(400, "invalid_grant", 50_053), Fault::Login(400, "invalid_grant", 65_001)] {
        let failure = rotate(&mut unclear().failing(SIGN_IN, &[fault]), &usual()).0.unwrap_err();
        assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Uncertain, "password-used-before"));
    }
    let denied = [Fault::Refuse(403, "Authorization_RequestDenied", "")];
    let failure = rotate(&mut unclear().failing("GET", &denied), &usual()).0.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Uncertain);
}

#[test]
fn a_password_of_former_times_is_denied_where_a_sign_in_shows_that_it_is_not_the_current_one() {
    let mut cloud = unclear();
    rotate(&mut cloud, &usual().with_proposed("An0ther-password")).0.unwrap();
    let failure = rotate(&mut cloud, &usual()).0.unwrap_err();
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Denied, "password-used-before"));
    assert_eq!(cloud.password, "An0ther-password");
}

#[test]
fn a_plan_for_another_cloud_or_another_kind_of_target_is_refused() {
    for target in [
        format!("entra:graph.microsoft.us/users/{OBJECT_ID}"),
        format!("entra:{GRAPH}/{OBJECT_ID}/{OBJECT_ID}"),
        format!("entra:{GRAPH}/users/{UPN}"),
    ] {
        let foreign = Plan { target, ..plan() };
        let (result, calls, _) =
            run(&mut Cloud::new(), |host| EntraUserPassword::rotate(host, &usual(), &foreign));
        assert_eq!(result.unwrap_err().code, "foreign-plan");
        assert!(calls.is_empty());
    }
}

#[test]
fn rollback_puts_the_old_password_back_and_names_the_change_that_it_took_back() {
    let mut cloud = Cloud::rotated();
    let undone = rollback(&mut cloud, Some("2030-01-01T00:00:00Z")).unwrap();
    assert_eq!(cloud.password, OLD);
    assert_eq!(undone.seen, ["2030-01-01T00:00:00Z"]);
    assert_eq!(undone.gone, undone.seen);
    assert_eq!(rollback(&mut cloud, None).unwrap().gone, [usual().rotation_id]);
    assert_eq!(cloud.password, OLD, "it may be called again");
}

#[test]
fn a_rollback_whose_answer_is_lost_or_that_is_denied_is_no_success() {
    let lost = rollback(&mut Cloud::rotated().failing("PATCH", &[Fault::LoseBefore]), None);
    assert_eq!(lost.unwrap_err().kind, FailureKind::Uncertain);
    let denied = [Fault::Refuse(403, "Authorization_RequestDenied", "")];
    let denied = rollback(&mut Cloud::rotated().failing("PATCH", &denied), None);
    assert_eq!(denied.unwrap_err().kind, FailureKind::Denied);
}
