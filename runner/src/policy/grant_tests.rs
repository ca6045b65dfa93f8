//! The manifest of the Azure plugin, and others that mean no good, against operators.

use http::{HeaderMap, Method, Uri};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::model::SettingValue;

const APP: &str = "https://graph.microsoft.com/v1.0/applications/app-1";

fn manifest(hosts: &serde_json::Value, requests: &serde_json::Value) -> Manifest {
    serde_json::from_value(json!({
        "name": "test", "version": "0.1.0", "strategy": "overlap", "records": [], "returns": [],
        "settings": [{"key": "authority", "type": "text"}, {"key": "graph", "type": "text"}],
        "hosts": hosts, "requests": requests,
    }))
    .unwrap()
}

fn azure() -> Manifest {
    manifest(
        &json!(["https://{setting:authority}", "https://{setting:graph}"]),
        &json!([
            {"steps": ["all"], "method": "POST", "host": "{setting:authority}", "path": "/*/oauth2/v2.0/token"},
            {"steps": ["all"], "method": "GET", "host": "{setting:graph}", "path": "/v1.0/applications/*"},
            {"steps": ["rotate"], "method": "POST", "host": "{setting:graph}", "path": "/v1.0/applications/*/addPassword"},
            {"steps": ["commit", "rollback"], "method": "POST", "host": "{setting:graph}",
             "path": "/v1.0/applications/*/removePassword", "removes": "/keyId"},
        ]),
    )
}

fn text(key: &str, value: &str) -> Setting {
    Setting { key: key.to_owned(), value: SettingValue::Text(value.to_owned()) }
}

fn global_cloud() -> Vec<Setting> {
    vec![text("authority", "login.microsoftonline.com"), text("graph", "graph.microsoft.com")]
}

fn operator(allow_hosts: &[&str]) -> Operator {
    Operator {
        allow_hosts: allow_hosts.iter().map(|host| (*host).to_owned()).collect(),
        ..Operator::default()
    }
}

fn azure_grant() -> Grant {
    Grant::new(&azure(), &global_cloud(), &operator(&["login.microsoftonline.com", "Graph.Microsoft.com"]))
        .unwrap()
}

fn send(grant: &StepGrant, method: &str, uri: &str, body: &str) -> Result<bool, Deny> {
    let headers = [(http::header::CONTENT_TYPE, "application/json".parse().unwrap())];
    grant.allows(&OutgoingRequest {
        method: &method.parse::<Method>().unwrap(),
        uri: &uri.parse::<Uri>().unwrap(),
        headers: &headers.into_iter().collect::<HeaderMap>(),
        body: body.as_bytes(),
    })
}

fn remove(grant: &StepGrant, id: &str) -> Result<bool, Deny> {
    send(grant, "POST", &format!("{APP}/removePassword"), &json!({"keyId": id}).to_string())
}

fn only(ids: &[&str]) -> Removals {
    Removals::Exactly(ids.iter().map(|id| (*id).to_owned()).collect())
}

fn refusals(manifest: &Manifest, settings: &[Setting], operator: &Operator) -> Vec<String> {
    let denials = Grant::new(manifest, settings, operator).err().unwrap_or_default();
    denials.iter().map(ToString::to_string).collect()
}

#[test]
fn each_step_may_send_what_the_manifest_asks_for_in_it() {
    let grant = azure_grant();
    let rotate = grant.for_step(StepName::Rotate, Removals::Nothing);
    let token = "https://login.microsoftonline.com/tenant/oauth2/v2.0/token";
    assert_eq!(send(&rotate, "POST", token, ""), Ok(false));
    assert_eq!(send(&rotate, "GET", &format!("{APP}?$select=id"), ""), Ok(false));
    assert_eq!(send(&rotate, "POST", &format!("{APP}/addPassword"), "{}"), Ok(true));
    let commit = grant.for_step(StepName::Commit, only(&["k1"]));
    assert_eq!(remove(&commit, "k1"), Ok(true));
}

#[test]
fn anything_else_is_refused() {
    let rotate = azure_grant().for_step(StepName::Rotate, Removals::Nothing);
    for (method, uri) in [
        ("DELETE", APP),
        ("get", APP),
        ("GET", "https://graph.microsoft.com/v1.0/users/app-1"),
        ("GET", "https://graph.microsoft.com/V1.0/applications/app-1"),
        ("GET", "https://graph.microsoft.com:8443/v1.0/applications/app-1"),
        ("GET", "https://login.microsoftonline.com/v1.0/applications/app-1"),
        ("GET", "https://evil.example/v1.0/applications/app-1"),
        ("GET", "https://graph.microsoft.com.evil.example/v1.0/applications/app-1"),
    ] {
        let refused = send(&rotate, method, uri, "").unwrap_err();
        assert_eq!(refused.code(), "request-not-in-manifest", "{method} {uri}");
    }
    let preflight = azure_grant().for_step(StepName::Preflight, Removals::Nothing);
    assert_eq!(
        send(&preflight, "POST", &format!("{APP}/addPassword?secret=x"), "{}").unwrap_err().to_string(),
        "the manifest does not ask for POST graph.microsoft.com/v1.0/applications/app-1/addPassword in preflight"
    );
}

