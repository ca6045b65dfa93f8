//! Reads JSON of which every reader would say the same.

use std::fmt;

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Map;

use crate::value::Json;

/// The key that `serde_json` hands numbers on with, so that their spelling is kept.
const NUMBER: &str = "$serde_json::private::Number";

/// Reads one JSON document, whole: UTF-8, at most 128 deep, no key twice in an object.
///
/// Of a key that is there twice one reader takes the first and another one the last, so such a document says
/// nothing.
pub(crate) fn json(bytes: &[u8]) -> Result<Json, NoJson> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|_| NoJson("it is no UTF-8".to_owned()))?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let json = Strict.deserialize(&mut reader).and_then(|json| reader.end().map(|()| json));
    // The message of an error may quote a key, which is the service's text; its place says enough.
    json.map_err(|error| {
        let what = match error.classify() {
            serde_json::error::Category::Eof => "it is cut",
            serde_json::error::Category::Data => "it has a key twice in one object",
            _ => "it is malformed, or nested too deep",
        };
        NoJson(format!("{what}, at line {}, column {}", error.line(), error.column()))
    })
}

/// Some bytes are no JSON that says one thing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NoJson(String);

struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Json, E> {
        Ok(Json::Bool(flag))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Json, E> {
        Ok(Json::from(number))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Json, E> {
        Ok(Json::from(number))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Json, E> {
        Ok(Json::from(number))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Json, E> {
        Ok(Json::String(text.to_owned()))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Json, E> {
        Ok(Json::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(Self)? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            if key == NUMBER && members.is_empty() {
                return map.next_value::<Spelled>().map(|number| Json::Number(number.0));
            }
            let member = map.next_value_seed(Self)?;
            if members.insert(key, member).is_some() {
                return Err(de::Error::custom("a key twice"));
            }
        }
        Ok(Json::Object(members))
    }
}

/// A number as it is spelled.
struct Spelled(serde_json::Number);

impl<'de> Deserialize<'de> for Spelled {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(|_| de::Error::custom("no number"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::json;
    use crate::value::Json;

    #[test]
    fn a_key_that_is_there_twice_makes_it_unreadable() {
        for text in [r#"{"a":1,"a":1}"#, r#"[{"b":{"a":1,"c":2,"a":3}}]"#, r#"{"a":1,"\u0061":2}"#] {
            assert!(json(text.as_bytes()).unwrap_err().to_string().contains("twice"), "{text}");
        }
        assert!(json(br#"{"a":{"a":1},"b":[{"a":1},{"a":2}]}"#).is_ok());
    }

    #[test]
    fn what_is_no_json_is_refused_with_its_place() {
        assert!(json(br#"{"a": "x"#).unwrap_err().to_string().contains("cut, at line 1"));
        assert!(json(b"<html>").unwrap_err().to_string().contains("malformed"));
        assert!(json(b"{} {}").is_err());
        assert!(json(b"\"\xff\"").unwrap_err().to_string().contains("UTF-8"));
        assert!(json("[".repeat(1000).as_bytes()).is_err());
        assert!(json(format!("{}1{}", "[".repeat(1000), "]".repeat(1000)).as_bytes()).is_err());
        assert!(json(b"").is_err());
    }

    #[test]
    fn a_byte_order_mark_is_passed_over() {
        assert_eq!(json(b"\xef\xbb\xbf[]").unwrap(), Json::Array(vec![]));
    }

    #[test]
    fn numbers_keep_their_digits() {
        let long = format!("[{},1.10,1e+5,-0.0]", "9".repeat(1_000));
        assert_eq!(json(long.as_bytes()).unwrap().to_string(), long);
    }

    proptest! {
        #[test]
        fn it_reads_what_serde_json_reads(text in r#"[\[\]{}",:0-9a-c.e+ tfn\\-]{0,30}"#) {
            let theirs = serde_json::from_str::<Json>(&text);
            match json(text.as_bytes()) {
                Ok(ours) => prop_assert_eq!(Some(ours), theirs.ok()),
                Err(error) => prop_assert!(theirs.is_err() || error.to_string().contains("twice")),
            }
        }

        #[test]
        fn it_reads_back_what_serde_json_writes(numbers in proptest::collection::vec(any::<f64>(), 0..4), texts in proptest::collection::btree_map(".*", any::<i64>(), 0..4)) {
            let written = serde_json::json!([numbers, texts]);
            prop_assert_eq!(json(written.to_string().as_bytes()).unwrap(), written);
        }
    }
}
