//! Checks the settings that a manifest declares.

use std::collections::HashMap;

use super::problems::Problems;
use super::value::{BadDefault, compare, default, expected, expected_type, has_range, of_json};
use crate::model::{Choice, SettingSchema, SettingType};

/// Adds what is wrong with the settings, for the plugin's author.
pub(super) fn check(settings: &[SettingSchema], problems: &mut Problems) {
    for (index, schema) in settings.iter().enumerate() {
        let at = format!("settings[{index}]");
        if !is_key(&schema.key) {
            problems.add(format!(
                "{at}: the key `{}` must be lower-case letters, digits and `_`, and begin with a letter",
                schema.key
            ));
        }
        if schema.label.iter().chain(&schema.aliases).any(|name| name.trim().is_empty()) {
            problems.add(format!("{at}: a label or alias is empty; leave it out"));
        }
        check_values(&at, schema, problems);
        check_range(&at, schema, problems);
        check_default(&at, schema, problems);
    }
    check_names(settings, problems);
}

/// Lists every name by which a setting can be set, the best first.
pub(super) fn names(schema: &SettingSchema) -> impl Iterator<Item = &str> {
    std::iter::once(&schema.key).chain(&schema.label).chain(&schema.aliases).map(String::as_str)
}

fn check_values(at: &str, schema: &SettingSchema, problems: &mut Problems) {
    let values: Vec<&str> = schema.values.iter().map(Choice::value).collect();
    match schema.kind {
        SettingType::Enum if values.is_empty() => {
            problems.add(format!("{at}: an enum needs `values`, the list of what it may be"));
        }
        SettingType::Enum if values.iter().any(|value| value.is_empty() || value.trim() != *value) => {
            problems.add(format!("{at}: one of `values` is empty or has space around it"));
        }
        SettingType::Enum => {}
        _ if !values.is_empty() => {
            problems.add(format!("{at}: only an enum has `values`; leave them out or make it one"));
        }
        _ => {}
    }
    for value in repeated(values.iter().copied()) {
        problems.add(format!("{at}: `{value}` is listed twice in `values`"));
    }
}

fn check_range(at: &str, schema: &SettingSchema, problems: &mut Problems) {
    let bounds = [("min", &schema.min), ("max", &schema.max)];
    if !has_range(schema.kind) {
        for (name, _) in bounds.iter().filter(|(_, bound)| bound.is_some()) {
            problems.add(format!("{at}: only an int, a number or a duration has `{name}`; leave it out"));
        }
        return;
    }
    let read = bounds.map(|(name, bound)| {
        let bound = bound.as_ref()?;
        let value = of_json(schema, bound);
        if value.is_none() {
            problems.add(format!("{at}: `{name}` must be {}", expected_type(schema)));
        }
        value
    });
    if let [Some(min), Some(max)] = &read
        && compare(min, max).is_some_and(std::cmp::Ordering::is_gt)
    {
        problems.add(format!("{at}: `min` is more than `max`, so nothing could ever be set"));
    }
}

fn check_default(at: &str, schema: &SettingSchema, problems: &mut Problems) {
    match default(schema) {
        Err(BadDefault) if schema.kind == SettingType::Secret => {
            problems.add(format!("{at}: a secret has no default, everyone could read it; leave it out"));
        }
        Err(BadDefault) => {
            problems.add(format!("{at}: the default must be {}", expected(schema)));
        }
        Ok(Some(_)) if schema.required => {
            problems
                .add(format!("{at}: with a default nobody has to set it; leave out `required` or `default`"));
        }
        _ => {}
    }
}

/// A record field must not set two settings, so all names share one space.
fn check_names(settings: &[SettingSchema], problems: &mut Problems) {
    for name in repeated(settings.iter().flat_map(names)) {
        problems.add(format!("settings: `{name}` is the key, label or alias of more than one; rename one"));
    }
}

/// Lists what comes more than once, each once, in a stable order.
pub(super) fn repeated<T: Copy + Eq + std::hash::Hash>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen: HashMap<T, u32> = HashMap::new();
    let mut repeated = Vec::new();
    for item in items {
        let count = seen.entry(item).or_default();
        *count += 1;
        if *count == 2 {
            repeated.push(item);
        }
    }
    repeated
}

fn is_key(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_lowercase())
        && key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}
