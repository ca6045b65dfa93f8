//! Texts with references in braces.

pub mod address;
pub mod duration;
pub mod language;
pub mod markup;
pub mod meaning;
mod reference;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

pub use reference::{Delivered, Expression, RESERVED, Reference, is_identifier};

/// A text with references: `{…}` is one, and `{{` is a brace.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Template {
    text: String,
    pieces: Vec<Piece>,
}

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Piece {
    /// Text that stands as it is.
    Literal(String),
    /// A reference with its filters.
    Expression(Expression),
}

impl Template {
    /// As it is written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The parts, in order; no two literals stand side by side.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The references, in order.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Literal(_) => None,
            Piece::Expression(expression) => Some(expression),
        })
    }

    /// The one reference that it is, where it is nothing else.
    #[must_use]
    pub fn sole(&self) -> Option<&Expression> {
        match self.pieces.as_slice() {
            [Piece::Expression(expression)] => Some(expression),
            _ => None,
        }
    }

    /// The text, where it has no references.
    #[must_use]
    pub fn literal(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// The template of these pieces.
    #[must_use]
    pub fn of(pieces: Vec<Piece>) -> Self {
        let text = pieces.iter().map(ToString::to_string).collect();
        Self { text, pieces }
    }
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(text) => f.write_str(&text.replace('{', "{{")),
            Self::Expression(expression) => expression.fmt(f),
        }
    }
}

impl FromStr for Template {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(brace) = rest.find('{') {
            let (before, after) = rest.split_at_checked(brace).unwrap_or((rest, ""));
            literal.push_str(before);
            let inner = after.strip_prefix('{').unwrap_or(after);
            if let Some(after) = inner.strip_prefix('{') {
                literal.push('{');
                rest = after;
                continue;
            }
            let (written, after) = inner.split_once('}').ok_or_else(|| {
                format!(
                    "`{{{}` is not closed; end it with `}}`, and write `{{{{` for a brace",
                    shortened(inner)
                )
            })?;
            let expression =
                written.parse().map_err(|reason| format!("in `{{{}}}`: {reason}", shortened(written)))?;
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            pieces.push(Piece::Expression(expression));
            rest = after;
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Ok(Self { text: text.to_owned(), pieces })
    }
}

/// The beginning of a text, for a message.
fn shortened(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(40) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Template {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Template".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "template", "description": "A text with references in braces; `{{` is a brace." })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Template {
        text.parse().unwrap()
    }

    #[test]
    fn braces_hold_references_and_two_of_them_are_a_brace() {
        let template = read("a{{b}{admin.key|sha256|base64}c}");
        let [Piece::Literal(before), Piece::Expression(expression), Piece::Literal(after)] =
            template.pieces()
        else {
            panic!("{template:?}");
        };
        assert_eq!((before.as_str(), after.as_str()), ("a{b}", "c}"));
        assert_eq!(expression.reference, Reference::Member("admin".into(), "key".into()));
        assert_eq!(expression.filters.len(), 2);
        assert_eq!(Template::of(template.pieces().to_vec()).pieces(), template.pieces());
    }

    #[test]
    fn each_kind_of_reference_is_read() {
        let of = |text: &str| read(text).sole().unwrap().reference.clone();
        assert_eq!(of("{setting.graph}"), Reference::Setting { key: "graph".into(), name: None });
        assert_eq!(of("{setting.a.b}"), Reference::Setting { key: "a".into(), name: Some("b".into()) });
        assert_eq!(of("{new.client_secret}"), Reference::New("client_secret".into()));
        assert_eq!(of("{deliver.object}"), Reference::Deliver(Delivered::Object));
        assert_eq!(of("{now}"), Reference::Now(0));
        assert_eq!(of("{now+10m}"), Reference::Now(600));
        assert_eq!(of("{now-60s}"), Reference::Now(-60));
        assert_eq!(of("{now-ish}"), Reference::Bare("now-ish".into()));
        assert_eq!(of("{key}"), Reference::Bare("key".into()));
        assert_eq!(of("{add-password.id}"), Reference::Member("add-password".into(), "id".into()));
    }

    #[test]
    fn what_is_no_reference_is_refused_with_a_mend() {
        for (text, part) in [
            ("{", "is not closed"),
            ("mutation { id }", "`{{` is a brace"),
            ("{}", "is no name"),
            ("{a.b.c}", "is no name"),
            ("{setting}", "{setting.…}"),
            ("{deliver.valeu}", "did you mean `value`?"),
            ("{now+soon}", "is no duration"),
            ("{key|nothing-of-the-kind}", "nothing-of-the-kind"),
        ] {
            let error = text.parse::<Template>().unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
