//! Whether a value is what the manifest says that it is.
//!
//! The check of a manifest tells requests apart by what their values can be; so each value has to be that.

use crate::manifest::{Parameter, Setting, SettingKind};
use crate::template::address::{is_host, is_prefix, is_segment};
use crate::template::duration;
use crate::template::meaning::Meaning;
use crate::value::{Json, Kind, Value};

/// How long an id may be.
const LONGEST_ID: usize = 128;
/// How long what `pending` takes of an answer may be.
const LONGEST_HANDLE: usize = 2048;

/// The value in its own type: a number or flag that came as text is one.
pub(super) fn typed(meaning: &Meaning<'_>, value: Value) -> Value {
    if value.kind() != Kind::Text || !matches!(meaning.kind(), Kind::Number | Kind::Bool) {
        return value;
    }
    let json = value.to_text().ok().and_then(|text| serde_json::from_str::<Json>(&text).ok());
    match json {
        Some(json @ (Json::Number(_) | Json::Bool(_))) => Value::json(json).with_secrecy(value.is_secret()),
        _ => value,
    }
}

/// Checks a value; the error says what it should be, and nothing of the value.
pub(super) fn check(meaning: &Meaning<'_>, value: &Value) -> Result<(), String> {
    match meaning {
        Meaning::Input { group, key } => {
            let patterns = group.patterns(key);
            if patterns.iter().any(Option::is_none) {
                return Ok(());
            }
            let text = value.to_text().map_err(|error| format!("it {error}"))?;
            let fits = patterns.iter().flatten().any(|pattern| pattern.matches(&text));
            if fits {
                Ok(())
            } else {
                Err("it does not match its `pattern`; correct the record's field".to_owned())
            }
        }
        Meaning::Setting { setting, name: None } => setting_value(setting, value),
        Meaning::Setting { setting, name: Some(name) } => {
            let text = value.to_text().map_err(|error| format!("it {error}"))?;
            let carried = setting.carried(name).unwrap_or_default();
            if carried.contains(&text.as_str()) {
                Ok(())
            } else {
                Err("no choice of the setting carries it".to_owned())
            }
        }
        Meaning::Parameter(parameter) => parameter_value(parameter, value),
        _ => Ok(()),
    }
}

fn setting_value(setting: &Setting, value: &Value) -> Result<(), String> {
    if matches!(setting.kind, SettingKind::Map | SettingKind::Complexity) {
        return Ok(());
    }
    let text = value.to_text().map_err(|error| format!("it {error}"))?;
    is_of(setting, &text)
}

/// Whether a text is a value of a setting.
///
/// # Errors
/// What it should be, and nothing of the text.
pub fn is_of(setting: &Setting, text: &str) -> Result<(), String> {
    let says = |fits: bool, what: &str| {
        if fits { Ok(()) } else { Err(format!("it is no {what}; correct the setting")) }
    };
    let number = |bound: &Option<crate::manifest::Scalar>| {
        bound.as_ref().and_then(|bound| scale(setting.kind, &bound.to_string()))
    };
    match setting.kind {
        SettingKind::Host => says(is_host(text), "host")?,
        SettingKind::Url => says(is_prefix(text), "https URL of host, port and path alone")?,
        SettingKind::Path => says(text.split('/').all(is_segment), "path of clean segments")?,
        SettingKind::Enum => says(setting.choices().any(|choice| choice == text), "word of its `choices`")?,
        SettingKind::Bool => says(matches!(text, "true" | "false"), "`true` or `false`")?,
        SettingKind::Int | SettingKind::Duration => {
            let what =
                if setting.kind == SettingKind::Int { "whole number" } else { "duration such as `30s`" };
            let value =
                scale(setting.kind, text).ok_or_else(|| format!("it is no {what}; correct the setting"))?;
            let fits = number(&setting.min).is_none_or(|min| value >= min)
                && number(&setting.max).is_none_or(|max| value <= max);
            if !fits {
                return Err("it is less than `min`, or more than `max`; correct the setting".to_owned());
            }
        }
        SettingKind::Text | SettingKind::Secret | SettingKind::Map | SettingKind::Complexity => {}
    }
    match &setting.pattern {
        Some(pattern) if !pattern.matches(text) => {
            Err("it does not match its `pattern`; correct the setting".to_owned())
        }
        _ => Ok(()),
    }
}

/// A number, or a duration in milliseconds.
pub(crate) fn scale(kind: SettingKind, text: &str) -> Option<i64> {
    match kind {
        SettingKind::Int => text.parse().ok(),
        SettingKind::Complexity => text.parse::<u16>().ok().map(i64::from),
        SettingKind::Duration if text == "0" || text == "0s" => Some(0),
        SettingKind::Duration => i64::try_from(duration::milliseconds(text)?).ok(),
        _ => None,
    }
}

fn parameter_value(parameter: &Parameter, value: &Value) -> Result<(), String> {
    if value.is_secret() {
        return Err("a plugin has no secrets to give".to_owned());
    }
    let text = value.to_text().map_err(|error| format!("it {error}"))?;
    match parameter {
        Parameter::Credential | Parameter::Answer => {
            let most = if *parameter == Parameter::Answer { LONGEST_HANDLE } else { LONGEST_ID };
            let fits = !text.is_empty() && text.chars().count() <= most && !text.contains(char::is_control);
            if fits { Ok(()) } else { Err(format!("it has to have 1 to {most} characters, and no controls")) }
        }
        Parameter::Time => {
            let is_time = text.parse::<jiff::Timestamp>().is_ok();
            if is_time {
                Ok(())
            } else {
                Err("it is no RFC 3339 time; write one such as 2027-01-31T00:00:00Z".to_owned())
            }
        }
        Parameter::Int => {
            if text.parse::<i64>().is_ok() {
                Ok(())
            } else {
                Err("it is no whole number".to_owned())
            }
        }
        Parameter::OneOf(words) => {
            if words.contains(&text) {
                Ok(())
            } else {
                Err(format!("it is none of {}", words.join(", ")))
            }
        }
    }
}
