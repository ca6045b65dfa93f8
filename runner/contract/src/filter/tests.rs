//! Each filter with its vectors.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::rsa_key::tests::RFC_7515_A2;
use crate::value::Json;

fn apply(chain: &str, value: Value) -> Result<Option<Value>, String> {
    let filters: Vec<Filter> = chain.split('|').map(|filter| filter.parse().unwrap()).collect();
    apply_all(&filters, value).map_err(|error| error.to_string())
}

fn text(chain: &str, value: &str) -> String {
    apply(chain, Value::text(value)).unwrap().unwrap().to_text().unwrap().to_string()
}

fn fails(chain: &str, value: Value) -> String {
    apply(chain, value).unwrap_err()
}

#[test]
fn what_stands_before_or_after_a_text_is_taken_at_the_first_one() {
    for (chain, value, made) in [
        ("before:@", "mia@example.com", "mia"),
        ("before:@", "a@b@c", "a"),
        ("before:@", "mia", "mia"),
        ("before:@", "@example.com", ""),
        ("after:.", "payroll.vault.azure.net", "vault.azure.net"),
        ("after:.", "payroll", ""),
        ("after:: ", "Reason: no: no", "no: no"),
    ] {
        assert_eq!(text(chain, value), made, "{chain} of {value}");
    }
    for chain in ["before", "before:", "after:"] {
        assert!(chain.parse::<Filter>().unwrap_err().contains("lacks its argument"), "{chain}");
    }
    let secret = apply("before:@", Value::text("a@b").secret()).unwrap().unwrap();
    assert!(secret.is_secret());
}

/// RFC 4648, section 10.
#[test]
fn base64_is_as_published_both_ways() {
    for (plain, encoded) in [
        ("", ""),
        ("f", "Zg=="),
        ("fo", "Zm8="),
        ("foo", "Zm9v"),
        ("foob", "Zm9vYg=="),
        ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ] {
        assert_eq!(text("base64", plain), encoded);
        assert_eq!(text("base64-decode", encoded), plain);
        assert_eq!(text("base64-decode", encoded.trim_end_matches('=')), plain);
    }
    let bytes = apply("base64-decode", Value::text("_-8")).unwrap().unwrap();
    assert_eq!(bytes, apply("base64-decode", Value::text("/+8=")).unwrap().unwrap());
    assert_eq!(text("base64-decode", "Zm9v\r\nYmFy\n"), "foobar");
    assert!(fails("base64-decode", Value::text("not base64!")).contains("is no base64"));
}

