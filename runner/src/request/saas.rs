//! The request of a SaaS plugin: a script's, once its config record holds what the plugin asks for.

use super::whole::prepare_whole;
use super::{Prepared, Problems, RequestError, Sources};
use crate::model::{ConfigItem, Place, Record, SaasPlugin, Strategy};
use crate::secret::Secret;

/// The custom field with which a config record can be switched off.
const ACTIVE: &str = "Active";

/// Makes the request of a SaaS plugin: everything that there is, as for any script.
///
/// # Errors
/// When the target is not there; and everything that is wrong with the plugin's config record at
/// once, by the rules of Keeper's kit for these plugins.
pub fn prepare_saas(plugin: &SaasPlugin, sources: &Sources<'_>) -> Result<Prepared, RequestError> {
    let mut prepared = prepare_whole(Some(Strategy::InPlace), sources)?;
    let mut problems = Problems::default();
    if !sources.sets.is_empty() {
        problems.add("--set: a SaaS plugin takes its settings from its config record");
    }
    match config_record(plugin, sources) {
        Ok(record) => {
            for item in &plugin.config {
                match check(item, record) {
                    // It may stand in a field that does not look like a secret's.
                    Ok(value) if item.secret => prepared.secrets.extend(value.map(Secret::new)),
                    Ok(_) => {}
                    Err(problem) => problems.add(problem),
                }
            }
        }
        Err(problem) => problems.add(problem),
    }
    problems.or(prepared).map_err(RequestError::Settings)
}

/// Finds the one attached record that configures this plugin.
fn config_record<'a>(plugin: &SaasPlugin, sources: &Sources<'a>) -> Result<&'a Record, String> {
    let SaasPlugin { name, .. } = plugin;
    let type_field = SaasPlugin::TYPE_FIELD;
    let is_named = |record: &Record| {
        record.uid == sources.target_uid || Some(record.uid.as_str()) == sources.provider_uid
    };
    let attached = || sources.records.iter().filter(|record| !is_named(record));
    let mut found = attached().filter(|record| text_in(record, type_field) == Some(name));
    let record = match (found.next(), found.next()) {
        (Some(record), None) => record,
        (Some(one), Some(other)) => {
            return Err(format!(
                "the records {} and {} both have `{name}` in the field `{type_field}`: attach one of them only",
                one.uid, other.uid
            ));
        }
        (None, _) => {
            let others: Vec<_> = attached()
                .filter_map(|record| {
                    Some(format!("record {} has `{}`", record.uid, text_in(record, type_field)?))
                })
                .collect();
            let others = if others.is_empty() { String::new() } else { format!(" ({})", others.join(", ")) };
            return Err(format!(
                "no attached record has `{name}` in the custom field `{type_field}`{others}: add the plugin's config \
                 record to the script as rotation credential"
            ));
        }
    };
    match text_in(record, ACTIVE) {
        Some(active) if flag(active) == Some(false) => Err(format!(
            "the config record {} says in the field `{ACTIVE}` that it is not to be used",
            record.uid
        )),
        _ => Ok(record),
    }
}

/// Checks one value and returns it; none where there is none, and none is needed. The error does
/// not quote it.
fn check<'a>(item: &'a ConfigItem, record: &'a Record) -> Result<Option<&'a str>, String> {
    let ConfigItem { label, kind, .. } = item;
    if kind == "record" {
        return Err(format!(
            "`{label}` names another record for the plugin to read, and no script gets that"
        ));
    }
    let value = text_in(record, label).or(item.default.as_deref());
    let Some(value) = value else {
        return if item.required {
            Err(wrong(item, record, "is required, and empty or missing"))
        } else {
            Ok(None)
        };
    };
    let lower = value.to_ascii_lowercase();
    let expected = match kind.as_str() {
        "url" if !(lower.starts_with("http") && lower.contains("://")) => {
            "must be a URL that begins with http"
        }
        "int" if value.parse::<i128>().is_err() => "must be an integer number",
        "number" if value.parse::<f64>().is_err() => "must be a number",
        // The kit takes any other word for no value.
        "bool" if item.required && flag(value).is_none() => "must be true or false",
        "enum" if !item.choices.iter().any(|choice| choice == value) => {
            return Err(wrong(item, record, &format!("must be one of {}", item.choices.join(", "))));
        }
        _ => return Ok(Some(value)),
    };
    Err(wrong(item, record, expected))
}

fn wrong(item: &ConfigItem, record: &Record, what: &str) -> String {
    format!("`{}` {what}: see the custom field of that label in the config record {}", item.label, record.uid)
}

