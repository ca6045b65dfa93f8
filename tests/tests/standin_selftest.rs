//! Checks with a plain client that the stand-in cloud behaves as Entra and Graph are known to.

use std::io;
use std::time::Duration;

use http::Method;
use jiff::{SignedDuration, Timestamp};
use pamrun_tests::azure::ADMIN_ROLE;
use pamrun_tests::cloud::{App, Cloud, CollisionForm, Fault, Issued, On, Policy, Propagation, Sovereign};
use pamrun_tests::net::{Client, Reply};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("content-type", "application/json");

/// A cloud with an admin and a target, and a client of it.
struct Bench {
    cloud: Cloud,
    client: Client,
    admin: App,
    admin_secret: Issued,
    target: App,
    old: Issued,
}

impl Bench {
    fn new() -> Self {
        let cloud = Cloud::new();
        let (admin, target) = (cloud.register("admin"), cloud.register("target"));
        cloud.directory().app(&admin).roles.push(ADMIN_ROLE.to_owned());
        let (admin_secret, old) = (cloud.issue(&admin, "admin"), cloud.issue(&target, "old"));
        let client = Client::new(cloud.address());
        Self { cloud, client, admin, admin_secret, target, old }
    }

    fn post_token(&mut self, host: &str, tenant: &str, form: &[(&str, &str)]) -> io::Result<Reply> {
        let escape = |text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let fields: Vec<_> = form.iter().map(|(key, value)| format!("{key}={}", escape(value))).collect();
        let url = format!("https://{host}/{tenant}/oauth2/v2.0/token");
        self.client.send(&Method::POST, &url, &[FORM], fields.join("&"))
    }

    fn login(&mut self, app: &App, secret: &str) -> Reply {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &app.app_id),
            ("client_secret", secret),
            ("scope", "https://graph.microsoft.com/.default"),
        ];
        self.post_token("login.microsoftonline.com", &app.tenant, &form).unwrap()
    }

    fn bearer(&mut self) -> String {
        let reply = self.login(&self.admin.clone(), &self.admin_secret.value.clone());
        format!("Bearer {}", reply.json["access_token"].as_str().unwrap())
    }

    fn try_graph(&mut self, method: &Method, path: &str, body: Option<&Value>) -> io::Result<Reply> {
        let bearer = self.bearer();
        let url = format!("https://graph.microsoft.com/v1.0/{path}");
        let body = body.map_or_else(String::new, Value::to_string);
        self.client.send(method, &url, &[JSON, ("authorization", &bearer), ("client-request-id", "me")], body)
    }

    fn get(&mut self, path: &str) -> Reply {
        self.try_graph(&Method::GET, path, None).unwrap()
    }

    fn post(&mut self, path: &str, body: &Value) -> Reply {
        self.try_graph(&Method::POST, path, Some(body)).unwrap()
    }

    fn action(&self, action: &str) -> String {
        format!("applications/{}/{action}", self.target.object_id)
    }

    fn add(&mut self, name: &str) -> Reply {
        self.post(&self.action("addPassword"), &json!({"passwordCredential": {"displayName": name}}))
    }

    fn remove(&mut self, key: &str) -> Reply {
        self.post(&self.action("removePassword"), &json!({"keyId": key}))
    }

    /// The number of secrets that a read shows.
    fn listed(&mut self) -> usize {
        let reply = self.get(&format!("applications/{}", self.target.object_id));
        reply.json["passwordCredentials"].as_array().unwrap().len()
    }
}

#[track_caller]
fn is_login_error(reply: &Reply, status: u16, error: &str, code: u32) {
    assert_eq!((reply.status, reply.json["error"].as_str().unwrap()), (status, error), "{:?}", reply.json);
    assert_eq!(reply.json["error_codes"], json!([code]));
    let text = reply.json["error_description"].as_str().unwrap();
    assert!(text.starts_with(&format!("AADSTS{code}: ")) && text.contains("\r\nTrace ID: "), "{text}");
    assert!(reply.json["correlation_id"].is_string() && reply.json["error_uri"].is_string());
}

