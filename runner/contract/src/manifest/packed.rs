//! The form in which a manifest is packed into a plugin: compact JSON.

use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::{CONTRACT, Manifest, source};
use crate::refusal::{At, Refusal};

/// The most bytes that a manifest has, as TOML and packed.
pub const MOST_BYTES: usize = 256 * 1024;
/// How deeply it may be nested.
pub const MOST_NESTING: usize = 16;

/// Reads a packed manifest; what it means is not checked yet.
///
/// # Errors
/// It is cut, too large, too deeply nested, doubled, of another contract, or no manifest.
pub fn read_packed(bytes: &[u8]) -> Result<Manifest, Refusal> {
    let again = "pack the plugin again with `pamrun plugin pack`";
    let refuse = |reason: String| Refusal::new(At::default(), reason, again);
    if bytes.len() > MOST_BYTES {
        return Err(refuse(format!(
            "the packed manifest has {} bytes, and {MOST_BYTES} are the most",
            bytes.len()
        )));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| refuse("the packed manifest is no text".to_owned()))?;
    let mut json = serde_json::Deserializer::from_str(text);
    Shape { depth: 0 }
        .deserialize(&mut json)
        .and_then(|()| json.end())
        .map_err(|error| refuse(format!("the packed manifest cannot be read: {error}")))?;
    let json: Value = serde_json::from_str(text)
        .map_err(|error| refuse(format!("the packed manifest cannot be read: {error}")))?;
    let contract = json.get("contract").and_then(Value::as_str);
    if contract != Some(CONTRACT) {
        let contract = contract.map_or_else(|| "none".to_owned(), |contract| format!("{contract:?}"));
        return Err(refuse(format!(
            "the plugin was packed for contract {contract}, and this reads {CONTRACT}"
        )));
    }
    Manifest::deserialize(&json).map_err(|error| {
        let (reason, mend) = source::in_words(&error.to_string());
        Refusal::new(At::default(), format!("the packed manifest: {reason}"), mend)
    })
}

/// Writes a manifest as it is packed, the contract's version first.
pub(super) fn write(json: &Value) -> Result<String, Refusal> {
    let mut packed = serde_json::Map::new();
    packed.insert("contract".to_owned(), Value::from(CONTRACT));
    if let Value::Object(members) = json {
        packed.extend(members.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    let text = Value::Object(packed).to_string();
    if text.len() <= MOST_BYTES {
        return Ok(text);
    }
    Err(Refusal::new(
        At::default(),
        format!("packed, the manifest has {} bytes, and {MOST_BYTES} are the most", text.len()),
        "leave out what the plugin does not need",
    ))
}

/// Walks through JSON, keeps nothing, and refuses what is nested too deeply or says a key twice:
/// serde takes the last of two, another reader might take the first.
#[derive(Clone, Copy)]
struct Shape {
    depth: usize,
}

impl Shape {
    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        if self.depth >= MOST_NESTING {
            return Err(E::custom(format!("it is nested more than {MOST_NESTING} deep")));
        }
        Ok(Self { depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for Shape {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Shape {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let inside = self.deeper()?;
        while list.next_element_seed(inside)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            // Where numbers keep their text, serde_json hands them on as a table of this key.
            let inside = if key == "$serde_json::private::Number" { self } else { self.deeper()? };
            if keys.contains(&key) {
                return Err(de::Error::custom(format!("the key `{key}` stands twice")));
            }
            map.next_value_seed(inside)?;
            keys.insert(key);
        }
        Ok(())
    }
}
