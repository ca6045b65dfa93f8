//! Reads what may be written once, or as a list.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

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

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<T>, A::Error> {
            let one = T::deserialize(MapAccessDeserializer::new(&mut map))?;
            match map.next_key::<String>()? {
                None => Ok(vec![one]),
                Some(key) => Err(de::Error::custom(format!(
                    "`{key}` is a second way in one table; write a list of tables, of which the first that is complete counts"
                ))),
            }
        }

        fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Vec<T>, A::Error> {
            Vec::deserialize(SeqAccessDeserializer::new(list))
        }
    }

    deserializer.deserialize_any(Form(PhantomData))
}
