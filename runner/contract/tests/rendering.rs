//! What is rendered, read again by parsers of others, gives the same values back and nothing else.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::collections::HashMap;

use base64::Engine as _;

use jiff::Timestamp;
use pamrun_contract::check::check_source;
use pamrun_contract::manifest::Manifest;
use pamrun_contract::render::{Known, Rendered, Unrendered, render};
use pamrun_contract::template::Reference;
use pamrun_contract::value::Value;
use proptest::prelude::*;
use quick_xml::events::Event;
use serde_json::json;

#[path = "../src/any_text.rs"]
mod any_text;

use any_text::any_text;

const MANIFEST: &str = r#"
name = "places"
version = "1.0.0"
description = "Every place that a value can stand in."
strategy = "deliver"
target = "x:{setting.a}"

[inputs.admin]
role = "attached"
user = "user"
token = "token"
secret = ["token"]

[settings]
a = { type = "text" }
b = { type = "text", optional = true }
slashed = { type = "text", slashes = true }
path = { type = "path" }
number = { type = "int" }
flag = { type = "bool" }
host = { type = "host" }

[requests.url]
effect = "reads"
method = "GET"
url = "https://{setting.host}/v1/{setting.a}x/(k='{setting.slashed}')/{setting.path}/end?q={setting.a}&fixed=a%26b&none={setting.b}"
query = { "more of it" = "<{setting.a}>" }
headers = { X-Note = "{setting.a}", X-None = "{setting.b}" }

[requests.form]
effect = "reads"
url = "https://{setting.host}/form"
form = { first = "{setting.a}", "b&c" = "={setting.slashed}&", none = "{setting.b}", secret = "{admin.token}" }

[requests.json]
effect = "reads"
url = "https://{setting.host}/json"
json = { text = "{setting.a}", part = "<{setting.a}>", number = "{setting.number}", flag = "{setting.flag}", none = "{setting.b}", list = ["{setting.a}", "{setting.b}", 1], "{setting.slashed}" = { deep = "{admin.token}" } }

[requests.xml]
effect = "reads"
url = "https://{setting.host}/xml"
xml = "<r a=\"{setting.a}\"><t>{setting.slashed}</t><s>{admin.token}</s></r>"

[requests.login]
effect = "reads"
method = "GET"
url = "https://{setting.host}/login"
auth = { basic = ["{admin.user}", "{admin.token}"] }

[requests.put]
effect = "delivers"
url = "https://{setting.host}/put"
auth = { bearer = "{admin.token}" }
json = { value = "{deliver.value}" }
"#;

fn manifest() -> &'static Manifest {
    static MANIFEST_READ: std::sync::OnceLock<Manifest> = std::sync::OnceLock::new();
    MANIFEST_READ.get_or_init(|| check_source(MANIFEST).unwrap_or_else(|refusals| panic!("{refusals}")).0)
}

/// Values by their references.
type Given = HashMap<&'static str, Value>;

fn given(a: &str, slashed: &str, token: &str) -> Given {
    HashMap::from([
        ("setting.a", Value::text(a)),
        ("setting.slashed", Value::text(slashed)),
        ("setting.path", Value::text("p 1/p2")),
        ("setting.number", Value::text("-7")),
        ("setting.flag", Value::text("true")),
        ("setting.host", Value::text("api.example.com:8443")),
        ("admin.user", Value::text(a)),
        ("admin.token", Value::text(token)),
        ("deliver.value", Value::text(a)),
    ])
}

fn write(name: &str, given: &Given) -> Result<Rendered, Unrendered> {
    let now: Timestamp = "2026-11-29T10:00:00Z".parse().unwrap();
    let values = |reference: &Reference| {
        given.get(reference.to_string().as_str()).map_or(Known::Missing, |value| Known::Value(value.clone()))
    };
    render(manifest(), name, &values, now, &mut |bytes: &mut [u8]| bytes.fill(9))
}

fn header<'a>(rendered: &'a Rendered, name: &str) -> Option<&'a str> {
    rendered.headers.iter().find(|header| header.name == name).map(|header| header.value.as_str())
}

/// Whether a text may stand in a path: what others could take for more or less than one segment may not.
fn may_be_segment(text: &str, slashes: bool) -> bool {
    let has_dots = slashes && text.split('/').any(|part| part == "." || part == "..");
    !text.is_empty()
        && !text.contains(char::is_control)
        && !text.contains('\\')
        && (slashes || !text.contains('/'))
        && !has_dots
}

