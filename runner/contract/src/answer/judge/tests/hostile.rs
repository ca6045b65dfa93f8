//! Answers that are huge, deep, or anything at all.

use proptest::prelude::*;

use super::listing::{IAM, LIST, SNOWFLAKE};
use super::*;

#[test]
fn huge_and_deep_answers_are_read_or_refused_in_time() {
    let takes = read(
        "outputs = { id = { at = '/id', optional = true }, n = { at = '/v/*', type = 'count', optional = true } }",
    );
    let ten_megabytes = format!(r#"{{"id": "1", "rest": "{}"}}"#, "x".repeat(10 << 20));
    assert_eq!(word(&judge(&takes, &typed(200, "application/json", ten_megabytes.as_bytes()))), "success");
    let zeros = format!(r#"{{"id": {}}}"#, "9".repeat(1 << 20));
    assert!(word(&judge(&takes, &typed(200, "application/json", zeros.as_bytes()))).contains("longer than"));
    let deep = format!("{}{}", "[".repeat(1 << 20), "]".repeat(1 << 20));
    let required = read("outputs = { id = '/id' }");
    assert!(
        word(&judge(&required, &typed(200, "application/json", deep.as_bytes()))).contains("nested too deep")
    );
    let deep = "<a>".repeat(1 << 20);
    let xml = read("outputs = { id = 'xml:a' }");
    assert!(word(&judge(&xml, &typed(200, "text/xml", deep.as_bytes()))).contains("deeper than 128"));
}

proptest! {
    #[test]
    fn what_is_taken_is_what_another_reader_finds(
        id in "[A-Za-z0-9/_.-]{1,40}", flag in any::<bool>(), number in any::<i64>(),
        rows in proptest::collection::vec(proptest::option::of("[a-z0-9]{1,9}"), 0..9),
    ) {
        let takes = read("outputs = { id = '/a/id', flag = { at = '/a/flag', type = 'bool' }, n = { at = '/n', type = 'int' }, rows = { at = '/rows/*/x', type = 'list' }, last = '/a/id|last-segment' }");
        prop_assume!(!id.ends_with('/'));
        let body = json!({"a": {"id": id, "flag": flag}, "n": number, "rows": rows.iter().map(|row| row.as_ref().map_or(json!({}), |row| json!({"x": row}))).collect::<Vec<_>>()});
        let outputs = taken(&takes, &json(200, &body)).outputs;
        prop_assert_eq!(outputs["id"].to_json().unwrap(), body.pointer("/a/id").unwrap().clone());
        prop_assert_eq!(outputs["flag"].to_json().unwrap(), body.pointer("/a/flag").unwrap().clone());
        prop_assert_eq!(outputs["n"].to_json().unwrap(), body.pointer("/n").unwrap().clone());
        let found: Vec<Json> = (0..rows.len()).map(|row| body.pointer(&format!("/rows/{row}/x")).cloned().unwrap_or_default()).collect();
        prop_assert_eq!(outputs["rows"].to_json().unwrap(), json!(found));
        prop_assert_eq!(outputs["last"].to_text().unwrap().to_string(), id.rsplit_once('/').map_or(id.as_str(), |(_, last)| last));
    }

    /// Whatever comes back, an effect is done, or not done, only where the answer says so.
    #[test]
    fn no_answer_makes_judging_panic_or_say_too_much(
        status in 100_u16..600, kind in prop_oneof![Just("application/json"), Just("text/xml"), Just("text/html"), Just("")],
        body in prop_oneof![proptest::collection::vec(any::<u8>(), 0..80), r#"[{}\[\]":,a-ikeysctT<>/ 0-9]{0,60}"#.prop_map(String::into_bytes)],
    ) {
        let answer = typed(status, kind, &body);
        let made = effect(CREATE);
        match judge(&made, &answer) {
            Verdict::Success(got) => prop_assert!(status / 100 == 2 && got.id.is_some() && kind != "text/html"),
            Verdict::Rejected(_) => prop_assert!((status / 100 == 4 && status != 408 && status != 499) || status == 307 || status == 308),
            Verdict::Uncertain { .. } | Verdict::Leak { .. } => {}
            other => prop_assert!(false, "{}", word(&other)),
        }
        let listed = read(LIST);
        let says_of_an_effect = matches!(judge(&listed, &answer), Verdict::Uncertain { .. } | Verdict::Pending(_));
        prop_assert!(!says_of_an_effect);
        let _ = judge(&read(IAM), &answer);
        let _ = judge(&read(ENTRA_TOKEN), &answer);
        let _ = judge(&read(SNOWFLAKE), &answer);
    }
}
