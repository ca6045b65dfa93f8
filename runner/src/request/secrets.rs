//! What is secret in all that there is.

use serde_json::Value;

use super::Sources;
use super::source::text;
use crate::model::{FieldView, Record, Setting, SettingValue};
use crate::secret::Secret;

/// From how many characters on a value is taken for a secret when nothing says what it is.
const SUSPICIOUS: usize = 8;

/// Every secret that there is. Of records that only the params knew that is all that `is_plain` does
/// not exempt: the params do not say what a field is.
pub(super) fn of_everything(
    sources: &Sources<'_>,
    settings: &[Setting],
    is_plain: impl Fn(&Record, &FieldView<'_>) -> bool,
) -> Vec<Secret> {
    let mut secrets = of_records(sources, is_plain);
    secrets.extend(besides_records(sources, settings));
    secrets.retain(|secret| !secret.expose().is_empty());
    secrets
}

fn of_records(sources: &Sources<'_>, is_plain: impl Fn(&Record, &FieldView<'_>) -> bool) -> Vec<Secret> {
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
fn besides_records(sources: &Sources<'_>, settings: &[Setting]) -> Vec<Secret> {
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
