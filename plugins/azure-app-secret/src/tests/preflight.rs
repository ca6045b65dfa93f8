use pamrun_plugin::testing::{answer, rejected, unavailable};
use pamrun_plugin::{FailureKind, FindingLevel, Value};

use super::cloud::{Fault, refuse, refuse_login, secret};
use super::*;

fn plan(cloud: &mut Cloud, request: &Request) -> (Result<Plan, Failure>, Vec<String>) {
    run(cloud, |host| AzureAppSecret::preflight(host, request))
}

/// The codes of the findings, with their levels.
fn found(cloud: &mut Cloud, request: &Request) -> Vec<(FindingLevel, String)> {
    let plan = plan(cloud, request).0.unwrap();
    assert!(plan.findings.iter().all(|finding| finding.fix.is_some()), "{:?}", plan.findings);
    plan.findings.into_iter().map(|finding| (finding.level, finding.code)).collect()
}

#[track_caller]
fn only_warning(cloud: &mut Cloud, request: &Request, code: &str) {
    assert_eq!(found(cloud, request), [(FindingLevel::Warning, code.to_owned())]);
}

#[test]
fn two_requests_make_a_plan_that_removes_every_listed_secret() {
    let (plan, calls) = plan(&mut Cloud::new(), &usual());
    let plan = plan.unwrap();
    assert_eq!(plan.creates, "a client secret of the app \"Payroll\" that ends 2031-01-01T00:00:00Z");
    assert_eq!(plan.removes, ["old-1", "old-2"]);
    assert_eq!((plan.findings.len(), plan.context.as_str(), plan.slots), (0, "", None));
    assert_eq!(calls, ["token", "app"]);
}

#[test]
fn retire_decides_what_the_plan_removes() {
    let removes =
        |retire: &str| plan(&mut Cloud::new(), &usual().with_setting("retire", retire)).0.unwrap().removes;
    assert_eq!(removes("all"), ["old-1", "old-2"]);
    assert_eq!(removes("previous"), ["old-1"]);
    assert!(removes("none").is_empty());
}

#[test]
fn the_previous_secret_is_known_whatever_its_case_and_spaces() {
    let request = usual().with_input("target.current", " OLD-1 ").with_setting("retire", "previous");
    assert_eq!(plan(&mut Cloud::new(), &request).0.unwrap().removes, ["old-1"]);
}

#[test]
fn a_previous_secret_that_is_not_listed_is_told() {
    let request = usual().with_input("target.current", "unknown").with_setting("retire", "previous");
    only_warning(&mut Cloud::new(), &request, "previous-secret-unknown");
}

#[test]
fn strays_and_foreign_markers_are_listed_too() {
    let mut cloud = Cloud::new().with_secrets(&[secret("stray", "pamrun-ffffffff-other.1")]);
    assert_eq!(plan(&mut cloud, &usual()).0.unwrap().removes, ["old-1", "old-2", "stray"]);
}

#[test]
fn a_client_id_in_the_place_of_the_object_id_is_looked_up_and_told_and_remembered() {
    let mut cloud = Cloud { is_known_by_object_id: false, ..Cloud::new() };
    only_warning(&mut cloud, &usual(), "client-id-for-object-id");
    let (plan, calls) = plan(&mut cloud, &usual());
    let plan = plan.unwrap();
    assert!(plan.findings[0].message.contains(OBJECT_ID));
    assert_eq!(calls, ["token", "app", "app-by-client-id"]);
    let (retired, calls) = run(&mut cloud, |host| AzureAppSecret::rollback(host, &usual(), &plan, None));
    assert!(retired.is_ok() && calls.iter().all(|call| call == "app-by-client-id"), "{calls:?}");
}

#[test]
fn an_app_that_nobody_knows_is_not_found() {
    let missing = || rejected(404).with("code", "Request_ResourceNotFound");
    for by_object_id in [missing(), rejected(400).with("message", "Invalid object identifier")] {
        let mut cloud = Cloud::new().failing("app", &[Fault::Reply(by_object_id)]);
        let (result, calls) = plan(&mut cloud, &usual());
        let failure = result.unwrap_err();
        assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::NotFound, "application-not-found"));
        assert!(failure.message.contains("application_object_id"), "{failure}");
        assert_eq!(calls.len(), 3);
    }
}

#[test]
fn an_app_may_be_its_own_admin_with_its_own_record_alone() {
    assert!(plan(&mut Cloud::new(), &own()).0.is_ok());
    let other = usual().with_input("admin.client_id", APP_ID.to_uppercase());
    let failure = plan(&mut Cloud::new(), &other).0.unwrap_err();
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Invalid, "admin-is-target"));
    let stranger = own().with_input("admin.client_id", ADMIN_ID);
    assert_eq!(plan(&mut Cloud::new(), &stranger).0.unwrap_err().code, "no-admin-credentials");
    let hidden = usual().with_input("admin.client_id", Value::Secret);
    assert!(plan(&mut Cloud::new(), &hidden).0.is_ok());
}

#[test]
fn a_name_for_many_tenants_is_refused_before_anything_is_sent() {
    let (result, calls) = plan(&mut Cloud::new(), &usual().with_input("admin.tenant_id", "common"));
    assert_eq!((result.unwrap_err().code.as_str(), calls.len()), ("tenant-malformed", 0));
}

