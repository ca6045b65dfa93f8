//! The value of one setting, checked against its schema.

use std::cmp::Ordering;

use serde_json::Value;

use crate::model::{SettingSchema, SettingType, SettingValue};
use crate::secret::Secret;
use crate::units::parse_duration;

/// Checks a text that is stripped and not empty; `None` when the schema does not allow it.
pub(super) fn parse(schema: &SettingSchema, text: &str) -> Option<SettingValue> {
    of_type(schema, text).filter(|value| is_within(schema, value))
}

/// The value, if the text is one of the schema's type, however large.
fn of_type(schema: &SettingSchema, text: &str) -> Option<SettingValue> {
    let plain = || SettingValue::Text(text.to_owned());
    match schema.kind {
        SettingType::Text => (!text.contains(['\n', '\r'])).then(plain),
        SettingType::Secret => Some(SettingValue::Secret(Secret::new(text))),
        SettingType::Int => text.parse().ok().map(SettingValue::Integer),
        SettingType::Bool => flag(text).map(SettingValue::Flag),
        SettingType::Enum => schema.values.iter().any(|choice| choice == text).then(plain),
        SettingType::Duration => {
            let duration = parse_duration(text).ok()?;
            u64::try_from(duration.as_millis()).ok().map(SettingValue::Duration)
        }
    }
}

/// The schema's default is not of the setting's type, or out of its range.
#[derive(Debug, PartialEq)]
pub(super) struct BadDefault;

/// Checks the schema's own default, which must have the JSON type that goes with the setting's.
pub(super) fn default(schema: &SettingSchema) -> Result<Option<SettingValue>, BadDefault> {
    let Some(default) = &schema.default else { return Ok(None) };
    let value = of_json(schema, default).filter(|value| is_within(schema, value));
    value.map(Some).ok_or(BadDefault)
}

/// Reads what a manifest says of a value: as JSON of the type that goes with the setting's.
fn of_json(schema: &SettingSchema, json: &Value) -> Option<SettingValue> {
    let text = match (schema.kind, json) {
        (SettingType::Int, Value::Number(number)) => number.to_string(),
        (SettingType::Bool, Value::Bool(flag)) => flag.to_string(),
        // Wrong for these, and a secret that everyone can read in a plugin is none.
        (SettingType::Int | SettingType::Bool | SettingType::Secret, _) => return None,
        (_, Value::String(text)) if !text.is_empty() && text.trim() == text => text.clone(),
        _ => return None,
    };
    of_type(schema, &text)
}

fn is_within(schema: &SettingSchema, value: &SettingValue) -> bool {
    let order = |bound: &Option<Value>| compare(value, &of_json(schema, bound.as_ref()?)?);
    order(&schema.min) != Some(Ordering::Less) && order(&schema.max) != Some(Ordering::Greater)
}

/// Compares two values of one type that has an order.
fn compare(one: &SettingValue, other: &SettingValue) -> Option<Ordering> {
    match (one, other) {
        (SettingValue::Integer(one), SettingValue::Integer(other)) => Some(one.cmp(other)),
        (SettingValue::Duration(one), SettingValue::Duration(other)) => Some(one.cmp(other)),
        _ => None,
    }
}

/// Says what a value must look like: it "must be …".
pub(super) fn expected(schema: &SettingSchema) -> String {
    let text = |bound: &Value| bound.as_str().map_or_else(|| bound.to_string(), str::to_owned);
    let range = match (&schema.min, &schema.max) {
        (Some(min), Some(max)) => format!(" from {} to {}", text(min), text(max)),
        (Some(min), None) => format!(" of at least {}", text(min)),
        (None, Some(max)) => format!(" of at most {}", text(max)),
        (None, None) => return expected_type(schema),
    };
    match schema.kind {
        // The range is example enough.
        SettingType::Duration => format!("a duration{range}"),
        _ => expected_type(schema) + &range,
    }
}

