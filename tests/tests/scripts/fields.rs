//! What a script's answer says of fields, and what the record says of them.

use pamrun_tests::canary::random_text;
use pamrun_tests::gateway::Run;
use pamrun_tests::record::{Record, value};
use serde_json::{Value, json};

use crate::bench::Bench;

/// Runs a script that answers with these updates, and says their values, as `set -x` would. In its own
/// text no value stands in one piece.
fn answer(bench: &Bench, updates: &Value) -> Run {
    let value = updates[0]["value"].as_str().unwrap();
    let (one, other) = value.split_at(value.len() / 2);
    let updates = json!({"updates": updates}).to_string().replace(value, "'\"$new\"'");
    let text = format!("read -r line\nnew='{one}''{other}'\necho \"it is $new\"\necho '{updates}'\n");
    bench.run(bench.exec_text("answer.sh", text))
}

fn with(custom: Value) -> Bench {
    let bench = Bench::new();
    bench.gateway.vault().edit(&bench.record.uid, |record| record["custom"] = custom);
    bench
}

#[test]
fn n5_n6_an_update_without_a_type_is_what_the_record_says_and_else_secret() {
    for (kind, is_secret) in
        [(Some("secret"), true), (Some("pinCode"), true), (Some("text"), false), (None, true)]
    {
        let new = random_text(24);
        let field = kind.map(|kind| json!({"type": kind, "label": "it", "value": ["old"]}));
        let bench = with(json!(field.as_slice()));
        if is_secret {
            bench.gateway.plant("the new value", &new);
        }
        let run = answer(&bench, &json!([{"label": "it", "value": new}]));
        run.ends("ran", 0);
        let saved = bench.gateway.vault().record(&bench.record.uid);
        assert_eq!(value(&saved, "it"), &json!(new), "{run}");
        assert_eq!(saved["custom"][0]["type"], kind.unwrap_or("secret"), "{run}");
        let shown = if is_secret { "********" } else { new.as_str() };
        assert_eq!(run.outcome["updates"][0]["value"], shown, "{run}");
    }
}

#[test]
fn n5_a_text_for_a_secret_field_is_secret_and_so_is_one_whose_label_or_screen_says_so() {
    for (field, label) in [
        (json!({"type": "secret", "label": "it", "value": ["old"]}), "it"),
        (json!({"type": "note", "label": "it", "value": ["old"]}), "it"),
        (json!({"type": "text", "label": "it", "value": ["old"], "privacyScreen": true}), "it"),
        (json!({"type": "text", "label": "api_key", "value": ["old"]}), "api_key"),
        (json!({"type": "text", "label": "another", "value": ["old"]}), "auth_token"),
    ] {
        let new = random_text(24);
        let bench = with(json!([field]));
        bench.gateway.plant("the new value", &new);
        let run = answer(&bench, &json!([{"label": label, "type": "text", "value": new}]));
        run.ends("ran", 0);
        assert_eq!(run.outcome["updates"][0]["value"], "********", "{run}");
        let saved = bench.gateway.vault().record(&bench.record.uid);
        assert_eq!(value(&saved, label), &json!(new), "{run}");
    }
}

#[test]
fn n6_a_record_without_lists_takes_new_fields() {
    let bench = with(Value::Null);
    let run = answer(&bench, &json!([{"label": "key_name", "type": "text", "value": "k2"}]));
    run.ends("ran", 0);
    let saved = bench.gateway.vault().record(&bench.record.uid);
    assert_eq!(saved["custom"], json!([{"type": "text", "label": "key_name", "value": ["k2"]}]), "{run}");
}

#[test]
fn n9_a_date_is_saved_as_keeper_keeps_it_and_read_back_as_the_same() {
    let date = json!([{"type": "expirationDate", "label": "ends", "value": []}]);
    for text in ["2027-01-01T00:00:00Z", "2027-01-01", "2027-01-01T01:00:00+01:00", "1798761600000"] {
        let bench = with(date.clone());
        let run = answer(&bench, &json!([{"label": "ends", "type": "text", "value": text}]));
        run.ends("ran", 0);
        let saved = bench.gateway.vault().record(&bench.record.uid);
        assert_eq!(saved["custom"][0]["value"], json!([1_798_761_600_000_i64]), "{run}");
    }
    let bench = with(date.clone());
    let run = answer(&bench, &json!([{"label": "ends", "type": "text", "value": "next spring"}]));
    run.ends("uncertain", 5);
    assert!(run.outcome["error"]["message"].as_str().unwrap().contains("2027-01-31T12:00:00Z"), "{run}");
    assert_eq!(bench.gateway.vault().record(&bench.record.uid)["custom"], date, "{run}");
}

#[test]
fn n25_two_fields_of_one_label_are_named_and_neither_is_guessed() {
    let twins = json!([
        {"type": "secret", "label": "api_key", "value": ["a"]},
        {"type": "secret", "label": "api_key", "value": ["b"]},
    ]);
    let bench = with(twins.clone());
    let new = random_text(24);
    bench.gateway.plant("the new value", &new);
    let run = answer(&bench, &json!([{"label": "api_key", "type": "secret", "value": new}]));
    run.ends("uncertain", 5);
    let message = run.outcome["error"]["message"].as_str().unwrap().to_owned();
    let both = "`api_key` may mean two of the custom fields, number 1 of type `secret` and number 2 of type `secret`";
    assert!(message.contains(both), "{run}");
    let custom = bench.gateway.vault().record(&bench.record.uid)["custom"].clone();
    assert_eq!(custom.as_array().unwrap()[..2], twins.as_array().unwrap()[..], "{run}");
    assert!(bench.saved("pamrun_rescued").contains(&new), "{run}");
}

#[test]
fn n25_the_place_or_the_type_tells_two_fields_apart() {
    let bench = Bench::of(Record::pam_user("Router").standard("text", "note", "standard"));
    bench.gateway.vault().edit(&bench.record.uid, |record| {
        record["custom"] = json!([
            {"type": "url", "label": "note", "value": ["https://example.com"]},
            {"type": "text", "label": "note", "value": ["old"]},
        ]);
    });
    let run = answer(&bench, &json!([{"label": "note", "type": "text", "value": "new"}]));
    run.ends("ran", 0);
    let custom = bench.gateway.vault().record(&bench.record.uid)["custom"].clone();
    assert_eq!(
        (&custom[0]["value"][0], &custom[1]["value"][0]),
        (&json!("https://example.com"), &json!("new"))
    );
}
