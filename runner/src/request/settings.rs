//! Finds the value of every setting: flag, target record, attached record, configuration, default.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use super::Sources;
use super::nearest::did_you_mean;
use super::problems::Problems;
use super::value::{BadDefault, default, expected, parse};
use crate::cli::SetValue;
use crate::model::{Place, Record, Setting, SettingSchema, SettingType, SettingValue};
use crate::text::quoted;

/// The settings that have a value, in the order of the manifest.
#[derive(Debug)]
pub(super) struct Resolved {
    pub(super) settings: Vec<Setting>,
    pub(super) warnings: Vec<String>,
}

/// Resolves all settings.
///
/// # Errors
/// Every problem at once, each with the place that the value came from. A value is never quoted:
/// what was put in the wrong place may be a secret.
pub(super) fn resolve(schemas: &[SettingSchema], sources: &Sources<'_>) -> Result<Resolved, Problems> {
    let mut problems = Problems::default();
    let mut resolved = Resolved { settings: Vec::new(), warnings: Vec::new() };
    check_keys(schemas, sources, &mut problems);
    for schema in schemas {
        let key = &schema.key;
        let value = match find(schema, sources, &mut resolved.warnings) {
            Ok(Some(found)) => parse(schema, &found.text).map(Some).ok_or_else(|| {
                format!("`{key}` must be {}: {} holds something else", expected(schema), found.origin)
            }),
            Ok(None) => or_default(schema, sources.option),
            Err(problem) => Err(problem),
        };
        match value {
            Ok(Some(value)) => resolved.settings.push(Setting { key: key.clone(), value }),
            Ok(None) => {}
            Err(problem) => problems.add(problem),
        }
    }
    problems.or(resolved)
}

/// Whether a record can set something by this field that is no secret.
pub(super) fn is_open_setting(schemas: &[SettingSchema], label: &str) -> bool {
    let open = schemas.iter().filter(|schema| schema.kind != SettingType::Secret);
    open.flat_map(SettingSchema::names).any(|name| name == label)
}

/// A value before it is checked, stripped and not empty.
struct Found<'a> {
    text: Cow<'a, str>,
    origin: Origin<'a>,
}

/// Where a value came from.
#[derive(Clone, Copy)]
enum Origin<'a> {
    Flag { option: &'a str, key: &'a str },
    Field { record: &'a Record, label: &'a str },
    Config(&'a str),
}

impl fmt::Display for Origin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag { option, key } => write!(f, "{option} {key}"),
            Self::Field { record, label } => {
                write!(
                    f,
                    "the field {} of the record {} ({})",
                    quoted(label),
                    quoted(record.title()),
                    record.uid
                )
            }
            Self::Config(key) => write!(f, "`{key}` in the configuration file's settings"),
        }
    }
}

fn check_keys(schemas: &[SettingSchema], sources: &Sources<'_>, problems: &mut Problems) {
    let known = || schemas.iter().map(|schema| schema.key.as_str());
    let flags = sources.sets.iter().map(|(key, _)| (key, sources.option));
    let config = sources.config.iter().map(|(key, _)| (key, "the configuration file's settings"));
    let locks = sources.locked.iter().map(|key| (key, "the configuration file's lock"));
    for (key, place) in flags.chain(config).chain(locks) {
        if !known().any(|name| name == key) {
            problems.add(format!("{place}: the plugin has no setting `{key}`{}", did_you_mean(key, known())));
        }
    }
}

fn find<'a>(
    schema: &'a SettingSchema,
    sources: &Sources<'a>,
    warnings: &mut Vec<String>,
) -> Result<Option<Found<'a>>, String> {
    let in_records = from_records(schema, sources);
    let locked = sources.locked.contains(&schema.key);
    if locked && let Ok(Some(Found { origin, .. })) = &in_records {
        warnings.push(format!("`{}` is locked: what {origin} says is ignored", schema.key));
    }
    if let Some(found) =
        given(schema, sources.sets, Origin::Flag { option: sources.option, key: &schema.key })?
    {
        return Ok(Some(found));
    }
    if !locked && let Some(found) = in_records? {
        return Ok(Some(found));
    }
    given(schema, sources.config, Origin::Config(&schema.key))
}