/// The same without the range.
fn expected_type(schema: &SettingSchema) -> String {
    let choices = || schema.values.join(", ");
    match schema.kind {
        SettingType::Text => "one line of text".to_owned(),
        SettingType::Secret => "text".to_owned(),
        SettingType::Int => "a whole number".to_owned(),
        SettingType::Bool => "true, yes, on, 1, false, no, off or 0".to_owned(),
        SettingType::Enum => format!("one of: {}", choices()),
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

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "JSON is easier to read where it is used")]
    pub(in super::super) fn schema(json: Value) -> SettingSchema {
        let text = |key: &str| json.get(key).and_then(Value::as_str).map(str::to_owned);
        let list = |key: &str| -> Vec<String> {
            let items = json.get(key).and_then(Value::as_array).into_iter().flatten();
            items.map(|item| item.as_str().unwrap().to_owned()).collect()
        };
        SettingSchema {
            key: text("key").unwrap(),
            label: text("label"),
            aliases: list("aliases"),
            kind: match text("type").unwrap().as_str() {
                "text" => SettingType::Text,
                "secret" => SettingType::Secret,
                "int" => SettingType::Int,
                "bool" => SettingType::Bool,
                "enum" => SettingType::Enum,
                "duration" => SettingType::Duration,
                other => panic!("there is no type {other}"),
            },
            default: json.get("default").cloned(),
            values: list("values"),
            min: json.get("min").cloned(),
            max: json.get("max").cloned(),
            required: json.get("required").is_some_and(|value| *value == true),
            description: text("description").unwrap_or_default(),
        }
    }

    fn of(kind: &str, text: &str) -> Option<SettingValue> {
        parse(&schema(json!({"key": "k", "type": kind, "values": ["a", "b"]})), text)
    }

    #[test]
    fn every_type_takes_what_it_stands_for() {
        let text = |text: &str| Some(SettingValue::Text(text.to_owned()));
        assert_eq!(of("text", "x y"), text("x y"));
        assert_eq!(of("secret", "x"), Some(SettingValue::Secret(Secret::new("x"))));
        assert_eq!(of("int", "-365"), Some(SettingValue::Integer(-365)));
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
            ("int", "1.5"),
            ("int", "99999999999999999999"),
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

    #[test]
    fn a_range_holds_for_values_and_the_default_and_is_told() {
        for (kind, min, max, least, most, below, above, expected_range) in [
            ("int", json!(1), json!(730), "1", "730", "0", "731", "a whole number from 1 to 730"),
            ("duration", json!("2s"), json!("1m"), "2000ms", "60s", "1s", "2m", "a duration from 2s to 1m"),
        ] {
            let schema = schema(json!({"key": "k", "type": kind, "min": min, "max": max}));
            assert!(parse(&schema, least).is_some() && parse(&schema, most).is_some(), "{kind}");
            assert!(parse(&schema, below).is_none() && parse(&schema, above).is_none(), "{kind}");
            assert_eq!(expected(&schema), expected_range);
        }
        let beyond = schema(json!({"key": "k", "type": "int", "max": 5, "default": 6}));
        assert_eq!(default(&beyond), Err(BadDefault));
        assert_eq!(expected(&beyond), "a whole number of at most 5");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(int in any::<i64>(), flag in any::<bool>(), millis in any::<u64>()) {
            prop_assert_eq!(of("int", &int.to_string()), Some(SettingValue::Integer(int)));
            prop_assert_eq!(of("bool", &flag.to_string()), Some(SettingValue::Flag(flag)));
            prop_assert_eq!(of("duration", &format!("{millis}ms")), Some(SettingValue::Duration(millis)));
        }

        #[test]
        fn any_text_is_a_value_or_none_and_a_value_keeps_to_its_type(text in any::<String>()) {
            for kind in ["text", "secret", "int", "bool", "enum", "duration"] {
                let kept = match (kind, of(kind, &text)) {
                    ("text", Some(SettingValue::Text(value))) => value == text && value.lines().count() <= 1,
                    ("enum", Some(SettingValue::Text(value))) => ["a", "b"].contains(&value.as_str()),
                    ("secret", Some(SettingValue::Secret(value))) => value.expose() == text,
                    ("int", Some(SettingValue::Integer(_)))
                    | ("bool", Some(SettingValue::Flag(_)))
                    | ("duration", Some(SettingValue::Duration(_)))
                    | (_, None) => true,
                    (_, Some(_)) => false,
                };
                prop_assert!(kept, "{kind}: {text:?}");
            }
        }

        #[test]
        fn a_number_is_taken_exactly_where_its_range_has_it(value in -99_i64..99, min in -50_i64..0, max in 0_i64..50) {
            let schema = schema(json!({"key": "k", "type": "int", "min": min, "max": max}));
            prop_assert_eq!(parse(&schema, &value.to_string()).is_some(), (min..=max).contains(&value));
        }
    }
}
