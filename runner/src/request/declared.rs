//! The request of a plugin whose manifest is packed with it: inputs and settings, and nothing else of
//! the records.

use pamrun_contract::manifest::{self, Alternative, Field, Group, Manifest, Pattern, Scalar, SettingKind};
use pamrun_contract::render::is_of;
use pamrun_contract::value::Value;
use serde_json::Value as Json;

use super::Prepared;
use super::problems::{Problems, RequestError};
use super::secrets::of_everything;
use super::settings::{Resolved, is_open_setting, resolve};
use super::source::{Sources, copy, told_apart_by_nothing};
use crate::model::{
    InputGroup, Record, Request, Role, Setting, SettingSchema, SettingType, SettingValue, VaultRecord,
    is_secret_kind,
};
use crate::secret::Secret;
use crate::text::quoted;

/// Makes the request that a manifest asks for out of what there is.
///
/// # Errors
/// A target that is not there, or everything that is wrong with records and settings.
pub fn prepare_declared(manifest: &Manifest, sources: &Sources<'_>) -> Result<Prepared, RequestError> {
    let target = sources.target()?;
    let inputs = inputs(manifest, sources);
    // What is wrong with a setting is told first: it is nearer to whoever gave it.
    let schemas = schemas(manifest, inputs.as_deref().unwrap_or_default());
    let Resolved { settings, warnings } = resolve(&schemas, sources).map_err(RequestError::Settings)?;
    check(manifest, &settings).map_err(RequestError::Settings)?;
    let inputs = inputs?;

    let mut secrets = of_everything(sources, &settings, |record, field| {
        asks_for(manifest, sources, record, field.label) || is_open_setting(&schemas, field.label)
    });
    // No input is empty.
    let held = inputs.iter().flat_map(|group| &group.values).filter(|(_, value)| value.is_secret());
    secrets.extend(held.filter_map(|(_, value)| Some(Secret::new(value.to_text().ok()?.as_str()))));

    let cut = |record| drawn_from(manifest, sources, record);
    let others = sources.others().map(cut).filter(|record| !record.fields.is_empty());
    let request = Request {
        records: std::iter::once(cut(target)).chain(others).collect(),
        inputs,
        settings,
        proposed: sources.new_password.filter(|_| manifest.has_proposed()).cloned(),
        ..Request::default()
    };
    Ok(Prepared { request, secrets, warnings })
}

/// The role of an alternative: where it names none, that of the record that is rotated.
fn role_of(alternative: &Alternative) -> Role {
    alternative.role.unwrap_or(Role::Target)
}

/// Whether the manifest asks for a field as one that need not be secret.
fn asks_for(manifest: &Manifest, sources: &Sources<'_>, record: &Record, label: &str) -> bool {
    let own = sources.role(record);
    manifest.inputs.values().any(|group| {
        let of_role = group.one_of.iter().filter(|alternative| role_of(alternative) == own);
        of_role
            .flat_map(|alternative| &alternative.fields)
            .any(|(key, field)| field.field == label && !group.is_secret(key))
    })
}

/// What of a record a group can be made of.
fn drawn_from(manifest: &Manifest, sources: &Sources<'_>, record: &Record) -> VaultRecord {
    let own = sources.role(record);
    let alternatives = manifest.inputs.values().flat_map(|group| &group.one_of);
    let of_role = alternatives.filter(|alternative| role_of(alternative) == own);
    let mut labels: Vec<&str> = Vec::new();
    for field in of_role.flat_map(|alternative| alternative.fields.values()) {
        if !labels.contains(&field.field.as_str()) {
            labels.push(&field.field);
        }
    }
    let fields = labels.into_iter().filter_map(|label| Some(copy(&record.field(label)?, label))).collect();
    VaultRecord { uid: record.uid.clone(), title: record.title().to_owned(), role: own, fields }
}

/// Each group, of its first alternative that is complete.
fn inputs(manifest: &Manifest, sources: &Sources<'_>) -> Result<Vec<InputGroup>, RequestError> {
    let mut problems = Problems::default();
    let mut missing = Problems::default();
    let mut twice = Problems::default();
    let mut inputs = Vec::new();
    for (name, group) in &manifest.inputs {
        match complete(name, group, sources) {
            Some((found, record)) => {
                check_group(group, &found, record, (&mut twice, &mut problems));
                inputs.push(found);
            }
            None if group.optional => {}
            None => missing.add(incomplete(name, group, sources)),
        }
    }
    missing.or(()).map_err(RequestError::Inputs)?;
    twice.or(()).map_err(RequestError::Records)?;
    problems.or(inputs).map_err(RequestError::Unfit)
}

fn complete<'a>(name: &str, group: &Group, sources: &Sources<'a>) -> Option<(InputGroup, &'a Record)> {
    group.one_of.iter().find_map(|alternative| {
        let own = role_of(alternative);
        let mut records = sources.records.iter().filter(|record| sources.role(record) == own);
        records.find_map(|record| {
            let mut values = Vec::new();
            for (key, field) in &alternative.fields {
                match value(record, field, (group.is_secret(key), group.is_plain(key))) {
                    Some(value) => values.push((key.clone(), value)),
                    None if field.optional => {}
                    None => return None,
                }
            }
            let named = format!("{} ({})", quoted(record.title()), record.uid);
            let found = InputGroup { name: name.to_owned(), record: named, role: own, values };
            Some((found, record))
        })
    })
}