fn may_be_header(text: &str) -> bool {
    !text.contains(char::is_control) && text.trim() == text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn urls_give_their_values_back(a in any_text(), slashed in any_text()) {
        let rendered = write("url", &given(&a, &slashed, "t"));
        let may_be = may_be_segment(&a, false) && may_be_segment(&slashed, true) && may_be_header(&a);
        prop_assert_eq!(rendered.is_ok(), may_be, "{:?}", rendered);
        let Ok(rendered) = rendered else { return Ok(()) };
        let url = url::Url::parse(&rendered.url).unwrap();
        prop_assert_eq!((url.host_str(), url.port(), url.fragment()), (Some("api.example.com"), Some(8443), None));
        let segments: Vec<String> = url.path_segments().unwrap()
            .map(|segment| percent_encoding::percent_decode_str(segment).decode_utf8().unwrap().into_owned())
            .collect();
        let expected =
            ["v1".to_owned(), format!("{a}x"), format!("(k='{slashed}')"), "p 1".to_owned(), "p2".to_owned(), "end".to_owned()];
        prop_assert_eq!(segments, expected);
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let expected = [("q", a.clone()), ("fixed", "a&b".to_owned()), ("more of it", format!("<{a}>"))];
        prop_assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value)));
        prop_assert_eq!(header(&rendered, "X-Note"), Some(a.as_str()));
        prop_assert_eq!(rendered.headers.len(), 1);
        prop_assert!(rendered.body.is_none());
    }

    #[test]
    fn forms_give_their_values_back(a in any_text(), slashed in any_text(), token in any_text()) {
        let rendered = write("form", &given(&a, &slashed, &token)).unwrap();
        prop_assert_eq!(header(&rendered, "Content-Type"), Some("application/x-www-form-urlencoded"));
        let body = rendered.body.as_ref().unwrap();
        let pairs: Vec<(String, String)> = url::form_urlencoded::parse(body).into_owned().collect();
        let expected = [("first", a), ("b&c", format!("={slashed}&")), ("secret", token.clone())];
        prop_assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value)));
        prop_assert!(masks_know(&rendered, &token));
    }

    #[test]
    fn json_gives_its_values_back(a in any_text(), slashed in any_text(), token in any_text()) {
        let keys = ["text", "part", "number", "flag", "none", "list"];
        prop_assume!(!keys.contains(&slashed.as_str()) && !slashed.to_lowercase().contains("method"));
        let rendered = write("json", &given(&a, &slashed, &token)).unwrap();
        let read: serde_json::Value = serde_json::from_slice(rendered.body.as_ref().unwrap()).unwrap();
        let expected = json!({
            "text": a, "part": format!("<{a}>"), "number": -7, "flag": true, "list": [a, null, 1], slashed: {"deep": token.clone()}
        });
        prop_assert_eq!(read, expected);
        prop_assert!(masks_know(&rendered, &token));
    }

    #[test]
    fn xml_gives_its_values_back(a in any_text(), slashed in any_text(), token in any_text()) {
        let Ok(rendered) = write("xml", &given(&a, &slashed, &token)) else {
            let has_others = |text: &str| text.chars().any(|c| {
                (c.is_ascii_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{7f}')) || matches!(c, '\u{fffe}' | '\u{ffff}')
            });
            prop_assert!([&a, &slashed, &token].into_iter().any(|text| has_others(text)));
            return Ok(());
        };
        let body = String::from_utf8(rendered.body.as_ref().unwrap().to_vec()).unwrap();
        let mut reader = quick_xml::Reader::from_str(&body);
        let (mut texts, mut inside, mut attribute) = (HashMap::new(), Vec::new(), String::new());
        loop {
            let mut add = |text: &str| texts.entry(inside.join("/")).or_insert_with(String::new).push_str(text);
            match reader.read_event().unwrap() {
                Event::Start(start) => {
                    for read in start.attributes() {
                        attribute = read.unwrap().normalized_value(quick_xml::XmlVersion::Implicit1_0).unwrap().into_owned();
                    }
                    inside.push(start.name().as_ref().to_owned());
                }
                Event::Text(part) => add(&part),
                Event::GeneralRef(part) => match part.resolve_char_ref().unwrap() {
                    Some(c) => add(&c.to_string()),
                    None => add(quick_xml::escape::resolve_predefined_entity(&part).unwrap()),
                },
                Event::End(_) => drop(inside.pop()),
                Event::Eof => break,
                other => panic!("{other:?}"),
            }
        }
        texts.retain(|_, text: &mut String| !text.is_empty());
        let mut expected = HashMap::from([("r/t".to_owned(), slashed), ("r/s".to_owned(), token.clone())]);
        expected.retain(|_, text| !text.is_empty());
        prop_assert_eq!((texts, attribute), (expected, a));
        prop_assert!(masks_know(&rendered, &token));
    }

    #[test]
    fn basic_gives_user_and_password_back(a in any_text(), token in any_text()) {
        let Ok(rendered) = write("login", &given(&a, "", &token)) else {
            prop_assert!(a.contains(':'));
            return Ok(());
        };
        let encoded = header(&rendered, "Authorization").unwrap().strip_prefix("Basic ").unwrap();
        let decoded = base64::engine::general_purpose::STANDARD.decode(encoded).unwrap();
        let decoded = String::from_utf8(decoded).unwrap();
        let (user, password) = decoded.split_once(':').unwrap();
        prop_assert_eq!((user, password), (a.as_str(), token.as_str()));
        prop_assert!(token.is_empty() || rendered.secrets.iter().any(|secret| secret.as_str() == encoded));
    }

    #[test]
    fn no_secret_shows_where_a_request_is_shown(token in "[A-Za-z0-9&%\"<]{8,20}") {
        for name in ["form", "json", "xml", "login", "put"] {
            let mut given = given("a", "b", &token);
            given.insert("deliver.value", Value::text(token.as_str()).secret());
            let rendered = write(name, &given).unwrap();
            let shown = format!("{rendered} {rendered:?}");
            for secret in &rendered.secrets {
                prop_assert!(!shown.contains(secret.as_str()), "{}", name);
            }
            prop_assert!(!rendered.secrets.is_empty(), "{}", name);
        }
    }
}

