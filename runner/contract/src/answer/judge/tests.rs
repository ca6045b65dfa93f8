//! Answers of services, good and bad, and what they mean.

use std::fmt::Write as _;

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::json;

use super::*;
use crate::given::Nothing;

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

fn shown(takes: &Takes, answer: &Answer) -> Vec<(String, Shown)> {
    let got = taken(takes, answer);
    takes.show(&got).map(|(name, shown)| (name.to_owned(), shown)).collect()
}

fn text(text: &str) -> Shown {
    Shown::Text(text.to_owned())
}

fn texts(texts: &[&str]) -> Shown {
    Shown::Texts(texts.iter().map(|text| (*text).to_owned()).collect())
}

const ENTRA_TOKEN: &str = "
secrets = { access_token = '/access_token' }
outputs = { roles = { at = '/access_token|jwt|at:/roles/*', type = 'list', optional = true }, oid = { at = '/access_token|jwt|at:/oid', optional = true } }
fresh_for = '/expires_in'
errors = { code = '/error', codes = { at = '/error_codes/*', type = 'list' }, message = { at = '/error_description', type = 'text' } }
";

/// A JWT of these claims.
fn jwt(claims: &Json) -> String {
    use base64::Engine as _;
    format!(
        "eyJhbGciOiJub25lIn0.{}.c2ln",
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(claims.to_string())
    )
}

#[test]
fn a_token_is_kept_and_its_claims_are_shown() {
    let takes = read(ENTRA_TOKEN);
    let token = jwt(&json!({"roles": ["Application.ReadWrite.OwnedBy"], "oid": "0a"}));
    let answer = json(200, &json!({"access_token": token, "expires_in": 3599}));
    assert_eq!(
        shown(&takes, &answer),
        [("oid".into(), text("0a")), ("roles".into(), texts(&["Application.ReadWrite.OwnedBy"]))]
    );
    let got = taken(&takes, &answer);
    assert!(got.secrets["access_token"].is_secret());
    assert_eq!(got.fresh_for, Some(3599));
}