#[test]
fn the_default_grants_nothing() {
    let refused = send(&StepGrant::default(), "GET", APP, "").unwrap_err();
    assert_eq!(refused.code(), "request-not-in-manifest");
    assert!(StepGrant::default().allows_address("a.example", [127, 0, 0, 1].into()).is_err());
}

#[test]
fn removals_are_for_commit_and_rollback_and_for_the_ids_of_that_moment() {
    let grant = azure_grant();
    for step in [StepName::Preflight, StepName::Rotate, StepName::Verify] {
        assert!(remove(&grant.for_step(step, only(&["k1"])), "k1").is_err(), "{step}");
    }
    let commit = grant.for_step(StepName::Commit, only(&["k1"]));
    let refused = remove(&commit, "k2").unwrap_err();
    assert_eq!(refused, Deny::Removal { step: StepName::Commit, id: "k2".to_owned() });
    let uri = format!("{APP}/removePassword");
    for body in ["", "{}", r#"{"keyId":null}"#, r#"{"keyId":"k1","keyId":"k2"}"#] {
        assert_eq!(send(&commit, "POST", &uri, body).unwrap_err().code(), "request-form", "{body}");
    }
}

#[test]
fn rollback_counts_over_all_its_calls() {
    let grant = azure_grant();
    let removals = Removals::Strays { tries: 1, never: ["old".to_owned()].into(), taken: Arc::default() };
    let first = grant.for_step(StepName::Rollback, removals.clone());
    let second = grant.for_step(StepName::Rollback, removals);
    assert!(remove(&first, "old").is_err());
    assert!(remove(&first, "stray").is_ok());
    assert!(remove(&second, "stray").is_ok());
    assert!(remove(&second, "another").is_err());
}