#[track_caller]
fn is_graph_error(reply: &Reply, status: u16, code: &str) {
    assert_eq!(
        (reply.status, reply.json["error"]["code"].as_str().unwrap()),
        (status, code),
        "{:?}",
        reply.json
    );
    assert!(reply.json["error"]["message"].is_string());
    assert_eq!(reply.json["error"]["innerError"]["client-request-id"], "me");
}

// Section 2: tokens.

#[test]
fn a_right_secret_gets_a_token_that_names_its_roles() {
    let mut bench = Bench::new();
    let reply = bench.login(&bench.admin.clone(), &bench.admin_secret.value.clone());
    assert_eq!(
        (reply.status, &reply.json["token_type"], &reply.json["expires_in"]),
        (200, &json!("Bearer"), &json!(3599))
    );
    let token = reply.json["access_token"].as_str().unwrap();
    let claims = token.split('.').nth(1).unwrap();
    let claims = base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, claims).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["roles"], json!([ADMIN_ROLE]));
}

#[test]
fn an_app_without_roles_gets_a_token_all_the_same() {
    let mut bench = Bench::new();
    assert_eq!(bench.login(&bench.target.clone(), &bench.old.value.clone()).status, 200);
}

#[test]
fn basic_authentication_and_a_domain_as_tenant_work() {
    use base64::Engine;
    let mut bench = Bench::new();
    let domain = bench.cloud.directory().domain(Sovereign::Global).to_owned();
    let escape = |text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pair = format!("{}:{}", escape(&bench.admin.app_id), escape(&bench.admin_secret.value));
    let basic = format!("Basic {}", base64::prelude::BASE64_STANDARD.encode(pair));
    let url = format!("https://login.microsoftonline.com/{domain}/oauth2/v2.0/token");
    let form = "grant_type=client_credentials&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default";
    let reply = bench.client.send(&Method::POST, &url, &[FORM, ("authorization", &basic)], form).unwrap();
    assert_eq!(reply.status, 200);
}

#[test]
fn a_wrong_secret_and_the_id_of_a_secret_are_refused_alike() {
    let mut bench = Bench::new();
    let target = bench.target.clone();
    is_login_error(&bench.login(&target, "wrong"), 401, "invalid_client", 7_000_215);
    is_login_error(&bench.login(&target, &bench.old.key_id.clone()), 401, "invalid_client", 7_000_215);
}

#[test]
fn a_secret_is_valid_from_its_start_to_its_end_only() {
    let mut bench = Bench::new();
    let (target, old) = (bench.target.clone(), bench.old.value.clone());
    let hour = SignedDuration::from_hours(1);
    bench.cloud.directory().app(&target).secrets[0].ends = Timestamp::now() - hour;
    is_login_error(&bench.login(&target, &old), 401, "invalid_client", 7_000_222);
    let later = Timestamp::now() + hour;
    bench.cloud.directory().app(&target).secrets[0].starts = later;
    bench.cloud.directory().app(&target).secrets[0].ends = later + hour;
    is_login_error(&bench.login(&target, &old), 401, "invalid_client", 7_000_215);
}

