//! What a plugin is and asks for: `pamrun plugin inspect`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::inspection::ToolEntry;
use super::message::escape;
use crate::catalog::Digest;
use crate::model::{Choice, Manifest, RecordAsk, RequestRule, ReturnedField, Role, SettingSchema, Strategy};

/// How wide the left column is.
const COLUMN: usize = 10;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FileForm {
    /// A WebAssembly component.
    Component,
    /// A WebAssembly core module, which is made a component when it is loaded.
    CoreModule,
    /// A plugin with its manifest in it.
    Packed,
    /// A manifest, as plugin.toml.
    Manifest,
    /// Something that an interpreter runs.
    Script,
    /// A Python file made for Keeper's gateway, which a script of ours runs.
    SaasPlugin,
}

impl FileForm {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Component => "a component",
            Self::CoreModule => "a core module",
            Self::Packed => "a packed plugin",
            Self::Manifest => "a manifest",
            Self::Script => "a script",
            Self::SaasPlugin => "a SaaS plugin",
        }
    }
}

/// Everything about a plugin that can be known without running a step. The manifest's texts and
/// the names of tools come from the file and are not to be trusted.
pub struct PluginSheet<'a> {
    /// What it says of itself.
    pub manifest: &'a Manifest,
    /// The digest of its file.
    pub digest: Digest,
    /// The size of its file, in bytes.
    pub size: usize,
    /// What its file is.
    pub form: FileForm,
    /// The version of pamrun's interface that it speaks.
    pub interface: Option<&'a str>,
    /// The language that pamrun's SDK says it is written in.
    pub language: Option<&'a str>,
    /// The version of pamrun's SDK.
    pub sdk: Option<&'a str>,
    /// The tools that made it.
    pub tools: Vec<ToolEntry>,
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
        let mut sheet = Sheet::new(&format!("{} {}", manifest.name, manifest.version));
        sheet.line(&manifest.description);
        sheet.section("file", self.file());
        sheet.section("interface", self.interface.map(str::to_owned));
        sheet.section("strategy", [strategy(manifest.strategy).to_owned()]);
        sheet.section("reads", manifest.records.iter().map(record));
        sheet.section("returns", manifest.returns.iter().map(returned));
        sheet.section("settings", manifest.settings.iter().map(setting));
        sheet.section("talks to", manifest.hosts.iter().map(|host| self.host(host)));
        sheet.section("requests", manifest.requests.iter().map(request));
        sheet.section("exports", self.exports.iter().cloned());
        sheet.section("imports", by_package(self.imports));
        sheet.section("to allow", self.grant());
        sheet.text()
    }

    fn file(&self) -> Vec<String> {
        let mut lines = vec![self.digest.to_string(), format!("{} bytes, {}", self.size, self.form.words())];
        let made_by = self.made_by();
        if !made_by.is_empty() {
            lines.push(format!("made by {}", made_by.join(", ")));
        }
        lines
    }

    /// Our own SDK says all that matters; without it, the tools are what there is.
    fn made_by(&self) -> Vec<String> {
        if let (Some(language), Some(sdk)) = (self.language, self.sdk) {
            return vec![format!("{language} with pamrun's SDK {sdk}")];
        }
        let line = |tool: &ToolEntry| format!("{} {}", tool.name, tool.version).trim_end().to_owned();
        self.tools.iter().map(line).collect()
    }

    /// A host as the manifest asks for it, and where that leads if nobody sets anything.
    fn host(&self, template: &str) -> String {
        match self.by_default(template) {
            Some(host) if host != template => format!("{template}, by default {host}"),
            Some(_) => template.to_owned(),
            None => format!("{template}, which has no default"),
        }
    }

    /// The template with the setting's default in it.
    fn by_default(&self, template: &str) -> Option<String> {
        let Some((before, (key, after))) =
            template.split_once("{setting:").and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
        else {
            return Some(template.to_owned());
        };
        let schema = self.manifest.settings.iter().find(|schema| schema.key == key)?;
        Some(format!("{before}{}{after}", schema.default.as_ref()?.as_str()?))
    }

    /// The lines of the configuration file that allow what the plugin asks for by default.
    fn grant(&self) -> Vec<String> {
        let urls = self.manifest.hosts.iter().filter_map(|host| self.by_default(host));
        let hosts: Vec<_> =
            urls.map(|url| Value::from(url.trim_start_matches("https://")).to_string()).collect();
        vec![
            "[[plugin]]".to_owned(),
            format!("digest = \"{}\"", self.digest),
            format!("allow_hosts = [{}]", hosts.join(", ")),
        ]
    }
}

/// Lines in two columns. Whatever is put into them may be a guest's text.
pub(super) struct Sheet(Vec<String>);

