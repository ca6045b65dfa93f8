//! The types of outputs.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::time;
use crate::value::{Json, Kind, Value};

/// How many characters an id may have.
const LONGEST_ID: usize = 128;

/// How many characters a text may have.
const LONGEST_TEXT: usize = 65_536;

/// What an output is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Type {
    /// A name or a number that something is known by: 128 characters at most.
    #[default]
    Id,
    /// Any text.
    Text,
    /// A whole number.
    Int,
    /// True or false.
    Bool,
    /// A time; the plugin sees it as RFC 3339 in UTC.
    Time,
    /// A list of texts, numbers or flags.
    List,
    /// How many there are.
    Count,
}

/// An output as the plugin sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// A text, an id or a time.
    Text(String),
    /// A number.
    Integer(i64),
    /// True or false.
    Flag(bool),
    /// A list; what is lacking in it is an empty text.
    Texts(Vec<String>),
}

impl Type {
    /// The name, as the manifest has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Text => "text",
            Self::Int => "int",
            Self::Bool => "bool",
            Self::Time => "time",
            Self::List => "list",
            Self::Count => "count",
        }
    }

    /// What kind of value it is once it is taken.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            // A number as an id stays a number in JSON.
            Self::Id => Kind::Any,
            Self::Text | Self::Time => Kind::Text,
            Self::Int | Self::Count => Kind::Number,
            Self::Bool => Kind::Bool,
            Self::List => Kind::List,
        }
    }

    /// Makes a value of this type out of what stands in the answer; the error says what it is instead, and
    /// never the value.
    pub(super) fn read(self, value: &Value) -> Result<Value, String> {
        match self {
            Self::Id => id(value),
            Self::Text => text(value),
            Self::Int => integer(value),
            Self::Bool => flag(value),
            Self::Time => instant(value),
            Self::List => list(value),
            Self::Count => Err("is no list to count".to_owned()),
        }
    }

    /// An output of this type, which [`crate::answer::Takes::judge`] gave, as the plugin sees it.
    #[must_use]
    pub fn show(self, value: &Value) -> Shown {
        let text = |value: &Value| value.to_text().map(|text| text.to_string()).unwrap_or_default();
        match (self, value.as_json()) {
            (Self::Int | Self::Count, Some(Json::Number(number))) => {
                Shown::Integer(number.as_i64().unwrap_or_default())
            }
            (Self::Bool, Some(Json::Bool(flag))) => Shown::Flag(*flag),
            (Self::List, Some(Json::Array(items))) => {
                Shown::Texts(items.iter().map(|item| text(&Value::json(item.clone()))).collect())
            }
            _ => Shown::Text(text(value)),
        }
    }
}

fn id(value: &Value) -> Result<Value, String> {
    if !matches!(value.kind(), Kind::Text | Kind::Bytes | Kind::Number) {
        return Err(format!("is {}, and no id; give it its own `type`", value.kind()));
    }
    let text = value.to_text().map_err(|error| error.to_string())?;
    if text.chars().count() > LONGEST_ID {
        return Err(format!("is longer than the {LONGEST_ID} characters of an id; use `type = \"text\"`"));
    }
    if text.chars().any(char::is_control) {
        return Err("has a control character, which no id has".to_owned());
    }
    if value.kind() == Kind::Number && text.contains(['.', 'e', 'E']) {
        return Err("is a number with a fraction or an exponent, and no id; use `type = \"text\"`".to_owned());
    }
    // Bytes have been read as text, and stay it.
    Ok(if value.kind() == Kind::Number { value.clone() } else { Value::text(text.as_str()) })
}

fn text(value: &Value) -> Result<Value, String> {
    let text = value.to_text().map_err(|error| error.to_string())?;
    if text.chars().count() > LONGEST_TEXT {
        return Err(format!("is longer than {LONGEST_TEXT} characters"));
    }
    Ok(Value::text(text.as_str()))
}

fn integer(value: &Value) -> Result<Value, String> {
    let text = value.to_text().map_err(|error| error.to_string())?;
    let is_spelled =
        matches!(value.kind(), Kind::Number | Kind::Text | Kind::Bytes) && !text.starts_with('+');
    let number: Option<i64> = text.parse().ok().filter(|_| is_spelled);
    number.map(Value::integer).ok_or_else(|| "is no whole number of 64 bits".to_owned())
}

