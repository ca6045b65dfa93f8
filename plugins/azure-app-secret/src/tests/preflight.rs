use pamrun_plugin::testing::request;
use pamrun_plugin::{FailureKind, Plugin, Request, Role};

use super::cloud::{Fault, secret};
use super::*;

fn plan(cloud: &mut Cloud, request: &Request) -> (Result<Plan, Failure>, Vec<String>) {
    run(cloud, |host| AzureAppSecret::preflight(host, request))
}

fn failure(request: &Request) -> Failure {
    plan(&mut Cloud::new(), request).0.unwrap_err()
}

fn with_admin(role: Role, client_id: &str, client_secret: &str, tenant_id: &str) -> Request {
    let mut request = usual();
    request.others.clear();
    request.with_record(
        role,
        "admin",
        &[(client_id, ADMIN_ID), (client_secret, ADMIN_SECRET), (tenant_id, TENANT)],
    )
}

#[test]
fn two_requests_make_a_plan_that_removes_every_listed_secret() {
    let (plan, calls) = plan(&mut Cloud::new(), &usual());
    let plan = plan.unwrap();
    assert_eq!(plan.target, format!("entra:graph.microsoft.com/{OBJECT_ID}/{APP_ID}"));
    assert_eq!(plan.creates, "a client secret of the app \"Payroll\" that ends 2031-01-01T00:00:00Z");
    let removes: Vec<_> = plan.removes.iter().map(|old| (old.id.as_str(), old.label.as_str())).collect();
    assert_eq!(removes, [("old-1", "by hand"), ("old-2", "of a stranger")]);
    assert_eq!(plan.removes[0].expires.as_deref(), Some("2031-01-01T00:00:00Z"));
    assert!(plan.notes.is_empty());
    assert_eq!(
        calls,
        [format!("POST /{TENANT}/oauth2/v2.0/token"), format!("GET /v1.0/applications/{OBJECT_ID}")]
    );
}

#[test]
fn retire_decides_what_the_plan_removes() {
    let removes = |retire: &str| {
        let plan = plan(&mut Cloud::new(), &usual().with_setting("retire", text(retire))).0.unwrap();
        plan.removes.into_iter().map(|old| old.id).collect::<Vec<_>>()
    };
    assert_eq!(removes("all"), ["old-1", "old-2"]);
    assert_eq!(removes("previous"), ["old-1"]);
    assert!(removes("none").is_empty());
}

#[test]
fn a_previous_secret_that_is_not_listed_is_noted() {
    let request = usual()
        .with_target(&[("application_object_id", OBJECT_ID), ("client_secret_id", "unknown")])
        .with_setting("retire", text("previous"));
    let plan = plan(&mut Cloud::new(), &request).0.unwrap();
    assert!(plan.removes.is_empty());
    assert!(plan.notes[0].starts_with("warning previous-secret-unknown: no secret"), "{:?}", plan.notes);
}

#[test]
fn strays_and_foreign_markers_are_listed_too() {
    let mut cloud = Cloud::new().with_secrets(&[secret("stray", "pamrun-ffffffff-other.1")]);
    let plan = plan(&mut cloud, &usual()).0.unwrap();
    assert!(plan.removes.iter().any(|old| old.id == "stray" && old.label == "pamrun-ffffffff-other.1"));
}

#[test]
fn every_spelling_of_the_admin_credentials_is_read_from_attached_records_and_from_the_configuration() {
    for (id, secret, tenant) in [
        ("application_client_id", "client_secret", "tenant_id"),
        ("clientId", "clientSecret", "tenantId"),
        ("pamazureclientid", "pamazureclientsecret", "pamazuretenantid"),
        ("Client Id", "Client Secret", "Tenant Id"),
    ] {
        for role in [Role::Attached, Role::Provider] {
            let request = with_admin(role, id, secret, tenant);
            assert!(plan(&mut Cloud::new(), &request).0.is_ok(), "{role:?} {id}");
        }
    }
}