/// FIPS 180-2, B.1.
#[test]
fn sha256_is_as_published() {
    let hash = apply("sha256", Value::text("abc")).unwrap().unwrap();
    assert_eq!(hash.to_bytes().unwrap()[..4], [0xba, 0x78, 0x16, 0xbf]);
    assert_eq!(text("sha256|base64", ""), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}

#[test]
fn json_is_compact_text_of_any_value() {
    assert_eq!(text("json", "a\"b"), r#""a\"b""#);
    let object = Value::json(json!({"b": [1, null, "x"], "a": 1.0}));
    assert_eq!(*apply("json", object).unwrap().unwrap().to_text().unwrap(), r#"{"b":[1,null,"x"],"a":1.0}"#);
}

#[test]
fn at_takes_a_part_of_json_or_of_text_that_is_json() {
    assert_eq!(text("at:/a/0", r#"{"a": ["x"]}"#), "x");
    assert_eq!(apply("at:/b", Value::text(r#"{"a": 1}"#)), Ok(None));
    let roles = apply("at:/roles/*", Value::json(json!({"roles": ["r", 1, null]}))).unwrap().unwrap();
    assert_eq!(roles.to_json().unwrap(), json!(["r", 1, null]));
    assert_eq!(apply("at:/roles/*", Value::json(json!({}))), Ok(None));
    assert_eq!(text("base64-decode|at:/k", "eyJrIjoidiJ9"), "v");
    assert!(
        fails("at:/a", Value::text("no json"))
            .contains("`at:/a` cannot read its value: it is a text that is no JSON")
    );
    assert!(apply("at:/a", Value::text(r#"{"a":1,"a":2}"#)).is_err());
}

/// The token of RFC 7519, section 3.1.
#[test]
fn jwt_gives_the_claims_as_published() {
    let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let claims = apply("jwt", Value::text(token)).unwrap().unwrap();
    assert_eq!(
        claims.to_json().unwrap(),
        json!({"iss": "joe", "exp": 1_300_819_380, "http://example.com/is_root": true})
    );
    for broken in ["", "opaque", "a.b", "a.b.c.d.e", "a.!.c", "a.W10.c", "a.eyJhIjoxLCJhIjoyfQ.c"] {
        assert!(fails("jwt", Value::text(broken)).ends_with("it is no JWT"), "{broken}");
    }
}

#[test]
fn keys_are_in_the_order_of_the_object() {
    let keys = apply("keys", Value::json(json!({"b": 1, "a": 2}))).unwrap().unwrap();
    assert_eq!(keys.to_json().unwrap(), json!(["b", "a"]));
    assert!(fails("keys", Value::json(json!([]))).contains("it is a list"));
    assert!(fails("keys", Value::text("[]")).contains("is no object"));
}

#[test]
fn last_segment_is_what_follows_the_last_slash() {
    for (whole, last) in [("projects/p/keys/k", "k"), ("k", "k"), ("a/", "")] {
        assert_eq!(text("last-segment", whole), last);
    }
}

#[test]
fn a_private_key_gives_its_public_one() {
    let chain = "rsa-public|sha256|base64";
    assert_eq!(text(chain, RFC_7515_A2), "b9E8JDWjYefFiM0X9V9a098Bd6ZsFyemogCEX016uIw=");
    let pem = text("rsa-public|pem:PUBLIC KEY", RFC_7515_A2);
    assert!(pem.starts_with(
        "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAofgWCuLjybRlzo0tZWJj\n"
    ));
    assert!(pem.ends_with("\noQIDAQAB\n-----END PUBLIC KEY-----\n"));
    assert!(fails("rsa-public", Value::text("hunter2")).contains("no private key"));
}

#[test]
fn sql_is_quoted_and_what_would_end_the_quotes_is_refused() {
    assert_eq!(text("sql-name", "U_1.x$@ä"), "\"U_1.x$@ä\"");
    assert_eq!(text("sql-text", "a b=;--"), "'a b=;--'");
    assert_eq!(text("sql-text", ""), "''");
    assert!(fails("sql-name", Value::text("")).contains("no name"));
    for bad in ["'", "\"", "`", "\\", "\n", "\0", "\u{85}", "x' OR 1=1 --"] {
        for filter in ["sql-name", "sql-text"] {
            let error = fails(filter, Value::text(bad));
            assert!(error.contains(filter) && !error.contains("OR"), "{error}");
        }
    }
}

#[test]
fn cases_are_those_of_unicode() {
    assert_eq!(text("upper", "aäß1"), "AÄSS1");
    assert_eq!(text("lower", "AÄ1"), "aä1");
}

#[test]
fn times_become_seconds_and_days() {
    assert_eq!(text("epoch", "2026-11-30T01:53:20.9+01:00"), "1796000000");
    assert_eq!(text("epoch", "1969-12-31T23:59:59Z"), "-1");
    assert_eq!(text("date", "2026-11-30T00:30:00+01:00"), "2026-11-29");
    assert!(fails("epoch", Value::text("soon")).contains("is no time"));
    assert_eq!(apply("epoch", Value::text("1970-01-01")).unwrap().unwrap().kind(), Kind::Number);
}

#[test]
fn a_secret_stays_one_through_all_but_two() {
    let token = "a.eyJpc3MiOiJqb2UifQ.c";
    let json = r#"{"a": "b"}"#;
    for (filter, value) in [
        ("base64", "x"),
        ("base64-decode", "Zm9v"),
        ("sha256", "x"),
        ("json", "x"),
        ("at:/a", json),
        ("keys", json),
        ("last-segment", "x"),
        ("pem:X", "x"),
        ("sql-name", "x"),
        ("sql-text", "x"),
        ("upper", "x"),
        ("lower", "x"),
        ("epoch", "2026-01-01"),
        ("date", "2026-01-01"),
        ("jwt", token),
        ("rsa-public", RFC_7515_A2),
    ] {
        let made = apply(filter, Value::text(value).secret()).unwrap().unwrap();
        assert_eq!(made.is_secret(), !matches!(filter, "jwt" | "rsa-public"), "{filter}");
        assert!(!apply(filter, Value::text(value)).unwrap().unwrap().is_secret(), "{filter}");
        let parsed = Filter::parse(filter).unwrap();
        assert_eq!(parsed.to_string(), filter);
        assert_eq!(
            parsed.output(Kind::Text).unwrap_or(Kind::Any),
            if filter == "at:/a" { Kind::Any } else { made.kind() }
        );
    }
}

#[test]
fn what_is_no_filter_is_refused_with_a_mend() {
    for (filter, part) in [
        ("bas64", "there are `base64`"),
        ("", "there are `base64`"),
        ("at", "write `at:…`"),
        ("at:", "write `at:…`"),
        ("at:a", "begin it with `/`"),
        ("at:/a/*/b/*", "keep one `*`"),
        ("at:/{setting.x}", "takes no settings"),
        ("pem:", "pem:CERTIFICATE"),
        ("pem:-----", "pem:CERTIFICATE"),
        ("pem:a b", "pem:CERTIFICATE"),
        ("json:x", "there are `base64`"),
    ] {
        let error = Filter::parse(filter).unwrap_err();
        assert!(error.contains(part), "{filter}: {error}");
    }
}

#[test]
fn kinds_tell_before_which_filters_fit() {
    let kind = |chain: &str, kind| {
        let filters: Vec<Filter> = chain.split('|').map(|filter| filter.parse().unwrap()).collect();
        output_of_all(&filters, kind)
    };
    assert_eq!(kind("rsa-public|sha256|base64", Kind::Text), Ok(Kind::Text));
    assert_eq!(kind("jwt|at:/roles/*", Kind::Text), Ok(Kind::List));
    assert_eq!(kind("at:/x", Kind::Object), Ok(Kind::Any));
    assert!(kind("keys|upper", Kind::Object).unwrap_err().contains("`upper` cannot read a list"));
    assert!(kind("base64-decode", Kind::Number).is_err());
}

/// Some value of each kind.
fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        ".{0,30}".prop_map(Value::text),
        proptest::collection::vec(any::<u8>(), 0..30).prop_map(Value::bytes),
        any::<i64>().prop_map(Value::integer),
        any::<bool>().prop_map(Value::flag),
        Just(Value::json(Json::Null)),
        proptest::collection::vec(".{0,5}", 0..3).prop_map(|items| Value::json(json!(items))),
        proptest::collection::btree_map(".{0,5}", ".{0,5}", 0..3)
            .prop_map(|members| Value::json(json!(members))),
    ]
}

proptest! {
    #[test]
    fn base64_comes_back(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        let back = apply("base64|base64-decode", Value::bytes(bytes.clone())).unwrap().unwrap();
        prop_assert_eq!(back.to_bytes().unwrap().to_vec(), bytes);
    }

    #[test]
    fn json_text_comes_back(value in any_value()) {
        if let Ok(Some(text)) = apply("json", value.clone()) {
            let back: Json = serde_json::from_str(&text.to_text().unwrap()).unwrap();
            prop_assert_eq!(back, value.to_json().unwrap());
        }
    }

    #[test]
    fn quoted_sql_has_its_text_and_two_quotes(text in ".{1,30}") {
        if let Ok(Some(quoted)) = apply("sql-text", Value::text(text.clone())) {
            let quoted = quoted.to_text().unwrap();
            prop_assert_eq!(quoted.matches('\'').count(), 2);
            prop_assert_eq!(&quoted[1..quoted.len() - 1], text.as_str());
        }
    }

    #[test]
    fn what_the_kind_says_holds_of_every_value(value in any_value(), index in 0_usize..14) {
        let filter = &PLAIN[index].1;
        match (filter.output(value.kind()), filter.apply(&value)) {
            (Ok(kind), Ok(Some(made))) => prop_assert_eq!(kind, made.kind()),
            // A kind that is refused can never be read.
            (Err(_), Ok(_)) => prop_assert!(false, "{} reads {}", filter.name(), value.kind()),
            (_, Err(error)) => prop_assert_eq!(error.filter(), filter.name()),
            (Ok(_), Ok(None)) => {}
        }
    }
}