fn flag(value: &Value) -> Result<Value, String> {
    match value.to_text().map_err(|error| error.to_string())?.as_str() {
        "true" => Ok(Value::flag(true)),
        "false" => Ok(Value::flag(false)),
        _ => Err("is neither true nor false".to_owned()),
    }
}

fn instant(value: &Value) -> Result<Value, String> {
    let text = value.to_text().map_err(|error| error.to_string())?;
    match time::read(&text) {
        Some(time) if matches!(value.kind(), Kind::Text | Kind::Bytes | Kind::Number) => {
            Ok(Value::text(time.to_string()))
        }
        _ => Err("is no time: neither RFC 3339, nor a day, a date of HTTP or seconds since 1970".to_owned()),
    }
}

/// Items stay what they are: a number in an answer is one in the next request.
fn list(value: &Value) -> Result<Value, String> {
    let Some(Json::Array(items)) = value.as_json() else {
        return Err(format!("is {}, and no list", value.kind()));
    };
    for item in items {
        match item {
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
            Json::String(text) if text.chars().count() <= LONGEST_TEXT => {}
            Json::String(_) => {
                return Err(format!("has an item that is longer than {LONGEST_TEXT} characters"));
            }
            Json::Array(_) | Json::Object(_) => {
                return Err(
                    "has an item that is a list or an object; take a part of each, as in `/value/*/id`"
                        .to_owned(),
                );
            }
        }
    }
    Ok(value.clone())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(r#type: Type, json: Json) -> Result<Shown, String> {
        r#type.read(&Value::json(json)).map(|value| r#type.show(&value))
    }

    #[test]
    fn each_type_is_read_from_json_and_from_text() {
        for (r#type, json, shown) in [
            (Type::Id, json!("a b"), Shown::Text("a b".into())),
            (Type::Id, json!(12_345_678_901_234_567_u64), Shown::Text("12345678901234567".into())),
            (Type::Text, json!("a\nb"), Shown::Text("a\nb".into())),
            (Type::Text, json!(1.5), Shown::Text("1.5".into())),
            (Type::Int, json!(-5), Shown::Integer(-5)),
            (Type::Int, json!("5"), Shown::Integer(5)),
            (Type::Bool, json!(true), Shown::Flag(true)),
            (Type::Bool, json!("false"), Shown::Flag(false)),
            (Type::Time, json!("2026-11-29T12:00:00+02:00"), Shown::Text("2026-11-29T10:00:00Z".into())),
            (Type::Time, json!(1_796_000_000), Shown::Text("2026-11-30T00:53:20Z".into())),
            (
                Type::List,
                json!(["a", null, 1, true]),
                Shown::Texts(vec!["a".into(), String::new(), "1".into(), "true".into()]),
            ),
        ] {
            assert_eq!(read(r#type, json.clone()), Ok(shown), "{json} as {}", r#type.name());
        }
    }

    #[test]
    fn what_is_of_another_type_is_refused() {
        for (r#type, json) in [
            (Type::Id, json!(true)),
            (Type::Id, json!({})),
            (Type::Id, json!("a\u{7}")),
            (Type::Id, json!("x".repeat(129))),
            (Type::Id, json!(1.5)),
            (Type::Text, json!([])),
            (Type::Int, json!(1.5)),
            (Type::Int, json!("1e3")),
            (Type::Int, json!("+1")),
            (Type::Int, json!("99999999999999999999")),
            (Type::Int, json!(true)),
            (Type::Bool, json!("yes")),
            (Type::Bool, json!(1)),
            (Type::Time, json!("never")),
            (Type::List, json!("a")),
            (Type::List, json!([["a"]])),
        ] {
            assert!(read(r#type, json.clone()).is_err(), "{json} as {}", r#type.name());
        }
    }

    #[test]
    fn the_items_of_a_list_keep_their_type_in_json() {
        let value = Type::List.read(&Value::json(json!([1, "2"]))).unwrap();
        assert_eq!(value.to_json().unwrap(), json!([1, "2"]));
    }
}