#[test]
fn attached_records_go_before_the_configuration_and_the_pages_spelling_before_all_others() {
    let mut request = with_admin(Role::Attached, "application_client_id", "client_secret", "tenant_id");
    let right = request.others.remove(0);
    let wrong = [("clientId", "wrong"), ("clientSecret", "wrong"), ("tenantId", "wrong.example")];
    let mut request = request.with_record(Role::Provider, "configuration", &wrong).with_record(
        Role::Attached,
        "other",
        &wrong,
    );
    request.others.push(right);
    assert!(plan(&mut Cloud::new(), &request).0.is_ok());
}

#[test]
fn an_incomplete_admin_record_is_passed_over_and_named_when_nothing_else_is_found() {
    let incomplete = [("application_client_id", ADMIN_ID), ("client_secret", ADMIN_SECRET)];
    let with_both = with_admin(Role::Provider, "clientId", "clientSecret", "tenantId").with_record(
        Role::Attached,
        "half",
        &incomplete,
    );
    assert!(plan(&mut Cloud::new(), &with_both).0.is_ok());
    let mut alone = with_both;
    alone.others.remove(0);
    let failure = failure(&alone);
    assert_eq!(failure.code, "no-admin-credentials");
    assert!(failure.message.contains("\"half\" (half) lacks tenant_id"), "{failure}");
}

#[test]
fn an_app_may_rotate_itself_with_the_secret_of_its_own_record() {
    assert!(plan(&mut Cloud::new(), &own("value-of-old-1")).0.is_ok());
}

#[test]
fn the_target_record_is_no_admin_when_its_client_id_is_of_another_app() {
    let mut request = own(ADMIN_SECRET);
    request.target = pamrun_plugin::testing::record(
        Role::Target,
        "target",
        &[
            ("application_object_id", OBJECT_ID),
            ("application_client_id", ADMIN_ID),
            ("client_secret", ADMIN_SECRET),
            ("tenant_id", TENANT),
        ],
    );
    assert_eq!(failure(&request).code, "no-admin-credentials");
}

#[test]
fn an_admin_record_of_the_target_app_itself_is_refused() {
    let mut request = usual();
    request.others.clear();
    let request = request.with_record(
        Role::Attached,
        "admin",
        &[
            ("application_client_id", &APP_ID.to_uppercase()),
            ("client_secret", "value-of-old-1"),
            ("tenant_id", TENANT),
        ],
    );
    let failure = failure(&request);
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Invalid, "admin-is-target"));
}

#[test]
fn a_client_id_in_place_of_the_object_id_is_recognised() {
    let request = usual().with_target(&[("application_object_id", APP_ID)]);
    let (plan, calls) = plan(&mut Cloud::new(), &request);
    let plan = plan.unwrap();
    assert_eq!(plan.target, format!("entra:graph.microsoft.com/{OBJECT_ID}/{APP_ID}"));
    assert!(plan.notes[0].starts_with("warning client-id-for-object-id: "), "{:?}", plan.notes);
    assert!(plan.notes[0].contains(OBJECT_ID), "{:?}", plan.notes);
    assert_eq!(calls[2], format!("GET /v1.0/applications(appId='{APP_ID}')"));
}

#[test]
fn an_app_that_is_unknown_under_both_ids_is_not_found() {
    let request = usual().with_target(&[("application_object_id", TENANT)]);
    let failure = failure(&request);
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::NotFound, "application-not-found"));
}

#[test]
fn what_is_no_guid_is_refused_before_anything_is_sent() {
    let request = usual().with_target(&[("application_object_id", "my-app/../other")]);
    let (result, calls) = plan(&mut Cloud::new(), &request);
    assert_eq!(result.unwrap_err().code, "object-id-malformed");
    assert!(calls.is_empty());
}

#[test]
fn a_tenant_that_would_change_the_path_or_is_none_is_refused_before_anything_is_sent() {
    for tenant in ["common", "a/b", "..", "x?y"] {
        let mut request = usual();
        request.others.clear();
        let request = request.with_record(
            Role::Attached,
            "admin",
            &[("application_client_id", ADMIN_ID), ("client_secret", ADMIN_SECRET), ("tenant_id", tenant)],
        );
        let (result, calls) = plan(&mut Cloud::new(), &request);
        assert_eq!(result.unwrap_err().code, "tenant-malformed", "{tenant}");
        assert!(calls.is_empty());
    }
}

