//! A sound manifest passes, and each way to be unsound has its own words.

use proptest::prelude::{Just, any, prop_assert, prop_oneof, proptest};
use proptest::strategy::Strategy as Generator;
use serde_json::{Value, json};

use super::*;

/// A manifest with nothing wrong in it.
fn sound() -> Value {
    json!({
        "name": "azure-app-secret", "version": "0.1.0", "strategy": "overlap",
        "records": [
            {"role": "target", "fields": ["application_object_id", "client_secret_id"]},
            {"role": "attached", "has": ["application_client_id"],
             "fields": ["application_client_id", "client_secret"], "plain": ["application_client_id"]},
            {"role": "provider", "fields": ["clientId"]},
        ],
        "returns": [{"label": "client_secret", "place": "custom", "type": "secret"}],
        "settings": [
            {"key": "expiry_days", "label": "Expiry days", "type": "int", "default": 365},
            {"key": "retire", "type": "enum", "values": ["all", "none"], "default": "all"},
            {"key": "authority", "type": "text", "default": "login.microsoftonline.com"},
            {"key": "graph", "aliases": ["Azure Graph Endpoint"], "type": "text", "required": true},
        ],
        "hosts": ["https://{setting:authority}", "https://{setting:graph}", "https://[::1]:8443", "https://spare.test"],
        "requests": [
            {"steps": ["all"], "method": "POST", "host": "{setting:authority}", "path": "/*/oauth2/v2.0/token"},
            {"steps": ["all"], "method": "GET", "host": "{setting:graph}",
             "path": "/v1.0/applications(appId='*')"},
            {"steps": ["rotate"], "method": "POST", "host": "{setting:graph}",
             "path": "/v1.0/applications/*/addPassword"},
            {"steps": ["commit", "rollback"], "method": "POST", "host": "{setting:graph}",
             "path": "/v1.0/applications/*/removePassword", "removes": "/keyId"},
            {"steps": ["commit"], "method": "DELETE", "host": "[::1]:8443", "path": "/keys/{id}", "removes": "{id}"},
        ],
    })
}

fn problems(manifest: &Value) -> Vec<String> {
    match parse_manifest(&manifest.to_string()) {
        Ok(_) => Vec::new(),
        Err(RequestError::Manifest(problems)) => problems.iter().map(str::to_owned).collect(),
        Err(other) => panic!("{other}"),
    }
}

/// Puts `value` at `pointer` of a sound manifest, and expects exactly one problem.
fn assert_problem(pointer: &str, value: Value, expected: &str) {
    let mut manifest = sound();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match manifest.pointer_mut(parent).unwrap() {
        Value::Object(map) => drop(map.insert(key.to_owned(), value.clone())),
        Value::Array(list) => list[key.parse::<usize>().unwrap()] = value.clone(),
        _ => panic!("{pointer}"),
    }
    let problems = problems(&manifest);
    assert_eq!(problems.len(), 1, "{pointer} = {value}: {problems:?}");
    assert!(problems[0].contains(expected), "{pointer} = {value}: {problems:?}");
}

#[test]
fn a_sound_manifest_passes() {
    assert_eq!(problems(&sound()), Vec::<String>::new());
}

#[test]
fn all_problems_are_reported_at_once() {
    let mut manifest = sound();
    manifest["name"] = json!("Azure App");
    manifest["version"] = json!("1");
    manifest["returns"] = json!([]);
    let problems = problems(&manifest);
    assert!(
        problems.iter().zip(["name:", "version:", "returns:"]).all(|(problem, at)| problem.starts_with(at))
    );
    assert_eq!(problems.len(), 3);
}

#[test]
fn what_is_no_manifest_at_all_is_one_problem() {
    assert!(problems(&json!({"name": "x"}))[0].contains("missing field"));
    assert!(problems(&json!([1]))[0].contains("invalid"));
    let mut manifest = sound();
    manifest["request"] = json!([]);
    assert!(problems(&manifest)[0].contains("unknown field `request`"));
}

#[test]
fn name_and_version_have_a_form() {
    for name in ["", "1password", "-x", "x-", "Azure", "a b", &"x".repeat(65)] {
        assert_problem("/name", json!(name), "name:");
    }
    for version in ["", "1.0", "v1.0.0", "1.0.0.0"] {
        assert_problem("/version", json!(version), "semantic version");
    }
}

