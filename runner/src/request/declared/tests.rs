//! What a declared plugin is given, and what is kept from sight.

use pamrun_contract::check::check_source;
use serde_json::json;

use super::*;
use crate::cli::SetValue;
use crate::request::source::records_alone;

const MANIFEST: &str = r#"
name = "plugin"
version = "0.1.0"
description = "Rotates a key."
strategy = "overlap"
target = "app:{target.object_id}"

[inputs.target]
object_id = { field = "application_object_id", pattern = "[a-z0-9-]+" }
login = { field = "login", optional = true }

[inputs.admin]
one_of = [
  { role = "attached", id = "application_client_id", key = "client_secret" },
  { role = "provider", id = "clientId", key = "clientSecret" },
]
secret = ["key"]
plain = ["id"]

[settings.graph]
type = "host"
default = "graph.test"
aliases = ["Azure Graph Endpoint"]

[settings.token]
type = "secret"
optional = true

[common.api]
auth = { bearer = "{admin.key}" }

[requests.list]
effect = "reads"
method = "GET"
common = "api"
url = "https://{setting.graph}/apps/{target.object_id}/keys"
lists = { each = "/keys", id = "/id", label = "/name" }

[requests.add]
effect = "creates"
common = "api"
url = "https://{setting.graph}/apps/{target.object_id}/keys"
json = { name = "{marker}" }
id = "/id"
secrets = { key = "/key" }

[requests.test]
effect = "reads"
method = "GET"
url = "https://{setting.graph}/me"
auth = { bearer = "{new.client_secret}" }
success = ["2xx /id"]

[requests.remove]
effect = "deletes"
method = "DELETE"
common = "api"
url = "https://{setting.graph}/apps/{target.object_id}/keys/{key}"
params = { key = "credential" }

[[returns]]
label = "client_secret"
type = "secret"
value = "{add.key}"

[[returns]]
label = "client_secret_id"
value = "{add.id}"
"#;

fn manifest() -> Manifest {
    check_source(MANIFEST).unwrap_or_else(|refusals| panic!("{refusals}")).0
}

/// A record of the vault with custom and standard fields.
fn fresh(uid: &str, title: &str, custom: Json, fields: Json) -> Record {
    let json = json!({"title": title, "type": "login", "fields": fields, "custom": custom});
    Record { uid: uid.to_owned(), revision: Some(1), editable: true, json }
}

fn field(kind: &str, label: &str, value: &str) -> Json {
    json!({"type": kind, "label": label, "value": [value]})
}

fn target() -> Record {
    fresh(
        "t",
        "App",
        json!([
            field("text", "application_object_id", "object-1"),
            field("secret", "client_secret", "old-secret")
        ]),
        json!([{"type": "login", "value": ["app"]}, {"type": "password", "value": ["dummy"]}]),
    )
}

fn admin(uid: &str) -> Record {
    let custom = json!([
        field("text", "application_client_id", "admin-app"),
        field("secret", "client_secret", "admin-secret"),
        field("text", "comment", "not asked for"),
    ]);
    fresh(uid, "Admin", custom, json!([]))
}

fn provider() -> Record {
    let custom = json!([field("text", "Azure Graph Endpoint", "graph.microsoft.us")]);
    // As Keeper keeps a PAM configuration: even ids are hidden.
    let fields = json!([
        field("secret", "clientId", "provider-app"),
        field("secret", "clientSecret", "provider-secret")
    ]);
    fresh("p", "Azure", custom, fields)
}

fn prepared(records: &[Record]) -> Result<Prepared, RequestError> {
    prepare_declared(&manifest(), &records_alone(records))
}

fn refused(records: &[Record]) -> (&'static str, String) {
    let error = prepared(records).unwrap_err();
    (error.code(), error.to_string())
}

