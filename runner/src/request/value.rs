//! The value of one setting, checked against its schema.

use serde_json::Value;

use crate::model::{SettingSchema, SettingType, SettingValue};
use crate::secret::Secret;
use crate::units::parse_duration;

/// Checks a text that is stripped and not empty; `None` when the schema does not allow it.
pub(super) fn parse(schema: &SettingSchema, text: &str) -> Option<SettingValue> {
    let plain = || SettingValue::Text(text.to_owned());
    match schema.kind {
        SettingType::Text => (!text.contains(['\n', '\r'])).then(plain),
        SettingType::Multiline => Some(plain()),
        SettingType::Secret => Some(SettingValue::Secret(Secret::new(text))),
        SettingType::Url => is_url(text).then(plain),
        SettingType::Int => text.parse().ok().map(SettingValue::Integer),
        SettingType::Number => {
            text.parse().ok().filter(|number: &f64| number.is_finite()).map(SettingValue::Number)
        }
        SettingType::Bool => flag(text).map(SettingValue::Flag),
        SettingType::Enum => schema.values.iter().any(|value| value == text).then(plain),
        SettingType::Duration => {
            let duration = parse_duration(text).ok()?;
            u64::try_from(duration.as_millis()).ok().map(SettingValue::Duration)
        }
    }
}

/// The schema's default is not of the setting's type.
#[derive(Debug, PartialEq)]
pub(super) struct BadDefault;

/// Checks the schema's own default, which must have the JSON type that goes with the setting's.
pub(super) fn default(schema: &SettingSchema) -> Result<Option<SettingValue>, BadDefault> {
    let Some(default) = &schema.default else { return Ok(None) };
    let text = match (schema.kind, default) {
        (SettingType::Int | SettingType::Number, Value::Number(number)) => number.to_string(),
        (SettingType::Bool, Value::Bool(flag)) => flag.to_string(),
        // Wrong for these, and a secret that everyone can read in a plugin is none.
        (SettingType::Int | SettingType::Number | SettingType::Bool | SettingType::Secret, _) => {
            return Err(BadDefault);
        }
        (_, Value::String(text)) if !text.is_empty() && text.trim() == text => text.clone(),
        _ => return Err(BadDefault),
    };
    parse(schema, &text).map(Some).ok_or(BadDefault)
}

/// Says what a value must look like: it "must be …".
pub(super) fn expected(schema: &SettingSchema) -> String {
    match schema.kind {
        SettingType::Text => "one line of text".to_owned(),
        SettingType::Multiline | SettingType::Secret => "text".to_owned(),
        SettingType::Url => "a URL that begins with https://".to_owned(),
        SettingType::Int => "a whole number".to_owned(),
        SettingType::Number => "a number".to_owned(),
        SettingType::Bool => "true, yes, on, 1, false, no, off or 0".to_owned(),
        SettingType::Enum => format!("one of: {}", schema.values.join(", ")),
        SettingType::Duration => "a duration such as 500ms, 2s, 5m or 1h".to_owned(),
    }
}

fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

fn is_url(text: &str) -> bool {
    text.parse::<http::Uri>().is_ok_and(|uri| {
        uri.scheme() == Some(&http::uri::Scheme::HTTPS) && uri.host().is_some_and(|host| !host.is_empty())
    })
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    pub(in super::super) fn schema(json: Value) -> SettingSchema {
        serde_json::from_value(json).unwrap()
    }

    fn of(kind: &str, text: &str) -> Option<SettingValue> {
        parse(&schema(json!({"key": "k", "type": kind, "values": ["a", "b"]})), text)
    }

    #[test]
    fn every_type_takes_what_it_stands_for() {
        let text = |text: &str| Some(SettingValue::Text(text.to_owned()));
        assert_eq!(of("text", "x y"), text("x y"));
        assert_eq!(of("multiline", "x\ny"), text("x\ny"));
        assert_eq!(of("secret", "x"), Some(SettingValue::Secret(Secret::new("x"))));
        assert_eq!(of("url", "https://x.test/p?q"), text("https://x.test/p?q"));
        assert_eq!(of("int", "-365"), Some(SettingValue::Integer(-365)));
        assert_eq!(of("number", "1.5"), Some(SettingValue::Number(1.5)));
        assert_eq!(of("enum", "b"), text("b"));
        assert_eq!(of("duration", "5m"), Some(SettingValue::Duration(300_000)));
        for yes in ["true", "YES", "on", "1"] {
            assert_eq!(of("bool", yes), Some(SettingValue::Flag(true)));
        }
        for no in ["False", "no", "off", "0"] {
            assert_eq!(of("bool", no), Some(SettingValue::Flag(false)));
        }
    }

    #[test]
    fn every_type_refuses_what_it_does_not_stand_for() {
        for (kind, text) in [
            ("text", "x\ny"),
            ("url", "http://x.test"),
            ("url", "x.test"),
            ("url", "https://"),
            ("int", "1.5"),
            ("int", "99999999999999999999"),
            ("number", "NaN"),
            ("number", "inf"),
            ("number", "1e999"),
            ("bool", "maybe"),
            ("enum", "A"),
            ("duration", "5"),
        ] {
            assert_eq!(of(kind, text), None, "{kind}: {text}");
        }
    }

    #[test]
    fn a_default_must_have_the_json_type_of_its_setting() {
        let default_of =
            |kind: &str, json: Value| default(&schema(json!({"key": "k", "type": kind, "default": json})));
        assert_eq!(default_of("int", json!(365)), Ok(Some(SettingValue::Integer(365))));
        assert_eq!(default_of("bool", json!(false)), Ok(Some(SettingValue::Flag(false))));
        assert_eq!(default_of("duration", json!("1s")), Ok(Some(SettingValue::Duration(1000))));
        for (kind, json) in [
            ("int", json!("365")),
            ("int", json!(1.5)),
            ("bool", json!("true")),
            ("text", json!(1)),
            ("text", json!("")),
            ("text", json!(" x")),
            ("secret", json!("hunter2")),
        ] {
            assert_eq!(default_of(kind, json.clone()), Err(BadDefault), "{kind}: {json}");
        }
        assert_eq!(default(&schema(json!({"key": "k", "type": "int"}))), Ok(None));
    }
}
