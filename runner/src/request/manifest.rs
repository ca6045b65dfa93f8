//! Checks what a manifest means, beyond its being well-formed JSON of the right shape.

use super::problems::{Problems, RequestError};
use super::schema::repeated;
use super::{rules, schema};
use crate::model::{Manifest, RecordAsk, ReturnedField, Role, Strategy, is_secret_kind};

/// Field types whose value is one text. Others have a structure that a plugin cannot return.
const TEXT_TYPES: [&str; 9] =
    ["text", "multiline", "secret", "password", "login", "url", "email", "note", "oneTimeCode"];
/// How long a name may be: it labels every line that the plugin logs.
const NAME: usize = 64;

/// Parses a manifest and checks it.
///
/// # Errors
/// Everything that its author has to change.
pub fn parse_manifest(text: &str) -> Result<Manifest, RequestError> {
    let manifest: Manifest = serde_json::from_str(text).map_err(|error| {
        let mut problems = Problems::default();
        problems.add(error.to_string());
        RequestError::Manifest(problems)
    })?;
    check_manifest(&manifest)?;
    Ok(manifest)
}

/// Checks a manifest.
///
/// # Errors
/// Everything that its author has to change, each with the place where it stands.
pub fn check_manifest(manifest: &Manifest) -> Result<(), RequestError> {
    let mut problems = Problems::default();
    check_identity(manifest, &mut problems);
    check_records(&manifest.records, &mut problems);
    check_returns(manifest, &mut problems);
    schema::check(&manifest.settings, &mut problems);
    rules::check(manifest, &mut problems);
    problems.or(()).map_err(RequestError::Manifest)
}

fn check_identity(manifest: &Manifest, problems: &mut Problems) {
    let name = &manifest.name;
    let well_formed = name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !well_formed || name.len() > NAME {
        problems.add(format!(
            "name: it must be lower-case letters, digits and `-`, begin with a letter, and have at most {NAME} characters"
        ));
    }
    if semver::Version::parse(&manifest.version).is_err() {
        problems.add("version: it must be a semantic version: three numbers, such as 0.1.0");
    }
}

fn check_records(records: &[RecordAsk], problems: &mut Problems) {
    let count = |role| records.iter().filter(|ask| ask.role == role).count();
    if count(Role::Target) != 1 {
        problems.add("records: exactly one entry must have the role target");
    }
    if count(Role::Provider) > 1 {
        problems.add("records: one entry with the role provider is enough; put its fields together");
    }
    for (index, ask) in records.iter().enumerate() {
        let at = format!("records[{index}]");
        let is_attached = ask.role == Role::Attached;
        if is_attached && ask.has.is_empty() {
            problems.add(format!("{at}: `has` must name fields by which the attached record is known"));
        }
        if !is_attached && !ask.has.is_empty() {
            problems.add(format!("{at}: `has` is for attached records; leave it out"));
        }
        if ask.role != Role::Target && ask.fields.is_empty() {
            problems
                .add(format!("{at}: `fields` is empty; name what the plugin reads, or leave the entry out"));
        }
        for (key, labels) in [("has", &ask.has), ("fields", &ask.fields), ("plain", &ask.plain)] {
            if labels.iter().any(String::is_empty) {
                problems.add(format!("{at}: a label in `{key}` is empty"));
            }
            for label in repeated(labels.iter()) {
                problems.add(format!("{at}: `{label}` is listed twice in `{key}`"));
            }
        }
        for label in ask.plain.iter().filter(|label| !ask.fields.contains(label)) {
            problems.add(format!("{at}: `{label}` is in `plain`, but not in `fields`"));
        }
    }
}

fn check_returns(manifest: &Manifest, problems: &mut Problems) {
    let returns = &manifest.returns;
    if returns.is_empty() && manifest.strategy == Strategy::Overlap {
        problems.add("returns: it is empty, but an overlap plugin must name the fields that it makes anew");
    }
    if !returns.is_empty() && manifest.strategy == Strategy::Deliver {
        problems.add("returns: a plugin that delivers makes no value anew; leave it empty");
    }
    let secrets = returns.iter().filter(|field| is_secret_kind(&field.kind)).count();
    if secrets != 1 && manifest.strategy == Strategy::InPlace {
        problems.add(format!(
            "returns: an in-place plugin must name exactly one field of type secret or password, the value that \
             it replaces, and this names {secrets}"
        ));
    }
    for (index, ReturnedField { label, kind, .. }) in returns.iter().enumerate() {
        if label.is_empty() {
            problems.add(format!("returns[{index}]: the label is empty"));
        }
        if !TEXT_TYPES.contains(&kind.as_str()) {
            problems.add(format!("returns[{index}]: the type must be one of {}", TEXT_TYPES.join(", ")));
        }
    }
    for (_, label) in repeated(returns.iter().map(|field| (field.place, &field.label))) {
        problems.add(format!("returns: `{label}` is listed twice at the same place"));
    }
}

#[cfg(test)]
#[expect(clippy::needless_pass_by_value, reason = "JSON is easier to read where it is used")]
mod tests;
