//! What a plugin is given, and what is kept from sight.

use serde_json::json;

use super::*;
use crate::cli::SetValue;
use crate::request::parse_manifest;

/// A vault record with its fields as (place, type, label, value).
fn fresh(uid: &str, title: &str, custom: Value, fields: Value) -> Record {
    let json = json!({"title": title, "type": "login", "fields": fields, "custom": custom});
    Record { uid: uid.to_owned(), revision: Some(1), editable: true, json }
}

fn field(kind: &str, label: &str, value: &str) -> Value {
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
    fresh(
        "p",
        "Azure",
        json!([field("text", "Azure Graph Endpoint", "graph.microsoft.us")]),
        json!([
            {"type": "secret", "label": "clientSecret", "value": ["provider-secret"]},
        ]),
    )
}

fn manifest() -> Manifest {
    parse_manifest(
        &json!({
            "name": "plugin", "version": "0.1.0", "strategy": "overlap",
            "records": [
                {"role": "provider", "fields": ["clientSecret"]},
                {"role": "attached", "has": ["application_client_id"],
                 "fields": ["application_client_id", "client_secret"], "plain": ["application_client_id"]},
                {"role": "target", "fields": ["application_object_id", "login"]},
            ],
            "returns": [{"label": "client_secret", "place": "custom", "type": "secret"}],
            "settings": [
                {"key": "graph", "aliases": ["Azure Graph Endpoint"], "type": "text", "default": "graph.test"},
                {"key": "token", "type": "secret"},
            ],
            "hosts": [], "requests": [],
        })
        .to_string(),
    )
    .unwrap()
}

/// Prepares a request from these records alone.
fn prepared(manifest: &Manifest, records: &[Record]) -> Result<Prepared, RequestError> {
    prepare(manifest, &sources(records))
}

fn sources(records: &[Record]) -> Sources<'_> {
    Sources {
        option: "--set",
        target_uid: "t",
        provider_uid: Some("p"),
        records,
        sets: &[],
        config: &[],
        locked: &[],
        new_password: None,
        old_password: None,
    }
}

fn shape(records: &[VaultRecord]) -> Vec<(&str, Role, Vec<&str>)> {
    records
        .iter()
        .map(|VaultRecord { uid, role, fields, .. }| {
            (uid.as_str(), *role, fields.iter().map(|field| field.label.as_str()).collect())
        })
        .collect()
}

fn exposed(prepared: &Prepared) -> Vec<&str> {
    prepared.secrets.iter().map(Secret::expose).collect()
}

#[test]
fn records_are_cut_to_what_the_manifest_names_and_the_target_comes_first() {
    let prepared = prepared(&manifest(), &[provider(), admin("a"), target()]).unwrap();
    assert_eq!(
        shape(&prepared.request.records),
        [
            ("t", Role::Target, vec!["login", "application_object_id"]),
            ("p", Role::Provider, vec!["clientSecret"]),
            ("a", Role::Attached, vec!["application_client_id", "client_secret"]),
        ]
    );
}

#[test]
fn an_attached_record_that_lacks_a_field_of_has_is_not_given() {
    let mut without_value = admin("b");
    without_value.json["custom"][0]["value"] = json!([""]);
    let stranger = fresh("c", "Other", json!([field("secret", "client_secret", "x")]), json!([]));
    let prepared = prepared(&manifest(), &[target(), without_value, stranger]).unwrap();
    assert_eq!(prepared.request.records.len(), 1);
}

#[test]
fn a_provider_that_nobody_asks_for_is_not_given_even_if_it_has_the_fields_of_an_attached_one() {
    let mut manifest = manifest();
    manifest.records.retain(|ask| ask.role != Role::Provider);
    let prepared = prepared(&manifest, &[target(), admin("p")]).unwrap();
    assert_eq!(prepared.request.records.len(), 1);
}

#[test]
fn a_record_that_two_asks_mean_is_given_once_with_the_fields_of_both() {
    let mut manifest = manifest();
    manifest.records.push(RecordAsk {
        role: Role::Attached,
        has: vec!["comment".to_owned()],
        fields: vec!["comment".to_owned()],
        plain: Vec::new(),
    });
    let prepared = prepared(&manifest, &[target(), admin("a")]).unwrap();
    assert_eq!(prepared.request.records[1].fields.len(), 3);
}