/// Whether the form in which a secret stands in the body is among those that masks are told.
fn masks_know(rendered: &Rendered, secret: &str) -> bool {
    let body = String::from_utf8_lossy(rendered.body.as_ref().unwrap()).into_owned();
    let known = rendered.secrets.iter().any(|known| known.as_str() == secret);
    let sent = rendered.secrets.iter().any(|known| body.contains(known.as_str()));
    secret.is_empty() || (known && sent)
}

#[test]
fn what_the_vault_calls_secret_stays_out_of_urls_and_bodies_of_effects() {
    let secret = |name: &'static str| {
        let mut given = given("a", "b", "t");
        given.insert(name, Value::text("hunter2").secret());
        given
    };
    let error = write("url", &secret("setting.a")).unwrap_err().to_string();
    assert!(error.contains("none ever stands in a URL") && !error.contains("hunter2"), "{error}");
    assert!(write("put", &secret("deliver.value")).is_ok());
}

#[test]
fn a_parameter_that_is_not_given_is_an_error() {
    let none = Given::new();
    assert!(write("url", &none).is_err());
    assert!(write("nothing", &none).unwrap_err().to_string().contains("declares no request"));
}

#[test]
fn a_next_page_is_the_same_request_with_one_part_turned() {
    use pamrun_contract::answer::Part;
    use pamrun_contract::render::render_page;

    let given = given("a", "b", "t");
    let now: Timestamp = "2026-11-29T10:00:00Z".parse().unwrap();
    let values = |reference: &Reference| {
        given.get(reference.to_string().as_str()).map_or(Known::Missing, |value| Known::Value(value.clone()))
    };
    let page = |name: &str, part: Part, value: &str| {
        let random = &mut |bytes: &mut [u8]| bytes.fill(9);
        render_page(manifest(), name, &values, now, random, (&part, &Value::text(value))).unwrap()
    };
    let turned = page("url", Part::Query("q".to_owned()), "2&x");
    assert_eq!(
        turned.url,
        "https://api.example.com:8443/v1/ax/(k='b')/p%201/p2/end?fixed=a%26b&more%20of%20it=%3Ca%3E&q=2%26x"
    );
    assert_eq!(turned.literal, "https://api.example.com:8443/v1/");
    let turned = page("form", Part::Form("first".to_owned()), "2&x");
    assert_eq!(&**turned.body.as_ref().unwrap(), b"b%26c=%3Db%26&secret=t&first=2%26x");
    let turned = page("json", Part::Json(vec!["variables".to_owned(), "after".to_owned()]), "c1");
    let read: serde_json::Value = serde_json::from_slice(turned.body.as_ref().unwrap()).unwrap();
    assert_eq!((&read["variables"], &read["text"]), (&json!({"after": "c1"}), &json!("a")));
}

/// A field that neither the manifest nor the vault calls a secret authorizes nothing.
#[test]
fn an_effect_is_sent_with_a_secret_of_the_operators_alone() {
    let text = MANIFEST.replace("secret = [\"token\"]\n", "");
    let (manifest, _) = check_source(&text).unwrap();
    let written = |token: Value| {
        let values = |reference: &Reference| match reference.to_string().as_str() {
            "admin.token" => Known::Value(token.clone()),
            "setting.host" => Known::Value(Value::text("a.example")),
            _ => Known::Value(Value::text("new").secret()),
        };
        let now: Timestamp = "2026-11-29T10:00:00Z".parse().unwrap();
        render(&manifest, "put", &values, now, &mut |bytes: &mut [u8]| bytes.fill(9))
    };
    assert!(written(Value::text("token").secret()).is_ok());
    assert!(written(Value::text("token")).unwrap_err().to_string().contains("no secret of a record"));
}