impl Sheet {
    pub(super) fn new(title: &str) -> Self {
        Self(vec![escape(title)])
    }

    pub(super) fn text(&self) -> String {
        self.0.join("\n")
    }

    /// Adds a line of its own, unless it is empty.
    pub(super) fn line(&mut self, line: &str) {
        if !line.is_empty() {
            self.0.push(escape(line));
        }
    }

    pub(super) fn section(&mut self, name: &str, lines: impl IntoIterator<Item = String>) {
        for (index, line) in lines.into_iter().enumerate() {
            let name = if index == 0 { name } else { "" };
            self.0.push(format!("  {name:<COLUMN$}{}", escape(&line)));
        }
    }
}

pub(super) fn strategy(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::Overlap => "overlap: the old credential stays valid until the new one is saved",
        Strategy::InPlace => "in-place: one value is replaced",
        Strategy::Deliver => "deliver: a value is handed to a consumer",
    }
}

fn record(ask: &RecordAsk) -> String {
    let record = match ask.role {
        Role::Target => "the PAM User record".to_owned(),
        Role::Attached => format!("an attached record that has {}", ask.has.join(" and ")),
        Role::Provider => "the PAM configuration".to_owned(),
    };
    let fields =
        if ask.fields.is_empty() { "only that it is there".to_owned() } else { ask.fields.join(", ") };
    format!("of {record}: {fields}")
}

fn returned(field: &ReturnedField) -> String {
    format!("{} ({} field of type {})", field.label, word(field.place), field.kind)
}

fn setting(schema: &SettingSchema) -> String {
    let choices: Vec<_> = schema.values.iter().map(Choice::value).collect();
    let kind = if choices.is_empty() { word(schema.kind) + &range(schema) } else { choices.join(" | ") };
    let default = schema.default.as_ref().map_or_else(String::new, |value| format!(" = {}", plain(value)));
    let needed = if schema.required { ", required" } else { "" };
    let names: Vec<_> = schema.label.iter().chain(&schema.aliases).map(|name| format!("`{name}`")).collect();
    let names = if names.is_empty() { String::new() } else { format!(", also {}", names.join(", ")) };
    format!("{}{default} ({kind}{needed}{names}) {}", schema.key, schema.description).trim_end().to_owned()
}

fn range(schema: &SettingSchema) -> String {
    match (&schema.min, &schema.max) {
        (Some(min), Some(max)) => format!(" from {} to {}", plain(min), plain(max)),
        (Some(min), None) => format!(" from {}", plain(min)),
        (None, Some(max)) => format!(" up to {}", plain(max)),
        (None, None) => String::new(),
    }
}

/// A value without the quotes that JSON puts around a text.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn request(rule: &RequestRule) -> String {
    let removes = rule.removes.as_ref().map_or_else(String::new, |place| format!("; removes {place}"));
    format!("{} {}{} in {}{removes}", rule.method, rule.host, rule.path, rule.steps.join(", "))
}