/// The value of a field; several make a list. An empty one is none.
fn value(record: &Record, field: &Field, (is_secret, is_plain): (bool, bool)) -> Option<Value> {
    let view = record.field(&field.field)?;
    let mut there = view.values.iter().filter(|value| !value.is_null() && value.as_str() != Some(""));
    let first = there.next()?;
    let json = match there.next() {
        None => first.clone(),
        Some(_) => Json::Array(view.values.to_vec()),
    };
    // Of a record that only the params know nobody says what its fields are, but for the manifest.
    let is_hidden = record.revision.is_some() && (view.is_screened || is_secret_kind(view.kind));
    Some(Value::json(json).with_secrecy(is_secret || (is_hidden && !is_plain)))
}

/// What a value must look like, and that nothing else in the record could be meant.
fn check_group(
    group: &Group,
    found: &InputGroup,
    record: &Record,
    (doubled, problems): (&mut Problems, &mut Problems),
) {
    for (key, value) in &found.values {
        let fields: Vec<&Field> = group.fields(key).collect();
        for field in &fields {
            if let Some(twice) = told_apart_by_nothing(record, &field.field) {
                doubled
                    .add(format!("of record {} {twice}: give one another label, or remove it", record.uid));
            }
        }
        let patterns = group.patterns(key);
        let is_free = patterns.iter().any(Option::is_none);
        let mut patterns: Vec<&Pattern> = patterns.into_iter().flatten().collect();
        patterns.dedup_by_key(|pattern| pattern.text());
        let fits = value.to_text().is_ok_and(|text| patterns.iter().any(|pattern| pattern.matches(&text)));
        if !is_free && !fits {
            let label = fields.first().map_or(key.as_str(), |field| field.field.as_str());
            problems.add(format!(
                "the field {} of the record {} ({}) is not what the plugin can work with: it must match {}",
                quoted(label),
                quoted(record.title()),
                record.uid,
                patterns.iter().map(|pattern| pattern.text()).collect::<Vec<_>>().join(" or "),
            ));
        }
    }
}

/// What is missing where no alternative is complete: of the one that comes nearest.
fn incomplete(name: &str, group: &Group, sources: &Sources<'_>) -> String {
    let mut ways: Vec<String> = Vec::new();
    for alternative in &group.one_of {
        let fields: Vec<String> = alternative
            .fields
            .values()
            .filter(|field| !field.optional)
            .map(|field| quoted(&field.field))
            .collect();
        let what = match role_of(alternative) {
            Role::Target => format!("the record {}", sources.target_uid),
            Role::Attached => "an attached record".to_owned(),
            Role::Provider => "the PAM configuration".to_owned(),
        };
        let way = format!("{} in {what}", fields.join(", "));
        if !ways.contains(&way) {
            ways.push(way);
        }
    }
    format!("the plugin needs `{name}`: the fields {}", ways.join("; or "))
}

/// The settings as those of any plugin are resolved.
fn schemas(manifest: &Manifest, inputs: &[InputGroup]) -> Vec<SettingSchema> {
    let schema = |(key, setting): (&String, &manifest::Setting)| {
        let default = default_of(setting, inputs);
        SettingSchema {
            key: key.clone(),
            label: setting.label.clone(),
            aliases: setting.aliases.clone(),
            kind: match setting.kind {
                SettingKind::Secret => SettingType::Secret,
                SettingKind::Enum => SettingType::Enum,
                SettingKind::Int => SettingType::Int,
                SettingKind::Bool => SettingType::Bool,
                SettingKind::Duration => SettingType::Duration,
                SettingKind::Text
                | SettingKind::Host
                | SettingKind::Url
                | SettingKind::Path
                | SettingKind::Map
                | SettingKind::Complexity => SettingType::Text,
            },
            required: !setting.optional && setting.default.is_none(),
            default,
            values: setting.choices().map(str::to_owned).collect(),
            min: setting.min.as_ref().map(json_of),
            max: setting.max.as_ref().map(json_of),
            description: setting.description.clone().unwrap_or_default(),
        }
    };
    manifest.settings.iter().map(schema).collect()
}

/// What a setting is where nobody sets it: a value, or that of a field.
fn default_of(setting: &manifest::Setting, inputs: &[InputGroup]) -> Option<Json> {
    let default = setting.default.as_ref()?;
    let Scalar::Text(text) = default else { return Some(json_of(default)) };
    let member =
        text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).and_then(|it| it.split_once('.'));
    let Some((group, key)) = member else { return Some(json_of(default)) };
    let group = inputs.iter().find(|known| known.name == group)?;
    group.value(key)?.to_text().ok().map(|text| Json::String(text.to_string()))
}

fn json_of(scalar: &Scalar) -> Json {
    match scalar {
        Scalar::Text(text) => Json::String(text.clone()),
        Scalar::Int(number) => Json::from(*number),
        Scalar::Bool(flag) => Json::Bool(*flag),
    }
}

/// Whether each value is what its own type asks for; hosts and paths are compared, so their case is one.
fn check(manifest: &Manifest, settings: &[Setting]) -> Result<(), Problems> {
    let mut problems = Problems::default();
    for Setting { key, value } in settings {
        let (Some(setting), SettingValue::Text(text)) = (manifest.settings.get(key), value) else { continue };
        if let Err(why) = is_of(setting, text) {
            problems.add(format!("`{key}`: {why}"));
        }
    }
    problems.or(())
}

#[cfg(test)]
#[expect(clippy::needless_pass_by_value, reason = "JSON is easier to read where it is used")]
mod tests;
