//! Answers of services, good and bad, and what they mean.

mod hostile;
mod leaking;
mod listing;
mod polling;
mod taking;

use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::json;

use super::*;
use crate::given::Nothing;
use crate::value::Json;
use taking::{ENTRA_TOKEN, texts};

/// The answer's part of a request as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    outputs: BTreeMap<String, Output>,
    #[serde(default)]
    secrets: BTreeMap<String, Kept>,
    #[serde(default)]
    errors: BTreeMap<String, Output>,
    id: Option<Place>,
    lists: Option<Lists>,
    #[serde(default)]
    success: Vec<Alternative>,
    rejects: Option<Vec<Alternative>>,
    pending: Option<Pending>,
    fresh_for: Option<FreshFor>,
}

fn takes(is_effect: bool, toml: &str) -> Takes {
    let Written { outputs, secrets, errors, id, lists, success, rejects, pending, fresh_for } =
        toml::from_str(toml).unwrap();
    let takes =
        Takes { is_effect, outputs, secrets, errors, id, lists, success, rejects, pending, fresh_for };
    assert_eq!(takes.faults(), [], "{toml}");
    takes
}

fn read(toml: &str) -> Takes {
    takes(false, toml)
}

fn effect(toml: &str) -> Takes {
    takes(true, toml)
}

fn json(status: u16, body: &Json) -> Answer {
    typed(status, "application/json", body.to_string().as_bytes())
}

fn typed(status: u16, kind: &str, body: &[u8]) -> Answer {
    with(status, &[("Content-Type", kind)], body)
}

fn with(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Answer::new(status, headers, body.to_vec())
}

fn judge_with(takes: &Takes, answer: &Answer, given: &dyn Given, known: &Known) -> Verdict {
    takes.judge(answer, &Seeing { given, known, now: "2026-11-29T10:00:00Z".parse().unwrap() })
}

fn judge(takes: &Takes, answer: &Answer) -> Verdict {
    judge_with(takes, answer, &Nothing, &Known::default())
}

/// The verdict in a word, and why.
fn word(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Success(_) => "success".to_owned(),
        Verdict::Rejected(rejection) => format!("rejected {}", rejection.status),
        Verdict::Pending(poll) => poll.with.iter().fold("pending".to_owned(), |mut text, (name, value)| {
            let _ = write!(text, " {name}={}", *value.to_text().unwrap());
            text
        }),
        Verdict::Unavailable { why, .. } => format!("unavailable: {why}"),
        Verdict::Uncertain { why, id, .. } => {
            format!("uncertain{}: {why}", if id.is_some() { " with id" } else { "" })
        }
        Verdict::Leak { output, id } => {
            format!("leak of {output}{}", if id.is_some() { " with id" } else { "" })
        }
    }
}

fn taken(takes: &Takes, answer: &Answer) -> Taken {
    match judge(takes, answer) {
        Verdict::Success(got) => *got,
        other => panic!("{}", word(&other)),
    }
}

fn text(text: &str) -> Shown {
    Shown::Text(text.to_owned())
}

#[test]
fn a_rejection_shows_status_errors_and_the_wait() {
    let body =
        json!({"error": "invalid_client", "error_codes": [7_000_215], "error_description": "AADSTS7000215"});
    let answer = with(
        401,
        &[("content-type", "application/json"), ("Retry-After", "1.5")],
        body.to_string().as_bytes(),
    );
    let Verdict::Rejected(rejection) = judge(&read(ENTRA_TOKEN), &answer) else { panic!() };
    let errors: Vec<_> = rejection.errors.into_iter().collect();
    assert_eq!(
        errors,
        [
            ("code".into(), text("invalid_client")),
            ("codes".into(), texts(&["7000215"])),
            ("message".into(), text("AADSTS7000215"))
        ]
    );
    assert_eq!((rejection.status, rejection.retry_after), (401, Some(Duration::from_millis(1500))));
    for answer in [
        typed(401, "text/html", b"<html>no</html>"),
        typed(401, "text/plain", b"Retry later"),
        with(401, &[], b""),
    ] {
        let Verdict::Rejected(rejection) = judge(&read(ENTRA_TOKEN), &answer) else { panic!() };
        assert!(rejection.errors.is_empty());
    }
}

const CREATE: &str = "id = '/keyId'\nsecrets = { secret = '/secretText' }\nerrors = { code = '/error/code' }";

#[test]
fn what_was_made_is_known_by_its_id() {
    let takes = effect(CREATE);
    let got = taken(&takes, &json(200, &json!({"keyId": "k1", "secretText": "s3cret"})));
    assert_eq!(got.id, Some(Value::text("k1")));
    assert_eq!(got.secrets["secret"], Value::text("s3cret").secret());
}

