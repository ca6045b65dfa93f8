//! Good answers, changed anywhere: what is taken all the same is what other readers find there.
//! `PROPTEST_CASES` says how long.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;

use pamrun_contract::answer::{Answer, Kept, Known, Lists, Output, Place, Seeing, Taken, Takes, Verdict};
use pamrun_contract::given::Nothing;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value as Json, json};

#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    outputs: BTreeMap<String, Output>,
    #[serde(default)]
    secrets: BTreeMap<String, Kept>,
    id: Option<Place>,
    lists: Option<Lists>,
}

fn takes(is_effect: bool, toml: &str) -> Takes {
    let Written { outputs, secrets, id, lists } = toml::from_str(toml).unwrap();
    Takes { is_effect, outputs, secrets, id, lists, ..Takes::default() }
}

fn judge(takes: &Takes, body: &[u8]) -> Verdict {
    let seeing =
        Seeing { given: &Nothing, known: &Known::default(), now: "2026-11-29T10:00:00Z".parse().unwrap() };
    takes.judge(&Answer::new(200, Vec::new(), body.to_vec()), &seeing)
}

/// A change of some bytes: where it begins, how many go, and what comes instead.
type Edit = (prop::sample::Index, usize, Vec<u8>);

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let pieces: Vec<&'static [u8]> = vec![
        b"",
        b"\"",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"null",
        b"\"keyId\":",
        b"\\",
        b"\\u0041",
        b"1e9",
        b"<",
        b">",
        b"/>",
        b"</member>",
        b"<member>",
        b"<AccessKeyId>",
        b"&amp;",
        b"&x;",
        b"&#65;",
        b"<![CDATA[",
        b"]]>",
        b"<!--",
        b"-->",
        b"<x:",
        b" a=\"b\"",
        b"\xff",
        b"\0",
        b"\xef\xbb\xbf",
    ];
    let piece = prop::sample::select(pieces).prop_map(<[u8]>::to_vec);
    let new = prop_oneof![3 => piece, 1 => proptest::collection::vec(any::<u8>(), 0..3)];
    proptest::collection::vec((any::<prop::sample::Index>(), 0_usize..6, new), 0..4)
}

fn edited(good: &str, edits: &[Edit]) -> Vec<u8> {
    let mut bytes = good.as_bytes().to_vec();
    for (at, gone, new) in edits {
        let at = at.index(bytes.len() + 1);
        let end = (at + gone).min(bytes.len());
        bytes.splice(at..end, new.iter().copied());
    }
    bytes
}

/// A scalar as a text, as a list of ids shows it.
fn text(json: &Json) -> Option<String> {
    match json {
        Json::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn ids(taken: &Taken) -> Vec<String> {
    taken.items.iter().map(|item| item.id.to_text().unwrap().to_string()).collect()
}

fn without_repetition(ids: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    ids.into_iter().filter(|id| seen.insert(id.clone())).collect()
}

const APP: &str = "
outputs = { id = '/id', name = { at = '/displayName', type = 'text', optional = true }, uris = { at = '/uris/*', type = 'count', optional = true } }
lists = { each = '/passwordCredentials', id = '/keyId', label = '/displayName' }
";

const MADE: &str = "id = '/keyId'\nsecrets = { secret = '/secretText' }";

const KEYS: &str = "
lists = { each = 'xml:ListAccessKeysResponse/ListAccessKeysResult/AccessKeyMetadata/member', id = 'xml:AccessKeyId', disabled = 'xml:Status=Inactive' }
";

const KEYS_XML: &str = "<?xml version=\"1.0\"?>\n<ListAccessKeysResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">\n <ListAccessKeysResult><AccessKeyMetadata><member><AccessKeyId>AKIA1</AccessKeyId><Status>Active</Status></member><member><AccessKeyId>AKIA&amp;2</AccessKeyId><Status>Inactive</Status></member></AccessKeyMetadata></ListAccessKeysResult>\n</ListAccessKeysResponse>";

/// The children of a name, whatever their namespace.
fn children<'a>(node: roxmltree::Node<'a, 'a>, name: &str) -> Vec<roxmltree::Node<'a, 'a>> {
    node.children().filter(|child| child.is_element() && child.tag_name().name() == name).collect()
}

/// The text of an element, all its parts.
fn inner(node: roxmltree::Node<'_, '_>) -> String {
    node.children().filter(roxmltree::Node::is_text).filter_map(|part| part.text()).collect()
}

/// The ids and whether they are disabled, as another reader of XML finds them; none where it cannot read.
fn by_roxmltree(body: &[u8]) -> Option<Vec<(String, bool)>> {
    let text = std::str::from_utf8(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)).ok()?;
    let document = roxmltree::Document::parse(text).ok()?;
    let mut node = document.root();
    for name in ["ListAccessKeysResponse", "ListAccessKeysResult", "AccessKeyMetadata"] {
        node = children(node, name).first().copied()?;
    }
    let keys = children(node, "member").into_iter().map(|member| {
        let id = children(member, "AccessKeyId").first().copied().map(inner)?;
        Some((id, children(member, "Status").iter().any(|status| inner(*status) == "Inactive")))
    });
    keys.collect()
}

