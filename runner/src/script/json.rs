//! Finds JSON in a text, and reads it more strictly than most: a key that stands twice is an error, since one of
//! its values would be lost in silence.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::model::wipe;

/// JSON that is wiped when it is dropped.
pub(super) struct Json(pub(super) Value);

impl Drop for Json {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// How much is read in search of JSON at most, as a multiple of the text: enough for any log with some stray
/// brackets, and an end to texts that are made of brackets.
const PATIENCE: usize = 16;

/// The outermost JSON objects and lists of a text, in order, whatever stands around them.
pub(super) fn outermost(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut left = text.len().saturating_mul(PATIENCE);
    let mut at = 0;
    while let Some(rest) = text.get(at..)
        && let Some(start) = rest.find(['{', '['])
        && let Some(rest) = rest.get(start..)
    {
        at += start;
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<IgnoredAny>();
        let read = if let Some(Err(error)) = values.next() {
            at += 1;
            fault(rest, &error)
        } else {
            let length = values.byte_offset().max(1);
            found.push(at..at + length);
            at += length;
            length
        };
        let Some(rest) = left.checked_sub(read) else { break };
        left = rest;
    }
    found
}

/// Where in a text its reader stumbled.
pub(super) fn fault(text: &str, error: &serde_json::Error) -> usize {
    let lines = error.line().saturating_sub(1);
    let line = match lines.checked_sub(1) {
        None => 0,
        Some(breaks) => text.match_indices('\n').nth(breaks).map_or(text.len(), |(at, _)| at + 1),
    };
    // A line that ends where it must not is told as the beginning of the next.
    text.floor_char_boundary((line + error.column()).saturating_sub(1))
}

/// Proves of JSON that no key stands twice in one object.
pub(super) struct Distinct;

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Distinct {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    // A number whose text is kept is such a map, too.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        let mut keys = BTreeSet::new();
        while let Some((key, Self)) = map.next_entry::<String, _>()? {
            if !keys.insert(key) {
                return Err(A::Error::custom("a key stands twice"));
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        outermost(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn json_is_found_whatever_stands_around_it() {
        for (text, expected) in [
            ("", vec![]),
            ("{}", vec!["{}"]),
            ("[INFO] {\"a\":1} done", vec!["{\"a\":1}"]),
            ("a { b [ ({\n\"a\":\n[1,\n2]}) ] }", vec!["{\n\"a\":\n[1,\n2]}"]),
            ("{\"hi} {\"a\":1}", vec!["{\"a\":1}"]),
            ("[{\"a\":1},{}] {'b':{}}", vec!["[{\"a\":1},{}]", "{}"]),
            ("{\"a\":[{\"b\":2}", vec!["{\"b\":2}"]),
            ("{\"a\":\"}\"}{\"b\":2}", vec!["{\"a\":\"}\"}", "{\"b\":2}"]),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }

    #[test]
    fn n1_a_text_of_brackets_is_read_in_time() {
        for hostile in ["[", "{\"a\":", "[[{}],", "{\"", "[\"[", "{\"a\":[{\"\\\"{[\":["] {
            let text = hostile.repeat((1 << 18) / hostile.len());
            // It would take hours if it began anew at each.
            outermost(&text);
        }
    }

    #[test]
    fn a_key_that_stands_twice_is_no_json_of_ours() {
        for (text, is_distinct) in [
            (r#"{"a":[1,-2,0.5,1e999,null,true,"ä\n",{"b":{}}],"b":{"a":1}}"#, true),
            (r#"{"a":1,"a":1}"#, false),
            (r#"{"b":[{"a":1,"\u0061":2}]}"#, false),
        ] {
            let read = serde_json::from_str::<Distinct>(text).map(drop);
            assert_eq!(read.is_ok(), is_distinct, "{text}: {read:?}");
        }
    }

    #[test]
    fn a_fault_is_found_where_it_is() {
        for text in ["{'a'}", "{\"a\":\n  'b'}", "{\n\n\"a\":\"ü\",'}", "[1,\n2,'"] {
            let error = serde_json::from_str::<IgnoredAny>(text).unwrap_err();
            assert_eq!(fault(text, &error), text.find('\'').unwrap(), "{text}");
        }
    }
}