#[test]
fn a_wrong_admin_secret_is_a_wrong_credential_and_is_not_tried_twice() {
    let mut request = usual();
    request.others.clear();
    let request = request.with_record(
        Role::Attached,
        "admin",
        &[("application_client_id", ADMIN_ID), ("client_secret", "wrong"), ("tenant_id", TENANT)],
    );
    let (result, calls) = plan(&mut Cloud::new(), &request);
    let failure = result.unwrap_err();
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::WrongCredential, "wrong-secret"));
    assert!(failure.message.contains("\"admin\""), "{failure}");
    assert_eq!(calls.len(), 1);
}

#[test]
fn each_reason_for_a_refused_login_has_its_own_failure() {
    use FailureKind::{Denied, Invalid, WrongCredential};
    for (status, error, code, kind, word) in [
        (401, "invalid_client", 7_000_222, WrongCredential, "expired-secret"),
        (401, "invalid_client", 9_999_999, WrongCredential, "login-refused"),
        (401, "invalid_client", 700_025, Denied, "public-client"),
        (400, "unauthorized_client", 700_016, Invalid, "unknown-app"),
        (400, "unauthorized_client", 7_000_229, Invalid, "no-service-principal"),
        (400, "unauthorized_client", 7_000_112, Denied, "app-disabled"),
        (400, "invalid_request", 90_002, Invalid, "unknown-tenant"),
        (400, "invalid_request", 900_382, Invalid, "unknown-tenant"),
        (400, "invalid_resource", 500_011, Invalid, "unknown-service"),
        (400, "access_denied", 53_003, Denied, "conditional-access"),
        (400, "invalid_scope", 70_011, Denied, "login-refused"),
    ] {
        let mut cloud = Cloud::new().failing("/token", &[Fault::Login(status, error, code)]);
        let failure = plan(&mut cloud, &usual()).0.unwrap_err();
        assert_eq!((failure.kind, failure.code.as_str()), (kind, word), "{code}");
    }
}

#[test]
fn outages_of_login_and_reads_are_waited_out() {
    let mut cloud = Cloud::new()
        .failing("/token", &[Fault::LoseBefore, Fault::Login(400, "temporarily_unavailable", 90_033)])
        .failing(OBJECT_ID, &[Fault::SlowDown(429, "7"), Fault::AnswerAfter(503), Fault::Unreached]);
    let waited = run(&mut cloud, |host| {
        AzureAppSecret::preflight(host, &usual())?;
        Ok(pamrun_plugin::Host::elapsed(host).as_secs())
    });
    // Two pauses for the login (2, 4); for the read the asked-for 7, then 2 and 4.
    assert_eq!(waited.0.unwrap(), 2 + 4 + 7 + 2 + 4);
}

#[test]
fn n13_a_service_that_asks_for_more_than_there_is_time_is_unavailable_at_once() {
    let mut cloud = Cloud::new().failing(OBJECT_ID, &[Fault::SlowDown(429, "481")]);
    let (result, calls) = plan(&mut cloud, &usual());
    assert_eq!(result.unwrap_err().kind, FailureKind::Unavailable { retry_after: Some(481) });
    assert_eq!(calls.len(), 2);
}

#[test]
fn n8_an_app_that_can_hold_no_further_secret_is_told_before_anything_is_touched() {
    for request in [usual(), usual().dry_run()] {
        let mut cloud = Cloud::new();
        cloud.more["signInAudience"] = "PersonalMicrosoftAccount".into();
        let plan = plan(&mut cloud, &request).0.unwrap();
        let found = plan.notes.iter().find(|note| note.starts_with("error application-full: ")).unwrap();
        let (message, fix) = found.split_once('\n').unwrap();
        assert!(message.contains("old-1 (\"by hand\"") && message.contains("old-2 ("), "{found}");
        assert!(fix.starts_with("remove old-2 (\"of a stranger\", ends 2031-01-01T00:00:00Z)"), "{found}");
    }
}

#[test]
fn n11_what_is_not_found_in_preflight_is_not_there() {
    let missing = || Fault::Refuse(404, "Request_ResourceNotFound", "does not exist");
    let mut cloud = Cloud::new().failing(OBJECT_ID, &[missing()]);
    let (result, calls) = plan(&mut cloud, &usual());
    assert_eq!((result.unwrap_err().code.as_str(), calls.len()), ("application-not-found", 3));
}