#[test]
fn values_that_are_no_text_are_given_as_json() {
    let mut target = target();
    target.json["custom"][0]["value"] = json!(["text", 5, {"port": "22"}, null]);
    let prepared = prepared(&manifest(), &[target]).unwrap();
    let values = prepared.request.records[0].fields[1].values.iter().map(Secret::expose);
    assert_eq!(values.collect::<Vec<_>>(), ["text", "5", r#"{"port":"22"}"#]);
}

#[test]
fn a_standard_field_is_given_by_its_type_under_the_name_that_was_asked_for() {
    let mut target = target();
    target.json["fields"][0]["label"] = "User name".into();
    let fields = |target: &Record| {
        let prepared = prepared(&manifest(), std::slice::from_ref(target)).unwrap();
        let of = |field: &Field| (field.label.clone(), field.values[0].expose().to_owned());
        prepared.request.records[0].fields.iter().map(of).collect::<Vec<_>>()
    };
    let pair = |label: &str, value: &str| (label.to_owned(), value.to_owned());
    let object = pair("application_object_id", "object-1");
    assert_eq!(fields(&target), [pair("login", "app"), object.clone()]);
    target.json["custom"][1] = field("text", "login", "labelled");
    assert_eq!(fields(&target), [object, pair("login", "labelled")]);
}

#[test]
fn hidden_fields_of_every_record_are_secret_granted_or_not() {
    let stranger = fresh("c", "Other", json!([field("secret", "pin", "4711")]), json!([]));
    let prepared = prepared(&manifest(), &[target(), admin("a"), provider(), stranger]).unwrap();
    assert_eq!(exposed(&prepared), ["dummy", "old-secret", "admin-secret", "provider-secret", "4711"]);
}

#[test]
fn of_a_record_that_only_the_params_knew_long_values_are_secret_unless_plain() {
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
    let records = [target(), from_params];
    let prepared = prepared(&manifest(), &records).unwrap();
    let of_params = &exposed(&prepared)[2..];
    let expected =
        ["admin-secret", "db.internal", "12345678", "a-setting-that-is-secret", "a-setting-that-is-secret"];
    assert_eq!(of_params, expected);
}

#[test]
fn both_passwords_and_secret_settings_are_secret() {
    let (new, old) = (Secret::new("new-password"), Secret::new(""));
    let sets = [("token".to_owned(), SetValue::File("/token".into(), Secret::new("from a file\n")))];
    let records = [target()];
    let sources =
        Sources { new_password: Some(&new), old_password: Some(&old), sets: &sets, ..sources(&records) };
    let prepared = prepare(&manifest(), &sources).unwrap();
    assert_eq!(exposed(&prepared), ["dummy", "old-secret", "new-password", "from a file"]);
}

#[test]
fn the_gateways_password_is_proposed_to_in_place_plugins_only() {
    let new = Secret::new("new-password");
    let records = [target()];
    let sources = Sources { new_password: Some(&new), ..sources(&records) };
    let mut manifest = manifest();
    assert_eq!(prepare(&manifest, &sources).unwrap().request.proposed, None);
    manifest.strategy = Strategy::InPlace;
    assert_eq!(prepare(&manifest, &sources).unwrap().request.proposed, Some(new.clone()));
}

#[test]
fn a_missing_target_is_named() {
    let error = prepared(&manifest(), &[admin("a")]).unwrap_err();
    assert_eq!(error, RequestError::NoTarget { uid: "t".to_owned() });
}

#[test]
fn a_setting_is_found_in_the_pam_configuration_by_its_alias() {
    let prepared = prepared(&manifest(), &[target(), provider()]).unwrap();
    assert_eq!(prepared.request.settings[0].value, SettingValue::Text("graph.microsoft.us".to_owned()));
}

#[test]
fn n25_a_field_that_is_asked_for_and_there_twice_is_an_error_that_names_both() {
    let twins = |kind: &str| {
        let mut admin = admin("a");
        admin.json["custom"].as_array_mut().unwrap().push(field(kind, "client_secret", "canary"));
        prepared(&manifest(), &[target(), admin])
    };
    let error = twins("secret").unwrap_err();
    assert_eq!(error.code(), "field-twice");
    let error = error.to_string();
    let both = "of record a `client_secret` may mean two of the custom fields, number 2 of type `secret` and number 4";
    assert!(error.contains(both) && !error.contains("canary"), "{error}");
    assert!(twins("text").is_ok(), "the type tells them apart");
    let mut bystander = admin("a");
    bystander.json["custom"].as_array_mut().unwrap().push(field("text", "comment", "another"));
    assert!(prepared(&manifest(), &[target(), bystander]).is_ok(), "nobody asks for it");
}