fn flag(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// The text in a custom field, without blanks around it, unless it is empty.
fn text_in<'a>(record: &'a Record, label: &str) -> Option<&'a str> {
    let text = record.field_in(Place::Custom, label, "")?.values.first()?.as_str()?.trim();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::request::source::records_alone;

    fn item(label: &str, kind: &str, required: bool, default: Option<&str>) -> ConfigItem {
        ConfigItem {
            label: label.to_owned(),
            kind: kind.to_owned(),
            required,
            secret: kind == "secret",
            default: default.map(str::to_owned),
            choices: vec!["POST".to_owned(), "PUT".to_owned()],
        }
    }

    /// A plugin that asks for these, and a config record with these custom fields.
    fn prepare(items: Vec<ConfigItem>, fields: &[(&str, &str)]) -> Result<Prepared, String> {
        let custom: Vec<_> = fields
            .iter()
            .map(|(label, value)| json!({"type": "text", "label": label, "value": [value]}))
            .collect();
        let record = |uid: &str, custom: serde_json::Value| Record {
            uid: uid.to_owned(),
            revision: Some(1),
            editable: true,
            json: json!({"title": uid, "fields": [], "custom": custom}),
        };
        let mut records = vec![record("t", json!([])), record("c", custom.into())];
        if fields.iter().any(|(_, value)| *value == "twice") {
            let mut twin = records[1].clone();
            "d".clone_into(&mut twin.uid);
            records.push(twin);
        }
        let plugin = SaasPlugin { name: "Router".to_owned(), class: "SaasPlugin".to_owned(), config: items };
        let sources = Sources { provider_uid: None, ..records_alone(&records) };
        prepare_saas(&plugin, &sources).map_err(|error| error.to_string())
    }

    #[test]
    fn the_config_record_is_the_attached_one_that_names_the_plugin() {
        assert!(prepare(Vec::new(), &[("SaaS Type", " Router ")]).is_ok());
        for (fields, problem) in [
            (vec![], "no attached record has `Router` in the custom field `SaaS Type`: add"),
            (vec![("SaaS Type", "router")], "(record c has `router`)"),
            (vec![("SaaS Type", "Router"), ("x", "twice")], "c and d both have `Router`"),
            (vec![("SaaS Type", "Router"), ("Active", "FALSE")], "is not to be used"),
        ] {
            let error = prepare(Vec::new(), &fields).unwrap_err();
            assert!(error.contains(problem), "{error}");
        }
    }

    #[test]
    fn values_are_judged_by_the_rules_of_the_kit() {
        for (kind, fits, does_not) in [
            ("text", " any thing", ""),
            ("multiline", "a\nb", " "),
            ("secret", "s", ""),
            ("url", "HTTPS://x", "ftp://x"),
            ("int", "-7", "7.5"),
            ("number", "7.5", "seven"),
            ("bool", "On", "perhaps"),
            ("enum", "PUT", "put"),
        ] {
            let with = |value| {
                prepare(vec![item("it", kind, true, None)], &[("SaaS Type", "Router"), ("it", value)])
            };
            assert!(with(fits).is_ok(), "{kind}: {fits}");
            let error = with(does_not).unwrap_err();
            assert!(error.contains("`it` ") && error.contains("config record c"), "{error}");
            assert!(does_not.trim().is_empty() || !error.contains(does_not), "{error}");
        }
    }

    #[test]
    fn what_is_empty_has_its_default_and_may_be_missing_unless_it_is_required() {
        let given = [("SaaS Type", "Router"), ("it", " ")];
        assert!(prepare(vec![item("it", "int", true, Some("3"))], &given).is_ok());
        assert!(prepare(vec![item("it", "int", false, None)], &given).is_ok());
        assert!(
            prepare(vec![item("it", "bool", false, None)], &[("SaaS Type", "Router"), ("it", "x")]).is_ok()
        );
        assert!(prepare(vec![item("it", "enum", false, Some("GET"))], &given).is_err());
        assert!(prepare(vec![item("it", "record", false, None)], &given).is_err());
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let items =
            vec![item("a", "int", true, None), item("b", "url", true, None), item("c", "text", true, None)];
        let error = prepare(items, &[("SaaS Type", "Router"), ("a", "x"), ("b", "y")]).unwrap_err();
        assert!(error.contains("3 problems") && error.contains("`c` is required"), "{error}");
    }

    #[test]
    fn a_value_that_the_plugin_calls_secret_is_one_in_a_field_of_any_type() {
        let fields = [("SaaS Type", "Router"), ("it", " secret in a text field ")];
        let prepared = prepare(vec![item("it", "secret", true, None)], &fields).unwrap();
        assert!(prepared.secrets.contains(&Secret::new("secret in a text field")));
        assert!(prepare(vec![item("it", "text", true, None)], &fields).unwrap().secrets.is_empty());
    }
}