/// What an operator gave, by flag or configuration.
fn given<'a>(
    schema: &SettingSchema,
    values: &'a [(String, SetValue)],
    origin: Origin<'a>,
) -> Result<Option<Found<'a>>, String> {
    let key = &schema.key;
    let Some((_, value)) = values.iter().rfind(|(name, _)| name == key) else { return Ok(None) };
    match value {
        SetValue::Text(_) if schema.kind == SettingType::Secret => Err(format!(
            "`{key}` is secret, but {origin} shows it to others: put the value into a file and write @FILE instead"
        )),
        value => Ok(found(Cow::Borrowed(value.secret().expose()), origin)),
    }
}

/// The target's field wins over those of attached records, and these over the PAM configuration's.
fn from_records<'a>(schema: &'a SettingSchema, sources: &Sources<'a>) -> Result<Option<Found<'a>>, String> {
    let with_uid = |uid: &str| sources.records.iter().find(|record| record.uid == uid);
    let is_named = |record: &Record| {
        record.uid == sources.target_uid || Some(record.uid.as_str()) == sources.provider_uid
    };
    if let Some(found) =
        with_uid(sources.target_uid).map_or(Ok(None), |record| from_record(schema, record))?
    {
        return Ok(Some(found));
    }
    let mut first: Option<Found<'a>> = None;
    for record in sources.records.iter().filter(|record| !is_named(record)) {
        let Some(found) = from_record(schema, record)? else { continue };
        match &first {
            // The gateway hands over attached records in no certain order, so none can win.
            Some(first) if first.text != found.text => {
                return Err(format!(
                    "`{}` is set twice: {} and {} differ",
                    schema.key, first.origin, found.origin
                ));
            }
            Some(_) => {}
            None => first = Some(found),
        }
    }
    match first {
        Some(found) => Ok(Some(found)),
        None => {
            sources.provider_uid.and_then(with_uid).map_or(Ok(None), |record| from_record(schema, record))
        }
    }
}

fn from_record<'a>(schema: &'a SettingSchema, record: &'a Record) -> Result<Option<Found<'a>>, String> {
    for name in schema.names() {
        let kind = if schema.kind == SettingType::Secret { "secret" } else { "text" };
        let field = record.only_field_in(Place::Custom, name, kind);
        let field = field.map_err(|twice| {
            format!("`{}` cannot be read: of record {} {twice}; rename or remove one", schema.key, record.uid)
        })?;
        let Some(field) = field else { continue };
        let origin = Origin::Field { record, label: name };
        let set: Vec<&Value> = field.values.iter().filter(|value| !is_unset(value)).collect();
        match set.as_slice() {
            [] => {}
            [value] => match scalar(value) {
                Some(text) => return Ok(found(text, origin)),
                None => {
                    return Err(format!("`{}` cannot be read: {origin} holds no plain value", schema.key));
                }
            },
            _ => return Err(format!("`{}` cannot be read: {origin} holds several values", schema.key)),
        }
    }
    Ok(None)
}

fn or_default(schema: &SettingSchema, option: &str) -> Result<Option<SettingValue>, String> {
    let key = &schema.key;
    match default(schema) {
        Ok(Some(value)) => Ok(Some(value)),
        Err(BadDefault) => Err(format!("the plugin's default of `{key}` is not {}", expected(schema))),
        Ok(None) if schema.required => {
            let value = if schema.kind == SettingType::Secret { "@FILE" } else { "VALUE" };
            let fields: Vec<String> = schema.names().map(|name| format!("`{name}`")).collect();
            Err(format!(
                "`{key}` is needed: write {option} {key}={value}, or put it into the target record as a custom field {}",
                fields.join(" or ")
            ))
        }
        Ok(None) => Ok(None),
    }
}

fn found<'a>(text: Cow<'a, str>, origin: Origin<'a>) -> Option<Found<'a>> {
    let text = match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    };
    (!text.is_empty()).then_some(Found { text, origin })
}

fn is_unset(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

fn scalar(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(flag) => Some(Cow::Borrowed(if *flag { "true" } else { "false" })),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
#[expect(clippy::needless_pass_by_value, reason = "JSON is easier to read where it is used")]
mod tests;
