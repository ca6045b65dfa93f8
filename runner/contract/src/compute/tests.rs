//! Vectors of the RFCs, boxes that `PyNaCl` opened and made, certificates read by another parser.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::json;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::*;
use crate::filter::Filter;
use crate::rsa_key::tests::{RFC_7515_A2, sequence};
use crate::value::Json;

fn run(computation: &Computation) -> Result<Value, String> {
    let now = "2026-11-29T10:00:00Z".parse().unwrap();
    computation.run(now, &mut sequence(7)).map_err(|error| error.to_string())
}

fn members(json: Json) -> BTreeMap<String, Value> {
    let Json::Object(members) = json else { panic!("no object") };
    members.into_iter().map(|(name, member)| (name, Value::json(member))).collect()
}

fn jwt(key: &str, header: Json, claims: Json) -> Computation {
    let key = Value::text(key).secret();
    Compute::Jwt(Jwt { alg: Algorithm::Rs256, key, header: members(header), claims: members(claims) })
}

/// Signed by OpenSSL with the key of RFC 7515, appendix A.2.
#[test]
fn a_token_is_what_openssl_signs() {
    let claims = json!({"iss": "joe", "aud": "https://oauth2.googleapis.com/token", "exp": 1_300_819_380});
    let token = run(&jwt(RFC_7515_A2, json!({"kid": "k1"}), claims)).unwrap();
    assert!(token.is_secret());
    assert_eq!(
        *token.to_text().unwrap(),
        "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImsxIn0.eyJhdWQiOiJodHRwczovL29hdXRoMi5nb29nbGVhcGlzLmNvbS90b2tlbiIsImV4cCI6MTMwMDgxOTM4MCwiaXNzIjoiam9lIn0.nEHPP6je1pVp3yb-1eAX4TxWk9p3UZWX1YocnKMgEX1cqMngQY60Tf0z6oN9DhbmEePtVEPyB2m_7BxJecfUDRgufugqSRVvv9NuXGodhNErFxo6CDZedFajLt2ZipFd3BiKRTEQ-pAxjPdUWiOK48U76waC2wWkcJvMjmnhu6sybqRxArMbq6OOi5494iOeq8E1hKQfLv0gWWolUawpIsimrsw8MFqqHjmOT5oPY303y1o9dA-gu9o99t3FsKI59X2aPQ35HlL6q7zLNYNtgoiVrPE_I8b3QZ3tjFzRBI_pVKtK4X2nW0vtU31BzuuFZPnt0ecKou-syE314EfKKQ"
    );
    let claims = Filter::Jwt.apply(&token).unwrap().unwrap();
    assert_eq!(claims.as_json().unwrap()["iss"], json!("joe"));
    assert!(!claims.is_secret());
}

#[test]
fn a_token_needs_its_key_and_its_algorithm() {
    let error = run(&jwt("hunter2", json!({}), json!({}))).unwrap_err();
    assert!(
        error.contains("`jwt` cannot be computed: its key is no private key") && !error.contains("hunter2"),
        "{error}"
    );
    assert!(run(&jwt(RFC_7515_A2, json!({"alg": "none"}), json!({}))).unwrap_err().contains("`alg` again"));
    assert!(run(&jwt(RFC_7515_A2, json!({}), json!({"alg": "a claim of somebody's own"}))).is_ok());
}

const BOX_KEY: &str = "8f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e2138285f";

