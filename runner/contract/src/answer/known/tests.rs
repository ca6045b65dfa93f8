//! What a secret looks like in a longer text.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn known(secrets: &[&str]) -> Known {
    let mut known = Known::default();
    for secret in secrets {
        known.add(&Value::text(*secret).secret());
    }
    known
}

#[test]
fn a_long_secret_is_found_in_every_form() {
    let secret = "hunter2\"+/~Ärger ΣΑΣ ß\n";
    let known = known(&[secret]);
    let percent: String = secret.bytes().fold(String::new(), |text, byte| format!("{text}%{byte:02X}"));
    let hex: String = secret.bytes().fold(String::new(), |text, byte| format!("{text}{byte:02X}"));
    for text in [
        secret.to_owned(),
        format!("before {secret} after"),
        secret.to_uppercase(),
        secret.to_lowercase(),
        STANDARD.encode(secret),
        STANDARD.encode(format!("a:{secret}")),
        STANDARD.encode(format!("user:{secret}:x")),
        URL_SAFE_NO_PAD.encode(format!("ab:{secret}x")),
        hex,
        percent,
        serde_json::to_string(secret).unwrap(),
    ] {
        assert!(known.meets_text(&text), "{text}");
    }
    for text in ["", "hunter", "something else", "hunter2"] {
        assert!(!known.meets_text(text), "{text}");
    }
}

#[test]
fn a_short_secret_counts_alone_and_not_within() {
    let known = known(&["pass"]);
    assert!(
        known.meets_text("pass")
            && known.meets_text("PASS")
            && known.meets_text("cGFzcw==")
            && known.meets_text("70617373")
    );
    assert!(!known.meets_text("passport") && !known.meets_text("a pass"));
}

#[test]
fn values_of_all_kinds_are_compared() {
    let mut known = known(&["12345678", "hunter2hunter2"]);
    assert!(known.meets(&Value::integer(12_345_678)) && known.has(&Value::integer(12_345_678)));
    assert!(known.meets(&Value::json(json!({"a": [{"b": "x hunter2hunter2"}]}))));
    assert!(known.meets(&Value::json(json!({"hunter2hunter2": 1}))));
    assert!(!known.meets(&Value::json(json!({"a": [true, null, 1234]}))));
    assert!(known.meets(&Value::bytes(b"hunter2hunter2".to_vec())));
    known.add(&Value::bytes(vec![0xff; 16]).secret());
    assert!(known.has(&Value::bytes(vec![0xff; 16])) && known.meets_text(&STANDARD.encode([0xff; 16])));
    known.add(&Value::json(json!({"k": "v"})).secret());
    assert!(known.has(&Value::json(json!({"k": "v"}))) && known.meets_text(r#"{"k":"v"}"#));
    let before = format!("{known:?}");
    known.add(&Value::text(""));
    known.add(&Value::text("HUNTER2HUNTER2"));
    assert_eq!(before, "Known(4 secrets)");
    assert!(!known.meets_text("") && !before.contains("hunter2"));
}

#[test]
fn a_pair_of_json_escapes_is_one_character() {
    let known = known(&["key\u{1f511}-\u{1f511}key"]);
    assert!(known.meets_text("key\\ud83d\\udd11-\\uD83D\\uDD11key"));
    assert!(!known.meets_text("key\\ud83d") && !known.meets_text("\\u") && !known.meets_text("\\"));
}

#[test]
fn what_is_encoded_is_not_within() {
    let known = known(&["hunter2hunter2", "pin"]);
    assert!(known.within(&Value::text("a/Hunter2Hunter2/b")) && known.within(&Value::text("pin")));
    let encoded = STANDARD.encode("{\"token\": \"hunter2hunter2\"}");
    assert!(
        known.meets_text(&encoded)
            && !known.within(&Value::text(encoded))
            && !known.within(&Value::text("pins"))
    );
}

proptest! {
    #[test]
    fn a_secret_is_found_wherever_it_stands(secret in "[ -~ä]{8,30}", before in "[a-z]{0,5}", after in "[a-z]{0,5}") {
        let known = known(&[&secret]);
        let text = format!("{before}{secret}{after}");
        prop_assert!(known.meets_text(&text));
        prop_assert!(known.meets_text(&STANDARD.encode(&text)));
        prop_assert!(known.meets_text(&URL_SAFE_NO_PAD.encode(&text)));
        prop_assert!(known.meets_text(&serde_json::to_string(&text).unwrap()));
    }

    #[test]
    fn other_texts_are_not_taken_for_it(secret in "[a-m]{8,20}", text in "[n-z0-9 -]{0,60}") {
        prop_assert!(!known(&[&secret]).meets_text(&text));
    }
}
