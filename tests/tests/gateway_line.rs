//! The gateway's line, right and wrong: what can be read is read, and what cannot is explained.

use std::collections::HashSet;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};
use pamrun_tests::azure::Azure;
use pamrun_tests::canary::random_text;
use pamrun_tests::gateway::Run;
use pamrun_tests::params::line_of;
use serde_json::{Value, json};

/// Plans a rotation from this line, without doing it.
#[track_caller]
fn reads(azure: &Azure, line: Vec<u8>) -> Run {
    let run = azure.run(azure.exec().argument("--dry-run").input(line));
    run.ends("planned", 0);
    run
}

/// Refuses this line; returns the message.
#[track_caller]
fn refuses(azure: &Azure, line: impl Into<Vec<u8>>) -> String {
    let run = azure.run(azure.exec().input(line.into()));
    run.ends("invalid", 2);
    assert_eq!(azure.cloud.requests(), [], "{run}");
    run.outcome["error"]["message"].as_str().unwrap().to_owned()
}

/// The params with one key changed.
fn with(azure: &Azure, key: &str, value: Value) -> Value {
    let mut json = azure.params().json();
    json[key] = value;
    json
}

#[test]
fn every_alphabet_padding_and_line_end_is_read() {
    let azure = Azure::new();
    let text = azure.params().json().to_string();
    let forms = [
        BASE64_STANDARD.encode(&text),
        BASE64_STANDARD_NO_PAD.encode(&text),
        BASE64_URL_SAFE.encode(&text),
        BASE64_URL_SAFE_NO_PAD.encode(&text),
    ];
    for (form, end) in forms.iter().zip(["\n", "\r\n", "", "  \n"]) {
        reads(&azure, format!("{form}{end}").into_bytes());
    }
}

#[test]
fn what_powershell_makes_of_the_line_is_read() {
    let azure = Azure::new();
    let line = String::from_utf8(azure.params().line()).unwrap();
    let with_mark = format!("\u{feff}{}\r\n", line.trim_end());
    reads(&azure, with_mark.clone().into_bytes());
    reads(&azure, with_mark.encode_utf16().flat_map(u16::to_le_bytes).collect());
    reads(&azure, line.encode_utf16().flat_map(u16::to_le_bytes).collect());
    reads(&azure, with_mark.encode_utf16().flat_map(u16::to_be_bytes).collect());
}

#[test]
fn only_the_first_line_counts() {
    let azure = Azure::new();
    reads(&azure, [azure.params().line(), b"and something else\n".to_vec()].concat());
}

#[test]
fn records_may_come_as_a_plain_array() {
    let azure = Azure::new();
    reads(&azure, line_of(&with(&azure, "records", azure.params().records.into())));
}

#[test]
fn records_may_be_missing_when_the_vault_has_the_target_and_the_pam_configuration() {
    for records in [Some(Value::Null), Some("".into()), Some(json!([])), None] {
        let mut azure = Azure::new();
        azure.provider = Some(pamrun_tests::record::Record::pam_azure_configuration(
            &azure.admin.app_id,
            &azure.admin_secret.value,
            &azure.admin.tenant,
        ));
        let mut json = azure.params().json();
        match records {
            Some(records) => json["records"] = records,
            None => drop(json.as_object_mut().unwrap().remove("records")),
        }
        reads(&azure, line_of(&json));
    }
}

#[test]
fn uids_of_what_is_not_there_may_be_absent_or_empty() {
    let azure = Azure::new();
    for value in [Value::Null, "".into()] {
        for key in ["providerRecordUid", "resourceRecordUid"] {
            reads(&azure, line_of(&with(&azure, key, value.clone())));
        }
    }
    let mut json = azure.params().json();
    for key in ["providerRecordUid", "resourceRecordUid", "oldPassword", "newPassword", "user"] {
        json.as_object_mut().unwrap().remove(key);
    }
    json["someday"] = json!({"unknown": ["kept", 1, null]});
    reads(&azure, line_of(&json));
}

#[test]
fn record_values_of_every_kind_are_read() {
    let azure = Azure::new();
    let mut params = azure.params();
    let odd = json!({"uid": "AAAAAAAAAAAAAAAAAAAAAA", "title": "Odd", "text": "a", "list": ["a", {"b": 1}], "object": {"c": []},
        "null": null, "bool": true, "number": 1.5, "big": 12_345_678_901_234_567_890_u64});
    params.records.push(odd);
    reads(&azure, params.line());
}

