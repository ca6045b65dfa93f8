//! What a plugin may fill in.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use crate::answer::written::{Written, text_or_table};

/// A parameter of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parameter {
    /// The id of a credential.
    Credential,
    /// A time, RFC 3339.
    Time,
    /// A whole number.
    Int,
    /// What an answer held; given by `pending` alone.
    Answer,
    /// One of these words.
    OneOf(Vec<String>),
}

impl Parameter {
    const WORDS: [(&'static str, Self); 4] = [
        ("credential", Self::Credential),
        ("time", Self::Time),
        ("int", Self::Int),
        ("answer", Self::Answer),
    ];

    /// Its kind, as the manifest has it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        Self::WORDS.iter().find(|(_, known)| known == self).map_or("one_of", |(word, _)| word)
    }
}

/// A parameter of a closed set of words.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OneOf {
    /// The words that the plugin may choose from.
    #[schemars(example = ["primary", "secondary"])]
    one_of: Vec<String>,
}

impl Written for Parameter {
    type Table = OneOf;
    const EXPECTED: &'static str =
        "`credential`, `time`, `int`, `answer`, or a table such as { one_of = [\"a\", \"b\"] }";

    fn from_text(text: &str) -> Result<Self, String> {
        let known =
            Self::WORDS.iter().find(|(word, _)| *word == text).map(|(_, parameter)| parameter.clone());
        known.ok_or_else(|| {
            let mend =
                crate::nearest::mend(text, Self::WORDS.iter().map(|(word, _)| *word).chain(["one_of"]));
            format!("`{text}` is no kind of parameter; {mend}")
        })
    }

    fn from_table(table: OneOf) -> Result<Self, String> {
        Ok(Self::OneOf(table.one_of))
    }
}

impl<'de> Deserialize<'de> for Parameter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text_or_table(deserializer)
    }
}

impl JsonSchema for Parameter {
    fn schema_name() -> Cow<'static, str> {
        "Parameter".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<OneOf>();
        json_schema!({ "anyOf": [{ "enum": ["credential", "time", "int", "answer"] }, table] })
    }
}
