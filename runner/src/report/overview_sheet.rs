//! All that a plugin may do, for the operator who is to allow it: `pamrun plugin inspect`.

use pamrun_contract::manifest::{CONTRACT, Effect};
use pamrun_contract::overview::{
    Fill, Goes, HostAsk, Input, InputField, Overview, Saved, Secret, Seen, Sent, SettingAsk,
};
use serde_json::Value;

use super::inspection::ToolEntry;
use super::sheet::{FileForm, Sheet, by_package, strategy};
use crate::catalog::Digest;

/// All that a plugin may do, and the file that says so. Its texts are the author's and are not to be trusted.
pub struct OverviewSheet<'a> {
    /// What its manifest says.
    pub overview: &'a Overview,
    /// The digest of the file.
    pub digest: Digest,
    /// The size of the file, in bytes.
    pub size: usize,
    /// What the file is.
    pub form: FileForm,
    /// What a packed plugin is made of.
    pub made_of: Option<MadeOf<'a>>,
}

/// What a packed plugin is made of.
pub struct MadeOf<'a> {
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

impl OverviewSheet<'_> {
    /// Renders it for people.
    #[must_use]
    pub fn render(&self) -> String {
        let overview = self.overview;
        let mut sheet = Sheet::new(&format!("{} {}", overview.name, overview.version));
        sheet.line(&overview.description);
        let mut file = vec![self.digest.to_string(), format!("{} bytes, {}", self.size, self.form.words())];
        file.extend(self.made_of.as_ref().and_then(MadeOf::made_by));
        sheet.section("file", file);
        sheet.section("contract", [CONTRACT.to_owned()]);
        sheet.section("strategy", [strategy(overview.strategy).to_owned()]);
        sheet.section("removes", removes(overview));
        sheet.section(
            "makes",
            overview.proposes.as_ref().map(|what| format!("{what}, which pamrun itself makes")),
        );
        sheet.section("target", [overview.target.clone()]);
        sheet.section("records", overview.inputs.iter().map(input));
        sheet.section("saves", overview.saves.iter().map(saved));
        sheet.section("settings", overview.settings.iter().map(setting));
        for effect in EFFECTS {
            let requests = overview.requests.iter().filter(|request| request.effect == effect);
            sheet.section(&effect.to_string(), requests.flat_map(request));
        }
        sheet.section("secrets", overview.secrets.iter().flat_map(secret));
        sheet.section("talks to", overview.hosts.iter().map(host));
        if let Some(made_of) = &self.made_of {
            sheet.section("exports", made_of.exports.iter().cloned());
            sheet.section("imports", by_package(made_of.imports));
            sheet.section("to allow", self.grant());
        }
        sheet.text()
    }

    /// The lines of the configuration file that allow what it asks for by default.
    fn grant(&self) -> Vec<String> {
        let hosts = self.overview.hosts.iter().filter_map(|host| host.default.clone());
        let hosts: Vec<String> = hosts.map(|host| Value::from(host).to_string()).collect();
        vec![
            "[[plugin]]".to_owned(),
            format!("digest = \"{}\"", self.digest),
            format!("allow_hosts = [{}]", hosts.join(", ")),
        ]
    }
}

impl MadeOf<'_> {
    /// Our own SDK says all that matters; without it, the tools are what there is.
    fn made_by(&self) -> Option<String> {
        if let (Some(language), Some(sdk)) = (self.language, self.sdk) {
            return Some(format!("made by {language} with pamrun's SDK {sdk}"));
        }
        let line = |tool: &ToolEntry| format!("{} {}", tool.name, tool.version).trim_end().to_owned();
        let tools: Vec<String> = self.tools.iter().map(line).collect();
        (!tools.is_empty()).then(|| format!("made by {}", tools.join(", ")))
    }
}

/// What changes something comes first.
const EFFECTS: [Effect; 6] =
    [Effect::Creates, Effect::Updates, Effect::Disables, Effect::Deletes, Effect::Delivers, Effect::Reads];

/// Which credentials it may retire, where it can retire any.
fn removes(overview: &Overview) -> Option<String> {
    let retires = |request: &Sent| matches!(request.effect, Effect::Deletes | Effect::Disables);
    overview.requests.iter().any(retires).then(|| {
        let which = if overview.removes_listed {
            "any credential of the target that its listing shows"
        } else {
            "only the credential that the record names before the rotation"
        };
        format!("{which}, as the plan says; and what this rotation made, on the way back")
    })
}

fn input(input: &Input) -> String {
    let of_record = |fields: &[InputField]| {
        let record = fields.first().map_or("", |field| &field.record);
        let fields: Vec<String> = fields.iter().map(|field| format!("`{}`", field.field)).collect();
        format!("{record} {}", fields.join(", "))
    };
    let records = input.fields.chunk_by(|one, next| one.record == next.record);
    let records: Vec<String> = records.map(of_record).collect();
    let secret = if input.secret { ", secret" } else { "" };
    let optional = if input.optional { ", optional" } else { "" };
    format!("{{{}}}{secret}{optional}: {}", input.name, records.join("; "))
}

