//! Cuts the records down to what a plugin asked for, and collects everything that is secret.

use serde_json::Value;

use super::problems::{Problems, RequestError};
use super::schema::names;
use super::settings::{Resolved, resolve};
use super::{Sources, check_manifest};
use crate::model::{
    Field, FieldView, Manifest, Place, Record, RecordAsk, Request, Role, Setting, SettingType, SettingValue,
    Strategy, Twice, VaultRecord, is_secret_kind,
};
use crate::secret::Secret;

/// From how many characters on a value is taken for a secret when nothing says what it is.
const SUSPICIOUS: usize = 8;

/// A request, and what goes with it.
#[derive(Debug)]
pub struct Prepared {
    /// The request. Its rotation id, marker and number of the try are set by whoever calls a step.
    pub request: Request,
    /// Every secret at hand, granted or not: for the redactor.
    pub secrets: Vec<Secret>,
    /// What an operator should know.
    pub warnings: Vec<String>,
}

/// Makes the request that `manifest` asks for out of what there is.
///
/// # Errors
/// A bad manifest, a target that is not there, or everything that is wrong with the settings.
pub fn prepare(manifest: &Manifest, sources: &Sources<'_>) -> Result<Prepared, RequestError> {
    check_manifest(manifest)?;
    let records = grant(manifest, sources)?;
    let Resolved { settings, warnings } =
        resolve(&manifest.settings, sources).map_err(RequestError::Settings)?;

    let mut secrets = manifest_secrets(manifest, sources);
    secrets.extend(other_secrets(sources, &settings));
    secrets.retain(|secret| !secret.expose().is_empty());

    let proposed = sources.new_password.filter(|_| manifest.strategy == Strategy::InPlace).cloned();
    let request = Request {
        rotation_id: String::new(),
        marker: String::new(),
        attempt: 1,
        records,
        inputs: Vec::new(),
        settings,
        proposed,
        deliver: Vec::new(),
        delivered_id: None,
    };
    Ok(Prepared { request, secrets, warnings })
}

/// The granted records, the target first, each cut to the fields that the manifest names.
fn grant(manifest: &Manifest, sources: &Sources<'_>) -> Result<Vec<VaultRecord>, RequestError> {
    let (targets, others): (Vec<&Record>, Vec<&Record>) =
        sources.records.iter().partition(|record| record.uid == sources.target_uid);
    if targets.is_empty() {
        return Err(RequestError::NoTarget { uid: sources.target_uid.to_owned() });
    }
    let mut problems = Problems::default();
    for record in targets.iter().chain(&others) {
        for name in asks(manifest, sources, record).iter().flat_map(|ask| &ask.fields) {
            if let Some(twice) = told_apart_by_nothing(record, name) {
                problems
                    .add(format!("of record {} {twice}: give one another label, or remove it", record.uid));
            }
        }
    }
    problems.or(()).map_err(RequestError::Records)?;
    let cut = |record: &&Record| {
        let asks = asks(manifest, sources, record);
        asks.first().map(|ask| VaultRecord {
            uid: record.uid.clone(),
            title: record.title().to_owned(),
            role: ask.role,
            fields: asked_fields(record, &asks),
        })
    };
    Ok(targets.iter().chain(&others).filter_map(cut).collect())
}

pub(super) fn role(sources: &Sources<'_>, record: &Record) -> Role {
    if record.uid == sources.target_uid {
        Role::Target
    } else if Some(record.uid.as_str()) == sources.provider_uid {
        Role::Provider
    } else {
        Role::Attached
    }
}

/// The manifest's asks that mean this record.
fn asks<'a>(manifest: &'a Manifest, sources: &Sources<'_>, record: &Record) -> Vec<&'a RecordAsk> {
    let role = role(sources, record);
    let has = |label: &String| record.field(label).is_some_and(|field| has_value(&field));
    manifest.records.iter().filter(|ask| ask.role == role && ask.has.iter().all(has)).collect()
}

/// Two fields of one label, one place and one type: which one a plugin should be given, nobody can tell.
pub(super) fn told_apart_by_nothing(record: &Record, name: &str) -> Option<Twice> {
    let twice = |place| record.only_field_in(place, name, "").err();
    let is_same = |twice: &Twice| {
        let [(_, one), (_, other)] = &twice.at;
        one == other
    };
    [Place::Standard, Place::Custom].into_iter().filter_map(twice).find(is_same)
}

