//! What a plugin is and asks for, for `pamrun plugin inspect`.

use std::fmt::Write;

use super::message::escape;
use crate::catalog::Digest;
use crate::model::{Manifest, RecordAsk, RequestRule, ReturnedField, SettingSchema};

/// Everything about a plugin that can be known without running a step. The manifest's texts and
/// the names of tools come from the file and are not to be trusted.
pub struct PluginSheet<'a> {
    /// What it says of itself.
    pub manifest: &'a Manifest,
    /// The digest of its file.
    pub digest: Digest,
    /// The size of its file, in bytes.
    pub size: usize,
    /// Whether it is a core module, which is made a component when it is loaded.
    pub core_module: bool,
    /// The language and version of pamrun's SDK that made it.
    pub language: Option<&'a str>,
    /// The version of pamrun's SDK.
    pub sdk: Option<&'a str>,
    /// The tools that made it, with their versions.
    pub made_by: Vec<String>,
    /// The interfaces that it imports.
    pub imports: &'a [String],
    /// The interfaces that it exports.
    pub exports: &'a [String],
}

impl PluginSheet<'_> {
    /// Renders it for people.
    #[must_use]
    pub fn render(&self) -> String {
        let manifest = self.manifest;
        let mut sheet = Sheet::default();
        sheet.line(format!("{} {}", manifest.name, manifest.version));
        if !manifest.description.is_empty() {
            sheet.line(&manifest.description);
        }
        sheet.section(
            "file",
            &[
                self.digest.to_string(),
                format!(
                    "{} bytes, a {}",
                    self.size,
                    if self.core_module { "core module" } else { "component" }
                ),
                match (self.language, self.sdk) {
                    (Some(language), Some(sdk)) => format!("written in {language} with pamrun's SDK {sdk}"),
                    _ => format!("made by {}", self.made_by.join(", ")),
                },
            ],
        );
        let strategy = format!("{:?}", manifest.strategy).to_lowercase();
        sheet.section("strategy", &[strategy]);
        sheet.section("reads", &manifest.records.iter().map(record).collect::<Vec<_>>());
        sheet.section("returns", &manifest.returns.iter().map(returned).collect::<Vec<_>>());
        sheet.section("settings", &manifest.settings.iter().map(setting).collect::<Vec<_>>());
        sheet.section("talks to", &manifest.hosts);
        sheet.section("requests", &manifest.requests.iter().map(request).collect::<Vec<_>>());
        sheet.section("exports", self.exports);
        sheet.section("imports", self.imports);
        sheet.0
    }
}

#[derive(Default)]
struct Sheet(String);

impl Sheet {
    fn line(&mut self, text: impl AsRef<str>) {
        let start = if self.0.is_empty() { "" } else { "\n" };
        let _ = write!(self.0, "{start}{}", escape(text.as_ref()));
    }

    fn section(&mut self, name: &str, lines: &[String]) {
        for (index, line) in lines.iter().enumerate() {
            self.line(format!("  {:<10}{line}", if index == 0 { name } else { "" }));
        }
    }
}

fn record(ask: &RecordAsk) -> String {
    let role = format!("{:?}", ask.role).to_lowercase();
    let has = if ask.has.is_empty() { String::new() } else { format!(" with {}", ask.has.join(", ")) };
    format!("the {role} record{has}: {}", ask.fields.join(", "))
}

fn returned(field: &ReturnedField) -> String {
    format!("{} ({:?}, {})", field.label, field.place, field.kind)
        .replace("Custom", "custom")
        .replace("Standard", "standard")
}

fn setting(schema: &SettingSchema) -> String {
    let default = match &schema.default {
        Some(serde_json::Value::String(text)) => format!(" = {text}"),
        Some(value) => format!(" = {value}"),
        None if schema.required => " (required)".to_owned(),
        None => String::new(),
    };
    let kind = format!("{:?}", schema.kind).to_lowercase();
    let values =
        if schema.values.is_empty() { String::new() } else { format!(" of {}", schema.values.join(", ")) };
    format!("{}{default}: {kind}{values}. {}", schema.key, schema.description)
}

fn request(rule: &RequestRule) -> String {
    let removes = rule.removes.as_ref().map_or_else(String::new, |place| format!(", removes {place}"));
    format!("{} {}{} in {}{removes}", rule.method, rule.host, rule.path, rule.steps.join(", "))
}