#[test]
fn records_are_asked_for_in_a_way_that_can_be_granted() {
    assert_problem("/records/1", json!({"role": "provider", "fields": ["x"]}), "one entry");
    assert_problem("/records/0/has", json!(["x"]), "leave it out");
    assert_problem("/records/1/has", json!([]), "`has` must name fields");
    assert_problem("/records/2/fields", json!([]), "`fields` is empty");
    assert_problem("/records/0/fields", json!([""]), "is empty");
    assert_problem("/records/0/fields", json!(["a", "a"]), "`a` is listed twice in `fields`");
    assert_problem("/records/1/plain", json!(["x"]), "not in `fields`");
}

#[test]
fn the_target_is_asked_for_exactly_once() {
    let target = json!({"role": "target", "fields": []});
    let attached = json!({"role": "attached", "has": ["x"], "fields": ["x"]});
    assert_problem("/records/0", attached, "exactly one");
    assert_problem("/records/1", target, "exactly one");
}

#[test]
fn returned_fields_are_texts_and_an_overlap_plugin_returns_some() {
    assert_problem("/returns", json!([]), "an overlap plugin must name");
    assert_problem("/returns/0/label", json!(""), "label is empty");
    assert_problem("/returns/0/type", json!("keyPair"), "the type must be one of");
    let field = json!({"label": "x", "place": "custom", "type": "text"});
    assert_problem("/returns", json!([field, field]), "`x` is listed twice");
}

#[test]
fn an_in_place_plugin_returns_one_secret() {
    let mut manifest = sound();
    manifest["strategy"] = json!("in-place");
    assert_eq!(problems(&manifest), Vec::<String>::new());
    let password = json!({"label": "password", "place": "standard", "type": "password"});
    for returns in [json!([]), json!([manifest["returns"][0], password])] {
        manifest["returns"] = returns;
        let problems = problems(&manifest);
        assert!(
            problems.len() == 1 && problems[0].contains("exactly one field of type secret"),
            "{problems:?}"
        );
    }
}

#[test]
fn settings_are_declared_without_contradiction() {
    assert_problem("/settings/0/key", json!("Expiry-Days"), "lower-case letters");
    assert_problem("/settings/0/label", json!(" "), "is empty");
    assert_problem(
        "/settings/0/label",
        json!("retire"),
        "`retire` is the key, label or alias of more than one",
    );
    assert_problem("/settings/0/aliases", json!(["Expiry days"]), "more than one");
    assert_problem("/settings/0/default", json!("365"), "must be a whole number");
    assert_problem("/settings/0/values", json!(["x"]), "only an enum has `values`");
    assert_problem("/settings/0/min", json!("1"), "`min` must be a whole number");
    assert_problem("/settings/0/min", json!(366), "the default must be a whole number of at least 366");
    assert_problem("/settings/1/max", json!(5), "only an int, a number or a duration has `max`");
    assert_problem(
        "/settings/1",
        json!({"key": "pause", "type": "duration", "min": "2s", "max": "1s"}),
        "`min` is more than `max`",
    );
    assert_problem("/settings/0/required", json!(true), "leave out `required` or `default`");
    assert_problem("/settings/1", json!({"key": "retire", "type": "enum"}), "an enum needs `values`");
    assert_problem("/settings/1/values", json!(["all", "all"]), "`all` is listed twice");
    assert_problem("/settings/1/values", json!(["all", ""]), "empty or has space");
    let described = json!(["all", {"value": "all", "description": "Every one."}]);
    assert_problem("/settings/1/values", described, "`all` is listed twice");
    assert_problem("/settings/1/default", json!("some"), "must be one of: all, none");
    assert_problem(
        "/settings/1",
        json!({"key": "token", "type": "secret", "default": "x"}),
        "a secret has no default",
    );
}

#[test]
fn a_host_is_one_https_host_or_a_whole_setting() {
    for host in ["http://a.test", "a.test", "ftp://a.test"] {
        assert_problem("/hosts/3", json!(host), "must begin with https://");
    }
    for host in ["https://{setting:graph}.test", "https://{graph}"] {
        assert_problem("/hosts/3", json!(host), "a whole setting");
    }
    for host in [
        "https://",
        "https://A.test",
        "https://*.test",
        "https://me@a.test",
        "https://a.test/p",
        "https://a.test:0",
        "https://a.test:",
        "https://a.test:99999",
    ] {
        assert_problem("/hosts/3", json!(host), "one host in lower case");
    }
}

