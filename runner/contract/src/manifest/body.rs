//! A JSON body with references in its texts.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::template::Template;

/// A JSON value whose texts are templates.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// `null`, which TOML cannot say, but a packed manifest may.
    Null,
    /// True or false.
    Bool(bool),
    /// A number.
    Number(serde_json::Number),
    /// A text; one that is exactly one reference becomes the value's own type.
    Text(Template),
    /// A list.
    List(Vec<Json>),
    /// An object; a key may be one `{setting.KEY}`.
    Object(Vec<(Template, Json)>),
}

impl Json {
    /// Every text, with the keys that lead to it.
    pub fn walk<'a>(&'a self, keys: &mut Vec<String>, visit: &mut dyn FnMut(&[String], Leaf<'a>)) {
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) => visit(keys, Leaf::Plain(self)),
            Self::Text(template) => visit(keys, Leaf::Text(template)),
            Self::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    keys.push(index.to_string());
                    item.walk(keys, visit);
                    keys.pop();
                }
            }
            Self::Object(members) => {
                for (key, member) in members {
                    keys.push(key.text().to_owned());
                    visit(keys, Leaf::Key(key));
                    member.walk(keys, visit);
                    keys.pop();
                }
            }
        }
    }
}

/// What a walk through a JSON body comes to.
#[derive(Debug, Clone, Copy)]
pub enum Leaf<'a> {
    /// A key of an object.
    Key(&'a Template),
    /// A text.
    Text(&'a Template),
    /// A number, true, false or null.
    Plain(&'a Json),
}

impl<'a> Leaf<'a> {
    /// The template that it is, where it is one.
    #[must_use]
    pub fn template(&self) -> Option<&'a Template> {
        match self {
            Self::Key(template) | Self::Text(template) => Some(template),
            Self::Plain(_) => None,
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;

        impl<'de> Visitor<'de> for Form {
            type Value = Json;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("what JSON can say")
            }

            fn visit_unit<E: de::Error>(self) -> Result<Json, E> {
                Ok(Json::Null)
            }

            fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Json, E> {
                Ok(Json::Bool(flag))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Json, E> {
                Ok(Json::Number(number.into()))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Json, E> {
                Ok(Json::Number(number.into()))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Json, E> {
                serde_json::Number::from_f64(number)
                    .map(Json::Number)
                    .ok_or_else(|| E::custom("JSON has no such number"))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Json, E> {
                text.parse().map(Json::Text).map_err(E::custom)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element()? {
                    items.push(item);
                }
                Ok(Json::List(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Json::Object(members))
            }
        }

        deserializer.deserialize_any(Form)
    }
}

impl JsonSchema for Json {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Json".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "JSON whose texts are templates." })
    }
}
