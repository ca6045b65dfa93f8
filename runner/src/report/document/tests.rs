//! What the outcome document says, in which order, and what it keeps to itself.

use serde_json::{Value, json};

use super::*;
use crate::model::StepName;
use crate::rotation::ErrorInfo;
use crate::secret::Secret;

const CANARY: &str = "hunter2";

fn redact(text: &str) -> String {
    text.replace(CANARY, "[redacted]")
}

fn update(label: &str, kind: &str, value: &str) -> Update {
    let values = vec![Secret::new(value)];
    Update { label: label.to_owned(), place: Place::Custom, kind: kind.to_owned(), values }
}

fn listed(id: &str, label: &str, expires: Option<&str>) -> Listed {
    Listed { id: id.to_owned(), label: label.to_owned(), expires: expires.map(str::to_owned) }
}

fn outcome() -> Outcome {
    Outcome {
        kind: OutcomeKind::Rotated,
        plan: Some(Plan {
            target: "tenant/app".to_owned(),
            creates: "a secret that ends 2032-01-01".to_owned(),
            removes: vec![listed("k0", "by hand", Some("2031-01-01T00:00:00Z")), listed("k1", "", None)],
            ..Plan::default()
        }),
        updates: vec![update("client_secret", "secret", "s3cret"), update("client_secret_id", "text", "k2")],
        saved: true,
        proof: Some("verified"),
        removed: vec!["k0".to_owned()],
        retained: vec![listed("k1", "", None)],
        deliveries: vec![delivery(None), delivery(Some(error()))],
        steps: vec![
            StepTiming { name: "get".to_owned(), elapsed: Duration::from_micros(900), requests: 0 },
            StepTiming::of(StepName::Rotate, Duration::from_millis(41), 2),
        ],
        findings: vec![finding()],
        warnings: vec!["k1 stays".to_owned()],
        error: None,
    }
}

fn finding() -> Finding {
    Finding {
        level: Level::Info,
        code: "many-secrets".to_owned(),
        message: "the app has many secrets".to_owned(),
        fix: None,
    }
}

fn delivery(error: Option<ErrorInfo>) -> Delivery {
    Delivery {
        name: "file".to_owned(),
        target: "file:/app/.env".to_owned(),
        creates: "the key SECRET".to_owned(),
        id: error.is_none().then(|| "SECRET".to_owned()),
        proof: error.is_none().then_some("verified"),
        error,
    }
}

fn error() -> ErrorInfo {
    ErrorInfo {
        code: "host-not-allowed".to_owned(),
        step: Some("preflight".to_owned()),
        message: "graph.test is not allowed".to_owned(),
        hint: Some("--allow-host graph.test".to_owned()),
    }
}

fn plugin() -> PluginInfo {
    PluginInfo::wasm("azure-app-secret", "0.1.0", Digest::of(b""))
}

fn document(outcome: &Outcome, reveal: bool) -> Document {
    let plugin = plugin();
    let report = Report { rotation_id: Some("r1"), record_uid: Some("u1"), plugin: Some(&plugin), reveal };
    report.document(outcome, &redact)
}

/// The document of a rotation that went well, for the tests of its renderings.
pub(in crate::report) fn rotated() -> Document {
    document(&outcome(), false)
}

/// The document of one that was refused before it began.
pub(in crate::report) fn failed() -> Document {
    Report { record_uid: Some("u1"), ..Report::default() }
        .document(&Outcome::of_error(OutcomeKind::Refused, error()), &redact)
}

