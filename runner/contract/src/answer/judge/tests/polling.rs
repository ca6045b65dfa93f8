//! Requests that go on.

use super::*;

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