#[test]
fn the_other_refusals_of_a_login_have_their_codes() {
    let mut bench = Bench::new();
    let (target, old) = (bench.target.clone(), bench.old.value.clone());
    let login = "login.microsoftonline.com";
    let scope = ("scope", "https://graph.microsoft.com/.default");
    let grant = ("grant_type", "client_credentials");
    let post = |bench: &mut Bench, tenant: &str, form: &[(&str, &str)]| {
        bench.post_token(login, tenant, form).unwrap()
    };
    let id = ("client_id", target.app_id.as_str());
    let secret = ("client_secret", old.as_str());
    let reply = post(&mut bench, &target.tenant, &[grant, scope, id]);
    is_login_error(&reply, 401, "invalid_client", 7_000_218);
    let reply = post(&mut bench, &target.tenant, &[grant, scope, id, ("client_assertion", "a.b.c")]);
    is_login_error(&reply, 401, "invalid_client", 700_027);
    let reply = post(&mut bench, &target.tenant, &[grant, scope, ("client_id", &target.object_id), secret]);
    is_login_error(&reply, 400, "unauthorized_client", 700_016);
    let reply = post(&mut bench, &target.object_id, &[grant, scope, id, secret]);
    is_login_error(&reply, 400, "invalid_request", 90_002);
    let reply = post(&mut bench, "common", &[grant, scope, id, secret]);
    is_login_error(&reply, 400, "invalid_request", 9_001_023);
    let reply =
        post(&mut bench, &target.tenant, &[grant, ("scope", "https://graph.microsoft.com"), id, secret]);
    is_login_error(&reply, 400, "invalid_scope", 70_011);
    let reply = post(
        &mut bench,
        &target.tenant,
        &[grant, ("scope", "https://vault.example.test/.default"), id, secret],
    );
    is_login_error(&reply, 400, "invalid_resource", 500_011);
}

#[test]
fn an_app_that_cannot_be_asked_says_why() {
    let mut bench = Bench::new();
    let (target, old) = (bench.target.clone(), bench.old.value.clone());
    bench.cloud.directory().app(&target).blocked = Some(53_003);
    is_login_error(&bench.login(&target, &old), 400, "invalid_grant", 53_003);
    bench.cloud.directory().app(&target).blocked = Some(530_032);
    is_login_error(&bench.login(&target, &old), 401, "invalid_grant", 530_032);
    bench.cloud.directory().app(&target).disabled = true;
    is_login_error(&bench.login(&target, &old), 400, "unauthorized_client", 7_000_112);
    bench.cloud.directory().app(&target).has_principal = false;
    is_login_error(&bench.login(&target, &old), 400, "unauthorized_client", 7_000_229);
}

#[test]
fn a_tenant_of_another_cloud_is_unknown_and_its_tokens_are_no_good_elsewhere() {
    let mut bench = Bench::new();
    let target = bench.target.clone();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", target.app_id.as_str()),
        ("client_secret", &bench.old.value.clone()),
        ("scope", "https://graph.microsoft.us/.default"),
    ];
    let reply = bench.post_token("login.microsoftonline.us", &target.tenant, &form).unwrap();
    is_login_error(&reply, 400, "invalid_request", 90_002);
    let bearer = bench.bearer();
    let url = "https://graph.microsoft.us/v1.0/applications";
    let headers = [("authorization", bearer.as_str()), ("client-request-id", "me")];
    let reply = bench.client.send(&Method::GET, url, &headers, "").unwrap();
    is_graph_error(&reply, 401, "InvalidAuthenticationToken");
}

#[test]
fn a_token_outlives_the_secret_that_got_it() {
    let mut bench = Bench::new();
    let bearer = bench.bearer();
    bench.cloud.directory().revoke(&bench.admin, &bench.admin_secret.key_id);
    let url = format!("https://graph.microsoft.com/v1.0/applications/{}", bench.target.object_id);
    let reply = bench.client.send(&Method::GET, &url, &[("authorization", &bearer)], "").unwrap();
    assert_eq!(reply.status, 200);
}

// Section 3: reading.

#[test]
fn an_application_is_read_by_either_id_and_shows_no_value() {
    let mut bench = Bench::new();
    let (object_id, app_id) = (bench.target.object_id.clone(), bench.target.app_id.clone());
    for path in [format!("applications/{object_id}"), format!("applications(appId='{app_id}')")] {
        let reply = bench.get(&format!("{path}?$select=id,appId,passwordCredentials"));
        assert_eq!(reply.status, 200);
        assert_eq!(reply.json.as_object().unwrap().len(), 3, "{:?}", reply.json);
        let secret = &reply.json["passwordCredentials"][0];
        assert_eq!((&secret["keyId"], &secret["secretText"]), (&json!(bench.old.key_id), &Value::Null));
        assert_eq!(secret["hint"], bench.old.value[..3]);
    }
    assert_eq!(
        bench.get(&format!("applications?$filter=appId%20eq%20'{app_id}'")).json["value"][0]["id"],
        object_id
    );
    assert_eq!(bench.get(&format!("applications?$filter=appId+eq+'{object_id}'")).json["value"], json!([]));
}

