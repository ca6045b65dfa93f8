use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use proptest::prelude::*;
use serde_json::json;

use super::*;

const CANARY: &str = "canary-7f3a";

fn sample() -> Value {
    json!({
        "providerRecordUid": "provider",
        "resourceRecordUid": null,
        "userRecordUid": "target",
        "newPassword": "canary-7f3a new",
        "oldPassword": "",
        "user": "svc",
        "later": {"key": "canary-7f3a later"},
        "records": [
            {"uid": "provider", "title": "Azure", "clientSecret": "canary-7f3a provider", "clientId": "c1"},
            {"uid": "target", "title": "App ✓", "login": "svc", "client_secret": "canary-7f3a target",
             "key": "one", "key_1": "two", "key 1": "three", "port": 443, "flag": true, "none": null,
             "hosts": ["a", {"hostName": "b"}]},
        ],
    })
}

fn parse(bytes: impl AsRef<[u8]>) -> Result<Params, ParamsError> {
    Params::parse(bytes.as_ref(), &Limits::default())
}

fn parse_json(json: &Value) -> Result<Params, ParamsError> {
    parse(encode(json))
}

fn base64(text: &str) -> String {
    STANDARD.encode(text)
}

#[test]
fn all_of_a_line_is_understood() {
    let params = parse_json(&sample()).unwrap();
    assert_eq!(params.user_record_uid, "target");
    assert_eq!(params.provider_record_uid.as_deref(), Some("provider"));
    assert_eq!(params.resource_record_uid, None);
    assert_eq!(params.user.as_deref(), Some("svc"));
    assert_eq!(params.new_password, Some(Secret::new("canary-7f3a new")));
    assert_eq!(params.old_password, None);
    assert_eq!(params.line.expose(), encode(&sample()));
    assert_eq!(params.revealed(), sample());
    assert_eq!(params.warnings(), Vec::<String>::new());
}

#[test]
fn records_keep_every_field_whatever_its_type() {
    let records = parse_json(&sample()).unwrap().records();
    let target = &records[1];
    assert_eq!((target.uid.as_str(), target.title()), ("target", "App ✓"));
    let values = |label| target.field(label).unwrap().values.to_vec();
    assert_eq!(values("key"), [json!("one")]);
    assert_eq!(values("key_1"), [json!("two")]);
    assert_eq!(values("key 1"), [json!("three")]);
    assert_eq!(values("port"), [json!(443)]);
    assert_eq!(values("flag"), [json!(true)]);
    assert_eq!(values("none"), Vec::<Value>::new());
    assert_eq!(values("hosts"), [json!("a"), json!({"hostName": "b"})]);
    assert!(target.field("uid").is_none() && target.field("title").is_none());
}

#[test]
fn records_may_be_missing_null_empty_or_a_plain_array() {
    for records in [json!(null), json!(""), json!(" "), json!([]), json!(base64("null"))] {
        let params = parse(base64(&json!({"userRecordUid": "u", "records": records}).to_string())).unwrap();
        assert!(params.records().is_empty(), "{records}");
    }
    assert!(parse_json(&json!({"userRecordUid": "u"})).unwrap().records().is_empty());
    let plain = parse(base64(&json!({"userRecordUid": "u", "records": [{"uid": "u"}]}).to_string())).unwrap();
    assert_eq!(plain.records().len(), 1);
}

#[test]
fn uids_that_are_absent_null_or_empty_are_none() {
    for uid in [json!(null), json!("")] {
        let json = json!({"userRecordUid": "u", "providerRecordUid": uid, "resourceRecordUid": uid});
        let params = parse_json(&json).unwrap();
        assert_eq!((params.provider_record_uid, params.resource_record_uid), (None, None));
    }
}

#[test]
fn a_record_without_uid_is_left_out_with_a_warning() {
    let json = json!({"userRecordUid": "u", "records": [{"uid": "u"}, {"title": CANARY}, {"uid": 7}]});
    let params = parse_json(&json).unwrap();
    assert_eq!(params.records().len(), 1);
    assert_eq!(params.warnings().len(), 2);
    assert_eq!(params.warnings()[0], "record 2 in the params has no `uid` and is ignored");
}

#[test]
fn a_record_attached_twice_counts_once() {
    let json = json!({"userRecordUid": "u", "records": [{"uid": "u", "a": "1"}, {"uid": "u", "a": "1"}]});
    assert_eq!(parse_json(&json).unwrap().records().len(), 1);
}

#[test]
fn reading_stops_at_the_line_end() {
    let bytes = format!("{}\r\nwhat follows is not ours", encode(&sample()));
    let mut input = bytes.as_bytes();
    let params = Params::read(&mut input, &Limits::default()).unwrap();
    assert_eq!(params.line.expose(), encode(&sample()));
    assert_eq!(input, b"what follows is not ours");
}