fn saved(saved: &Saved) -> String {
    let value = saved.value.as_deref().unwrap_or("what the plugin gives, as text");
    let optional = if saved.optional { ", optional" } else { "" };
    format!("{} ({}{optional}) = {value}", saved.label, saved.kind)
}

fn setting(setting: &SettingAsk) -> String {
    let range = match (&setting.min, &setting.max) {
        (Some(min), Some(max)) => format!(" from {min} to {max}"),
        (Some(min), None) => format!(" from {min}"),
        (None, Some(max)) => format!(" up to {max}"),
        (None, None) => String::new(),
    };
    let kind = if setting.choices.is_empty() {
        format!("{}{range}", setting.kind)
    } else {
        setting.choices.join(" | ")
    };
    let default = setting.default.as_ref().map_or_else(String::new, |value| format!(" = {value}"));
    let needed = if setting.default.is_none() && !setting.optional { ", required" } else { "" };
    let hidden = if setting.seen { "" } else { ", hidden from the plugin" };
    let labels: Vec<String> = setting.labels.iter().map(|label| format!("`{label}`")).collect();
    let labels = if labels.is_empty() { String::new() } else { format!(", also {}", labels.join(", ")) };
    let description = setting.description.as_deref().unwrap_or_default();
    let line = format!("{}{default} ({kind}{needed}{hidden}{labels}) {description}", setting.key);
    line.trim_end().to_owned()
}

/// A request: what is sent, and below it what the plugin has to do with it.
fn request(request: &Sent) -> Vec<String> {
    let method = request.method.map_or("", |method| method.as_str());
    let mut lines = vec![format!("{}: {method} {}", request.name, request.url)];
    let mut add = |line: String| lines.push(format!("  {line}"));
    if request.declared_only {
        add(format!("declared to change nothing, not proven: it is a {method}"));
    }
    if let Some(body) = &request.body {
        add(format!("{} {}", body.kind, body.text));
    }
    for fill in &request.fills {
        add(filled(fill));
    }
    for condition in &request.only_if {
        add(format!("sent only while {condition}"));
    }
    for header in &request.literal_headers {
        add(format!("header {}: {}", header.name, header.value));
    }
    let seen = [
        ("sees", &request.outputs),
        ("sees of each credential", &request.lists),
        ("sees of a rejection", &request.errors),
    ];
    for (what, seen) in seen.iter().filter(|(_, seen)| !seen.is_empty()) {
        add(format!("the plugin {what}: {}", names(seen)));
    }
    if !request.keeps.is_empty() {
        add(format!("kept from it: {}", request.keeps.join(", ")));
    }
    if let Some(poll) = &request.polls {
        add(format!("asked again by {poll} until it is over"));
    }
    lines
}

fn filled(fill: &Fill) -> String {
    let what = match fill.kind.as_str() {
        "credential" => "the id of a credential".to_owned(),
        "time" => "a time".to_owned(),
        "int" => "a whole number".to_owned(),
        "answer" => "what the answer before held".to_owned(),
        _ => fill.words.join(" | "),
    };
    let who = if fill.by_plugin { "the plugin" } else { "pamrun" };
    let places = if fill.places.is_empty() { "nowhere".to_owned() } else { fill.places.join(", ") };
    format!("{who} fills in {{{}}}, {what}: {places}", fill.parameter)
}

fn names(seen: &[Seen]) -> String {
    let word = |seen: &Seen| match seen.kind.as_str() {
        "id" | "text" => seen.name.clone(),
        kind => format!("{} ({kind})", seen.name),
    };
    seen.iter().map(word).collect::<Vec<_>>().join(", ")
}

/// A secret, and below it every place that it goes to, with the requests that carry it there.
fn secret(secret: &Secret) -> Vec<String> {
    let certain = if secret.certain { "" } else { ", if the vault masks it" };
    let mut places: Vec<(String, Vec<&str>)> = Vec::new();
    for goes in &secret.goes {
        let (place, request) = (place(goes), goes.request.as_deref());
        match places.iter_mut().find(|(known, _)| *known == place) {
            Some((_, requests)) => requests.extend(request),
            None => places.push((place, request.into_iter().collect())),
        }
    }
    let mut lines = vec![format!("{{{}}}{certain}", secret.name)];
    if places.is_empty() {
        lines.push("  goes nowhere".to_owned());
    }
    lines.extend(places.iter().map(|(place, requests)| match requests.as_slice() {
        [] => format!("  {place}"),
        requests => format!("  {place}: {}", requests.join(", ")),
    }));
    lines
}

/// Where a secret goes to, but for the request.
fn place(goes: &Goes) -> String {
    let through = goes.through.as_ref().map_or_else(String::new, |through| format!(" as {through}"));
    let place = format!("{}{through}", goes.place);
    match &goes.host {
        None => format!("saved to the record as {place}"),
        Some(host) if goes.signs => format!("signs for {host} and is not sent, {place}"),
        Some(host) => format!("{host}, {place}"),
    }
}

fn host(host: &HostAsk) -> String {
    match &host.default {
        Some(default) if *default == host.host => default.clone(),
        Some(default) => format!("{}, by default {default}", host.host),
        None => format!("{}, which has no default", host.host),
    }
}

#[cfg(test)]
mod tests;
