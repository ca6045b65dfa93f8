use pamrun_plugin::testing::request;
use pamrun_plugin::{FailureKind, Plugin, Request, Role};

use super::cloud::Fault;
use super::*;

fn preflight(cloud: &mut Cloud, request: &Request) -> (Result<Plan, Failure>, Vec<String>) {
    let (plan, calls, _) = run(cloud, |host| EntraUserPassword::preflight(host, request));
    (plan, calls)
}

#[track_caller]
fn refused(mut cloud: Cloud, request: &Request, kind: FailureKind, code: &str) -> Vec<String> {
    let (plan, calls) = preflight(&mut cloud, request);
    let failure = plan.unwrap_err();
    assert_eq!((failure.kind, failure.code.as_str()), (kind, code), "{failure}");
    assert_eq!(cloud.password, OLD);
    calls
}

#[track_caller]
fn note(mut cloud: Cloud, request: &Request) -> String {
    let plan = preflight(&mut cloud, request).0.unwrap();
    assert_eq!(plan.notes.len(), 1, "{:?}", plan.notes);
    plan.notes[0].clone()
}

#[test]
fn three_reads_make_a_plan_that_removes_nothing() {
    let (plan, calls) = preflight(&mut Cloud::new(), &usual());
    let plan = plan.unwrap();
    assert_eq!(plan.target, format!("entra:graph.microsoft.com/users/{OBJECT_ID}"));
    assert_eq!(plan.creates, "a new password of the user \"Payroll\" (payroll@example.com)");
    assert!(plan.removes.is_empty() && plan.notes.is_empty(), "{plan:?}");
    assert_eq!(
        calls,
        [
            format!("POST /{TENANT}/oauth2/v2.0/token"),
            format!("GET /v1.0/users/{UPN}"),
            format!("GET /common/UserRealm/{UPN}"),
        ]
    );
}

#[test]
fn one_user_is_one_target_whatever_the_record_calls_it() {
    let target = |request: &Request| preflight(&mut Cloud::new(), request).0.unwrap().target;
    let by_login = target(&usual());
    assert_eq!(by_login, target(&usual().with_target(&[("login", OBJECT_ID)])));
    let by_setting = usual().with_target(&[("login", "svc-payroll")]).with_setting("user", text(UPN));
    assert_eq!(by_login, target(&by_setting));
    let shouted = Cloud::new().with("id", OBJECT_ID.to_uppercase());
    assert_eq!(by_login, preflight(&mut { shouted }, &usual()).0.unwrap().target);
}

#[test]
fn what_names_no_user_is_refused_before_anything_is_sent() {
    for name in ["svc-payroll", "CORP\\payroll", "a@b@c", "@example.com", "payroll@", "a/../b@example.com"] {
        let calls = refused(
            Cloud::new(),
            &usual().with_target(&[("login", name)]),
            FailureKind::Invalid,
            "user-malformed",
        );
        assert!(calls.is_empty(), "{name}");
    }
    let calls = refused(Cloud::new(), &usual().with_target(&[]), FailureKind::Invalid, "field-missing");
    assert!(calls.is_empty());
}

#[test]
fn a_user_that_is_not_there_is_not_found() {
    let stranger = usual().with_target(&[("login", "nobody@example.com")]);
    refused(Cloud::new(), &stranger, FailureKind::NotFound, "user-not-found");
    let bad = [Fault::Refuse(400, "Request_BadRequest", "Invalid object identifier")];
    refused(Cloud::new().failing("GET", &bad), &usual(), FailureKind::NotFound, "user-not-found");
}

#[test]
fn a_user_whose_password_is_kept_elsewhere_is_refused_with_the_place() {
    let synced = Cloud::new().with("onPremisesSyncEnabled", true);
    refused(synced, &usual(), FailureKind::Denied, "user-synced");
    let federated = Cloud { account_type: "Federated", ..Cloud::new() };
    refused(federated, &usual(), FailureKind::Denied, "user-federated");
    let name = "mia_partner.com#EXT#@example.com";
    let guest = Cloud::new().with("userPrincipalName", name);
    let calls =
        refused(guest, &usual().with_target(&[("login", name)]), FailureKind::Denied, "user-is-guest");
    assert_eq!(calls[1], "GET /v1.0/users/mia_partner.com%23EXT%23@example.com");
}

#[test]
fn a_domain_that_nobody_can_tell_anything_about_is_left_to_graph() {
    for fault in [Fault::Unreached, Fault::LoseBefore, Fault::Refuse(503, "", "")] {
        let mut cloud = Cloud::new().failing(UPN, &[]);
        cloud.faults.push_back(("/common/UserRealm/payroll@example.com", fault));
        assert!(preflight(&mut cloud, &usual()).0.is_ok());
        assert!(cloud.faults.is_empty());
    }
    let odd = Cloud { account_type: "Unknown", ..Cloud::new() };
    assert!(preflight(&mut { odd }, &usual()).0.is_ok());
}