#[test]
fn an_effect_without_a_clear_answer_is_uncertain() {
    let takes = effect(CREATE);
    for (answer, expected) in [
        (
            json(200, &json!({"keyId": "k1"})),
            "uncertain with id: the answer with status 200 lacks `secrets.secret` at `/secretText`, or has it empty",
        ),
        (json(200, &json!({"keyId": "k1", "secretText": ""})), "uncertain with id"),
        (json(200, &json!({"keyId": "k1", "secretText": null})), "uncertain with id"),
        (json(200, &json!({"secretText": "s"})), "uncertain: the answer with status 200 lacks `id`"),
        (
            json(200, &json!({"keyId": true, "secretText": "s"})),
            "uncertain: the answer with status 200 has `id` at `/keyId`, but it is true or false",
        ),
        (
            json(200, &json!({"keyId": "x".repeat(129), "secretText": "s"})),
            "uncertain: the answer with status 200 has `id`",
        ),
        (json(200, &json!([])), "uncertain: the answer with status 200 lacks"),
        (
            typed(200, "application/json", b"{\"keyId\": \"k1\", \"secr"),
            "uncertain: the answer with status 200 cannot be read: its body is no JSON: it is cut",
        ),
        (typed(200, "application/json", br#"{"keyId":"k1","keyId":"k2","secretText":"s"}"#), "twice"),
        (typed(200, "application/json", b""), "uncertain"),
        (
            typed(200, "text/html; charset=utf-8", br#"{"keyId": "k1", "secretText": "s"}"#),
            "is a page for people",
        ),
        (typed(200, "application/json", b"  <!DOCTYPE HTML><p>sign in"), "is a page for people"),
        (json(302, &json!({})), "uncertain"),
        (json(303, &json!({})), "uncertain"),
        (json(408, &json!({})), "uncertain"),
        (json(499, &json!({})), "uncertain"),
        (json(500, &json!({"error": {"code": "x"}})), "uncertain"),
        (json(502, &json!({})), "uncertain"),
        (json(503, &json!({})), "uncertain"),
        (json(504, &json!({})), "uncertain"),
        (json(100, &json!({})), "uncertain"),
        (
            json(400, &json!({"keyId": "k1"})),
            "uncertain with id: the answer with status 400 is a rejection that holds what was to be made",
        ),
        (json(400, &json!({"secretText": "s"})), "holds what was to be made"),
    ] {
        let found = word(&judge(&takes, &answer));
        assert!(found.starts_with("uncertain") && found.contains(expected), "{found}");
    }
    for status in [307, 308, 400, 401, 403, 404, 409, 422, 429] {
        let answer = json(status, &json!({"error": {"code": "no"}, "keyId": null, "secretText": ""}));
        assert_eq!(word(&judge(&takes, &answer)), format!("rejected {status}"));
    }
}

#[test]
fn a_read_without_a_clear_answer_is_unavailable_and_says_what_it_can() {
    let takes = read("outputs = { id = '/id' }\nerrors = { code = '/code' }");
    for status in [100, 200, 204, 300, 408, 499, 500, 502, 503, 504] {
        let body = json!({"code": "busy"});
        let answer = with(status, &[("Retry-After", "2")], body.to_string().as_bytes());
        let Verdict::Unavailable { rejection, .. } = judge(&takes, &answer) else { panic!("{status}") };
        assert_eq!(rejection.errors["code"], text("busy"));
        assert_eq!((rejection.status, rejection.retry_after), (status, Some(Duration::from_secs(2))));
    }
    for status in [301, 302, 303, 304, 307, 308, 400, 404] {
        assert_eq!(word(&judge(&takes, &json(status, &json!({})))), format!("rejected {status}"));
    }
    assert!(word(&judge(&takes, &typed(200, "text/html", br#"{"id": "x"}"#))).contains("page for people"));
}

#[test]
fn alternatives_are_asked_in_their_order() {
    let given = |reference: &str| match reference {
        "setting.key" => Some(Value::text("pass/word")),
        "deliver.value" => Some(Value::text("n3w").secret()),
        "deliver.object" => Some(Value::json(json!({"a": 1, "b": "x"})).secret()),
        _ => None,
    };
    let compare =
        read("success = ['2xx /data/data/{setting.key}={deliver.value}']\nrejects = ['4xx', '2xx']");
    let whole = read("success = ['2xx /data={deliver.object}']\nrejects = ['2xx']");
    for (takes, status, body, expected) in [
        (&compare, 200, json!({"data": {"data": {"pass/word": "n3w"}}}), "success"),
        (&compare, 200, json!({"data": {"data": {"pass/word": "N3w"}}}), "rejected 200"),
        (&compare, 200, json!({"data": {"data": {"pass/word": ["n3w"]}}}), "rejected 200"),
        (&compare, 200, json!({}), "rejected 200"),
        (&compare, 404, json!({}), "rejected 404"),
        (&compare, 503, json!({}), "unavailable"),
        (&whole, 200, json!({"data": {"b": "x", "a": 1}}), "success"),
        (&whole, 200, json!({"data": {"a": 1}}), "rejected 200"),
        (&whole, 200, json!({"data": "{\"a\":1,\"b\":\"x\"}"}), "rejected 200"),
    ] {
        let found = word(&judge_with(takes, &json(status, &body), &given, &Known::default()));
        assert!(found.starts_with(expected), "{body}: {found}");
    }
    // Without the setting and without the value nothing is compared, so nothing is proven.
    assert_eq!(word(&judge(&compare, &json(200, &json!({"data": {"data": {"": ""}}})))), "rejected 200");
}

#[test]
fn what_cannot_be_read_neither_holds_nor_lacks_anything() {
    let graphql =
        effect("success = ['200 /data/make/id']\nrejects = ['200 !/data/make', '4xx']\nid = '/data/make/id'");
    for (body, expected) in [
        (&br#"{"data": {"make": {"id": "1"}}}"#[..], "success"),
        (br#"{"data": {"make": null}, "errors": [{"message": "no"}]}"#, "rejected 200"),
        (br#"{"errors": [{"message": "no"}]}"#, "rejected 200"),
        (br#"{"data": {"make": {"id": ""}}}"#, "uncertain"),
        (br#"{"data": {"make": ""}}"#, "uncertain"),
        (br#"{"data": {"make": {"#, "uncertain"),
        (b"", "uncertain"),
        (b"OK", "uncertain"),
        (b"<data/>", "uncertain"),
    ] {
        let found = word(&judge(&graphql, &typed(200, "application/json", body)));
        assert!(found.starts_with(expected), "{}: {found}", String::from_utf8_lossy(body));
    }
    let rows = read("success = ['200 /users/*/state=active']");
    assert_eq!(word(&judge(&rows, &json(200, &json!({"users": [{}, {"state": "active"}]})))), "success");
    assert!(word(&judge(&rows, &json(200, &json!({"users": []})))).starts_with("unavailable"));
}

#[test]
fn a_soap_fault_rejects_where_the_service_says_so() {
    let soap = effect(
        "success = ['200 xml:Envelope/Body/Done']\nrejects = ['500 xml:Envelope/Body/Fault/faultcode=soap:Client']\nerrors = { code = 'xml:Envelope/Body/Fault/faultcode' }",
    );
    let fault = |code: &str| {
        format!(
            "<soap:Envelope xmlns:soap='x'><soap:Body><soap:Fault><faultcode>{code}</faultcode></soap:Fault></soap:Body></soap:Envelope>"
        )
    };
    let say = |status, body: &str| word(&judge(&soap, &typed(status, "text/xml", body.as_bytes())));
    assert_eq!(say(500, &fault("soap:Client")), "rejected 500");
    assert!(say(500, &fault("soap:Server")).starts_with("uncertain"));
    assert!(say(502, &fault("soap:Client")).starts_with("uncertain"));
    assert_eq!(say(200, "<e:Envelope xmlns:e='x'><e:Body><Done/></e:Body></e:Envelope>"), "success");
    assert!(say(200, "<e:Envelope xmlns:e='x'><e:Body/></e:Envelope>").starts_with("uncertain"));
    assert_eq!(say(200, "<e:Envelope xmlns:e='x'><e:Body><Done>1</Done></e:Body></e:Envelope>"), "success");
}

/// What a manifest could only say unchecked says nothing at run time either.
#[test]
fn alternatives_that_check_refuses_count_for_nothing() {
    let unchecked = Takes {
        is_effect: true,
        success: vec!["404".parse().unwrap(), "500".parse().unwrap()],
        rejects: Some(vec!["2xx".parse().unwrap(), "5xx".parse().unwrap(), "302".parse().unwrap()]),
        ..Takes::default()
    };
    for status in [200, 302, 404, 500, 502] {
        assert!(word(&judge(&unchecked, &json(status, &json!({})))).starts_with("uncertain"), "{status}");
    }
}
