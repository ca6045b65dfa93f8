//! Reads from a body the id of what the request removes, in such a way that the service cannot
//! read another one there.
//!
//! A parser that meets a key twice takes the first, the last, or either, and many take `keyID` for
//! `keyId`. So along the way to the id each key may stand once, in any case; and the body must say
//! of itself that it is JSON in UTF-8, and not packed, lest the service reads it as something else.

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::pattern::folded;

/// Reads the string at the place that the keys lead to. `None` unless there is exactly one.
pub(super) fn id_at(keys: &[String], headers: &HeaderMap, body: &[u8]) -> Option<String> {
    if !is_json(headers) || headers.contains_key(CONTENT_ENCODING) {
        return None;
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let id = Place(keys).deserialize(&mut json).ok()?;
    json.end().ok().map(|()| id)
}

fn is_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(only), None) = (types.next(), types.next()) else { return false };
    let only = only.to_str().unwrap_or_default().to_ascii_lowercase();
    let mut parts = only.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let json = name == "application/json" || name.starts_with("application/") && name.ends_with("+json");
    json && parts.all(|part| !part.starts_with("charset") || part.replace('"', "") == "charset=utf-8")
}

/// What is left of the way to the id. Lists on the way are refused: the service takes all of a list.
struct Place<'a>(&'a [String]);

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<String, D::Error> {
        if self.0.is_empty() { String::deserialize(json) } else { json.deserialize_map(self) }
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = String;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object with the id of what is removed")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut object: M) -> Result<String, M::Error> {
        let (next, rest) = self.0.split_first().ok_or_else(|| M::Error::custom("no key"))?;
        let mut id = None;
        while let Some(key) = object.next_key::<String>()? {
            if folded(&key) != folded(next) {
                object.next_value::<IgnoredAny>()?;
            } else if key == *next && id.is_none() {
                id = Some(object.next_value_seed(Place(rest))?);
            } else {
                return Err(M::Error::custom("the key stands there twice, or in another case"));
            }
        }
        id.ok_or_else(|| M::Error::custom("the key is missing"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pointer: &str, content_type: &str, body: &str) -> Option<String> {
        let keys: Vec<_> = pointer.split('/').map(str::to_owned).collect();
        let headers = [(CONTENT_TYPE, content_type.parse().unwrap())].into_iter().collect();
        id_at(&keys, &headers, body.as_bytes())
    }

    fn json(pointer: &str, body: &str) -> Option<String> {
        read(pointer, "application/json", body)
    }

    #[test]
    fn the_one_string_at_the_place_is_the_id() {
        assert_eq!(json("keyId", r#"{"keyId":"k1"}"#).as_deref(), Some("k1"));
        assert_eq!(json("keyId", r#" {"a":[{"keyId":"x"}],"keyId":"k\u0031"} "#).as_deref(), Some("k1"));
        assert_eq!(json("a/id", r#"{"id":"x","a":{"id":"k1","b":{"id":"x"}}}"#).as_deref(), Some("k1"));
    }

    #[test]
    fn a_key_that_another_parser_may_prefer_is_refused() {
        for body in [
            r#"{"keyId":"k1","keyId":"k2"}"#,
            r#"{"keyId":"k1","keyId":"k1"}"#,
            r#"{"keyId":"k1","\u006beyId":"k2"}"#,
            r#"{"keyId":"k1","KeyID":"k2"}"#,
            r#"{"KeyID":"k2","keyId":"k1"}"#,
            r#"{"KeyID":"k1"}"#,
            "{\"keyId\":\"k1\",\"\u{212a}eyId\":\"k2\"}",
        ] {
            assert_eq!(json("keyId", body), None, "{body}");
        }
        assert_eq!(json("a/id", r#"{"a":{"id":"k1"},"A":{"id":"k2"}}"#), None);
        assert_eq!(json("a/id", r#"{"a":{"id":"k1","Id":"k2"}}"#), None);
    }

    #[test]
    fn anything_but_one_string_is_refused() {
        for body in [
            "",
            "{}",
            "[]",
            "null",
            r#"{"keyId":1}"#,
            r#"{"keyId":null}"#,
            r#"{"keyId":["k1"]}"#,
            r#"{"keyId":{"id":"k1"}}"#,
            r#"[{"keyId":"k1"}]"#,
            r#"{"keyId":"k1"}{"keyId":"k2"}"#,
            r#"{"keyId":"k1"} trailing"#,
            r#"{"keyId":"k1",}"#,
            r#"{"keyId":"k1"/*,"keyId":"k2"*/}"#,
            "\u{feff}{\"keyId\":\"k1\"}",
        ] {
            assert_eq!(json("keyId", body), None, "{body}");
        }
        assert_eq!(json("a/0", r#"{"a":["k1","k2"]}"#), None);
    }

    #[test]
    fn a_body_that_the_service_may_not_take_for_json_is_refused() {
        let body = r#"{"keyId":"k1","x":"&keyId=k2&"}"#;
        for accepted in
            ["application/json", "Application/JSON; charset=UTF-8", "application/merge-patch+json;v=1"]
        {
            assert!(read("keyId", accepted, body).is_some(), "{accepted}");
        }
        for refused in [
            "application/x-www-form-urlencoded",
            "text/plain",
            "application/json; charset=utf-7",
            "application/json; charset=\"utf-16\"",
            "application/jsonp",
        ] {
            assert_eq!(read("keyId", refused, body), None, "{refused}");
        }
        let keys = ["keyId".to_owned()];
        assert_eq!(id_at(&keys, &HeaderMap::new(), body.as_bytes()), None);
        let packed = [(CONTENT_TYPE, "application/json"), (CONTENT_ENCODING, "br")];
        let packed = packed.map(|(name, value)| (name, http::HeaderValue::from_static(value)));
        assert_eq!(id_at(&keys, &packed.into_iter().collect(), body.as_bytes()), None);
        let mut headers = HeaderMap::new();
        for kind in ["application/json", "text/xml"] {
            headers.append(CONTENT_TYPE, kind.parse().unwrap());
        }
        assert_eq!(id_at(&keys, &headers, body.as_bytes()), None);
    }
}