/// The word that manifests have for it.
fn word(value: impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Interfaces with those of one package on one line: `wasi:io@0.2.12: error, poll`.
pub(super) fn by_package(interfaces: &[String]) -> Vec<String> {
    let mut packages: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for name in interfaces {
        match name.split_once('/').and_then(|(package, rest)| Some((package, rest.rsplit_once('@')?))) {
            Some((package, (interface, version))) => {
                packages.entry(format!("{package}@{version}")).or_default().push(interface);
            }
            None => packages.entry(name.clone()).or_default().push(""),
        }
    }
    let line = |(package, mut interfaces): (String, Vec<&str>)| {
        interfaces.sort_unstable();
        format!("{package}: {}", interfaces.join(", ")).trim_end_matches([' ', ':']).to_owned()
    };
    packages.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sheet(manifest: Value) -> String {
        let manifest: Manifest = serde_json::from_value(manifest).unwrap();
        let text = |name: &&str| (*name).to_owned();
        PluginSheet {
            manifest: &manifest,
            digest: Digest::of(b""),
            size: 590_591,
            form: FileForm::Component,
            interface: Some("0.1.0"),
            language: Some("rust"),
            sdk: Some("0.1.0"),
            tools: Vec::new(),
            imports: &["wasi:io/streams@0.2.12", "wasi_snapshot_preview1", "wasi:io/error@0.2.12"]
                .each_ref()
                .map(text),
            exports: &["pamrun:plugin/rotation@0.1.0"].each_ref().map(text),
        }
        .render()
    }

    fn manifest() -> Value {
        json!({
            "name": "key", "version": "0.1.0", "description": "Rotates a key.", "strategy": "overlap",
            "records": [
                {"role": "target", "fields": ["key", "Custom Id"]},
                {"role": "attached", "has": ["id", "secret"], "fields": ["id", "secret"]},
                {"role": "provider", "fields": ["id"]},
            ],
            "returns": [
                {"label": "Custom Id", "place": "custom", "type": "text"},
                {"label": "key", "place": "standard", "type": "password"},
            ],
            "settings": [
                {"key": "days", "type": "int", "default": 365, "min": 1, "max": 730, "description": "How long."},
                {"key": "retire", "type": "enum", "values": ["all", "none"], "default": "all"},
                {"key": "api", "label": "API host", "aliases": ["Endpoint"], "type": "text", "default": "api.test"},
                {"key": "region", "type": "text", "required": true, "description": "Where."},
            ],
            "hosts": ["https://{setting:api}", "https://login.test:8443", "https://{setting:region}"],
            "requests": [
                {"steps": ["all"], "method": "GET", "host": "{setting:api}", "path": "/keys"},
                {"steps": ["commit", "rollback"], "method": "POST", "host": "{setting:api}",
                 "path": "/keys/remove", "removes": "/id"},
            ],
        })
    }

    #[test]
    fn a_sheet_tells_all_that_a_plugin_asks_for_and_the_lines_that_allow_it() {
        insta::assert_snapshot!(sheet(manifest()), @r#"
        key 0.1.0
        Rotates a key.
          file      sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
                    590591 bytes, a component
                    made by rust with pamrun's SDK 0.1.0
          interface 0.1.0
          strategy  overlap: the old credential stays valid until the new one is saved
          reads     of the PAM User record: key, Custom Id
                    of an attached record that has id and secret: id, secret
                    of the PAM configuration: id
          returns   Custom Id (custom field of type text)
                    key (standard field of type password)
          settings  days = 365 (int from 1 to 730) How long.
                    retire = all (all | none)
                    api = api.test (text, also `API host`, `Endpoint`)
                    region (text, required) Where.
          talks to  https://{setting:api}, by default https://api.test
                    https://login.test:8443
                    https://{setting:region}, which has no default
          requests  GET {setting:api}/keys in all
                    POST {setting:api}/keys/remove in commit, rollback; removes /id
          exports   pamrun:plugin/rotation@0.1.0
          imports   wasi:io@0.2.12: error, streams
                    wasi_snapshot_preview1
          to allow  [[plugin]]
                    digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
                    allow_hosts = ["api.test", "login.test:8443"]
        "#);
    }

    #[test]
    fn what_our_sdk_says_goes_before_the_tools() {
        let manifest: Manifest = serde_json::from_value(manifest()).unwrap();
        let tool = ToolEntry { part: "language".to_owned(), name: "C11".to_owned(), version: String::new() };
        let sheet = PluginSheet {
            manifest: &manifest,
            digest: Digest::of(b""),
            size: 0,
            form: FileForm::CoreModule,
            interface: None,
            language: None,
            sdk: None,
            tools: vec![tool],
            imports: &[],
            exports: &[],
        };
        assert_eq!(sheet.made_by(), ["C11"]);
        let sheet = PluginSheet { language: Some("rust"), sdk: Some("0.1.0"), ..sheet };
        assert_eq!(sheet.made_by(), ["rust with pamrun's SDK 0.1.0"]);
    }

    #[test]
    fn a_plugin_that_says_little_gets_a_short_sheet() {
        let manifest = json!({
            "name": "key", "version": "0.1.0", "strategy": "in-place",
            "records": [{"role": "target", "fields": []}], "returns": [], "hosts": [], "requests": [],
        });
        insta::assert_snapshot!(sheet(manifest), @r#"
        key 0.1.0
          file      sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
                    590591 bytes, a component
                    made by rust with pamrun's SDK 0.1.0
          interface 0.1.0
          strategy  in-place: one value is replaced
          reads     of the PAM User record: only that it is there
          exports   pamrun:plugin/rotation@0.1.0
          imports   wasi:io@0.2.12: error, streams
                    wasi_snapshot_preview1
          to allow  [[plugin]]
                    digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
                    allow_hosts = []
        "#);
    }

    #[test]
    fn a_plugin_cannot_draw_on_the_terminal_nor_add_lines() {
        let mut hostile = manifest();
        hostile["description"] = "\u{1b}[2Jgood\nto allow  everything".into();
        hostile["settings"][2]["default"] = "a\", \"evil.test".into();
        let sheet = sheet(hostile);
        assert!(sheet.contains(r"\u{1b}[2Jgood\nto allow  everything"), "{sheet}");
        assert!(sheet.contains(r#"allow_hosts = ["a\", \"evil.test", "login.test:8443"]"#), "{sheet}");
    }
}