/// Graph's tokens are opaque to others than Graph, says Microsoft; a hint must not end what works without it.
#[test]
fn an_opaque_token_gives_no_claims_where_they_are_optional() {
    let answer = json(200, &json!({"access_token": "opaque"}));
    assert_eq!(shown(&read(ENTRA_TOKEN), &answer), []);
    let strict = read("secrets = { t = '/access_token' }\noutputs = { oid = '/access_token|jwt|at:/oid' }");
    assert!(word(&judge(&strict, &answer)).contains("the filter `jwt` cannot read its value: it is no JWT"));
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

const SNOWFLAKE: &str = "
success = ['200']
pending = { status = '202', request = 'statement', with = { handle = '/statementHandle' }, every = '1s' }
lists = { ids = ['/data/[0=RSA_PUBLIC_KEY_FP]/1', '/data/[0=RSA_PUBLIC_KEY_2_FP]/1'], pattern = 'SHA256:[A-Za-z0-9+/]{43}=' }
outputs = { login = { at = '/data/[0=LOGIN_NAME]/1', pattern = '[A-Za-z0-9_.@$-]+' }, first = { at = '/data/[0=RSA_PUBLIC_KEY_FP]/1', optional = true } }
";

const FINGERPRINT: &str = "SHA256:b9E8JDWjYefFiM0X9V9a098Bd6ZsFyemogCEX016uIw=";

#[test]
fn slots_are_empty_or_have_an_id() {
    let takes = read(SNOWFLAKE);
    let user = json!({"data": [["NAME", "U"], ["LOGIN_NAME", "u"], ["RSA_PUBLIC_KEY_FP", FINGERPRINT], ["RSA_PUBLIC_KEY_2_FP", "null"]]});
    let got = taken(&takes, &json(200, &user));
    assert_eq!(got.items, [Item::bare(Value::text(FINGERPRINT))]);
    assert_eq!(got.outputs["first"], Value::text(FINGERPRINT));
    for empty in [json!(null), json!("")] {
        let user = json!({"data": [["LOGIN_NAME", "u"], ["RSA_PUBLIC_KEY_FP", empty]]});
        assert!(taken(&takes, &json(200, &user)).items.is_empty());
    }
}

/// An answer that shows no slots at all does not show that they are empty: two such would say that a key is gone.
#[test]
fn an_answer_without_slots_is_no_listing() {
    let takes = read("lists = { ids = ['/data/[0=A]/1', '/slots/first'] }");
    for body in
        [json!({}), json!({"data": [["A", "x"]]}), json!({"slots": {}}), json!({"data": null, "slots": {}})]
    {
        assert!(word(&judge(&takes, &json(200, &body))).contains("has nothing around the slot"), "{body}");
    }
    assert!(taken(&takes, &json(200, &json!({"data": [], "slots": {}}))).items.is_empty());
}

#[test]
fn what_goes_on_is_asked_for_again() {
    let takes = effect(
        "success = ['200']\npending = { status = '202', request = 'statement', with = { handle = '/statementHandle' } }",
    );
    let seeing = Seeing { given: &Nothing, known: &Known::default(), now: Timestamp::UNIX_EPOCH };
    let Verdict::Pending(poll) = takes.judge(&json(202, &json!({"statementHandle": "h-1"})), &seeing) else {
        panic!()
    };
    let after = |answer: &Answer| word(&takes.judge_poll(answer, &seeing, &poll));
    assert_eq!(after(&json(202, &json!({}))), "pending handle=h-1");
    assert_eq!(after(&json(202, &json!({"statementHandle": "h-2"}))), "pending handle=h-2");
    assert_eq!(after(&json(200, &json!({}))), "success");
    // These refuse the poll, not the statement.
    for status in [400, 401, 403, 404, 422, 429, 500, 503] {
        assert!(after(&json(status, &json!({}))).starts_with("uncertain"), "{status}");
    }
    for (body, part) in [
        (json!({}), "says no `handle`"),
        (json!({"statementHandle": ["h"]}), "is no text"),
        (json!({"statementHandle": "a\nb"}), "is no text"),
    ] {
        let found = word(&takes.judge(&json(202, &body), &seeing));
        assert!(found.starts_with("uncertain") && found.contains(part), "{found}");
    }
    assert!(
        word(&takes.judge(&typed(202, "text/html", br#"{"statementHandle": "h"}"#), &seeing))
            .starts_with("uncertain")
    );
}

#[test]
fn a_poll_is_refused_for_the_effect_where_the_manifest_says_so() {
    let takes = effect(
        "success = ['200']\nrejects = ['422', '4xx', '400 /code=Gone']\npending = { status = '202', request = 's', with = { h = '/h' } }",
    );
    let seeing = Seeing { given: &Nothing, known: &Known::default(), now: Timestamp::UNIX_EPOCH };
    let poll = Poll { with: BTreeMap::from([("h".to_owned(), Value::text("1"))]) };
    let after = |status, body: Json| word(&takes.judge_poll(&json(status, &body), &seeing, &poll));
    assert_eq!(after(422, json!({})), "rejected 422");
    assert_eq!(after(400, json!({"code": "Gone"})), "rejected 400");
    assert!(after(400, json!({})).starts_with("uncertain") && after(401, json!({})).starts_with("uncertain"));
    let reads = read("pending = { status = '202', request = 's', with = { h = '/h' } }");
    assert_eq!(word(&reads.judge_poll(&json(404, &json!({})), &seeing, &poll)), "rejected 404");
}

const LIST: &str = "lists = { each = '/passwordCredentials', id = '/keyId', label = '/displayName', created = '/startDateTime', expires = '/endDateTime', disabled = '/state=off', outputs = { hint = { at = '/hint', type = 'text', optional = true } } }";

#[test]
fn credentials_are_listed_with_what_is_said_of_them() {
    let takes = read(LIST);
    let got = taken(
        &takes,
        &json(
            200,
            &json!({"passwordCredentials": [
                {"keyId": "a", "displayName": "by hand", "startDateTime": "2026-01-01", "endDateTime": "2027-01-01T01:00:00+01:00", "state": "off", "hint": "abc"},
                {"keyId": 7, "displayName": null, "endDateTime": ""},
            ]}),
        ),
    );
    let [first, second] = got.items.as_slice() else { panic!() };
    assert_eq!(first.label.as_deref(), Some("by hand"));
    assert_eq!(first.created.as_deref(), Some("2026-01-01T00:00:00Z"));
    assert_eq!(first.expires.as_deref(), Some("2027-01-01T00:00:00Z"));
    assert!(first.is_disabled && !second.is_disabled);
    assert_eq!(takes.show_item(first).collect::<Vec<_>>(), [("hint", text("abc"))]);
    assert_eq!((second.id.to_json().unwrap(), &second.label, &second.expires), (json!(7), &None, &None));
}

#[test]
fn a_listing_that_misses_something_lists_nothing() {
    for (body, part) in [
        (json!({}), "has no list at `/passwordCredentials`"),
        (json!({"passwordCredentials": null}), "has no list"),
        (json!({"passwordCredentials": {}}), "is no list"),
        (json!({"passwordCredentials": [{"displayName": "x"}]}), "an item without `lists.id`"),
        (json!({"passwordCredentials": [{"keyId": ""}]}), "an item without `lists.id`"),
        (json!({"passwordCredentials": ["a"]}), "an item without `lists.id`"),
        (json!({"passwordCredentials": [{"keyId": {}}]}), "`lists.id` is an object"),
        (
            json!({"passwordCredentials": [{"keyId": "a", "endDateTime": "soon"}]}),
            "`lists.expires` is no time",
        ),
        (json!({"passwordCredentials": [{"keyId": "a", "displayName": []}]}), "`lists.label` is a list"),
    ] {
        let found = word(&judge(&read(LIST), &json(200, &body)));
        assert!(found.starts_with("unavailable") && found.contains(part), "{body}: {found}");
    }
    let optional = read("lists = { each = '/keys', id = '/name|last-segment', optional = true }");
    assert!(taken(&optional, &json(200, &json!({}))).items.is_empty());
    let many: Vec<Json> = (0..10_001).map(|id| json!({"name": format!("keys/{id}")})).collect();
    assert!(word(&judge(&optional, &json(200, &json!({"keys": many})))).contains("more than 10000"));
    let again = json!({"keys": [{"name": "keys/1"}, {"name": "keys/1"}, {"name": "keys/2"}]});
    assert_eq!(taken(&optional, &json(200, &again)).items.len(), 2);
}

#[test]
fn lists_are_also_texts_and_keys_of_objects() {
    let accessors = read("lists = { each = '/data/keys' }");
    assert_eq!(taken(&accessors, &json(200, &json!({"data": {"keys": ["a", "b"]}}))).items.len(), 2);
    let versions = read("lists = { each = '/VersionIdsToStages|keys' }");
    let found =
        taken(&versions, &json(200, &json!({"VersionIdsToStages": {"v1": ["AWSCURRENT"], "v2": []}}))).items;
    assert_eq!(
        found.iter().map(|item| item.id.to_text().unwrap().to_string()).collect::<Vec<_>>(),
        ["v1", "v2"]
    );
    assert!(word(&judge(&versions, &json(200, &json!({})))).contains("has no list"));
}

const IAM: &str = "
lists = { each = 'xml:ListAccessKeysResponse/ListAccessKeysResult/AccessKeyMetadata/member', id = 'xml:AccessKeyId', created = 'xml:CreateDate', disabled = 'xml:Status=Inactive', next = { at = 'xml:ListAccessKeysResponse/ListAccessKeysResult/Marker', form = 'Marker' } }
";

fn iam(inner: &str) -> Answer {
    let body = format!(
        "<ListAccessKeysResponse xmlns='https://iam.amazonaws.com/doc/2010-05-08/'><ListAccessKeysResult>{inner}</ListAccessKeysResult></ListAccessKeysResponse>"
    );
    typed(200, "text/xml", body.as_bytes())
}

#[test]
fn xml_lists_credentials_where_their_parent_is_there() {
    let member = |id: &str, status: &str| {
        format!(
            "<member><AccessKeyId>{id}</AccessKeyId><Status>{status}</Status><CreateDate>2026-11-29T10:00:00Z</CreateDate></member>"
        )
    };
    let two = format!(
        "<AccessKeyMetadata>{}{}</AccessKeyMetadata>",
        member("AKIA1", "Active"),
        member("AKIA2", "Inactive")
    );
    let found = taken(&read(IAM), &iam(&two));
    assert_eq!(found.items.iter().map(|item| item.is_disabled).collect::<Vec<_>>(), [false, true]);
    assert_eq!(found.next, None);
    assert!(taken(&read(IAM), &iam("<AccessKeyMetadata/>")).items.is_empty());
    assert!(word(&judge(&read(IAM), &iam(""))).contains("has no list"));
    assert!(word(&judge(&read(IAM), &typed(200, "text/xml", b"<Other/>"))).contains("has no list"));
    assert!(word(&judge(&read(IAM), &json(200, &json!({"a": 1})))).contains("no XML"));
    let dtd = b"<!DOCTYPE a [<!ENTITY x 'AKIA1'>]><ListAccessKeysResponse>&x;</ListAccessKeysResponse>";
    assert!(word(&judge(&read(IAM), &typed(200, "text/xml", dtd))).contains("document type"));
}

#[test]
fn pages_are_followed_to_their_end() {
    let page = |id: &str, marker: &str| {
        taken(
            &read(IAM),
            &iam(&format!(
                "<AccessKeyMetadata><member><AccessKeyId>{id}</AccessKeyId></member></AccessKeyMetadata>{marker}"
            )),
        )
    };
    let mut pages = crate::answer::Pages::new(page("A", "<Marker>m1</Marker>"));
    let Some(NextPage::Repeat(part, token)) = pages.next() else { panic!() };
    assert_eq!(
        (part, *token.to_text().unwrap() == *"m1"),
        (crate::answer::Part::Form("Marker".into()), true)
    );
    pages.add(page("B", "<Marker>m2</Marker>")).unwrap();
    pages.add(page("B", "")).unwrap();
    assert_eq!(pages.next(), None);
    assert_eq!(pages.finish().items.len(), 2);
}

#[test]
fn endless_pages_end() {
    use crate::answer::{PageError, Pages};
    let linked = read("outputs = { ids = { at = '/v/*/id', type = 'list', next = 'header:Link' } }");
    let page = |link: &str, count: usize| {
        let rows: Vec<Json> = (0..count).map(|id| json!({"id": id})).collect();
        taken(
            &linked,
            &with(
                200,
                &[("Link", &format!("<{link}>; rel=\"next\""))],
                json!({"v": rows}).to_string().as_bytes(),
            ),
        )
    };
    let mut circle = Pages::new(page("/a", 1));
    circle.add(page("/b", 1)).unwrap();
    circle.add(page("/a", 1)).unwrap();
    assert_eq!(circle.add(page("/b", 1)), Err(PageError::Circle));
    let mut many = Pages::new(page("/0", 1));
    let error = (2..200)
        .find_map(|number| many.add(page(&format!("/{number}"), 1)).err().map(|error| (number, error)));
    assert_eq!(error, Some((101, PageError::Pages)));
    let mut large = Pages::new(page("/0", 6000));
    assert_eq!(large.add(page("/1", 6000)), Err(PageError::Items));
}

#[test]
fn numbered_pages_end_with_an_empty_one_or_one_that_was_there() {
    use crate::answer::{PageError, Pages, Part};
    let numbered = read("lists = { each = '/v', id = '/id', next = { number = 'page' } }");
    let page = |ids: &[u8]| {
        taken(
            &numbered,
            &json(200, &json!({"v": ids.iter().map(|id| json!({"id": id})).collect::<Vec<_>>()})),
        )
    };
    let mut pages = Pages::new(page(&[1, 2]));
    assert_eq!(pages.next(), Some(NextPage::Repeat(Part::Query("page".into()), Value::integer(2))));
    pages.add(page(&[3])).unwrap();
    assert_eq!(pages.next(), Some(NextPage::Repeat(Part::Query("page".into()), Value::integer(3))));
    pages.add(page(&[])).unwrap();
    assert_eq!(pages.next(), None);
    assert_eq!(pages.finish().items.len(), 3);
    let mut same = Pages::new(page(&[1, 2]));
    assert_eq!(same.add(page(&[1, 2])), Err(PageError::Circle));
}

#[test]
fn an_output_that_has_a_secret_in_it_ends_the_step() {
    let mut known = Known::default();
    known.add(&Value::text("Adm1nSecret").secret());
    let say = |takes: &Takes, body: Json| word(&judge_with(takes, &json(200, &body), &Nothing, &known));
    let plain = read("outputs = { a = { at = '/a', type = 'text' } }");
    for leak in [
        "Adm1nSecret",
        "adm1nsecret",
        "x Adm1nSecret y",
        "QWRtMW5TZWNyZXQ=",
        "41646d316e536563726574",
        "Adm1n%53ecret",
    ] {
        assert_eq!(say(&plain, json!({"a": leak})), "leak of outputs.a", "{leak}");
    }
    assert_eq!(say(&plain, json!({"a": "other"})), "success");
    let rows = read("outputs = { a = { at = '/a/*', type = 'list' } }");
    assert_eq!(say(&rows, json!({"a": ["x", "Adm1nSecret"]})), "leak of outputs.a");
    let cut = read("outputs = { a = '/a|last-segment' }");
    assert_eq!(say(&cut, json!({"a": "keys/Adm1nSecret"})), "leak of outputs.a");
    let decoded = read("outputs = { a = { at = '/a|base64-decode|at:/k', type = 'text' } }");
    assert_eq!(say(&decoded, json!({"a": "eyJrIjogIkFkbTFuU2VjcmV0In0="})), "leak of outputs.a");
    for (part, body) in [
        ("lists.id", json!({"v": [{"id": "Adm1nSecret"}]})),
        ("lists.label", json!({"v": [{"id": "1", "label": "is Adm1nSecret"}]})),
        ("lists.outputs.o", json!({"v": [{"id": "1", "o": "Adm1nSecret"}]})),
    ] {
        let listed = read(
            "lists = { each = '/v', id = '/id', label = '/label', outputs = { o = { at = '/o', optional = true } } }",
        );
        assert_eq!(say(&listed, body), format!("leak of {part}"));
    }
    assert_eq!(say(&read("lists = { ids = ['/a'] }"), json!({"a": "Adm1nSecret"})), "leak of lists.ids");
}

/// The new secret itself, shown again in another place of the very answer that has it.
#[test]
fn the_secret_of_the_same_answer_is_no_output() {
    let takes = effect(
        "id = '/id'\nsecrets = { s = '/s' }\noutputs = { again = { at = '/again', type = 'text', optional = true } }",
    );
    let say = |body: Json| word(&judge(&takes, &json(200, &body)));
    assert_eq!(
        say(json!({"id": "1", "s": "n3wS3cret", "again": "n3wS3cret"})),
        "leak of outputs.again with id"
    );
    assert_eq!(say(json!({"id": "n3wS3cret", "s": "n3wS3cret"})), "leak of id with id");
    assert_eq!(say(json!({"id": "1", "s": "n3wS3cret", "again": "x"})), "success");
    let parts = read("secrets = { file = '/f' }\noutputs = { part = { at = '/g|at:/k', type = 'text' } }");
    let file = r#"{"k":"v"}"#;
    assert_eq!(word(&judge(&parts, &json(200, &json!({"f": file, "g": file})))), "leak of outputs.part");
}

#[test]
fn an_error_that_has_a_secret_in_it_is_masked() {
    let mut known = Known::default();
    known.add(&Value::text("Adm1nSecret").secret());
    let takes = read("errors = { code = '/code', message = { at = '/message', type = 'text' } }");
    let body = json!({"code": "BadPassword", "message": "`Adm1nSecret` is too short"});
    let Verdict::Rejected(rejection) = judge_with(&takes, &json(400, &body), &Nothing, &known) else {
        panic!()
    };
    assert_eq!(rejection.errors["code"], text("BadPassword"));
    assert_eq!(rejection.errors["message"], text("********"));
}

#[test]
fn statuses_headers_and_counts_are_outputs() {
    let takes = read(
        "outputs = { status = 'status', next = 'header:X-Next-Page', n = { at = '/v/*/in/*', type = 'count' }, k = { at = '/o|keys', type = 'list' }, none = { at = '/v/*', type = 'count' } }\nsuccess = ['2xx', '404']",
    );
    let body = json!({"v": [{"in": [1, 2]}, {"in": [3]}, {}], "o": {"b": 1, "a": 2}});
    let answer = with(404, &[("x-next-page", "7")], body.to_string().as_bytes());
    assert_eq!(
        shown(&takes, &answer),
        [
            ("k".into(), texts(&["b", "a"])),
            ("n".into(), Shown::Integer(3)),
            ("next".into(), text("7")),
            ("none".into(), Shown::Integer(3)),
            ("status".into(), text("404")),
        ]
    );
}

#[test]
fn rows_line_up_and_lacking_ones_are_empty() {
    let takes = read(
        "outputs = { on = { at = '/value/*/isEnabled', type = 'list' }, state = { at = '/value/*/r/[t=a]/state', type = 'list' } }",
    );
    let body = json!({"value": [{"isEnabled": true, "r": [{"t": "b"}, {"t": "a", "state": "x"}]}, {"isEnabled": false}]});
    assert_eq!(
        shown(&takes, &json(200, &body)),
        [("on".into(), texts(&["true", "false"])), ("state".into(), texts(&["x", ""]))]
    );
    assert!(word(&judge(&takes, &json(200, &json!({})))).contains("lacks `outputs.on`"));
    assert_eq!(shown(&takes, &json(200, &json!({"value": []}))).len(), 2);
    let bad = json!({"value": [{"isEnabled": {}}]});
    assert!(word(&judge(&takes, &json(200, &bad))).contains("an item that is a list or an object"));
}

#[test]
fn an_output_that_is_not_what_it_should_be_is_no_success() {
    let takes = read(
        "outputs = { id = { at = '/id', pattern = '[0-9a-f-]{4}' }, n = { at = '/n', type = 'int', optional = true } }",
    );
    for (body, part) in [
        (json!({"id": "zzzz"}), "has `outputs.id`, but it does not match its pattern"),
        (json!({}), "lacks `outputs.id` at `/id`"),
        (json!({"id": "ab-1", "n": "many"}), "has `outputs.n`, but it is no whole number"),
    ] {
        let found = word(&judge(&takes, &json(200, &body)));
        assert!(found.contains(part), "{found}");
    }
    assert_eq!(word(&judge(&takes, &json(200, &json!({"id": "ab-1", "n": null})))), "success");
}

#[test]
fn freshness_is_what_the_answer_says() {
    let said = |toml: &str, body: Json| word(&judge(&read(toml), &json(200, &body)));
    let fresh = |toml: &str, body: Json| taken(&read(toml), &json(200, &body)).fresh_for;
    assert_eq!(fresh("fresh_for = '/e'", json!({"e": "300"})), Some(300));
    assert_eq!(fresh("fresh_for = '/e'", json!({"e": 0})), None);
    assert_eq!(fresh("fresh_for = '/e'", json!({})), None);
    assert_eq!(fresh("fresh_for = 60", json!({})), Some(60));
    assert!(said("fresh_for = '/e'", json!({"e": "soon"})).contains("`fresh_for`"));
}

#[test]
fn huge_and_deep_answers_are_read_or_refused_in_time() {
    let takes = read(
        "outputs = { id = { at = '/id', optional = true }, n = { at = '/v/*', type = 'count', optional = true } }",
    );
    let start = std::time::Instant::now();
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
    assert!(start.elapsed() < Duration::from_mins(1), "{:?}", start.elapsed());
}

#[test]
fn nothing_of_an_answer_is_in_its_debug_form() {
    let answer = json(200, &json!({"s": "hunter2hunter2"}));
    let got = taken(&read("secrets = { s = '/s' }"), &answer);
    assert!(!format!("{answer:?} {got:?}").contains("hunter2"));
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