fn has_value(field: &FieldView<'_>) -> bool {
    field.values.iter().any(|value| !value.is_null() && value.as_str() != Some(""))
}

/// The fields that are asked for by label, and the standard ones by type, where no field has that
/// label: a plugin finds them by the name that it asks for.
fn asked_fields(record: &Record, asks: &[&RecordAsk]) -> Vec<Field> {
    let fields: Vec<FieldView<'_>> = record.fields().collect();
    let is_meant = |at: usize, field: &FieldView<'_>, name: &str| {
        let is_of_type = |field: &FieldView<'_>| field.place == Place::Standard && field.kind == name;
        field.label == name
            || (fields.iter().all(|other| other.label != name)
                && fields.iter().position(is_of_type) == Some(at))
    };
    let asked = |(at, field): (usize, &FieldView<'_>)| {
        let name = asks.iter().flat_map(|ask| &ask.fields).find(|name| is_meant(at, field, name))?;
        Some(copy(field, name))
    };
    fields.iter().enumerate().filter_map(asked).collect()
}

/// The field as the plugin is given it, under this name.
pub(super) fn copy(field: &FieldView<'_>, name: &str) -> Field {
    let values = || field.values.iter().filter(|value| !value.is_null());
    Field {
        place: field.place,
        label: name.to_owned(),
        // What Keeper hides is a hidden field, for whoever is told no more than its type.
        kind: if field.is_screened && !is_secret_kind(field.kind) { "secret" } else { field.kind }.to_owned(),
        values: values().map(|value| Secret::new(text(value))).collect(),
        json: values().all(|value| !value.is_string()),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn manifest_secrets(manifest: &Manifest, sources: &Sources<'_>) -> Vec<Secret> {
    // What the manifest declares as a setting that is not secret may be shown.
    let open_settings =
        || manifest.settings.iter().filter(|schema| schema.kind != SettingType::Secret).flat_map(names);
    record_secrets(sources, |record, field| {
        asks(manifest, sources, record).iter().flat_map(|ask| &ask.plain).any(|label| label == field.label)
            || open_settings().any(|name| name == field.label)
    })
}

/// The secrets of all records; of those that only the params knew, all that `is_plain` does not
/// exempt: the params do not say what a field is.
pub(super) fn record_secrets(
    sources: &Sources<'_>,
    is_plain: impl Fn(&Record, &FieldView<'_>) -> bool,
) -> Vec<Secret> {
    let mut secrets = Vec::new();
    for record in sources.records {
        for field in record.fields() {
            let mut of_field = Vec::new();
            if record.revision.is_none() && !is_plain(record, &field) {
                field.values.iter().for_each(|value| collect(value, &mut of_field));
            }
            let known =
                field.secrets().into_iter().filter(|secret| !of_field.contains(secret)).collect::<Vec<_>>();
            secrets.extend(of_field.into_iter().chain(known));
        }
    }
    secrets
}

/// The secrets that do not stand in records.
pub(super) fn other_secrets(sources: &Sources<'_>, settings: &[Setting]) -> Vec<Secret> {
    let passwords = [sources.new_password, sources.old_password].into_iter().flatten().cloned();
    let settings = settings.iter().filter_map(|setting| match &setting.value {
        SettingValue::Secret(secret) => Some(secret.clone()),
        _ => None,
    });
    passwords.chain(settings).collect()
}

/// Collects a value's texts that may be secret, those within lists and objects too: each may show alone.
fn collect(value: &Value, secrets: &mut Vec<Secret>) {
    match value {
        Value::Array(list) => list.iter().for_each(|value| collect(value, secrets)),
        Value::Object(map) => map.values().for_each(|value| collect(value, secrets)),
        Value::String(_) | Value::Number(_) => {
            let text = text(value);
            if text.chars().count() >= SUSPICIOUS {
                secrets.push(Secret::new(text));
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

#[cfg(test)]
#[expect(clippy::needless_pass_by_value, reason = "JSON is easier to read where it is used")]
mod tests;
