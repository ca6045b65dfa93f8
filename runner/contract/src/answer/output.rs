//! Outputs and secrets: what is taken of an answer, by name.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::answer::next::Next;
use crate::answer::place::Place;
use crate::answer::typed::Type;
use crate::answer::written::{Written, from_text_or_table};
use crate::filter::Filter;
use crate::pattern::Pattern;

/// Something that the plugin sees.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// Where it is.
    pub at: Place,
    /// What it is.
    pub r#type: Type,
    /// Whether it may be missing; so it may be unreadable to a filter, as an opaque token is to `jwt`.
    pub optional: bool,
    /// What an id or a text, or each item of a list that is not empty, has to look like.
    pub pattern: Option<Pattern>,
    /// Where the next page of a list is.
    pub next: Option<Next>,
    /// Of a list: it is the names of the members that this value has not, or has otherwise.
    pub differs_from: Option<Earlier>,
}

/// A value of an earlier answer that another one is compared with; the text is what stands between the braces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier(pub String);

impl<'de> Deserialize<'de> for Earlier {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let inner = text.strip_prefix('{').and_then(|inner| inner.strip_suffix('}'));
        inner.filter(|inner| !inner.contains(['{', '}'])).map(|inner| Self(inner.to_owned())).ok_or_else(
            || serde::de::Error::custom(format!("`{text}` is no one reference; write `{{REQUEST.NAME}}`")),
        )
    }
}

impl JsonSchema for Earlier {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Earlier".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "description": "A reference to an earlier answer, `{REQUEST.NAME}`." })
    }
}

impl Output {
    /// Whether it gives names, numbers or flags alone: of an object that is kept, none of its values.
    #[must_use]
    pub fn gives_no_text(&self) -> bool {
        matches!(self.r#type, Type::Bool | Type::Count)
            || self.differs_from.is_some()
            || matches!(self.at.filters().last(), Some(Filter::Keys))
    }
}

/// An output with all that may be said of it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "OutputTable")]
pub(crate) struct Table {
    /// Where it is.
    #[schemars(example = &"/value/*/id")]
    at: Place,
    /// What it is.
    #[serde(default)]
    #[schemars(extend("default" = "id"), example = &"list")]
    r#type: Type,
    /// Whether it may be missing; else a success without it is none.
    #[serde(default)]
    #[schemars(example = true)]
    optional: bool,
    /// What an id or a text, or each item of a list, must match as a whole.
    #[serde(default)]
    #[schemars(example = &"[0-9]+")]
    pattern: Option<Pattern>,
    /// Of a list: where its next page is. The host follows all pages.
    #[serde(default)]
    #[schemars(example = &"/@odata.nextLink")]
    next: Option<Next>,
    /// Of a list: it has the names of the members of the object at the place which an earlier answer has not, or has
    /// with another value.
    #[serde(default)]
    #[schemars(example = &"{whole.variables}")]
    differs_from: Option<Earlier>,
}

from_text_or_table!(Output, Table, "What the plugin sees: a place, or a table with its type.");

impl Written for Output {
    type Table = Table;
    const EXPECTED: &'static str = "a place such as \"/data/id\", or a table with `at`";

    fn from_text(text: &str) -> Result<Self, String> {
        Self::from_table(Table {
            at: text.parse()?,
            r#type: Type::Id,
            optional: false,
            pattern: None,
            next: None,
            differs_from: None,
        })
    }