/// A group's values; of a secret one, that it is one.
fn group(prepared: &Prepared, name: &str) -> Vec<(String, String)> {
    let group = prepared.request.inputs.iter().find(|group| group.name == name).unwrap();
    let shown = |value: &Value| {
        if value.is_secret() { "(secret)".to_owned() } else { value.to_text().unwrap().to_string() }
    };
    group.values.iter().map(|(key, value)| (key.clone(), shown(value))).collect()
}

fn exposed(prepared: &Prepared) -> Vec<&str> {
    let mut secrets: Vec<&str> = prepared.secrets.iter().map(Secret::expose).collect();
    secrets.sort_unstable();
    secrets.dedup();
    secrets
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn each_group_is_of_its_first_alternative_that_is_complete() {
    let both = prepared(&[provider(), admin("a"), target()]).unwrap();
    assert_eq!(group(&both, "target"), pairs(&[("object_id", "object-1"), ("login", "app")]));
    assert_eq!(group(&both, "admin"), pairs(&[("id", "admin-app"), ("key", "(secret)")]));
    let mut half = admin("a");
    half.json["custom"][1]["value"] = json!([""]);
    let fallen_back = prepared(&[target(), half, provider()]).unwrap();
    assert_eq!(group(&fallen_back, "admin"), pairs(&[("id", "provider-app"), ("key", "(secret)")]));
    let admin = fallen_back.request.inputs.iter().find(|group| group.name == "admin").unwrap();
    assert_eq!((admin.record.as_str(), admin.role), ("`Azure` (p)", Role::Provider));
}

#[test]
fn a_group_is_never_made_of_two_records() {
    let mut with_id = admin("a");
    with_id.json["custom"][1]["value"] = json!([]);
    let mut with_key = admin("b");
    with_key.json["custom"][0]["value"] = json!([]);
    let (code, message) = refused(&[target(), with_id, with_key]);
    assert_eq!(code, "input-missing");
    let ways = "the plugin needs `admin`: the fields `application_client_id`, `client_secret` in an attached record; \
                or `clientId`, `clientSecret` in the PAM configuration";
    assert!(message.contains(ways), "{message}");
}

#[test]
fn a_pam_configuration_is_no_attached_record_even_if_it_has_the_fields_of_one() {
    assert_eq!(refused(&[target(), admin("p")]).0, "input-missing");
}

#[test]
fn a_value_that_does_not_match_is_told_by_field_record_and_pattern_and_not_shown() {
    let mut target = target();
    target.json["custom"][0]["value"] = json!(["Canary!"]);
    let (code, message) = refused(&[target, admin("a")]);
    assert_eq!(code, "input-unfit");
    let told = "the field `application_object_id` of the record `App` (t) is not what the plugin can work with: it must \
                match [a-z0-9-]+";
    assert!(message.contains(told) && !message.contains("Canary"), "{message}");
}

#[test]
fn n25_a_field_that_is_asked_for_and_there_twice_is_an_error_that_names_both() {
    let twins = |kind: &str, label: &str| {
        let mut admin = admin("a");
        admin.json["custom"].as_array_mut().unwrap().push(field(kind, label, "canary"));
        prepared(&[target(), admin])
    };
    let error = twins("secret", "client_secret").unwrap_err();
    assert_eq!(error.code(), "field-twice");
    let error = error.to_string();
    let both = "of record a `client_secret` may mean two of the custom fields, number 2 of type `secret` and number 4";
    assert!(error.contains(both) && !error.contains("canary"), "{error}");
    assert!(twins("text", "client_secret").is_ok(), "the type tells them apart");
    assert!(twins("text", "comment").is_ok(), "nobody asks for it");
}

#[test]
fn hidden_fields_of_every_record_are_secret_but_for_those_that_are_plain() {
    let stranger = fresh("c", "Other", json!([field("secret", "pin", "4711")]), json!([]));
    let prepared = prepared(&[target(), admin("a"), provider(), stranger]).unwrap();
    let expected = ["4711", "admin-secret", "dummy", "old-secret", "provider-app", "provider-secret"];
    assert_eq!(exposed(&prepared), expected);
}

#[test]
fn of_a_record_that_only_the_params_knew_long_values_are_secret_unless_they_are_asked_for_as_plain() {
    let fields = json!({
        "application_client_id": "is-plain",
        "client_secret": "admin-secret",
        "short": "seven77",
        "host": {"hostName": "db.internal", "port": "22"},
        "pin": 12_345_678,
        "Azure Graph Endpoint": "graph.microsoft.us",
        "token": "a-setting-that-is-secret",
    });
    let from_params = Record::from_params("a", "Admin", fields.as_object().unwrap());
    let prepared = prepared(&[target(), from_params]).unwrap();
    let expected =
        ["12345678", "a-setting-that-is-secret", "admin-secret", "db.internal", "dummy", "old-secret"];
    assert_eq!(exposed(&prepared), expected);
    assert_eq!(group(&prepared, "admin"), pairs(&[("id", "is-plain"), ("key", "(secret)")]));
}

#[test]
fn both_passwords_and_secret_settings_are_secret() {
    let (new, old) = (Secret::new("new-password"), Secret::new(""));
    let sets = [("token".to_owned(), SetValue::File("/token".into(), Secret::new("from a file\n")))];
    let records = [target(), admin("a")];
    let sources = Sources {
        new_password: Some(&new),
        old_password: Some(&old),
        sets: &sets,
        ..records_alone(&records)
    };
    let prepared = prepare_declared(&manifest(), &sources).unwrap();
    let secrets = exposed(&prepared);
    assert!(secrets.contains(&"new-password") && secrets.contains(&"from a file"), "{secrets:?}");
    assert!(!secrets.contains(&""));
    assert_eq!(prepared.request.proposed, None, "a service that makes its own values is proposed none");
}

#[test]
fn a_setting_is_found_in_the_pam_configuration_by_its_alias_and_must_be_of_its_type() {
    let prepared = prepared(&[target(), admin("a"), provider()]).unwrap();
    assert_eq!(prepared.request.settings[0].value, SettingValue::Text("graph.microsoft.us".to_owned()));
    let mut wrong = provider();
    wrong.json["custom"][0]["value"] = json!(["https://graph.microsoft.us/v1.0"]);
    let (code, message) = refused(&[target(), admin("a"), wrong]);
    assert_eq!(code, "settings-invalid");
    assert!(message.contains("`graph`: "), "{message}");
}

#[test]
fn what_is_wrong_with_a_setting_is_told_before_what_is_missing() {
    let records = [target()];
    let sets = [("grph".to_owned(), SetValue::Text(Secret::new("x")))];
    let error =
        prepare_declared(&manifest(), &Sources { sets: &sets, ..records_alone(&records) }).unwrap_err();
    assert_eq!(error.code(), "settings-invalid");
    assert!(error.to_string().contains("did you mean `graph`"), "{error}");
}

#[test]
fn a_missing_target_is_named() {
    let error = prepared(&[admin("a")]).unwrap_err();
    assert_eq!(error, RequestError::NoTarget { uid: "t".to_owned() });
}

#[test]
fn records_are_cut_to_what_can_be_asked_for_and_the_target_comes_first() {
    let stranger = fresh("c", "Other", json!([field("text", "comment", "x")]), json!([]));
    let prepared = prepared(&[provider(), stranger, admin("a"), target()]).unwrap();
    let shape: Vec<_> = prepared
        .request
        .records
        .iter()
        .map(|record| {
            (record.uid.as_str(), record.fields.iter().map(|field| field.label.as_str()).collect::<Vec<_>>())
        })
        .collect();
    let expected = [
        ("t", vec!["application_object_id", "login"]),
        ("p", vec!["clientId", "clientSecret"]),
        ("a", vec!["application_client_id", "client_secret"]),
    ];
    assert_eq!(shape, expected);
}