#[test]
fn a_login_that_is_refused_is_told_with_the_record_and_the_remedy() {
    for (number, kind, code) in [
        (7_000_215, FailureKind::WrongCredential, "wrong-secret"),
        (7_000_222, FailureKind::WrongCredential, "expired-secret"),
        (700_016, FailureKind::Invalid, "unknown-app"),
        (7_000_112, FailureKind::Denied, "app-disabled"),
        (700_025, FailureKind::Denied, "public-client"),
        (90_002, FailureKind::Invalid, "unknown-tenant"),
        (500_011, FailureKind::Invalid, "unknown-service"),
        (53_003, FailureKind::Denied, "conditional-access"),
    ] {
        let mut cloud = Cloud { token: refuse_login(401, "invalid_client", number), ..Cloud::new() };
        let (result, calls) = plan(&mut cloud, &usual());
        let failure = result.unwrap_err();
        assert_eq!((failure.kind, failure.code.as_str(), calls.len()), (kind, code, 1));
        assert!(failure.message.starts_with("the admin app of the record \"admin\" (u1) cannot log in: "));
        assert!(failure.fix.is_some());
    }
}

#[test]
fn an_outage_of_the_login_is_waited_out_for_half_a_minute() {
    let mut cloud = Cloud { token: unavailable(503), ..Cloud::new() };
    let (result, calls) = plan(&mut cloud, &usual());
    let failure = result.unwrap_err();
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Unavailable, "login-unavailable"));
    assert_eq!(calls.len(), 5);
    let mut cloud = Cloud::new().failing("token", &[Fault::Reply(unavailable(0))]);
    assert!(plan(&mut cloud, &usual()).0.is_ok());
}

#[test]
fn what_is_no_app_is_unavailable() {
    let mut cloud = Cloud::new().failing("app", &vec![Fault::Reply(unavailable(200)); 5]);
    let failure = plan(&mut cloud, &usual()).0.unwrap_err();
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Unavailable, "graph-unreadable"));
}

#[test]
fn a_denied_read_names_the_right_that_is_missing() {
    let mut cloud = Cloud::new().failing("app", &[refuse(403, "Authorization_RequestDenied", "no")]);
    let failure = plan(&mut cloud, &usual()).0.unwrap_err();
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Denied, "insufficient-rights"));
    assert!(failure.fix.unwrap().contains("Application.ReadWrite.OwnedBy"));
}

#[test]
fn a_token_without_rights_is_told_and_decides_nothing() {
    for token in [Cloud::token(&[]), answer().with("oid", "principal-of-admin")] {
        only_warning(&mut Cloud { token, ..Cloud::new() }, &usual(), "permission-missing");
    }
    // Nobody can read this one.
    assert!(found(&mut Cloud { token: answer(), ..Cloud::new() }, &usual()).is_empty());
}

#[test]
fn an_admin_that_may_change_only_its_own_apps_is_looked_for_among_the_owners() {
    let token = Cloud::token(&["Application.ReadWrite.OwnedBy"]);
    let owned_by =
        |owners: &[&'static str]| Cloud { token: token.clone(), owners: owners.to_vec(), ..Cloud::new() };
    assert!(found(&mut owned_by(&["somebody", "Principal-of-Admin"]), &usual()).is_empty());
    only_warning(&mut owned_by(&["somebody"]), &usual(), "not-an-owner");
    // On a page that was not read it may stand.
    let more = Fault::Reply(answer().with("ids", ["somebody"]).with("more", "https://x"));
    assert!(found(&mut owned_by(&[]).failing("owners", &[more]), &usual()).is_empty());
}

#[test]
fn national_clouds_are_known_and_any_other_pair_is_told() {
    let of = |authority: &str, graph: &str| {
        usual().with_setting("authority", authority).with_setting("graph", graph)
    };
    assert!(found(&mut Cloud::new(), &of("login.microsoftonline.us", "dod-graph.microsoft.us")).is_empty());
    only_warning(&mut Cloud::new(), &of("login.example.com", "Graph.Example.COM"), "cloud-unknown");
    for (authority, graph, code) in [
        ("login.microsoftonline.com", "graph.microsoft.us", "cloud-mismatch"),
        ("login.microsoftonline.com", "graph.windows.net", "retired-host"),
    ] {
        let (result, calls) = plan(&mut Cloud::new(), &of(authority, graph));
        assert_eq!((result.unwrap_err().code.as_str(), calls.len()), (code, 0));
    }
}

#[test]
fn n8_an_app_open_to_personal_accounts_with_two_secrets_is_full() {
    let mut cloud = Cloud { audience: "PersonalMicrosoftAccount", ..Cloud::new() };
    let plan = plan(&mut cloud, &usual()).0.unwrap();
    let finding = &plan.findings[0];
    assert_eq!((finding.level, finding.code.as_str()), (FindingLevel::Error, "application-full"));
    assert!(
        finding.fix.as_deref().unwrap().starts_with("remove old-2 (\"of a stranger\", ends 2031"),
        "{finding:?}"
    );
}