#[test]
fn a_client_id_is_no_object_id_and_a_word_is_neither() {
    let mut bench = Bench::new();
    let app_id = bench.target.app_id.clone();
    is_graph_error(&bench.get(&format!("applications/{app_id}")), 404, "Request_ResourceNotFound");
    is_graph_error(&bench.get("applications/payroll"), 400, "Request_BadRequest");
}

#[test]
fn secrets_of_the_service_principal_live_apart() {
    let mut bench = Bench::new();
    let target = bench.target.clone();
    let issued = bench.cloud.directory().issue_to_principal(&target, "elsewhere");
    assert_eq!(bench.login(&target, &issued.value).status, 200);
    assert_eq!(bench.listed(), 1);
    is_graph_error(&bench.remove(&issued.key_id), 400, "Request_BadRequest");
    let path = format!("servicePrincipals(appId='{}')?$select=id,passwordCredentials", target.app_id);
    let reply = bench.get(&path);
    assert_eq!(reply.json["passwordCredentials"][0]["keyId"], issued.key_id);
}

#[test]
fn lists_can_lag_and_go_back_and_forth() {
    let mut bench = Bench::new();
    bench.add("one");
    bench.add("two");
    for (nth, behind) in [(1, 2), (2, 0), (3, 1), (4, 99)] {
        bench.cloud.fault(On::read().nth(nth), Fault::StaleList(behind));
    }
    let counts: Vec<_> = (0..5).map(|_| bench.listed()).collect();
    assert_eq!(counts, [1, 3, 2, 0, 3]);
}

// Sections 4 and 5: adding and removing.

#[test]
fn a_new_secret_is_shown_once_and_logs_in() {
    let mut bench = Bench::new();
    let target = bench.target.clone();
    let wish = json!({"displayName": "it", "startDateTime": "2031-05-04T03:02:01Z", "endDateTime": "2031-11-04T03:02:01Z"});
    let path = format!("applications(appId='{}')/addPassword", target.app_id);
    let reply = bench.post(&path, &json!({"passwordCredential": wish}));
    assert_eq!(reply.status, 200);
    for (key, value) in wish.as_object().unwrap() {
        assert_eq!(reply.json[key], *value);
    }
    let reply = bench.add("now");
    let value = reply.json["secretText"].as_str().unwrap().to_owned();
    assert!((16..=64).contains(&value.len()) && value.starts_with(reply.json["hint"].as_str().unwrap()));
    assert_eq!(bench.login(&target, &value).status, 200);
    assert!(bench.cloud.accepts(&target.app_id, &value));
    assert_eq!(bench.listed(), 3);
}

#[test]
fn the_body_is_optional_and_the_default_is_two_years() {
    let mut bench = Bench::new();
    let reply = bench.try_graph(&Method::POST, &bench.action("addPassword"), None).unwrap();
    let time = |key: &str| reply.json[key].as_str().unwrap().parse::<Timestamp>().unwrap();
    assert_eq!(time("endDateTime").duration_since(time("startDateTime")).as_hours(), 24 * 730);
}

