//! What the operator may set.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::{Named, Pattern};
use crate::template::Template;

/// One setting.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// What its value is.
    #[serde(rename = "type")]
    #[schemars(example = &"int")]
    pub kind: SettingKind,
    /// Its value where nobody sets it; or `{target.KEY}`, that of a field of the record.
    #[serde(default)]
    #[schemars(example = 90)]
    pub default: Option<Scalar>,
    /// Further labels under which a record may hold it, such as those of an older script.
    #[serde(default)]
    #[schemars(example = ["Azure Graph Endpoint"])]
    pub aliases: Vec<String>,
    /// A name for people, under which a record may hold it, too.
    #[serde(default)]
    #[schemars(example = &"Expiry days")]
    pub label: Option<String>,
    /// What it is for, in a sentence for the operator.
    #[serde(default)]
    #[schemars(example = &"How many days a key is valid.")]
    pub description: Option<String>,
    /// The least number or duration; of a complexity, the fewest characters that a password may have.
    #[serde(default)]
    #[schemars(example = 1)]
    pub min: Option<Scalar>,
    /// The greatest number or duration; of a complexity, the most characters that a password may have.
    #[serde(default)]
    #[schemars(example = 365)]
    pub max: Option<Scalar>,
    /// What a whole text must match; of a complexity, a whole password.
    #[serde(default)]
    #[schemars(example = &"[a-z0-9-]{3,24}")]
    pub pattern: Option<Pattern>,
    /// Of a complexity: how many of the four kinds, upper-case letters, lower-case letters, digits and symbols, the
    /// service asks for.
    #[serde(default)]
    #[schemars(example = 3)]
    pub kinds: Option<u8>,
    /// Of a complexity: what a password must not have in it, such as the user's name.
    #[serde(default)]
    #[schemars(example = ["{target.login}"])]
    pub lacks: Vec<Template>,
    /// Whether it may stay unset; else somebody must set what has no default.
    #[serde(default)]
    #[schemars(example = true)]
    pub optional: bool,
    /// What an enum may be: a list of words, or a table of words that carry values by name, which
    /// `{setting.KEY.NAME}` refers to.
    #[serde(default)]
    #[schemars(example = serde_json::json!({ "aws": { "region": "us-east-1" }, "aws-cn": { "region": "cn-north-1" } }))]
    pub choices: Option<Choices>,
    /// Whether slashes in it are encoded where it stands in a path, instead of refused.
    #[serde(default)]
    #[schemars(example = true)]
    pub slashes: bool,
}

/// What a setting's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SettingKind {
    /// One line of text.
    Text,
    /// A text that is masked everywhere, and that the plugin never sees.
    Secret,
    /// A host, or a host and a port.
    Host,
    /// The beginning of URLs: `https`, host, port and path.
    Url,
    /// One or more segments of a path.
    Path,
    /// One of `choices`.
    Enum,
    /// A whole number.
    Int,
    /// True or false.
    Bool,
    /// A length of time, such as `30s`.
    Duration,
    /// Which returned field becomes which key of `{deliver.object}`, as in `key_id=ID,key=SECRET`.
    Map,
    /// What a password is made of, in Keeper's forms; see `strategy = "in-place"`.
    Complexity,
}

impl fmt::Display for SettingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Secret => "secret",
            Self::Host => "host",
            Self::Url => "url",
            Self::Path => "path",
            Self::Enum => "enum",
            Self::Int => "int",
            Self::Bool => "bool",
            Self::Duration => "duration",
            Self::Map => "map",
            Self::Complexity => "complexity",
        })
    }
}

impl Setting {
    /// Whether there may be no value.
    #[must_use]
    pub fn may_be_missing(&self) -> bool {
        self.optional && self.default.is_none()
    }

    /// The choices of an enum.
    pub fn choices(&self) -> impl Iterator<Item = &str> {
        let (plain, valued) = match &self.choices {
            None => (None, None),
            Some(Choices::Plain(list)) => (Some(list), None),
            Some(Choices::Valued(table)) => (None, Some(table)),
        };
        plain
            .into_iter()
            .flatten()
            .map(String::as_str)
            .chain(valued.into_iter().flat_map(Named::keys).map(String::as_str))
    }

    /// The values that the choices carry under a name; none where one lacks it.
    #[must_use]
    pub fn carried(&self, name: &str) -> Option<Vec<&str>> {
        match &self.choices {
            Some(Choices::Valued(table)) if !table.is_empty() => {
                table.values().map(|values| values.get(name).map(String::as_str)).collect()
            }
            _ => None,
        }
    }
}

impl Setting {
    /// Whether a text is a value of it.
    ///
    /// # Errors
    /// What it should be; nothing of the value.
    pub fn accepts(&self, text: &str) -> Result<(), String> {
        crate::render::is_of(self, text)
    }

    /// What one choice carries under a name.
    #[must_use]
    pub fn carried_by(&self, choice: &str, name: &str) -> Option<&str> {
        match &self.choices {
            Some(Choices::Valued(table)) => table.get(choice)?.get(name).map(String::as_str),
            _ => None,
        }
    }
}

/// The values of an enum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choices {
    /// Words alone.
    Plain(Vec<String>),
    /// Words that carry values, by name.
    Valued(Named<Named<String>>),
}

impl<'de> Deserialize<'de> for Choices {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;

        impl<'de> Visitor<'de> for Form {
            type Value = Choices;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of words, or a table of words that carry values by name")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Choices, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(Choices::Plain)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Choices, A::Error> {
                Named::deserialize(MapAccessDeserializer::new(map)).map(Choices::Valued)
            }
        }

        deserializer.deserialize_any(Form)
    }
}

impl JsonSchema for Choices {
    fn schema_name() -> Cow<'static, str> {
        "Choices".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let word = json_schema!({ "type": "string" });
        json_schema!({ "anyOf": [
            { "type": "array", "items": word },
            { "type": "object", "additionalProperties": { "type": "object", "additionalProperties": word } },
        ] })
    }
}

/// A value that is written plainly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scalar {
    /// A text.
    Text(String),
    /// A whole number.
    Int(i64),
    /// True or false.
    Bool(bool),
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Int(number) => number.fmt(f),
            Self::Bool(flag) => flag.fmt(f),
        }
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;

        impl Visitor<'_> for Form {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a whole number, or true or false")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar::Text(text.to_owned()))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Scalar, E> {
                Ok(Scalar::Int(number))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Scalar, E> {
                i64::try_from(number).map(Scalar::Int).map_err(|_| E::custom("the number is too large"))
            }

            fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Scalar, E> {
                Ok(Scalar::Bool(flag))
            }
        }

        deserializer.deserialize_any(Form)
    }
}

impl JsonSchema for Scalar {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Scalar".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "integer", "boolean"] })
    }
}