#[test]
fn four_mebibytes_are_accepted_and_more_than_the_limit_is_not() {
    let json = json!({"userRecordUid": "u", "records": [{"uid": "u", "note": "n".repeat(3 << 20)}]});
    let line = encode(&json);
    assert!(line.len() > 4 << 20);
    assert!(Params::read(line.as_bytes(), &Limits::default()).is_ok());
    let tight = Limits { params: line.len() - 1, ..Limits::default() };
    let error = Params::read(line.as_bytes(), &tight).unwrap_err();
    assert_eq!(error, ParamsError::TooLarge { limit: line.len() - 1 });
}

#[test]
fn an_endless_line_is_read_no_further_than_the_limit() {
    let limits = Limits { params: 1000, ..Limits::default() };
    let endless = std::io::BufReader::new(std::io::repeat(b'A'));
    assert_eq!(Params::read(endless, &limits).unwrap_err(), ParamsError::TooLarge { limit: 1000 });
}

#[test]
fn each_wrong_input_is_told_apart() {
    let deep = format!("{}{}", "[".repeat(70), "]".repeat(70));
    let records = |records: Value| base64(&json!({"userRecordUid": "u", "records": records}).to_string());
    for (input, code, message) in [
        (String::new(), "params-empty", "the params are empty"),
        (" \r\n".to_owned(), "params-empty", "the params are empty"),
        ("e30*".to_owned(), "params-not-base64", "the params are not base64: wrong character at position 4"),
        (
            "e30=e30=".to_owned(),
            "params-not-base64",
            "the params are not base64: wrong character at position 5",
        ),
        ("e30AA".to_owned(), "params-cut-short", "the params stop in the middle: the end is missing"),
        (base64(r#"{"a": ["#), "params-cut-short", "the params stop in the middle: the end is missing"),
        (
            STANDARD.encode(b"{\"\xff\"}"),
            "params-not-utf8",
            "the params hold text that is not UTF-8, from byte 3 on",
        ),
        (
            base64(CANARY),
            "params-not-json",
            "the params are not JSON: wrong at line 1, column 1 of the decoded text",
        ),
        (base64(&deep), "params-too-deep", "the params are nested deeper than 64 levels"),
        (base64("\"canary-7f3a\""), "params-not-an-object", "the params are a text, not a JSON object"),
        (
            base64("{}"),
            "no-user-record-uid",
            "the params have no `userRecordUid`, so there is no record to rotate",
        ),
        (
            base64(r#"{"userRecordUid":""}"#),
            "no-user-record-uid",
            "the params have no `userRecordUid`, so there is no record to rotate",
        ),
        (
            base64(r#"{"userRecordUid":"u","newPassword":["canary-7f3a"]}"#),
            "params-wrong-type",
            "`newPassword` in the params is a list, not a text",
        ),
        (
            records(json!({"a": CANARY})),
            "records-not-a-list",
            "`records` in the params are an object, not a list",
        ),
        (
            records(json!([CANARY])),
            "record-not-an-object",
            "record 1 of the params' `records` is a text, not a JSON object",
        ),
        (
            records(json!("canary_7f3a!")),
            "records-not-base64",
            "`records` in the params are not base64: wrong character at position 12",
        ),
        (
            records(json!(base64("[{\"uid\":"))),
            "records-cut-short",
            "`records` in the params stop in the middle: the end is missing",
        ),
        (
            records(json!(STANDARD.encode(b"[\"\xff\"]"))),
            "records-not-utf8",
            "`records` in the params hold text that is not UTF-8, from byte 3 on",
        ),
        (
            records(json!(base64("[canary-7f3a]"))),
            "records-not-json",
            "`records` in the params are not JSON: wrong at line 1, column 2 of the decoded text",
        ),
        (
            records(json!(base64(&deep))),
            "records-too-deep",
            "`records` in the params are nested deeper than 64 levels",
        ),
    ] {
        let error = parse(&input).unwrap_err();
        assert_eq!((error.code(), error.to_string().as_str()), (code, message));
        assert!(!format!("{error:?} {}", error.hint()).contains(CANARY));
    }
}

#[test]
fn nesting_of_any_depth_is_refused_without_following_it() {
    for opening in ["[", "{\"a\":"] {
        let error = parse(base64(&opening.repeat(1_000_000))).unwrap_err();
        assert_eq!(error, ParamsError::TooDeep { part: Part::Params, limit: 64 });
    }
}

#[test]
fn brackets_within_texts_do_not_count_as_nesting() {
    let json = json!({"userRecordUid": "u", "user": format!("\\\"{}", "[".repeat(500))});
    assert_eq!(parse_json(&json).unwrap().revealed(), json);
}

#[test]
fn masked_shows_no_value_but_uids_titles_and_the_login() {
    let masked = parse_json(&sample()).unwrap().masked();
    assert!(!masked.to_string().contains(CANARY));
    assert_eq!(masked["userRecordUid"], "target");
    assert_eq!(masked["user"], "svc");
    assert_eq!(masked["newPassword"], "********");
    assert_eq!(masked["oldPassword"], "********");
    assert_eq!(masked["resourceRecordUid"], json!(null));
    assert_eq!(masked["later"], "********");
    let target = &masked["records"][1];
    assert_eq!((&target["uid"], &target["title"]), (&json!("target"), &json!("App ✓")));
    assert_eq!((&target["login"], &target["hosts"]), (&json!("********"), &json!("********")));
    assert_eq!(target["none"], json!(null));
}

#[test]
fn a_title_that_is_no_text_is_masked_like_a_field() {
    let json = json!({"userRecordUid": "u", "records": [{"uid": "u", "title": [CANARY]}]});
    assert!(!parse_json(&json).unwrap().masked().to_string().contains(CANARY));
}

#[test]
fn debug_shows_no_value() {
    let shown = format!("{:?}", parse_json(&sample()).unwrap());
    assert!(shown.contains("target") && !shown.contains(CANARY));
}

#[test]
fn plain_json_becomes_a_line_that_is_read_as_what_it_was() {
    let line = encode_json(format!("\u{feff}{:#}\n", sample()).as_bytes(), &Limits::default()).unwrap();
    assert_eq!(line.expose(), encode(&sample()));
    assert_eq!(encode_json(b" \n", &Limits::default()), Err(ParamsError::Empty));
    assert_eq!(encode_json(b"{}", &Limits::default()), Err(ParamsError::NoUserRecordUid));
}

/// A JSON value as the gateway may put it into a record.
fn field_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..4)
                .prop_map(|pairs| Value::from(Map::from_iter(pairs))),
        ]
    })
}