#[test]
fn a_value_of_our_own_a_patch_and_a_chunked_body_are_refused() {
    let mut bench = Bench::new();
    let reply =
        bench.post(&bench.action("addPassword"), &json!({"passwordCredential": {"secretText": "mine"}}));
    is_graph_error(&reply, 400, "Request_BadRequest");
    assert_eq!(bench.cloud.violations(), Vec::<String>::new());
    let path = format!("applications/{}", bench.target.object_id);
    let reply = bench.try_graph(&Method::PATCH, &path, Some(&json!({"passwordCredentials": []}))).unwrap();
    assert_eq!(reply.status, 400);
    let bearer = bench.bearer();
    let url = format!("https://graph.microsoft.com/v1.0/{}", bench.action("addPassword"));
    let reply = bench.client.send_chunked(&url, &[JSON, ("authorization", &bearer)], "{}").unwrap();
    assert_eq!(reply.status, 404);
    assert_eq!(bench.listed(), 1);
    let violations = bench.cloud.violations();
    assert!(violations[0].contains("PATCH") && violations[1].contains("length"), "{violations:?}");
}

#[test]
fn a_removed_secret_is_gone_and_an_unknown_one_is_refused_as_told() {
    let mut bench = Bench::new();
    let (target, old) = (bench.target.clone(), bench.old.clone());
    let reply = bench.remove(&old.key_id);
    assert_eq!((reply.status, reply.json), (204, Value::Null));
    assert!(!bench.cloud.accepts(&target.app_id, &old.value));
    is_login_error(&bench.login(&target, &old.value), 401, "invalid_client", 7_000_215);
    for (status, code) in [(400, "Request_BadRequest"), (404, "Request_ResourceNotFound")] {
        bench.cloud.directory().unknown_key_status = status;
        let reply = bench.remove(&old.key_id);
        is_graph_error(&reply, status, code);
        let text = reply.json["error"]["message"].as_str().unwrap();
        assert!(text.starts_with("No password credential found with keyId"), "{text}");
    }
}

// Section 6: consistency and concurrency.

#[test]
fn a_new_secret_fails_then_flaps_then_works() {
    let mut bench = Bench::new();
    let target = bench.target.clone();
    bench.cloud.directory().propagation = Propagation { failing: 2, flaps: vec![true, false] };
    let value = bench.add("new").json["secretText"].as_str().unwrap().to_owned();
    let logins: Vec<_> = (0..6).map(|_| bench.login(&target, &value).status).collect();
    assert_eq!(logins, [401, 401, 200, 401, 200, 200]);
}

#[test]
fn writes_that_follow_too_closely_collide_in_either_form() {
    for (form, status, code) in [
        (CollisionForm::Conflict, 409, "Directory_ConcurrencyViolation"),
        (CollisionForm::BadRequest, 400, "Request_BadRequest"),
    ] {
        let mut bench = Bench::new();
        bench.cloud.directory().collisions = Some((Duration::from_mins(1), form));
        let key = bench.add("new").json["keyId"].as_str().unwrap().to_owned();
        let reply = bench.remove(&key);
        is_graph_error(&reply, status, code);
        assert!(reply.json["error"]["message"].as_str().unwrap().contains("concurrent requests"));
        assert_eq!(bench.listed(), 2);
    }
}

#[test]
fn a_lost_answer_may_hide_a_write_or_none() {
    for (fault, count) in [
        (Fault::DropBeforeApply, 1),
        (Fault::ApplyThenDrop, 2),
        (Fault::CutInTheMiddle, 2),
        (Fault::LandLate(Duration::from_millis(1)), 2),
    ] {
        let mut bench = Bench::new();
        bench.cloud.fault(On::add_password(), fault.clone());
        let path = bench.action("addPassword");
        let reply = bench.try_graph(&Method::POST, &path, Some(&json!({})));
        assert!(reply.is_err(), "{fault:?}: {reply:?}");
        bench.cloud.wait_for_late_writes();
        assert_eq!(bench.listed(), count, "{fault:?}");
    }
}

