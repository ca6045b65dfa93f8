//! Outputs of every kind.

use super::*;

pub(super) fn shown(takes: &Takes, answer: &Answer) -> Vec<(String, Shown)> {
    let got = taken(takes, answer);
    takes.show(&got).map(|(name, shown)| (name.to_owned(), shown)).collect()
}

pub(super) fn texts(texts: &[&str]) -> Shown {
    Shown::Texts(texts.iter().map(|text| (*text).to_owned()).collect())
}

pub(super) const ENTRA_TOKEN: &str = "
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
fn what_differs_from_an_earlier_answer_is_told_by_name_alone() {
    let takes = read(
        "outputs = { changed = { at = '/variables', type = 'list', differs_from = '{before.variables}' } }",
    );
    let before = json!({"same": {"v": null}, "changed": {"v": "hunter2-hunter2"}, "dropped": 1});
    let now = json!({"changed": {"v": "hunter3-hunter3"}, "same": {"v": null}, "added": 1});
    let answer = json(200, &json!({"variables": now}));
    let changed = |earlier: Option<Value>| {
        let given = |reference: &str| earlier.clone().filter(|_| reference == "before.variables");
        let known = Known::default();
        let seeing = Seeing { given: &given, known: &known, now: Timestamp::UNIX_EPOCH };
        match takes.judge(&answer, &seeing) {
            Verdict::Success(got) => Ok(got.outputs["changed"].to_json().unwrap()),
            Verdict::Unavailable { why, .. } => Err(why),
            other => Err(format!("{other:?}")),
        }
    };
    assert_eq!(changed(Some(Value::json(before).secret())), Ok(json!(["changed", "added", "dropped"])));
    assert_eq!(changed(Some(Value::json(now))), Ok(json!([])));
    assert!(changed(None).unwrap_err().contains("no earlier answer"));
    assert!(changed(Some(Value::text("x"))).unwrap_err().contains("is no object"));
}

#[test]
fn words_are_found_in_what_is_no_json_and_nothing_else_of_it_is_seen() {
    let takes = effect("errors = { code = 'words:PolicyForbids,TooManyRequests' }\nsecrets = { s = '/s' }");
    let said = |body: &[u8]| match judge(&takes, &Answer::new(400, Vec::new(), body.to_vec())) {
        Verdict::Rejected(rejection) => rejection.errors.get("code").cloned(),
        other => panic!("{other:?}"),
    };
    let found = Some(Shown::Text("PolicyForbids".to_owned()));
    for body in [
        "\u{feff}policyforbids: no.",
        "<html><p>PolicyForbids</p></html>",
        r#"{"error":{"code":"PolicyForbids","s":"new-secret-of-8"#,
        "TooManyRequests, and PolicyForbids",
    ] {
        assert_eq!(said(body.as_bytes()), found, "{body}");
    }
    let utf16: Vec<u8> = "PolicyForbids".encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(said(&utf16), found);
    for body in ["", "no", r#"{"message":"PolicyForbids"}"#] {
        assert_eq!(said(body.as_bytes()), None, "{body}");
    }
}
