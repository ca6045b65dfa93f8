//! Secrets that would be seen.

use super::*;

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

/// A file that holds a secret is encoded as a whole; what else it holds is no secret.
#[test]
fn what_stands_beside_a_secret_in_a_decoded_file_is_shown() {
    use base64::Engine as _;
    let file = json!({"token": "n3wS3cretT0ken", "id": "k-1"}).to_string();
    let body = json!({"file": base64::engine::general_purpose::STANDARD.encode(file)});
    let beside = effect(
        "secrets = { s = '/file|base64-decode|at:/token' }\noutputs = { id = '/file|base64-decode|at:/id' }",
    );
    let got = taken(&beside, &json(200, &body));
    assert_eq!(got.outputs["id"], Value::text("k-1"));
    assert_eq!(got.secrets["s"], Value::text("n3wS3cretT0ken").secret());
}

#[test]
fn nothing_of_an_answer_is_in_its_debug_form() {
    let answer = json(200, &json!({"s": "hunter2hunter2"}));
    let got = taken(&read("secrets = { s = '/s' }"), &answer);
    assert!(!format!("{answer:?} {got:?}").contains("hunter2"));
}