#[test]
fn a_broad_rule_does_not_take_back_that_a_request_removes() {
    let host = json!(["https://a.example"]);
    let sly = manifest(
        &host,
        &json!([
            {"steps": ["commit"], "method": "POST", "host": "a.example", "path": "/keys/*/remove", "removes": "/id"},
            {"steps": ["all"], "method": "POST", "host": "a.example", "path": "/keys/*/*"},
            {"steps": ["all"], "method": "POST", "host": "a.example", "path": "/keys/*/remove/"},
            {"steps": ["commit"], "method": "DELETE", "host": "a.example", "path": "/keys/{id}", "removes": "{id}"},
            {"steps": ["all"], "method": "DELETE", "host": "a.example", "path": "/keys/*"},
        ]),
    );
    let grant = Grant::new(&sly, &[], &operator(&["a.example"])).unwrap();
    let rotate = grant.for_step(StepName::Rotate, Removals::Nothing);
    assert_eq!(send(&rotate, "POST", "https://a.example/keys/1/add", "{}"), Ok(false));
    for path in ["remove", "REMOVE", "%72emove", "remove/", "Remove/"] {
        let refused = send(&rotate, "POST", &format!("https://a.example/keys/1/{path}"), r#"{"id":"k1"}"#);
        assert!(refused.is_err(), "{path}");
    }
    for id in ["k1", "%6B1"] {
        let refused = send(&rotate, "DELETE", &format!("https://a.example/keys/{id}"), "").unwrap_err();
        assert_eq!(refused, Deny::Removal { step: StepName::Rotate, id: "k1".to_owned() });
    }
    let commit = grant.for_step(StepName::Commit, only(&["k1"]));
    assert_eq!(send(&commit, "DELETE", "https://a.example/keys/k1", ""), Ok(false));
}

#[test]
fn every_host_that_the_operator_does_not_allow_is_named_once() {
    assert_eq!(
        refusals(&azure(), &global_cloud(), &Operator::default()),
        [
            "the plugin asks for login.microsoftonline.com, which is not among the hosts that the operator allows",
            "the plugin asks for graph.microsoft.com, which is not among the hosts that the operator allows",
        ]
    );
    let elsewhere = [text("authority", "login.microsoftonline.com"), text("graph", "evil.example")];
    let both = operator(&["login.microsoftonline.com", "graph.microsoft.com"]);
    assert_eq!(refusals(&azure(), &elsewhere, &both).len(), 1);
    let other_port = operator(&["login.microsoftonline.com", "graph.microsoft.com:8443"]);
    assert_eq!(refusals(&azure(), &global_cloud(), &other_port).len(), 1);
}

#[test]
fn what_makes_no_sense_is_named_with_its_place() {
    let request =
        |host: &str, path: &str| json!([{"steps": ["all"], "method": "GET", "host": host, "path": path}]);
    let hosts = json!(["https://a.example"]);
    let allowed = operator(&["a.example"]);
    let with_wildcard = operator(&["a.example", "*.b.example"]);
    for (manifest, settings, operator, expected) in [
        (
            manifest(&hosts, &request("b.example", "/")),
            vec![],
            &allowed,
            "the manifest's request GET b.example/: its host must stand among the manifest's `hosts` too",
        ),
        (
            manifest(&hosts, &request("a.example", "/a//b")),
            vec![],
            &allowed,
            "the manifest's request GET a.example/a//b: the path: the path has an empty segment (`//`)",
        ),
        (
            manifest(&json!(["http://a.example"]), &json!([])),
            vec![],
            &allowed,
            "the manifest's host http://a.example: a host is asked for as https://HOST or https://{setting:KEY}",
        ),
        (
            manifest(&json!(["https://{setting:typo}"]), &json!([])),
            vec![],
            &allowed,
            "the manifest's host https://{setting:typo}: the manifest has no setting typo",
        ),
        (
            azure(),
            vec![text("graph", "https://graph.microsoft.com")],
            &allowed,
            "the setting graph: write only HOST or HOST:PORT, without scheme, path, user name or blanks",
        ),
        (
            manifest(&hosts, &json!([])),
            vec![],
            &with_wildcard,
            "the allow-host entry `*.b.example`: wildcards are not accepted; name every host",
        ),
    ] {
        assert_eq!(refusals(&manifest, &settings, operator), [expected]);
    }
}

#[test]
fn a_host_left_to_a_setting_without_a_value_is_not_asked_for() {
    let settings = [text("graph", "graph.microsoft.com")];
    let grant = Grant::new(&azure(), &settings, &operator(&["graph.microsoft.com"])).unwrap();
    let step = grant.for_step(StepName::Preflight, Removals::Nothing);
    assert!(send(&step, "GET", APP, "").is_ok());
    assert!(send(&step, "POST", "https://login.microsoftonline.com/t/oauth2/v2.0/token", "").is_err());
}

#[test]
fn private_addresses_are_opened_for_the_very_host_and_port() {
    let operator =
        Operator { allow_private: vec!["vault.corp:8200".to_owned(), "b".to_owned()], ..Operator::default() };
    let step = Grant::new(&manifest(&json!([]), &json!([])), &[], &operator)
        .unwrap()
        .for_step(StepName::Rotate, Removals::Nothing);
    let private = IpAddr::from([10, 0, 0, 1]);
    assert_eq!(step.allows_address("vault.corp", [1, 1, 1, 1].into()), Ok(()));
    assert_eq!(step.allows_address("Vault.corp:8200", private), Ok(()));
    assert_eq!(step.allows_address("b:443", private), Ok(()));
    for host in ["vault.corp", "vault.corp:8201", "other.corp:8200", "b:444"] {
        let refused = step.allows_address(host, private).unwrap_err();
        assert_eq!(refused.hint(), Some(format!("--allow-private {host}")));
    }
    assert!(step.allows_address("b", [224, 0, 0, 1].into()).is_err(), "no host has a multicast address");
}

proptest! {
    #[test]
    fn nothing_outside_the_operators_list_is_ever_granted(
        allowed in prop::collection::vec("[ab](:8443)?", 0..3),
        hosts in prop::collection::vec("https://([abc](:8443)?|\\{setting:(graph|authority)\\})", 0..3),
        requested in prop::collection::vec("[abcA](:8443|:443)?|\\{setting:(graph|authority)\\}", 0..4),
        values in prop::collection::vec("[abcB](:8443)?", 2),
        target in "[abc](:8443|:443)?",
    ) {
        let requests: Vec<_> = requested
            .iter()
            .map(|host| json!({"steps": ["all"], "method": "GET", "host": host, "path": "/*"}))
            .collect();
        let settings = [text("graph", &values[0]), text("authority", &values[1])];
        let operator = Operator { allow_hosts: allowed.clone(), ..Operator::default() };
        if let Ok(grant) = Grant::new(&manifest(&json!(hosts), &json!(requests)), &settings, &operator) {
            let step = grant.for_step(StepName::Rotate, Removals::Nothing);
            if send(&step, "GET", &format!("https://{target}/x"), "").is_ok() {
                let target: HostPort = target.parse().unwrap();
                prop_assert!(allowed.iter().any(|entry| entry.parse() == Ok(target.clone())));
            }
        }
    }

    #[test]
    fn no_request_makes_the_judge_panic(
        uri in "(https?://)?[!-~]{0,12}(/[!-~é]{0,8}){0,4}(\\?[!-~]{0,8})?",
        body: Vec<u8>,
    ) {
        if let Ok(uri) = uri.parse::<Uri>() {
            let commit = azure_grant().for_step(StepName::Commit, Removals::Nothing);
            let request = OutgoingRequest { method: &Method::POST, uri: &uri, headers: &HeaderMap::new(), body: &body };
            prop_assert!(commit.allows(&request).is_err());
        }
    }
}