/// Like [`assert_problem`], for a host that no request names.
fn assert_host_problem(setting: Value, expected: &str) {
    let mut manifest = sound();
    manifest["settings"][2] = setting;
    let problems = problems(&manifest);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].contains(expected), "{problems:?}");
}

#[test]
fn a_template_names_a_setting_that_always_holds_a_host() {
    assert_host_problem(
        json!({"key": "autority", "type": "text", "default": "x"}),
        "did you mean `autority`?",
    );
    assert_host_problem(json!({"key": "authority", "type": "text"}), "may be missing");
    assert_host_problem(json!({"key": "authority", "type": "int", "default": 1}), "type text or enum");
}

#[test]
fn a_request_names_known_steps() {
    assert_problem("/requests/0/steps", json!([]), "`steps` is empty");
    assert_problem("/requests/0/steps", json!(["comit"]), "there is no step `comit`; did you mean `commit`?");
    assert_problem("/requests/0/steps", json!(["deploy"]), "the steps are preflight, rotate");
    assert_problem("/requests/0/steps", json!(["all", "commit"]), "stands alone");
    assert_problem("/requests/0/steps", json!(["commit", "commit"]), "listed twice");
}

#[test]
fn a_request_has_a_method_and_a_declared_host() {
    assert_problem("/requests/0/method", json!("post"), "the method must be one of");
    assert_problem("/requests/0/host", json!("{setting:grahp}"), "did you mean `https://{setting:graph}`?");
    assert_problem("/requests/0/host", json!("a.test"), "must be in `hosts`, as `https://a.test`");
}

#[test]
fn a_path_is_plain_and_its_wildcards_stand_for_segments() {
    for (path, expected) in [
        ("x", "must begin with `/`"),
        ("/x?y", "before the query"),
        ("/x#y", "before the query"),
        ("/a/../b", "must be plain"),
        ("/a//b", "must be plain"),
        ("/a%2Fb", "must be plain"),
        ("/%2e%2e/b", "must be plain"),
        ("/a b", "must be plain"),
        ("/a\\b", "must be plain"),
        ("/é", "must be plain"),
        ("/a*", "one whole segment"),
        ("/**", "one whole segment"),
        ("/a*(b)", "one whole segment"),
        ("/a(*)b", "one whole segment"),
        ("/{name}", "one whole segment"),
    ] {
        assert_problem("/requests/0/path", json!(path), expected);
    }
    assert_problem("/requests/4/path", json!("/{id}/{id}"), "once");
}

#[test]
fn what_removes_says_where_the_id_stands_and_waits_for_commit_or_rollback() {
    for steps in [json!(["all"]), json!(["rotate"]), json!(["commit", "verify"])] {
        assert_problem("/requests/3/steps", steps, "in commit and rollback only");
    }
    assert_problem("/requests/3/removes", json!("{id}"), "the path has no `{id}`");
    for pointer in ["keyId", "", "/", "/a~2", "/a~"] {
        assert_problem("/requests/3/removes", json!(pointer), "a JSON pointer");
    }
    assert_problem("/requests/3/path", json!("/x/{id}"), "must not name `{id}`");
    assert_problem("/requests/3/method", json!("GET"), "has no body");
    assert_problem("/requests/0/path", json!("/x/{id}"), "needs `\"removes\":\"{id}\"`");
    assert_problem("/requests/1/method", json!("DELETE"), "DELETE needs `removes`");
}

/// A value of any type, that fits nowhere or anywhere.
fn any_value() -> impl Generator<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
    ]
}

proptest! {
    #[test]
    fn any_text_is_a_manifest_or_has_problems(text in any::<String>()) {
        prop_assert!(parse_manifest(&text).is_err());
    }

    #[test]
    fn any_value_anywhere_in_a_manifest_is_sound_or_has_problems(
        key in 0_usize..8, index in 0_usize..4, field in "[a-z]{1,8}|fields|type|path|min|values|default", value in any_value()
    ) {
        let mut manifest = sound();
        let part = manifest.as_object_mut().unwrap().values_mut().nth(key).unwrap();
        match part.get_mut(index) {
            Some(Value::Object(entry)) => drop(entry.insert(field, value)),
            Some(entry) => *entry = value,
            None => *part = value,
        }
        prop_assert!(problems(&manifest).iter().all(|problem| !problem.is_empty()));
    }
}