    fn from_table(table: Table) -> Result<Self, String> {
        let Table { at, r#type, optional, pattern, next, differs_from } = table;
        if differs_from.is_some() {
            let is_one = at.stars() == 0 && !at.filters_make_list() && !at.is_xml();
            if r#type != Type::List || next.is_some() || !is_one {
                return Err(format!(
                    "`differs_from` makes a list of the names of one JSON object's members, and `{at}` does not lead to one; use `type = \"list\"` and a place such as `/variables`"
                ));
            }
            return Ok(Self { at, r#type, optional, pattern, next, differs_from });
        }
        fits(&at, r#type)?;
        if pattern.is_some() && !matches!(r#type, Type::Id | Type::Text | Type::List) {
            return Err(format!("`pattern` says nothing of a {}; leave it out", r#type.name()));
        }
        if next.is_some() && r#type != Type::List {
            return Err(format!(
                "`next` leads to more of a list, and this is of type {}; use `type = \"list\"`",
                r#type.name()
            ));
        }
        Ok(Self { at, r#type, optional, pattern, next, differs_from })
    }
}

/// Whether a place gives as many values as a type has.
fn fits(at: &Place, r#type: Type) -> Result<(), String> {
    let makes_list = at.stars() > 0 || at.filters_make_list();
    match r#type {
        Type::List if at.stars() > 1 => {
            Err(format!("`{at}` makes rows of rows; keep one `*`, or count them with `type = \"count\"`"))
        }
        Type::List | Type::Count if makes_list || at.is_xml() => Ok(()),
        Type::List | Type::Count => {
            Err(format!("`{at}` makes no list; write `*` for each element, as in `/value/*/id`"))
        }
        _ if makes_list => Err(format!("`{at}` makes a list; use `type = \"list\"`")),
        _ => Ok(()),
    }
}

/// A secret that the host takes of an answer and keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Where it is.
    pub at: Place,
    /// Whether it may be missing.
    pub optional: bool,
}

/// A secret with all that may be said of it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "KeptTable")]
pub(crate) struct KeptTable {
    /// Where it is.
    #[schemars(example = &"/secretText")]
    at: Place,
    /// Whether it may be missing; else a success without it is none.
    #[serde(default)]
    #[schemars(example = true)]
    optional: bool,
}

from_text_or_table!(Kept, KeptTable, "A secret that the host keeps: a place, or a table with `at`.");

impl Written for Kept {
    type Table = KeptTable;
    const EXPECTED: &'static str = "a place such as \"/secretText\", or a table with `at`";

    fn from_text(text: &str) -> Result<Self, String> {
        Self::from_table(KeptTable { at: text.parse()?, optional: false })
    }

    fn from_table(KeptTable { at, optional }: KeptTable) -> Result<Self, String> {
        if at.stars() > 0 || at.filters_make_list() {
            return Err(format!(
                "`{at}` makes a list, and a secret is one value; lead to one, by index or `[KEY=VALUE]`"
            ));
        }
        if at.sheds_secrecy() {
            return Err(format!("`{at}` ends as what is no secret; make an output of it"));
        }
        if matches!(at.root(), crate::answer::place::Root::Status) {
            return Err("the status is no secret; make an output of it".to_owned());
        }
        Ok(Self { at, optional })
    }
}

/// How long an answer stays fresh, in seconds; 0 is to the end of the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FreshFor {
    /// As long as the answer says.
    Said(Place),
    /// That long.
    Seconds(u32),
}

impl<'de> Deserialize<'de> for FreshFor {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;

        impl serde::de::Visitor<'_> for Form {
            type Value = FreshFor;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a place such as \"/expires_in\", or a number of seconds")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<FreshFor, E> {
                let place: Place = text.parse().map_err(E::custom)?;
                fits(&place, Type::Int).map_err(E::custom)?;
                Ok(FreshFor::Said(place))
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<FreshFor, E> {
                u32::try_from(number)
                    .map(FreshFor::Seconds)
                    .map_err(|_| E::custom("seconds are a whole number from 0 to 4294967295"))
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<FreshFor, E> {
                self.visit_i64(i64::try_from(number).unwrap_or(i64::MAX))
            }
        }

        deserializer.deserialize_any(Form)
    }
}

impl JsonSchema for FreshFor {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FreshFor".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "How many seconds an answer stays fresh: a place in it, or a number; 0 is to the end of the run.",
            "anyOf": [{ "type": "string" }, { "type": "integer", "minimum": 0 }]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(toml: &str) -> Result<Output, String> {
        #[derive(Deserialize)]
        struct File {
            o: Output,
        }
        toml::from_str::<File>(&format!("o = {toml}")).map(|file| file.o).map_err(|error| error.to_string())
    }

    #[test]
    fn a_place_alone_is_an_id() {
        let short = output("'/keyId'").unwrap();
        assert_eq!((short.r#type, short.optional), (Type::Id, false));
        let long = output(
            "{ at = '/roles/*', type = 'list', optional = true, pattern = '[a-z]+', next = 'header:Link' }",
        );
        assert!(long.unwrap().next.is_some());
    }

    #[test]
    fn what_does_not_fit_is_refused_with_a_mend() {
        for (toml, part) in [
            ("'keyId'", "`/pointer`"),
            ("5", "a place such as"),
            ("{ at = '/a', typ = 'text' }", "unknown field `typ`"),
            ("{ at = '/a', type = 'string' }", "unknown variant `string`"),
            ("{ type = 'text' }", "missing field `at`"),
            ("'/a/*'", "use `type = \"list\"`"),
            ("'/a|keys'", "use `type = \"list\"`"),
            ("{ at = '/a', type = 'list' }", "write `*`"),
            ("{ at = '/a', type = 'count' }", "write `*`"),
            ("{ at = '/a/*/b/*', type = 'list' }", "type = \"count\""),
            ("{ at = '/a', type = 'int', pattern = '1' }", "leave it out"),
            ("{ at = '/a', pattern = '(' }", "no regular expression"),
            ("{ at = '/a', next = 'header:Link' }", "type = \"list\""),
            ("{ at = '/a', differs_from = '{b.c}' }", "`differs_from` makes a list"),
            ("{ at = '/a/*', type = 'list', differs_from = '{b.c}' }", "`differs_from` makes a list"),
            ("{ at = '/a', type = 'list', differs_from = 'b.c' }", "{REQUEST.NAME}"),
        ] {
            let error = output(toml).unwrap_err();
            assert!(error.contains(part), "{toml}: {error}");
        }
        assert!(output("{ at = '/a/*/b/*', type = 'count' }").is_ok());
        assert!(output("{ at = 'xml:A/B', type = 'list' }").is_ok());
        assert!(output("{ at = '/a', type = 'list', differs_from = '{b.c}' }").is_ok());
        assert!(output("{ at = '/a|at:/b/*', type = 'list' }").is_ok());
    }

    #[test]
    fn a_secret_is_one_value_that_stays_one() {
        for (text, part) in [
            ("/a/*", "one value"),
            ("/a|jwt", "make an output"),
            ("status", "make an output"),
            ("/a|keys", "one value"),
        ] {
            assert!(Kept::from_text(text).unwrap_err().contains(part), "{text}");
        }
        assert!(Kept::from_text("/privateKeyData|base64-decode|at:/private_key").is_ok());
    }

    #[test]
    fn freshness_is_a_place_or_seconds() {
        #[derive(Deserialize)]
        struct File {
            f: FreshFor,
        }
        let read = |toml: &str| toml::from_str::<File>(&format!("f = {toml}")).map(|file| file.f);
        assert!(matches!(read("'/expires_in'").unwrap(), FreshFor::Said(_)));
        assert_eq!(read("60").unwrap(), FreshFor::Seconds(60));
        assert!(read("-1").is_err() && read("'/a/*'").is_err() && read("true").is_err());
    }
}