#[test]
fn a_denied_read_names_the_right_that_is_missing() {
    let mut cloud =
        Cloud::new().failing(OBJECT_ID, &[Fault::Refuse(403, "Authorization_RequestDenied", "no")]);
    let failure = plan(&mut cloud, &usual()).0.unwrap_err();
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Denied, "insufficient-rights"));
    assert!(failure.message.contains("Application.ReadWrite.OwnedBy"), "{failure}");
}

#[test]
fn a_token_without_rights_is_noted_and_decides_nothing() {
    let mut cloud = Cloud::new();
    cloud.roles.clear();
    let plan = plan(&mut cloud, &usual()).0.unwrap();
    assert!(plan.notes[0].starts_with("warning permission-missing: "), "{:?}", plan.notes);
}

#[test]
fn an_admin_that_may_change_only_its_own_apps_is_looked_for_among_the_owners() {
    let notes = |owners: &[&'static str]| {
        let mut cloud = Cloud::new();
        cloud.roles = vec!["Application.ReadWrite.OwnedBy"];
        cloud.owners = owners.to_vec();
        plan(&mut cloud, &usual()).0.unwrap().notes
    };
    assert!(notes(&["somebody", "principal-of-admin"]).is_empty());
    assert!(notes(&["somebody"])[0].starts_with("warning not-an-owner: "));
}

#[test]
fn national_clouds_are_asked_at_their_own_hosts() {
    for hosts in [
        ("login.microsoftonline.us", "graph.microsoft.us"),
        ("login.microsoftonline.us", "dod-graph.microsoft.us"),
        ("login.chinacloudapi.cn", "microsoftgraph.chinacloudapi.cn"),
        ("login.partner.microsoftonline.cn", "microsoftgraph.chinacloudapi.cn"),
    ] {
        let mut cloud = Cloud::new();
        cloud.hosts = hosts;
        let request = usual().with_setting("authority", text(hosts.0)).with_setting("graph", text(hosts.1));
        let plan = plan(&mut cloud, &request).0.unwrap();
        assert!(plan.target.starts_with(&format!("entra:{}/", hosts.1)));
        assert!(plan.notes.is_empty());
    }
}

#[test]
fn hosts_that_are_wrong_in_one_way_or_another_are_refused_before_anything_is_sent() {
    for (authority, graph, code) in [
        ("login.microsoftonline.com", "graph.microsoft.us", "cloud-mismatch"),
        ("login.example.com", "graph.microsoft.com", "cloud-mismatch"),
        ("login.microsoftonline.com", "graph.windows.net", "retired-host"),
        ("login.microsoftonline.com", "https://graph.windows.net/.default", "retired-host"),
        ("login.microsoftonline.de", "graph.microsoft.de", "retired-host"),
        ("login.microsoftonline.com", "https://graph.microsoft.com/.default", "not-a-host"),
        ("login.microsoftonline.com", "graph.microsoft.com:444", "not-a-host"),
        ("", "graph.microsoft.com", "not-a-host"),
    ] {
        let request = usual().with_setting("authority", text(authority)).with_setting("graph", text(graph));
        let (result, calls) = plan(&mut Cloud::new(), &request);
        assert_eq!(result.unwrap_err().code, code, "{authority} {graph}");
        assert!(calls.is_empty());
    }
}

#[test]
fn a_pair_of_hosts_that_is_not_known_at_all_is_used_and_noted() {
    let mut cloud = Cloud::new();
    cloud.hosts = ("login.example.com", "graph.example.com");
    let request = usual()
        .with_setting("authority", text("login.example.com"))
        .with_setting("graph", text("Graph.Example.COM"));
    let notes = plan(&mut cloud, &request).0.unwrap().notes;
    assert!(notes[0].starts_with("warning cloud-unknown: login.example.com and graph.example.com"));
}

#[test]
fn a_target_without_an_object_id_is_invalid() {
    assert_eq!(failure(&request(&AzureAppSecret::manifest())).kind, FailureKind::Invalid);
}