proptest! {
    #[test]
    fn changed_json_is_taken_as_serde_json_reads_it(edits in edits()) {
        let good = json!({"id": "0a-1", "displayName": "päyroll", "uris": [1, 2], "passwordCredentials": [
            {"keyId": "k1", "displayName": "by hand"}, {"keyId": 7, "displayName": null}, {"keyId": "k3"}]}).to_string();
        let body = edited(&good, &edits);
        let Verdict::Success(taken) = judge(&takes(false, APP), &body) else { return Ok(()) };
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&body);
        let read: Json = serde_json::from_slice(body).unwrap();
        prop_assert_eq!(taken.outputs["id"].to_json().unwrap(), read["id"].clone());
        let uris = taken.outputs.get("uris").map(|uris| uris.to_json().unwrap());
        prop_assert_eq!(uris, read["uris"].as_array().map(|uris| json!(uris.len())));
        let found = read["passwordCredentials"].as_array().unwrap().iter().map(|item| text(&item["keyId"]).unwrap());
        prop_assert_eq!(ids(&taken), without_repetition(found));
    }

    #[test]
    fn what_was_made_is_what_serde_json_reads_or_uncertain(edits in edits()) {
        let body = edited(r#"{"keyId": "k1", "hint": "s3c", "secretText": "s3cret\u00e4"}"#, &edits);
        match judge(&takes(true, MADE), &body) {
            Verdict::Success(taken) => {
                let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&body);
                let read: Json = serde_json::from_slice(body).unwrap();
                prop_assert_eq!(taken.id.unwrap().to_json().unwrap(), read["keyId"].clone());
                prop_assert_eq!(taken.secrets["secret"].to_json().unwrap(), read["secretText"].clone());
            }
            // The id and the secret may have become the same.
            Verdict::Uncertain { .. } | Verdict::Leak { .. } => {}
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn changed_xml_is_taken_as_another_reader_reads_it(edits in edits()) {
        let body = edited(KEYS_XML, &edits);
        let Verdict::Success(taken) = judge(&takes(false, KEYS), &body) else { return Ok(()) };
        // The other one also refuses what is well-formed but means nothing to it, such as a prefix without namespace.
        if let Some(found) = by_roxmltree(&body) {
            let disabled: BTreeMap<String, bool> = found.iter().rev().cloned().collect();
            prop_assert_eq!(ids(&taken), without_repetition(found.into_iter().map(|(id, _)| id)));
            for item in &taken.items {
                prop_assert_eq!(item.is_disabled, disabled[item.id.to_text().unwrap().as_str()]);
            }
        }
    }
}

#[test]
fn what_is_not_changed_is_taken_whole() {
    let Verdict::Success(taken) = judge(&takes(false, KEYS), KEYS_XML.as_bytes()) else { panic!() };
    assert_eq!(ids(&taken), ["AKIA1", "AKIA&2"]);
    assert_eq!(by_roxmltree(KEYS_XML.as_bytes()).unwrap().len(), 2);
}