#[test]
fn an_error_can_follow_a_write_and_an_answer_can_be_slow() {
    let mut bench = Bench::new();
    bench.cloud.fault(On::add_password().nth(1), Fault::ApplyThenStatus(503));
    bench.cloud.fault(On::add_password().nth(2), Fault::Delay(Duration::from_millis(30)));
    bench.cloud.fault(On::add_password().nth(3), Fault::Status(500, "{}".to_owned()));
    assert_eq!((bench.add("a").status, bench.listed()), (503, 2));
    let began = std::time::Instant::now();
    assert_eq!((bench.add("b").status, bench.listed()), (200, 3));
    assert!(began.elapsed() >= Duration::from_millis(30));
    assert_eq!((bench.add("c").status, bench.listed()), (500, 3));
}

// Sections 7 and 8: rights, policies, errors.

#[test]
fn owned_by_needs_ownership_and_a_new_role_needs_a_new_token() {
    let mut bench = Bench::new();
    let (admin, target) = (bench.admin.clone(), bench.target.clone());
    let bearer = bench.bearer();
    bench.cloud.directory().app(&admin).roles = vec!["Application.ReadWrite.OwnedBy".to_owned()];
    let url = format!("https://graph.microsoft.com/v1.0/{}", bench.action("addPassword"));
    let reply = bench.client.send(&Method::POST, &url, &[JSON, ("authorization", &bearer)], "{}").unwrap();
    assert_eq!(reply.status, 200, "the old token still has the old role");
    is_graph_error(&bench.add("denied"), 403, "Authorization_RequestDenied");
    bench.cloud.directory().app(&target).owners.push(admin.principal_id.clone());
    assert_eq!(bench.add("owned").status, 200);
    let owners = bench.get(&bench.action("owners?$select=id"));
    assert_eq!(owners.json["value"], json!([{"id": admin.principal_id}]));
    let link = json!({"@odata.id": format!("https://graph.microsoft.com/v1.0/directoryObjects/{}", target.principal_id)});
    assert_eq!(bench.post(&bench.action("owners/$ref"), &link).status, 204);
    bench.cloud.directory().app(&admin).roles.clear();
    is_graph_error(
        &bench.get(&format!("applications/{}", target.object_id)),
        403,
        "Authorization_RequestDenied",
    );
}

#[test]
fn policies_and_the_size_of_the_object_refuse_new_secrets() {
    let mut bench = Bench::new();
    let (admin, target) = (bench.admin.clone(), bench.target.clone());
    bench.cloud.directory().app(&target).policy = Policy { longest_days: Some(90), ..Policy::default() };
    is_graph_error(&bench.add("long"), 400, "CredentialInvalidLifetimeAsPerAppPolicy");
    bench.cloud.directory().app(&target).policy = Policy { forbids_secrets: true, ..Policy::default() };
    is_graph_error(&bench.add("any"), 400, "CredentialTypeNotAllowedAsPerAppPolicy");
    is_graph_error(&bench.get(&bench.action("appManagementPolicies")), 403, "Authorization_RequestDenied");
    bench.cloud.directory().app(&admin).roles.push("Policy.Read.All".to_owned());
    let policies = bench.get(&bench.action("appManagementPolicies"));
    let rules = &policies.json["value"][0]["restrictions"]["passwordCredentials"];
    assert_eq!(rules[0]["restrictionType"], "passwordAddition");
    assert_eq!(bench.get("policies/defaultAppManagementPolicy").status, 200);
    bench.cloud.directory().app(&target).policy = Policy::default();
    bench.cloud.directory().app(&target).capacity = 1;
    let reply = bench.add("one too many");
    is_graph_error(&reply, 403, "Directory_ResourceSizeExceeded");
    assert!(
        reply.json["error"]["message"]
            .as_str()
            .unwrap()
            .contains("size of the object has exceeded its limit")
    );
}

