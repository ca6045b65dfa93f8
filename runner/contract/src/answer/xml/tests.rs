//! XML as services and attackers write it, and as another reader reads it.

use proptest::prelude::*;
use quick_xml::escape::escape;

use super::*;
use crate::given::Nothing;

fn find(xml: &str, path: &str) -> Result<Option<String>, String> {
    let document = parse(xml.as_bytes())?;
    match document.find(&Path::elements(path).unwrap(), &Nothing)? {
        Found::Siblings { elements, .. } => Ok(one(&elements)?.map(|element| element.text.to_string())),
        Found::Rows(_) => panic!("{path} has rows"),
    }
}

fn rows(xml: &str, path: &str) -> Option<Vec<Option<String>>> {
    match parse(xml.as_bytes()).unwrap().find(&Path::elements(path).unwrap(), &Nothing).unwrap() {
        Found::Rows(rows) => {
            rows.map(|rows| rows.into_iter().map(|row| row.map(|row| row.text.to_string())).collect())
        }
        Found::Siblings { .. } => panic!("{path} has no rows"),
    }
}

const KEYS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<ListAccessKeysResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">
  <ListAccessKeysResult>
    <AccessKeyMetadata>
      <member><AccessKeyId>AKIA1</AccessKeyId><Status>Active</Status></member>
      <member><AccessKeyId>AKIA2</AccessKeyId></member>
    </AccessKeyMetadata>
    <Users/>
  </ListAccessKeysResult>
</ListAccessKeysResponse>"#;

#[test]
fn elements_are_found_by_their_names() {
    let at = |path: &str| find(KEYS, &format!("ListAccessKeysResponse/ListAccessKeysResult/{path}"));
    assert_eq!(at("AccessKeyMetadata/member/[AccessKeyId=AKIA1]/Status"), Ok(Some("Active".into())));
    assert_eq!(at("AccessKeyMetadata/member/[AccessKeyId=AKIA3]/Status"), Ok(None));
    assert_eq!(at("Users"), Ok(Some(String::new())));
    assert_eq!(at("Nothing/At/All"), Ok(None));
    assert!(at("AccessKeyMetadata/member/AccessKeyId").unwrap_err().contains("write `*`"));
    assert_eq!(find(KEYS, "ListAccessKeysResult"), Ok(None));
}

#[test]
fn rows_are_siblings_of_which_one_may_lack_what_is_taken() {
    let at = |path: &str| rows(KEYS, &format!("ListAccessKeysResponse/ListAccessKeysResult/{path}"));
    assert_eq!(
        at("AccessKeyMetadata/member/*/AccessKeyId"),
        Some(vec![Some("AKIA1".into()), Some("AKIA2".into())])
    );
    assert_eq!(at("AccessKeyMetadata/member/*/Status"), Some(vec![Some("Active".into()), None]));
    assert_eq!(at("Users/member/*"), Some(vec![]));
    assert_eq!(at("Groups/member/*"), None);
}

#[test]
fn prefixes_references_and_sections_are_read() {
    let soap = "<s:Envelope xmlns:s='u'><s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring>a &lt;b&gt; &amp; &#x20AC;<![CDATA[<c>]]></faultstring></s:Fault></s:Body></s:Envelope>";
    assert_eq!(find(soap, "Envelope/Body/Fault/faultcode"), Ok(Some("s:Client".into())));
    assert_eq!(find(soap, "Envelope/Body/Fault/faultstring"), Ok(Some("a <b> & €<c>".into())));
    assert_eq!(find("<a><!-- no -->x<?pi y?></a>", "a"), Ok(Some("x".into())));
    assert_eq!(find("\u{feff}<a> x </a>", "a"), Ok(Some(" x ".into())));
}

#[test]
fn what_is_no_xml_or_may_mean_anything_is_refused() {
    let deep = format!("{}x{}", "<a>".repeat(1000), "</a>".repeat(1000));
    let laughs = "<!DOCTYPE a [<!ENTITY b 'bbbb'><!ENTITY c '&b;&b;'>]><a>&c;</a>";
    for (xml, part) in [
        ("", "outermost"),
        ("text", "outside of its outermost"),
        ("{\"a\": 1}", "outside of its outermost"),
        ("<a>", "cut"),
        ("<a><b></b>", "cut"),
        ("<a></b>", "malformed"),
        ("<a", "malformed"),
        ("<a/><b/>", "outermost"),
        ("<a/>text", "outside of its outermost"),
        ("<a>&b;</a>", "entity of its own"),
        ("<a>&#xD800;</a>", "character reference"),
        (laughs, "document type"),
        ("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", "document type"),
        ("<?xml version='1.0' encoding='UTF-16'?><a/>", "not in UTF-8"),
        (deep.as_str(), "deeper than 128"),
    ] {
        let error = parse(xml.as_bytes()).unwrap_err();
        assert!(error.contains(part), "{xml:.60}: {error}");
    }
    assert!(parse(b"<a>\xff</a>").unwrap_err().contains("UTF-8"));
}

#[test]
fn a_text_of_many_parts_is_read_in_linear_time() {
    let xml = format!("<a>{}</a>", "&amp;<!---->".repeat(300_000));
    assert_eq!(find(&xml, "a").unwrap().unwrap().len(), 300_000);
}

/// What another way of reading finds: the text of the first element of a name, by its tags alone.
fn by_tags<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = xml.split_once(&format!("<{name}>"))?;
    Some(after.split_once(&format!("</{name}>"))?.0)
}

proptest! {
    #[test]
    fn what_is_written_is_found_whatever_the_text(texts in proptest::collection::vec("[^\\x00-\\x08\\x0b\\x0c\\x0d\\x0e-\\x1f\\u{85}\\u{2028}\\u{fffe}\\u{ffff}]{0,20}", 3)) {
        let [one, two, three] = texts.as_slice() else { unreachable!() };
        let xml = format!("<r><one>{}</one><in><two>{}</two></in><l><m>{}</m><m/></l></r>", escape(one), escape(two), escape(three));
        prop_assert_eq!(find(&xml, "r/one"), Ok(Some(one.clone())));
        prop_assert_eq!(find(&xml, "r/in/two"), Ok(Some(two.clone())));
        prop_assert_eq!(rows(&xml, "r/l/m/*"), Some(vec![Some(three.clone()), Some(String::new())]));
        let other = quick_xml::escape::unescape(by_tags(&xml, "one").unwrap()).unwrap().into_owned();
        prop_assert_eq!(find(&xml, "r/one").unwrap().unwrap(), other);
    }

    #[test]
    fn no_bytes_make_reading_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60), xml in "[<>a/&;!\\[\\]?= x'\"-]{0,40}") {
        let _ = parse(&bytes);
        if let Ok(document) = parse(xml.as_bytes()) {
            let _ = document.find(&Path::elements("a/a/*/a").unwrap(), &Nothing);
        }
    }
}
