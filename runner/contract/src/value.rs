//! The values that flow from records and answers into requests and back to the vault.
//!
//! Every value is wiped when it is dropped, whether secret or not, and none is readable in `Debug`: which
//! one is secret is known too late to treat them differently.

use std::fmt;

use serde_json::{Map, Number};
use zeroize::{Zeroize, Zeroizing};

/// A JSON value as `serde_json` has it.
pub type Json = serde_json::Value;

/// A value and whether it is secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Value {
    content: Content,
    is_secret: bool,
}

#[derive(Clone, PartialEq, Eq)]
enum Content {
    Text(Zeroizing<String>),
    Bytes(Zeroizing<Vec<u8>>),
    Json(Tree),
}

/// What a value can be; of a value that is not there yet, what it may turn out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Any of the others: what an answer holds is known when it is there.
    Any,
    /// Text.
    Text,
    /// Bytes that need not be text.
    Bytes,
    /// A number.
    Number,
    /// True or false.
    Bool,
    /// JSON's null.
    Null,
    /// A list.
    List,
    /// A JSON object.
    Object,
}

impl Kind {
    /// The kind in a message: `a text`, `a number`.
    #[must_use]
    pub fn article(self) -> &'static str {
        match self {
            Self::Any => "a value",
            Self::Text => "a text",
            Self::Bytes => "bytes",
            Self::Number => "a number",
            Self::Bool => "true or false",
            Self::Null => "null",
            Self::List => "a list",
            Self::Object => "an object",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.article())
    }
}

/// A value cannot be written where a text has to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotText {
    /// It is a list, an object or null.
    #[error("is {0}, where a text has to stand; take a part of it, or write it with the filter `json`")]
    Structure(Kind),
    /// It is bytes that are not UTF-8.
    #[error("is bytes that are no text; write them with the filter `base64`")]
    Binary,
}

impl Value {
    fn new(content: Content) -> Self {
        Self { content, is_secret: false }
    }

    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(Content::Text(Zeroizing::new(text.into())))
    }

    /// Bytes that need not be text.
    #[must_use]
    pub fn bytes(bytes: Vec<u8>) -> Self {
        Self::new(Content::Bytes(Zeroizing::new(bytes)))
    }

    /// An integer.
    pub fn integer(number: impl Into<Number>) -> Self {
        Self::json(Json::Number(number.into()))
    }

    /// True or false.
    #[must_use]
    pub fn flag(flag: bool) -> Self {
        Self::json(Json::Bool(flag))
    }

    /// Anything that JSON can say; a JSON text is a text.
    #[must_use]
    pub fn json(json: Json) -> Self {
        match json {
            Json::String(text) => Self::text(text),
            other => Self::new(Content::Json(Tree(other))),
        }
    }

    /// The same, as a secret: from here on it is one in everything that is made of it.
    #[must_use]
    pub fn secret(self) -> Self {
        self.with_secrecy(true)
    }

    /// The same, as a secret or not.
    #[must_use]
    pub fn with_secrecy(self, is_secret: bool) -> Self {
        Self { is_secret, ..self }
    }

    /// Whether it is a secret.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.is_secret
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match &self.content {
            Content::Text(_) => Kind::Text,
            Content::Bytes(_) => Kind::Bytes,
            Content::Json(Tree(json)) => kind_of(json),
        }
    }

    /// Whether it is nothing: null, or an empty text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match &self.content {
            Content::Text(text) => text.is_empty(),
            Content::Bytes(bytes) => bytes.is_empty(),
            Content::Json(Tree(json)) => json.is_null(),
        }
    }

    /// As it stands in a URL, a query, a form, a header or XML. Numbers keep the digits they came with.
    ///
    /// # Errors
    /// It is a list, an object or null, or bytes that are no text.
    pub fn to_text(&self) -> Result<Zeroizing<String>, NotText> {
        match &self.content {
            Content::Text(text) => Ok(text.clone()),
            Content::Bytes(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => Ok(Zeroizing::new(text.to_owned())),
                Err(_) => Err(NotText::Binary),
            },
            Content::Json(Tree(json)) => match json {
                Json::String(text) => Ok(Zeroizing::new(text.clone())),
                Json::Number(number) => Ok(Zeroizing::new(number.to_string())),
                Json::Bool(flag) => Ok(Zeroizing::new(flag.to_string())),
                other => Err(NotText::Structure(kind_of(other))),
            },
        }
    }

    /// As it stands in JSON, in its own type. The result is not wiped by itself: see [`wipe`].
    ///
    /// # Errors
    /// It is bytes that are no text.
    pub fn to_json(&self) -> Result<Json, NotText> {
        match &self.content {
            Content::Text(text) => Ok(Json::String(text.to_string())),
            Content::Bytes(_) => self.to_text().map(|text| Json::String(text.to_string())),
            Content::Json(Tree(json)) => Ok(json.clone()),
        }
    }

    /// Its bytes: those of its text, where it is no bytes.
    ///
    /// # Errors
    /// It is a list, an object or null.
    pub fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, NotText> {
        match &self.content {
            Content::Bytes(bytes) => Ok(bytes.clone()),
            _ => self.to_text().map(|text| Zeroizing::new(text.as_bytes().to_vec())),
        }
    }

    /// Its JSON, where it is JSON other than a text.
    #[must_use]
    pub fn as_json(&self) -> Option<&Json> {
        match &self.content {
            Content::Json(Tree(json)) => Some(json),
            _ => None,
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value({}{:?})", if self.is_secret { "secret " } else { "" }, self.kind())
    }
}