fn params_json() -> impl Strategy<Value = Value> {
    let record = prop::collection::vec((any::<String>(), field_value()), 0..5)
        .prop_map(|pairs| Value::from(Map::from_iter(pairs)));
    (".+", any::<String>(), prop::collection::vec(record, 0..4)).prop_map(
        |(uid, password, records)| json!({"userRecordUid": uid, "newPassword": password, "records": records}),
    )
}

/// The base64 text as some shell delivers it.
fn transported(text: &str, ending: &str, form: &str) -> Vec<u8> {
    let line = format!("{text}{ending}");
    let wide = |unit: fn(u16) -> [u8; 2]| line.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
    match form {
        "utf-8 with bom" => [b"\xef\xbb\xbf", line.as_bytes()].concat(),
        "utf-16le" => wide(u16::to_le_bytes),
        "utf-16be" => wide(u16::to_be_bytes),
        "utf-16le with bom" => [vec![0xff, 0xfe], wide(u16::to_le_bytes)].concat(),
        "utf-16be with bom" => [vec![0xfe, 0xff], wide(u16::to_be_bytes)].concat(),
        _ => line.into_bytes(),
    }
}

proptest! {
    #[test]
    fn every_form_of_transport_delivers_what_was_encoded(
        json in params_json(),
        outer in prop::sample::select(vec![STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD]),
        inner in prop::sample::select(vec![STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD]),
        ending in prop::sample::select(vec!["", "\n", "\r\n", " \r\n", "\n\n"]),
        form in prop::sample::select(vec![
            "utf-8", "utf-8 with bom", "utf-16le", "utf-16be", "utf-16le with bom", "utf-16be with bom",
        ]),
    ) {
        let mut packed = json.clone();
        packed["records"] = inner.encode(json["records"].to_string()).into();
        let input = transported(&outer.encode(packed.to_string()), ending, form);
        let params = Params::read(&*input, &Limits::default()).unwrap();
        prop_assert_eq!(params.revealed(), json);
    }

    #[test]
    fn any_bytes_end_in_params_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes);
        let _ = parse(STANDARD.encode(&bytes));
    }
}

#[test]
fn the_line_is_kept_byte_for_byte_too() {
    let line = encode(&sample());
    for (before, end) in [("", "\n"), ("", ""), ("\u{feff}", "\r\n"), ("  ", " \n")] {
        let raw = format!("{before}{line}{end}");
        let params = parse(format!("{raw}{}", if end.is_empty() { "" } else { "more\n" })).unwrap();
        assert_eq!(params.raw.expose(), raw.as_bytes());
    }
}