#[test]
fn names_and_order_are_those_of_the_contract() {
    let expected = r#"{"schema":1,"outcome":"rotated","rotation_id":"r1","record_uid":"u1","plugin":{"name":"azure-app-secret","version":"0.1.0","runtime":"wasm","sandbox":"wasm","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},"plan":{"target":"tenant/app","creates":"a secret that ends 2032-01-01","removes":[{"id":"k0","label":"by hand","expires":"2031-01-01T00:00:00Z"},{"id":"k1","label":"","expires":null}]},"updates":[{"label":"client_secret","place":"custom","type":"secret","value":"********"},{"label":"client_secret_id","place":"custom","type":"text","value":"k2"}],"saved":true,"proof":"verified","removed":["k0"],"retained":[{"id":"k1","label":"","expires":null}],"deliveries":[{"name":"file","target":"file:/app/.env","creates":"the key SECRET","delivered":true,"proof":"verified","id":"SECRET","error":null},{"name":"file","target":"file:/app/.env","creates":"the key SECRET","delivered":false,"proof":null,"id":null,"error":{"code":"host-not-allowed","step":"preflight","message":"graph.test is not allowed","hint":"--allow-host graph.test"}}],"steps":[{"name":"get","ms":0,"requests":0},{"name":"rotate","ms":41,"requests":2}],"warnings":["k1 stays"],"error":null,"findings":[{"level":"info","code":"many-secrets","message":"the app has many secrets","fix":null}]}"#;
    assert_eq!(serde_json::to_string(&rotated()).unwrap(), expected);
}

#[test]
fn an_early_error_is_a_document_with_the_same_keys() {
    let keys = |document: &Document| match serde_json::to_value(document).unwrap() {
        Value::Object(map) => map.into_iter().map(|(key, _)| key).collect::<Vec<_>>(),
        other => panic!("{other}"),
    };
    assert_eq!(keys(&failed()), keys(&rotated()));
    let json = serde_json::to_value(failed()).unwrap();
    assert_eq!((&json["plugin"], &json["rotation_id"]), (&Value::Null, &Value::Null));
    assert_eq!(
        json["error"],
        json!({
            "code": "host-not-allowed", "step": "preflight",
            "message": "graph.test is not allowed", "hint": "--allow-host graph.test",
        })
    );
}

#[test]
fn the_word_of_every_outcome_is_the_same_in_json_and_text() {
    use OutcomeKind as Kind;
    for kind in [
        Kind::Rotated,
        Kind::Planned,
        Kind::Ran,
        Kind::Refused,
        Kind::Limit,
        Kind::Failed,
        Kind::Uncertain,
        Kind::Invalid,
        Kind::Internal,
    ] {
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.word());
    }
}

#[test]
fn secret_values_are_masked_unless_they_are_to_be_revealed() {
    let mut outcome = outcome();
    outcome.updates[0].values.push(Secret::new("second"));
    let masked = serde_json::to_value(document(&outcome, false)).unwrap();
    assert_eq!(masked["updates"][0]["value"], "********");
    let revealed = serde_json::to_value(document(&outcome, true)).unwrap();
    assert_eq!(revealed["updates"][0]["value"], json!(["s3cret", "second"]));
}

#[test]
fn to_reveal_updates_reveals_nothing_else() {
    let mut outcome = outcome();
    outcome.updates = vec![update("client_secret", "secret", CANARY), update("note", "text", CANARY)];
    outcome.warnings = vec![CANARY.to_owned()];
    let revealed = serde_json::to_string(&document(&outcome, true)).unwrap();
    assert_eq!(revealed.matches(CANARY).count(), 2);
}

#[test]
fn no_text_escapes_the_redactor() {
    let canary = || CANARY.to_owned();
    let everywhere = Outcome {
        plan: Some(Plan {
            target: canary(),
            creates: canary(),
            removes: vec![listed(CANARY, CANARY, Some(CANARY))],
            findings: vec![Finding::text(canary())],
            ..Plan::default()
        }),
        updates: vec![update(CANARY, CANARY, CANARY), update("x", "secret", CANARY)],
        removed: vec![canary()],
        retained: vec![listed(CANARY, CANARY, Some(CANARY))],
        warnings: vec![canary()],
        error: Some(ErrorInfo {
            code: canary(),
            step: Some(canary()),
            message: canary(),
            hint: Some(canary()),
        }),
        ..outcome()
    };
    let plugin = PluginInfo::wasm(CANARY, CANARY, Digest::of(b""));
    let report = Report { plugin: Some(&plugin), record_uid: Some(CANARY), ..Report::default() };
    let text = serde_json::to_string(&report.document(&everywhere, &redact)).unwrap();
    assert!(!text.contains(CANARY), "{text}");
    assert!(text.contains("[redacted]"));
}