/// JSON that is wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Tree(pub(crate) Json);

impl Drop for Tree {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// Overwrites all texts of some JSON, its keys too, and leaves null.
pub fn wipe(json: &mut Json) {
    match std::mem::take(json) {
        Json::String(mut text) => text.zeroize(),
        Json::Array(items) => items.into_iter().for_each(|mut item| wipe(&mut item)),
        Json::Object(members) => wipe_members(members),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

fn wipe_members(members: Map<String, Json>) {
    for (mut key, mut member) in members {
        key.zeroize();
        wipe(&mut member);
    }
}

/// What kind of value some JSON is.
pub(crate) fn kind_of(json: &Json) -> Kind {
    match json {
        Json::Null => Kind::Null,
        Json::Bool(_) => Kind::Bool,
        Json::Number(_) => Kind::Number,
        Json::String(_) => Kind::Text,
        Json::Array(_) => Kind::List,
        Json::Object(_) => Kind::Object,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_of_a_value_is_in_its_debug_form() {
        for value in [
            Value::text("hunter2"),
            Value::text("hunter2").secret(),
            Value::bytes(b"hunter2".to_vec()),
            Value::json(json!({"hunter2": ["hunter2"]})),
            Value::integer(1_234_567),
        ] {
            let shown = format!("{value:?}");
            assert!(!shown.contains("hunter2") && !shown.contains("1234567"), "{shown}");
        }
    }

    #[test]
    fn a_number_keeps_its_digits() {
        for text in ["12345678901234567890123456789", "1.50", "1e+400", "-0"] {
            let value = Value::json(serde_json::from_str(text).unwrap());
            assert_eq!(*value.to_text().unwrap(), text);
            assert_eq!(value.to_json().unwrap().to_string(), text);
        }
    }

    #[test]
    fn only_scalars_are_texts() {
        assert_eq!(*Value::flag(true).to_text().unwrap(), "true");
        assert_eq!(Value::json(json!([1])).to_text(), Err(NotText::Structure(Kind::List)));
        assert_eq!(Value::json(json!({})).to_text(), Err(NotText::Structure(Kind::Object)));
        assert_eq!(Value::json(Json::Null).to_text(), Err(NotText::Structure(Kind::Null)));
        assert_eq!(Value::bytes(vec![0xff]).to_text(), Err(NotText::Binary));
        assert_eq!(*Value::bytes(b"text".to_vec()).to_text().unwrap(), "text");
    }

    #[test]
    fn a_json_text_is_a_text() {
        assert_eq!(Value::json(json!("a")), Value::text("a"));
        assert_ne!(Value::text("a"), Value::text("a").secret());
    }

    #[test]
    fn wiping_leaves_null() {
        let mut json = json!({"a": ["b", {"c": "d"}]});
        wipe(&mut json);
        assert_eq!(json, Json::Null);
    }
}
