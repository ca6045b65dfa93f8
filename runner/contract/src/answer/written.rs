//! Reads what may be written as a short text or as a table.
//!
//! serde's untagged enums would do, but they forget where in the file an error is, and what it was.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};

/// What has a short form, a text, and a long one, a table.
pub(crate) trait Written: Sized {
    /// The table.
    type Table: for<'de> Deserialize<'de>;
    /// What a text or a table should be, for an error.
    const EXPECTED: &'static str;

    /// Reads the text.
    fn from_text(text: &str) -> Result<Self, String>;
    /// Reads the table.
    fn from_table(table: Self::Table) -> Result<Self, String>;
}

/// Reads a text or a table.
pub(crate) fn text_or_table<'de, T: Written, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    struct Form<T>(PhantomData<T>);

    impl<'de, T: Written> Visitor<'de> for Form<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(T::EXPECTED)
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
            T::from_text(text).map_err(E::custom)
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
            let table = T::Table::deserialize(MapAccessDeserializer::new(map))?;
            T::from_table(table).map_err(de::Error::custom)
        }
    }

    deserializer.deserialize_any(Form(PhantomData))
}

/// Reads a type from text, in the words of its own errors.
macro_rules! from_text {
    ($type:ty, $format:literal, $description:literal) => {
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl schemars::JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "format": $format, "description": $description })
            }
        }
    };
}

/// Reads a type from a text or a table, and says so in its schema.
macro_rules! from_text_or_table {
    ($type:ty, $table:ty, $description:literal) => {
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::answer::written::text_or_table(deserializer)
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let table = generator.subschema_for::<$table>();
                schemars::json_schema!({
                    "description": $description,
                    "anyOf": [{ "type": "string" }, table]
                })
            }
        }
    };
}

pub(super) use {from_text, from_text_or_table};
