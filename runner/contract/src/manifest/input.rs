//! What is read of the records, by group.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};

use super::{Named, Pattern};
use crate::answer::written::{Written, text_or_table};

/// A group of values of one record.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Group {
    /// Where the values are looked for: the first that is complete.
    pub one_of: Vec<Alternative>,
    /// Whether the alternatives were written as `one_of`.
    pub has_choice: bool,
    /// Keys whose values are secret, besides what the vault calls so.
    pub secret: Vec<String>,
    /// The keys that are none, even where the vault hides their fields: ids, which stand in addresses.
    pub plain: Vec<String>,
    /// What values look like, by key.
    pub patterns: Named<Pattern>,
    /// Whether the plugin can do without.
    pub optional: bool,
}

/// One way to find the values of a group.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Alternative {
    /// Which record they stand in; none where the group's name says it.
    pub role: Option<Role>,
    /// The fields, by key.
    pub fields: Named<Field>,
}

/// Which record it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The record that is rotated.
    Target,
    /// A record that is attached to it.
    Attached,
    /// The PAM configuration.
    Provider,
}

impl Role {
    /// The word, as the manifest has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::Attached => "attached",
            Self::Provider => "provider",
        }
    }
}

/// One field of a record.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldTable {
    /// The field's label; a standard field of the record type also by its type.
    #[schemars(example = &"application_object_id")]
    pub field: String,
    /// Whether the group is complete without it.
    #[serde(default)]
    #[schemars(example = true)]
    pub optional: bool,
    /// What the whole value must match; another one ends the run before anything is sent.
    #[serde(default)]
    #[schemars(example = &"[0-9A-Fa-f-]{36}")]
    pub pattern: Option<Pattern>,
    /// Whether slashes in it are encoded where it stands in a path, instead of refused.
    #[serde(default)]
    #[schemars(example = true)]
    pub slashes: bool,
}

/// One field of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Field(pub FieldTable);

impl Written for Field {
    type Table = FieldTable;
    const EXPECTED: &'static str = "a field's label, or a table such as { field = \"…\", optional = true }";

    fn from_text(text: &str) -> Result<Self, String> {
        Ok(Self(FieldTable { field: text.to_owned(), optional: false, pattern: None, slashes: false }))
    }

    fn from_table(table: FieldTable) -> Result<Self, String> {
        Ok(Self(table))
    }
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text_or_table(deserializer)
    }
}

impl std::ops::Deref for Field {
    type Target = FieldTable;

    fn deref(&self) -> &FieldTable {
        &self.0
    }
}

impl Group {
    /// Whether any alternative has a key.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.one_of.iter().any(|alternative| alternative.fields.contains_key(key))
    }

    /// The fields that one key may come from.
    pub fn fields<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a Field> {
        self.one_of.iter().filter_map(move |alternative| alternative.fields.get(key))
    }

    /// All keys.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let mut seen = std::collections::BTreeSet::new();
        self.one_of
            .iter()
            .flat_map(|alternative| alternative.fields.keys().map(String::as_str))
            .filter(move |key| seen.insert(*key))
    }

    /// Whether the value of a key may be missing.
    #[must_use]
    pub fn is_optional(&self, key: &str) -> bool {
        self.optional
            || self
                .one_of
                .iter()
                .any(|alternative| alternative.fields.get(key).is_none_or(|field| field.optional))
    }

    /// Whether the manifest says that the value of a key is secret.
    #[must_use]
    pub fn is_secret(&self, key: &str) -> bool {
        self.secret.iter().any(|secret| secret == key)
    }

    /// Whether a key is none, whatever the vault says.
    #[must_use]
    pub fn is_plain(&self, key: &str) -> bool {
        self.plain.iter().any(|plain| plain == key)
    }

    /// What the value of a key looks like, where every way to find it says so.
    #[must_use]
    pub fn patterns<'a>(&'a self, key: &'a str) -> Vec<Option<&'a Pattern>> {
        let of_group = self.patterns.get(key);
        self.fields(key).map(|field| field.pattern.as_ref().or(of_group)).collect()
    }

    /// Whether slashes in the value of a key are encoded in a path.
    #[must_use]
    pub fn has_slashes(&self, key: &str) -> bool {
        self.fields(key).any(|field| field.slashes)
    }
}

impl<'de> Deserialize<'de> for Alternative {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;

