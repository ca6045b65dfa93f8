//! Reads what may be written in several ways: a short text or a table, one or a list.
//!
//! serde's untagged enums would do, but they forget where in the file an error is.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// What has a short form, a text, and a long one, a table.
pub(super) trait Written: Sized {
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
pub(super) fn text_or_table<'de, T: Written, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
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

/// Reads one table, or a list of them.
pub(super) fn one_or_list<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    struct Form<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Form<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a table, or a list of tables")
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Vec<T>, A::Error> {
            T::deserialize(MapAccessDeserializer::new(map)).map(|one| vec![one])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Vec<T>, A::Error> {
            Vec::deserialize(SeqAccessDeserializer::new(list))
        }
    }

    deserializer.deserialize_any(Form(PhantomData))
}