#[test]
fn what_an_operator_should_know_is_noted() {
    let disabled = Cloud::new().with("accountEnabled", false);
    assert!(note(disabled, &usual()).starts_with("warning user-disabled: "));
    let disabled = Cloud::new().with("accountEnabled", false);
    let proving = usual().with_setting("verify", text("prove"));
    assert!(note(disabled, &proving).starts_with("error user-disabled: "), "no sign-in will prove it");
    let marked = Cloud::new().with("userType", "Guest");
    assert!(note(marked, &usual()).starts_with("info user-marked-guest: "));
    let forcing = usual().with_setting("force_change", SettingValue::Flag(true));
    assert!(note(Cloud::new(), &forcing).starts_with("warning force-change: "));
}

#[test]
fn a_right_that_the_token_does_not_show_is_noted() {
    let reader = Cloud { roles: vec!["User.Read.All"], ..Cloud::new() };
    assert!(note(reader, &usual()).starts_with("warning permission-missing: "));
    let nobody = Cloud { wids: vec!["0997a1d0-0d1d-4acb-b408-d5ca73121e90"], ..Cloud::new() };
    assert!(note(nobody, &usual()).starts_with("warning directory-role-missing: "));
    let silent = Cloud { wids: Vec::new(), roles: vec!["User.ReadWrite.All"], ..Cloud::new() };
    assert!(preflight(&mut { silent }, &usual()).0.unwrap().notes.is_empty());
}

#[test]
fn an_admin_that_may_not_read_users_is_told_what_it_lacks() {
    let denied = [Fault::Refuse(403, "Authorization_RequestDenied", "Insufficient privileges")];
    let (plan, _) = preflight(&mut Cloud::new().failing("GET", &denied), &usual());
    let failure = plan.unwrap_err();
    assert_eq!(failure.code, "insufficient-rights");
    assert!(failure.message.contains("User.Read.All"), "{failure}");
}

#[test]
fn a_password_that_entra_would_refuse_stops_it_before_anything_is_touched() {
    for password in ["short1!", "all-lower-case", "Payroll-2031!"] {
        refused(Cloud::new(), &usual().with_proposed(password), FailureKind::Invalid, "password-unfit");
    }
    let mut unproposed = usual();
    unproposed.proposed = None;
    assert!(preflight(&mut Cloud::new(), &unproposed).0.is_ok(), "it is generated later");
    let weak = usual().with_setting("complexity", text("6,2,2,2,0"));
    assert!(refused(Cloud::new(), &weak, FailureKind::Invalid, "complexity-unfit").is_empty());
}

#[test]
fn the_admin_is_found_in_a_configuration_too_and_never_in_the_target() {
    let fields = [("clientId", ADMIN_ID), ("clientSecret", ADMIN_SECRET), ("tenantId", TENANT)];
    let configured = request(&EntraUserPassword::manifest()).with_target(&[("login", UPN)]).with_record(
        Role::Provider,
        "configuration",
        &fields,
    );
    assert!(preflight(&mut Cloud::new(), &configured).0.is_ok());
    let mut alone = configured;
    alone.others.clear();
    refused(Cloud::new(), &alone, FailureKind::Invalid, "no-admin-credentials");
}

#[test]
fn hosts_of_different_clouds_are_refused() {
    let mixed = usual().with_setting("graph", text("graph.microsoft.us"));
    assert!(refused(Cloud::new(), &mixed, FailureKind::Invalid, "cloud-mismatch").is_empty());
}

#[test]
fn a_dry_run_looks_up_when_the_secret_of_the_admin_app_ends() {
    let dry = usual().dry_run();
    let (plan, calls) = preflight(&mut Cloud::new(), &dry);
    assert_eq!(plan.unwrap().notes, [""; 0]);
    assert_eq!(calls[3..], [format!("GET /v1.0/applications(appId='{ADMIN_ID}')")]);
    let soon = Cloud { admin_secret_ends: Some("2030-01-09T00:00:00Z"), ..Cloud::new() };
    assert!(note(soon, &dry).starts_with("warning admin-secret-ends-soon: "));
    let hidden = Cloud { admin_secret_ends: None, ..Cloud::new() };
    assert!(note(hidden, &dry).starts_with("info admin-secret-end-unknown: "));
}

#[test]
fn a_dry_run_says_that_a_federated_domain_could_not_be_found_out() {
    let silent = || Cloud::new().failing("/common/UserRealm/payroll@example.com", &[Fault::Unreached]);
    assert!(note(silent(), &usual().dry_run()).starts_with("info federation-unknown: "));
    assert_eq!(preflight(&mut silent(), &usual()).0.unwrap().notes, [""; 0]);
}