#[test]
fn planned_refusals_look_like_real_ones_and_do_nothing() {
    let mut bench = Bench::new();
    for (fault, status, code) in [
        (Fault::Denied, 403, "Authorization_RequestDenied"),
        (Fault::DeniedByPolicy, 400, "CredentialTypeNotAllowedAsPerAppPolicy"),
        (Fault::SizeExceeded, 403, "Directory_ResourceSizeExceeded"),
        (Fault::Collision(CollisionForm::Conflict), 409, "Directory_ConcurrencyViolation"),
        (Fault::UnknownKey(404), 404, "Request_ResourceNotFound"),
        (Fault::ExpireTokens, 401, "InvalidAuthenticationToken"),
    ] {
        bench.cloud.fault(On::add_password(), fault);
        is_graph_error(&bench.add("never"), status, code);
        assert_eq!(bench.listed(), 1);
        // Rules count on; the next one starts from here.
    }
}

#[test]
fn throttling_comes_with_and_without_the_time_to_wait() {
    let mut bench = Bench::new();
    bench.cloud.fault(On::add_password().nth(1), Fault::Throttle(Some(7)));
    bench.cloud.fault(On::add_password().nth(2), Fault::Throttle(None));
    bench.cloud.fault(On::token_of(&bench.target.app_id), Fault::Throttle(Some(1)));
    let reply = bench.add("a");
    assert_eq!((reply.status, reply.headers.get("retry-after").unwrap()), (429, &"7".parse().unwrap()));
    let reply = bench.add("b");
    assert_eq!((reply.status, reply.headers.get("retry-after")), (429, None));
    let reply = bench.login(&bench.target.clone(), "any");
    assert_eq!((reply.status, reply.json["error"].as_str()), (429, Some("temporarily_unavailable")));
    assert_eq!(bench.listed(), 1);
}

#[test]
fn a_bad_token_is_refused_in_every_form() {
    let mut bench = Bench::new();
    let url = format!("https://graph.microsoft.com/v1.0/applications/{}", bench.target.object_id);
    let bearer = bench.bearer();
    bench.cloud.directory().expire_tokens();
    for authorization in ["", "Bearer ", "Bearer a.b.c", bearer.as_str()] {
        let headers = [("authorization", authorization), ("client-request-id", "me")];
        let reply = bench.client.send(&Method::GET, &url, &headers, "").unwrap();
        is_graph_error(&reply, 401, "InvalidAuthenticationToken");
    }
}

// What tests rely on besides.

#[test]
fn the_log_counts_connections_and_names_who_logs_in() {
    let mut bench = Bench::new();
    bench.listed();
    bench.listed();
    let seen = bench.cloud.requests();
    let graph: Vec<_> = seen.iter().filter(|seen| seen.host == "graph.microsoft.com").collect();
    assert_eq!((graph.len(), graph[0].connection), (2, graph[1].connection));
    assert_ne!(graph[0].connection, seen[0].connection);
    assert_eq!(seen[0].client_id.as_ref(), Some(&bench.admin.app_id));
    assert_eq!((graph[0].status, graph[0].client_request_id.as_deref()), (Some(200), Some("me")));
}

#[test]
fn a_secret_outside_of_its_place_is_noticed() {
    let mut bench = Bench::new();
    let secret = utf8_percent_encode(&bench.old.value, NON_ALPHANUMERIC).to_string();
    bench.get(&format!("applications/{}?note={secret}", bench.target.object_id));
    let url = "https://graph.microsoft.com/v1.0/applications";
    bench.client.send(&Method::GET, url, &[("x-note", &bench.old.value)], "").unwrap();
    bench.post(&bench.action("addPassword"), &json!({"note": bench.old.value}));
    let violations = bench.cloud.violations();
    let places = ["in the URL", "in the header x-note", "in the body"];
    assert_eq!(violations.len(), places.len(), "{violations:?}");
    for (violation, place) in violations.iter().zip(places) {
        assert!(violation.contains(place), "{violation}");
    }
}

#[test]
fn a_hook_runs_before_its_request_is_answered() {
    let mut bench = Bench::new();
    let target = bench.target.clone();
    bench.cloud.before(On::read().nth(2), move |directory| drop(directory.issue(&target, "meanwhile")));
    assert_eq!((bench.listed(), bench.listed(), bench.listed()), (1, 2, 2));
}