        impl<'de> Visitor<'de> for Keys {
            type Value = Alternative;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table of `role` and fields by key")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Alternative, A::Error> {
                let mut alternative = Alternative::default();
                while let Some(key) = map.next_key::<String>()? {
                    if key == "role" {
                        alternative.role = Some(map.next_value()?);
                    } else {
                        alternative.fields.insert(key, map.next_value()?);
                    }
                }
                Ok(alternative)
            }
        }

        deserializer.deserialize_map(Keys)
    }
}

impl<'de> Deserialize<'de> for Group {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;

        impl<'de> Visitor<'de> for Keys {
            type Value = Group;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a table of fields by key, or of `one_of`, `secret`, `plain`, `patterns` and `optional`",
                )
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Group, A::Error> {
                let mut group = Group::default();
                let mut own = Alternative::default();
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "one_of" => {
                            group.one_of = map.next_value()?;
                            group.has_choice = true;
                        }
                        "secret" => group.secret = map.next_value()?,
                        "plain" => group.plain = map.next_value()?,
                        "patterns" => group.patterns = map.next_value()?,
                        "optional" => group.optional = map.next_value()?,
                        "role" => own.role = Some(map.next_value()?),
                        _ => {
                            own.fields.insert(key, map.next_value()?);
                        }
                    }
                }
                match (group.has_choice, own.fields.first()) {
                    (true, Some((key, _))) => Err(de::Error::custom(format!(
                        "`{key}` stands beside `one_of`; put it into each alternative"
                    ))),
                    (true, None) if own.role.is_some() => {
                        Err(de::Error::custom("`role` stands beside `one_of`; put it into each alternative"))
                    }
                    (true, None) => Ok(group),
                    (false, _) => {
                        group.one_of.push(own);
                        Ok(group)
                    }
                }
            }
        }

        deserializer.deserialize_map(Keys)
    }
}

impl JsonSchema for Field {
    fn schema_name() -> Cow<'static, str> {
        "Field".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<FieldTable>();
        json_schema!({ "anyOf": [{ "type": "string", "description": "The field's label." }, table] })
    }
}

/// For the schema: one way to find the values of a group. Every key besides is a field.
#[derive(JsonSchema)]
#[schemars(rename = "Alternative")]
#[expect(dead_code, reason = "only its schema is used")]
struct AlternativeTable {
    /// The record that the fields stand in.
    #[schemars(example = &"attached")]
    role: Role,
    /// Each field, by the key that references use: its label, or a table.
    #[serde(flatten)]
    fields: Named<Field>,
}

impl JsonSchema for Alternative {
    fn schema_name() -> Cow<'static, str> {
        AlternativeTable::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        AlternativeTable::json_schema(generator)
    }
}

/// For the schema: a group of values of one record. Every key besides is a field; the group `target` is of the
/// record that is rotated.
#[derive(JsonSchema)]
#[schemars(rename = "Group")]
#[expect(dead_code, reason = "only its schema is used")]
struct GroupTable {
    /// The record that the fields stand in, where there is no `one_of` and the group is not `target`.
    #[serde(default)]
    #[schemars(example = &"attached")]
    role: Option<Role>,
    /// Several ways to find the values: the first that is complete counts.
    #[serde(default)]
    #[schemars(example = serde_json::json!([{ "role": "attached", "token": "admin_token" }, { "role": "provider", "token": "adminToken" }]))]
    one_of: Vec<Alternative>,
    /// Keys whose values are secret, besides what the vault calls so.
    #[serde(default)]
    #[schemars(example = ["token"])]
    secret: Vec<String>,
    /// Keys whose values are no secrets, even where the vault hides the field: ids, which stand in addresses.
    #[serde(default)]
    #[schemars(example = ["client_id"])]
    plain: Vec<String>,
    /// What the whole values must match, by key.
    #[serde(default)]
    #[schemars(example = serde_json::json!({ "client_id": "[0-9A-Fa-f-]{36}" }))]
    patterns: Named<Pattern>,
    /// Whether the plugin can do without the group.
    #[serde(default)]
    #[schemars(example = true)]
    optional: bool,
    /// Each field, by the key that references use: its label, or a table.
    #[serde(flatten)]
    fields: Named<Field>,
}

impl JsonSchema for Group {
    fn schema_name() -> Cow<'static, str> {
        GroupTable::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        GroupTable::json_schema(generator)
    }
}
