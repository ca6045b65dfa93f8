//! Section 2 of what is known: tokens.

use super::*;

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
