//! Credentials in lists, slots and pages.

use super::*;
use crate::answer::{NextPage, PageError, Pages, Part};

pub(super) const SNOWFLAKE: &str = "
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

pub(super) const LIST: &str = "lists = { each = '/passwordCredentials', id = '/keyId', label = '/displayName', created = '/startDateTime', expires = '/endDateTime', disabled = '/state=off', outputs = { hint = { at = '/hint', type = 'text', optional = true } } }";

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

/// Okta and GitLab answer with nothing around their list.
#[test]
fn a_bare_list_is_a_listing() {
    let body = json!([{"id": "a", "status": "ACTIVE"}, {"id": "b", "status": "INACTIVE"}]);
    for toml in ["each = ''", "each = '/'"] {
        let bare = read(&format!(
            "lists = {{ {toml}, id = '/id', disabled = '/status=INACTIVE' }}\noutputs = {{ all = {{ at = '/*/id', type = 'list' }} }}"
        ));
        let got = taken(&bare, &json(200, &body));
        assert_eq!(got.items.iter().map(|item| item.is_disabled).collect::<Vec<_>>(), [false, true]);
        assert_eq!(got.outputs["all"].to_json().unwrap(), json!(["a", "b"]));
        assert!(word(&judge(&bare, &json(200, &json!({"error": "no"})))).starts_with("unavailable"));
    }
}

pub(super) const IAM: &str = "
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
    let mut pages = Pages::new(page("A", "<Marker>m1</Marker>"));
    let Some(NextPage::Repeat(part, token)) = pages.next() else { panic!() };
    assert_eq!((part, *token.to_text().unwrap() == *"m1"), (Part::Form("Marker".into()), true));
    pages.add(page("B", "<Marker>m2</Marker>")).unwrap();
    pages.add(page("B", "")).unwrap();
    assert_eq!(pages.next(), None);
    assert_eq!(pages.finish().items.len(), 2);
}

#[test]
fn endless_pages_end() {
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
