//! Pairs of requests, one a rule.

use crate::check::check_source;

/// A manifest in which one request creates and another one deletes or reads.
fn refusals(creates: &str, other: &str) -> String {
    let text = format!(
        r#"
name = "pair"
version = "1.0.0"
description = "Two requests."
strategy = "overlap"
names = false
target = "x:{{admin.free}}"
inputs.admin = {{ role = "attached", token = "token", free = "free", word = {{ field = "word", pattern = "[a-z]+" }}, secret = ["token"] }}
settings.base = {{ type = "url" }}
settings.other = {{ type = "url" }}
settings.key = {{ type = "text" }}
settings.maybe = {{ type = "text", optional = true, pattern = "a+" }}
returns = [{{ label = "id", value = "{{create.id}}" }}]
common.api = {{ auth = {{ bearer = "{{admin.token}}" }} }}
requests.list = {{ effect = "reads", method = "GET", common = "api", url = "https://l.example/list", lists = {{ each = "/l", id = "/id" }} }}
requests.create = {{ effect = "creates", common = "api", id = "/id", {creates} }}
requests.other = {{ common = "api", {other} }}
"#
    );
    check_source(&text).map_or_else(|refusals| refusals.to_string(), |_| String::new())
}

fn apart(creates: &str, other: &str) -> bool {
    let refusals = refusals(creates, other);
    assert!(refusals.is_empty() || refusals.contains("could become the same"), "{refusals}");
    refusals.is_empty()
}

const READS: &str = "effect = 'reads', ";

#[test]
fn a_literal_place_tells_apart_and_hosts_do_not() {
    let url = |url: &str| format!("url = '{url}', json = {{}}");
    assert!(apart(&url("https://a.example/x"), &format!("{READS}{}", url("https://a.example/y"))));
    assert!(!apart(&url("https://a.example/x"), &format!("{READS}{}", url("https://b.example/x"))));
    assert!(!apart(&url("https://a.example/x"), &format!("{READS}{}", url("https://a.example/X"))), "case");
    assert!(
        !apart(&url("https://a.example/x"), &format!("{READS}{}", url("https://a.example/%78"))),
        "encoding"
    );
    assert!(!apart(
        &url("https://a.example/x"),
        &format!("{READS}{}", url("https://a.example/{admin.free}"))
    ));
    assert!(apart(&url("https://a.example/4"), &format!("{READS}{}", url("https://a.example/{admin.word}"))));
    assert!(apart(
        &url("https://a.example/x/y"),
        &format!("{READS}{}", url("https://a.example/{admin.free}"))
    ));
}

#[test]
fn the_same_url_setting_drops_out_and_another_one_may_end_in_anything() {
    let url = |url: &str| format!("url = '{url}', json = {{}}");
    assert!(apart(&url("{setting.base}/x"), &format!("{READS}{}", url("{setting.base}/y"))));
    assert!(!apart(&url("{setting.base}/x"), &format!("{READS}{}", url("{setting.other}/x"))));
    assert!(!apart(&url("https://a.example/a/x"), &format!("{READS}{}", url("{setting.base}/x"))));
    assert!(apart(&url("https://a.example/a/x"), &format!("{READS}{}", url("{setting.base}/y"))));
}

#[test]
fn a_place_that_only_one_has_tells_nothing() {
    let json = |json: &str| format!("url = 'https://a.example/x', json = {{ {json} }}");
    assert!(apart(&json("op = 'add'"), &format!("{READS}{}", json("op = 'get'"))));
    assert!(apart(&json("op = 1"), &format!("{READS}{}", json("op = 2"))));
    assert!(!apart(&json("op = 1"), &format!("{READS}{}", json("op = 1.0"))));
    assert!(!apart(&json("op = 'true'"), &format!("{READS}{}", json("op = true"))));
    assert!(!apart(&json("op = 'add'"), &format!("{READS}{}", json("do = 'get'"))));
    assert!(
        !apart(&json("op = 'add'"), &format!("{READS}{}", json("op = '{setting.maybe}'"))),
        "it may be left out"
    );
    assert!(!apart(&json("'{setting.key}' = 'add'"), &format!("{READS}{}", json("'{setting.key}' = 'get'"))));
    let form = "url = 'https://a.example/x', form = { op = 'add' }";
    assert!(!apart(form, &format!("{READS}{}", json("op = 'get'"))));
    assert!(!apart(
        "url = 'https://a.example/x?op=add', json = {}",
        &format!("{READS}{}", json("op = 'get'"))
    ));
}

#[test]
fn a_header_tells_apart_where_the_service_dispatches_by_it() {
    let with =
        |word: &str| format!("url = 'https://a.example/x', json = {{}}, headers = {{ X-Do = '{word}' }}");
    assert!(!apart(&with("add"), &format!("{READS}{}", with("get"))));
}

#[test]
fn method_tells_apart_unless_the_plugin_could_say_another_one() {
    let get = "effect = 'reads', method = 'GET', url = 'https://a.example/x'";
    assert!(apart("url = 'https://a.example/x', json = {}", get));
    // What the plugin fills into an effect cannot make a read of it that harms.
    assert!(apart("url = 'https://a.example/x', json = { n = '{n}' }, params = { n = 'int' }", get));
    let asks = "effect = 'reads', method = 'GET', url = 'https://a.example/x?n={n}', params = { n = 'int' }";
    assert!(!apart("url = 'https://a.example/x', json = {}", asks));
    let deletes = "effect = 'deletes', method = 'DELETE', url = 'https://a.example/{key}', params = { key = 'credential' }";
    assert!(apart("url = 'https://a.example/x', json = {}", deletes));
    assert!(!apart("url = 'https://a.example/x', json = { n = '{n}' }, params = { n = 'int' }", deletes));
}

#[test]
fn of_two_that_retire_the_credential_stands_in_the_same_place() {
    let retires = |url: &str| {
        format!("effect = 'deletes', method = 'DELETE', url = '{url}', params = {{ key = 'credential' }}")
    };
    let both = |one: &str, other: &str| {
        let text = format!("{}}}\nrequests.another = {{ common = \"api\", {}", retires(one), retires(other));
        apart("url = 'https://a.example/x', json = {}", &text)
    };
    assert!(both("https://a.example/k/{key}", "https://a.example/k/{key}"));
    assert!(both("https://a.example/k/{key}/1", "https://a.example/k/{key}/2"));
    assert!(!both("https://a.example/{admin.free}/{key}", "https://a.example/{key}/{admin.free}"));
}