fn unhex(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn sealed(text: &str, random: &mut dyn Random) -> Vec<u8> {
    let computation =
        Compute::SealedBox(SealedBox { key: Value::bytes(unhex(BOX_KEY)), text: Value::text(text).secret() });
    let made = computation.run("2026-11-29T10:00:00Z".parse().unwrap(), random).unwrap();
    assert!(!made.is_secret());
    made.to_bytes().unwrap().to_vec()
}

/// `PyNaCl` 1.6 opened this box with the private key 00 01 … 1f.
#[test]
fn a_box_is_what_pynacl_opened() {
    let made = sealed("pamrun-test-secret", &mut |bytes: &mut [u8]| {
        for (byte, value) in bytes.iter_mut().zip(0x20..) {
            *byte = value;
        }
    });
    let expected = "358072d6365880d1aeea329adf9121383851ed21a28e3b75e965d0d2cd16625423700386af70ff8b12447942eb9e95e7f53ebdeca5b4011ab039bd5db16457715bed";
    assert_eq!(made, unhex(expected));
}

/// `PyNaCl` 1.6 made this box.
#[test]
fn the_same_reader_opens_our_boxes_and_those_of_pynacl() {
    let private =
        crypto_box::SecretKey::from(std::array::from_fn::<u8, 32, _>(|index| u8::try_from(index).unwrap()));
    let theirs = "669f1281c78c624c14983b85feb0ba2692d985ccd2c77ae9e411ec059b7a6c030a6e75c0f8c3c01bd521fed6733ed49c2906569b1899f3a0d6cae1";
    assert_eq!(private.unseal(&unhex(theirs)).unwrap(), b"from PyNaCl");
    for text in ["", "a", "ä€\u{1f511}\0", &"x".repeat(48 * 1024)] {
        assert_eq!(private.unseal(&sealed(text, &mut sequence(3))).unwrap(), text.as_bytes());
    }
}

#[test]
fn a_box_needs_a_key_of_32_bytes() {
    let key = Value::text(STANDARD.encode(unhex(BOX_KEY)));
    let error = run(&Compute::SealedBox(SealedBox { key, text: Value::text("x") })).unwrap_err();
    assert!(error.contains("44 bytes, not 32") && error.contains("base64-decode"), "{error}");
}

fn certificate(subject: &str, days: Json) -> Computation {
    Compute::Certificate(Certificate {
        key: Value::text(RFC_7515_A2).secret(),
        subject: Value::text(subject),
        days: Value::json(days),
    })
}

#[test]
fn a_certificate_is_read_by_another_parser() {
    let made =
        run(&certificate("CN=robot@example.iam.gserviceaccount.com,O=not a part", json!(365))).unwrap();
    assert!(!made.is_secret());
    let der = made.to_bytes().unwrap();
    let (rest, read) = X509Certificate::from_der(&der).unwrap();
    assert!(rest.is_empty());
    assert_eq!(read.version().0, 2);
    assert_eq!(read.subject().to_string(), "CN=robot@example.iam.gserviceaccount.com,O=not a part");
    assert_eq!((read.subject().iter_rdn().count(), read.subject()), (1, read.issuer()));
    assert_eq!(
        read.validity().not_before.timestamp(),
        "2026-11-29T09:58:00Z".parse::<Timestamp>().unwrap().as_second()
    );
    assert_eq!(read.validity().not_after.timestamp() - read.validity().not_before.timestamp(), 365 * 86_400);
    assert!(!read.is_ca() && read.raw_serial().len() == 16 && read.raw_serial()[0] & 0x80 == 0);
    let public = Filter::RsaPublic.apply(&Value::text(RFC_7515_A2)).unwrap().unwrap();
    assert_eq!(read.public_key().raw, public.to_bytes().unwrap().as_slice());
    let key = ring::signature::UnparsedPublicKey::new(
        &ring::signature::RSA_PKCS1_2048_8192_SHA256,
        &read.public_key().subject_public_key.data,
    );
    key.verify(read.tbs_certificate.as_ref(), &read.signature_value.data).unwrap();
}

#[test]
fn a_certificate_needs_a_name_and_days() {
    for (subject, days, part) in [
        ("O=x", json!(1), "`CN=`"),
        ("CN=", json!(1), "empty"),
        ("CN=a\nb", json!(1), "control"),
        ("CN=x", json!(0), "1 to 36500"),
        ("CN=x", json!(36_501), "1 to 36500"),
        ("CN=x", json!("soon"), "1 to 36500"),
        ("CN=x", json!([]), "`days` is a list"),
    ] {
        let error = run(&certificate(subject, days)).unwrap_err();
        assert!(error.contains(part), "{error}");
    }
    assert!(run(&certificate("CN=x", json!("36500"))).is_ok());
}

/// The parts laid one over the other.
fn merged(parts: &[Json]) -> Result<Json, String> {
    let parts = parts.iter().cloned().map(Value::json).collect();
    run(&Compute::Merge(parts)).map(|value| value.to_json().unwrap())
}

/// Appendix A of RFC 7396, as far as its results are objects.
#[test]
fn rfc_7396_is_merged_as_published() {
    for (target, patch, result) in [
        (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
        (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
        (json!({"a": "b"}), json!({"a": null}), json!({})),
        (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
        (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
        (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
        (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
        (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
        (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
        (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
    ] {
        assert_eq!(merged(&[target.clone(), patch.clone()]), Ok(result), "{target} with {patch}");
    }
}

#[test]
fn a_member_that_is_spelled_otherwise_is_changed_where_case_says_nothing() {
    let merged = |parts: &[Json]| {
        let parts = parts.iter().cloned().map(Value::json).collect();
        run(&Compute::MergeWithoutCase(parts)).map(|value| value.to_json().unwrap().to_string())
    };
    let group = json!({"Client_Secret": {"value": null, "isSecret": true}, "OTHER": {"value": null}});
    assert_eq!(
        merged(&[group.clone(), json!({"CLIENT_SECRET": {"VALUE": "new"}})]).unwrap(),
        r#"{"Client_Secret":{"value":"new","isSecret":true},"OTHER":{"value":null}}"#
    );
    assert_eq!(
        merged(&[group.clone(), json!({"more": {"value": 1}})]).unwrap(),
        r#"{"Client_Secret":{"value":null,"isSecret":true},"OTHER":{"value":null},"more":{"value":1}}"#
    );
    let twice = json!({"a": 1, "A": 2, "b": 3});
    assert_eq!(merged(&[twice.clone(), json!({"A": 4})]).unwrap(), r#"{"a":1,"A":4,"b":3}"#);
    let twice = json!({"ab": 1, "AB": 2});
    assert!(merged(&[twice, json!({"Ab": 4})]).unwrap_err().contains("two spellings"));
    let with_case = run(&Compute::Merge(vec![Value::json(group), Value::json(json!({"other": 1}))])).unwrap();
    assert_eq!(with_case.to_json().unwrap()["other"], json!(1));
}

#[test]
fn merged_json_is_as_secret_as_its_parts_and_reads_them_from_text() {
    let old = Value::text(r#"{"kept": 1, "changed": 2}"#).secret();
    let merged = run(&Compute::Merge(vec![old, Value::json(json!({"changed": 3}))])).unwrap();
    assert!(merged.is_secret());
    assert_eq!(merged.to_json().unwrap(), json!({"kept": 1, "changed": 3}));
    assert!(!run(&Compute::Merge(vec![Value::json(json!({"a": 1}))])).unwrap().is_secret());
    assert_eq!(run(&Compute::Merge(vec![Value::text("")])).unwrap().to_json().unwrap(), json!({}));
    let error = run(&Compute::Merge(vec![Value::json(json!({})), Value::text("hunter2")])).unwrap_err();
    assert!(
        error.contains("part 2 is a text that is no JSON object") && !error.contains("hunter2"),
        "{error}"
    );
}

/// Puts values in place of the names of values; `none` has none, `fail` ends it.
struct Names;

impl Resolve<String, Json> for Names {
    type Error = String;

    fn text(&mut self, text: &String) -> Result<Value, String> {
        if text == "fail" { Err("no value".into()) } else { Ok(Value::text(text.to_uppercase())) }
    }

    fn json(&mut self, json: &Json) -> Result<Option<Value>, String> {
        Ok((json != "none").then(|| Value::json(json.clone())))
    }

    fn claim(&mut self, json: &Json) -> Result<Option<Value>, String> {
        Ok((json != "none")
            .then(|| if json == "{now}" { Value::integer(1) } else { Value::json(json.clone()) }))
    }
}

fn read(toml: &str) -> Result<Compute, String> {
    toml::from_str(toml).map_err(|error| error.to_string())
}

#[test]
fn references_are_resolved_and_what_is_missing_is_left_out() {
    let compute = read(
        "jwt = { alg = 'RS256', key = 'k', header = { kid = 'none', a = 'b' }, claims = { iat = '{now}', none = 'none' } }",
    );
    let Compute::Jwt(jwt) = compute.unwrap().resolve(&mut Names).unwrap() else { panic!("no jwt") };
    assert_eq!(jwt.header.keys().collect::<Vec<_>>(), ["a"]);
    assert_eq!(jwt.claims, BTreeMap::from([("iat".to_owned(), Value::integer(1))]));
    assert_eq!(*jwt.key.to_text().unwrap(), "K");
    let merge = read("merge = ['none', { a = 1 }]").unwrap().resolve(&mut Names).unwrap();
    assert_eq!(merge, Compute::Merge(vec![Value::text(""), Value::json(json!({"a": 1}))]));
    assert!(read("sealed-box = { key = 'k', text = 'fail' }").unwrap().resolve(&mut Names).is_err());
}

#[test]
fn what_cannot_be_computed_is_refused_where_it_is_read() {
    for (toml, part) in [
        ("jwt = { alg = 'HS256', key = 'k' }", "unknown variant `HS256`"),
        ("jwt = { key = 'k' }", "missing field `alg`"),
        ("jwt = { alg = 'RS256', key = 'k', clams = {} }", "unknown field `clams`"),
        ("sealed-box = { key = 'k' }", "missing field `text`"),
        ("x509 = { key = 'k' }", "unknown variant `x509`"),
        ("x509-self-signed = { key = 'k', subject = 'CN=x' }", "missing field `days`"),
    ] {
        let error = read(toml).unwrap_err();
        assert!(error.contains(part), "{toml}: {error}");
    }
}

#[test]
fn the_schema_names_what_can_be_computed_and_signed() {
    let compute = schemars::schema_for!(Compute).to_value().to_string();
    let signer = schemars::schema_for!(crate::sign::Signer).to_value().to_string();
    assert!(
        ["jwt", "sealed-box", "merge", "merge-without-case", "x509-self-signed", "RS256"]
            .iter()
            .all(|name| compute.contains(&format!("\"{name}\"")))
    );
    assert!(
        ["aws-sigv4", "key_id", "session_token"].iter().all(|name| signer.contains(&format!("\"{name}\"")))
    );
}

proptest! {
    #[test]
    fn the_last_part_wins_and_others_stay(
        one in proptest::collection::btree_map("[a-d]", 0_u8..3, 0..4),
        other in proptest::collection::btree_map("[a-d]", proptest::option::of(0_u8..3), 0..4),
    ) {
        let mut expected = one.clone();
        for (key, value) in &other {
            match value {
                Some(value) => drop(expected.insert(key.clone(), *value)),
                None => drop(expected.remove(key)),
            }
        }
        prop_assert_eq!(merged(&[json!(one), json!(other)]), Ok(json!(expected)));
    }
}