#[test]
fn four_mebibytes_are_read() {
    let azure = Azure::new();
    let mut params = azure.params();
    params
        .records
        .push(json!({"uid": "AAAAAAAAAAAAAAAAAAAAAA", "title": "Large", "pem": "x".repeat(4 << 20)}));
    reads(&azure, params.line());
}

#[test]
fn each_wrong_line_has_a_message_of_its_own() {
    let azure = Azure::new();
    let secret = random_text(30);
    azure.gateway.plant("something in the wrong line", &secret);
    let deep = format!("{{\"userRecordUid\":\"{secret}\",\"a\":{}{}}}", "[".repeat(500), "]".repeat(500));
    let mut without_uid = azure.params().json();
    without_uid.as_object_mut().unwrap().remove("userRecordUid");
    let wrong = [
        ("empty", Vec::new()),
        ("not base64", format!("{{\"newPassword\":\"{secret}\"}}\n").into_bytes()),
        ("not JSON", BASE64_STANDARD.encode(format!("newPassword={secret}")).into_bytes()),
        ("not an object", line_of(&json!([secret]))),
        ("records not decodable", line_of(&with(&azure, "records", format!("%{secret}").into()))),
        ("no userRecordUid", line_of(&without_uid)),
        ("too deep", BASE64_STANDARD.encode(deep).into_bytes()),
        ("too large", vec![b'A'; 40 << 20]),
    ];
    let mut messages = HashSet::new();
    for (what, line) in wrong {
        let message = refuses(&azure, line);
        assert!(messages.insert(message.clone()), "{what} is explained like another mistake: {message}");
    }
}

#[test]
fn nothing_but_a_line_end_is_empty_too() {
    let azure = Azure::new();
    let empty = refuses(&azure, "");
    for line in ["\n", "\r\n", "  \n", "\u{feff}\r\n"] {
        assert_eq!(refuses(&azure, line), empty);
    }
}

#[test]
fn records_that_are_no_array_of_objects_are_refused() {
    let azure = Azure::new();
    let encoded = |json: Value| Value::from(BASE64_STANDARD.encode(json.to_string()));
    for records in
        [encoded(json!({"uid": "x"})), encoded(json!(["x"])), json!([7]), json!(7), "bm90IEpTT04=".into()]
    {
        let message = refuses(&azure, line_of(&with(&azure, "records", records)));
        assert!(message.contains("records"), "{message}");
    }
}

#[test]
fn a_user_record_uid_that_is_empty_or_no_text_is_refused() {
    let azure = Azure::new();
    for uid in [Value::Null, "".into(), json!(7), json!(["x"])] {
        let message = refuses(&azure, line_of(&with(&azure, "userRecordUid", uid)));
        assert!(message.contains("userRecordUid"), "{message}");
    }
}

#[test]
fn decode_masks_and_encode_is_its_reverse() {
    let azure = Azure::new();
    azure.fill_vault();
    let json = azure.params().json();
    let plain = |mut json: Value| {
        json["records"] = azure.params().records.into();
        json
    };
    let file = azure.gateway.write_input("params.json", plain(json).to_string());
    let encode = azure.gateway.command(&["params", "encode"]).argument(file).capture_secret_stdout();
    let encoded = encode.run(Vec::new);
    assert_eq!(encoded.exit, Some(0), "{encoded}");
    let decode = |reveal: bool| {
        let run = azure.gateway.command(&["params", "decode"]).input(encoded.stdout.clone().into_bytes());
        let run = if reveal { run.reveal() } else { run };
        run.run(Vec::new)
    };
    let masked = decode(false);
    assert_eq!(masked.exit, Some(0), "{masked}");
    assert_eq!(masked.outcome["userRecordUid"], azure.record.uid, "{masked}");
    let title = &masked.outcome["records"][1]["title"];
    assert_eq!(*title, azure.record.json["title"], "{masked}");
    let revealed = decode(true);
    assert_eq!(revealed.outcome, plain(azure.params().json()), "{revealed}");
}
