//! Makes a case of one real run: what was sent and answered, with placeholders where secrets stood.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use serde_json::{Map, Value, json};
use toml::Table;

use super::request::Request;
use crate::model::{Role, SettingValue, VaultRecord};
use crate::secret::{Redactor, Secret};
use crate::wasm::{NoAnswer, Recorder, Sent};

/// Strings shorter than this are words, numbers and names.
const SHORTEST_TOKEN: usize = 16;
/// Headers of answers that plugins go by.
const HEADERS: [&str; 5] = ["content-type", "date", "location", "retry-after", "etag"];

/// What was sent and answered in one run.
#[derive(Default)]
pub struct Recording(Mutex<Vec<Recorded>>);

struct Recorded {
    request: Request,
    answer: Result<http::Response<Bytes>, NoAnswer>,
}

impl Recorder for Recording {
    fn record(&self, sent: &Sent, answer: Result<&http::Response<Bytes>, NoAnswer>) {
        let recorded = Recorded { request: Request::new(sent), answer: answer.cloned() };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(recorded);
    }
}

/// What a run was, besides what it sent.
pub struct Story<'a> {
    /// The plugin's file, as the case is to name it.
    pub run: &'a str,
    /// When it began, as RFC 3339 time.
    pub now: &'a str,
    /// What the plugin was given.
    pub request: &'a crate::model::Request,
    /// Values of the target's record besides, by the labels of fields: those that it replaces.
    pub replaced: &'a [(String, String)],
    /// The new password that the gateway brought.
    pub proposed: Option<&'a Secret>,
    /// The outcome document.
    pub document: &'a Value,
    /// The exit code.
    pub exit: u8,
    /// New values of secret fields.
    pub made: &'a [(String, Secret)],
    /// All live secrets.
    pub redactor: &'a Redactor,
}

/// Secrets, and what stands for them.
struct Names<'a> {
    known: Vec<(String, String)>,
    /// Values that are made anew in every run.
    random: Vec<String>,
    marker_stem: String,
    rotation_id: String,
    redactor: &'a Redactor,
}

impl Recording {
    /// Writes the case.
    ///
    /// # Errors
    /// When it has no form in TOML.
    pub fn case(&self, story: &Story<'_>) -> Result<String, String> {
        let recorded = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut names = Names::new(story);
        names.learn_tokens(&recorded, story);
        let mut case = Map::new();
        case.insert("version".to_owned(), 1.into());
        case.insert("run".to_owned(), story.run.into());
        case.insert("now".to_owned(), story.now.into());
        let settings = story.request.settings.iter().map(|setting| {
            let value = match &setting.value {
                SettingValue::Text(text) => names.hide(text).into(),
                SettingValue::Secret(secret) => names.hide(secret.expose()).into(),
                SettingValue::Integer(number) => (*number).into(),
                SettingValue::Flag(flag) => (*flag).into(),
                SettingValue::Duration(ms) => format!("{ms}ms").into(),
            };
            (setting.key.clone(), value)
        });
        case.insert("settings".to_owned(), Value::Object(settings.collect()));
        if let Some(proposed) = story.proposed {
            case.insert("params".to_owned(), json!({"newPassword": names.hide(proposed.expose())}));
        }
        let records = story.request.records.iter().map(|record| names.record(record, story.replaced));
        case.insert("record".to_owned(), records.collect());
        case.insert("peer".to_owned(), recorded.iter().map(|recorded| names.peer(recorded)).collect());
        case.insert("expect".to_owned(), expect(story, recorded.len()));
        let table: Table = serde_json::from_value(Value::Object(case)).map_err(|error| error.to_string())?;
        toml::to_string(&table).map_err(|error| error.to_string())
    }
}

impl<'a> Names<'a> {
    fn new(story: &Story<'a>) -> Self {
        let request = story.request;
        let rotation_id = story.document.get("rotation_id").and_then(Value::as_str).unwrap_or_default();
        let marker_stem = request.marker.rsplit_once('.').map_or("", |(stem, _)| stem);
        let mut names = Self {
            known: Vec::new(),
            random: Vec::new(),
            marker_stem: format!("{marker_stem}."),
            rotation_id: rotation_id.to_owned(),
            redactor: story.redactor,
        };
        if let Some(proposed) = story.proposed {
            names.add("proposed", proposed.expose());
        }
        let secret = |(_, value): &&(String, String)| story.redactor.finds_secret_in(value);
        for (label, value) in story.replaced.iter().filter(secret) {
            names.add(label, value);
        }
        for (at, record) in request.records.iter().enumerate() {
            for field in &record.fields {
                for value in &field.values {
                    if story.redactor.finds_secret_in(value.expose()) {
                        let whose = if at == 0 { String::new() } else { format!("-{at}") };
                        names.add(&format!("{}{whose}", field.label), value.expose());
                    }
                }
            }
        }
        for setting in &request.settings {
            if let SettingValue::Secret(secret) = &setting.value {
                names.add(&setting.key, secret.expose());
            }
        }
        names
    }

    fn add(&mut self, name: &str, value: &str) {
        if value.is_empty() || self.known.iter().any(|(_, known)| known == value) {
            return;
        }
        let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        self.known.push((name.to_ascii_lowercase(), value.to_owned()));
    }

    /// Finds what answers gave out and nobody may see. As in the engine, whatever is long is
    /// suspected, unless it is known to be public.
    fn learn_tokens(&mut self, recorded: &[Recorded], story: &Story<'_>) {
        let mut texts = Vec::new();
        for Recorded { answer, .. } in recorded {
            let json: Option<Value> =
                answer.as_ref().ok().and_then(|answer| serde_json::from_slice(answer.body()).ok());
            if let Some(json) = json {
                collect(&json, &mut texts);
            }
        }
        let told = story.document.to_string();
        let is_public = |text: &str| {
            let is_sent = |recorded: &Recorded| {
                let Request { path, query, .. } = &recorded.request;
                path.contains(text) || query.iter().any(|(_, value)| value.contains(text))
            };
            text.contains(' ')
                || text.starts_with("https://")
                || uuid::Uuid::try_parse(text).is_ok()
                || text.parse::<jiff::Timestamp>().is_ok()
                || told.contains(text)
                || self.marker_stem.contains(text)
                || text.starts_with(&self.marker_stem)
                || recorded.iter().any(is_sent)
        };
        let long = texts.iter().filter(|text| text.len() >= SHORTEST_TOKEN);
        let secret = |text: &&String| self.redactor.finds_secret_in(text) || !is_public(text);
        for text in long.filter(secret).cloned().collect::<Vec<String>>() {
            let number = self.known.len();
            self.add(&format!("answered-{number}"), &text);
        }
        // What nobody brought and no answer gave was made at random.
        for (_, value) in story.made {
            if !self.known.iter().any(|(_, known)| known == value.expose()) {
                self.random.push(value.expose().to_owned());
            }
        }
        self.known.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
    }

    /// Puts placeholders into a text of an answer or a record.
    fn hide(&self, text: &str) -> String {
        let mut hidden = text.to_owned();
        for (name, value) in &self.known {
            hidden = hidden.replace(value.as_str(), &format!("{{secret:{name}}}"));
        }
        self.redactor.redact(&hidden)
    }

    /// The same for a text to compare with: what is different in every run stands for anything.
    fn pattern(&self, text: &str) -> String {
        let mut pattern = text.to_owned();
        for random in &self.random {
            pattern = pattern.replace(random.as_str(), "*");
        }
        while let Some((before, after)) = pattern.split_once(&self.marker_stem) {
            let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
            pattern = format!("{before}{{marker}}{rest}");
        }
        if !self.rotation_id.is_empty() {
            pattern = pattern.replace(&self.rotation_id, "*");
        }
        if pattern.parse::<jiff::Timestamp>().is_ok() {
            return "*".to_owned();
        }
        // What is left is a secret in some encoding.
        self.hide(&pattern).replace("[redacted]", "*")
    }

    fn record(&self, record: &VaultRecord, replaced: &[(String, String)]) -> Value {
        let role = match record.role {
            Role::Target => "target",
            Role::Attached => "attached",
            Role::Provider => "provider",
        };
        let mut entry = json!({"role": role, "uid": record.uid, "title": self.hide(&record.title)});
        let Some(map) = entry.as_object_mut() else { return entry };
        if record.role == Role::Target {
            for (label, value) in replaced {
                map.insert(label.clone(), self.hide(value).into());
            }
        }
        for field in &record.fields {
            let values: Vec<Value> =
                field.values.iter().map(|value| self.hide(value.expose()).into()).collect();
            let value = match values.as_slice() {
                [only] => only.clone(),
                _ => Value::Array(values),
            };
            map.insert(field.label.clone(), value);
        }
        entry
    }

    fn peer(&self, recorded: &Recorded) -> Value {
        let request = &recorded.request;
        let pattern = |text: &str| self.pattern(text);
        let pairs = |pairs: &[(String, String)]| -> Option<Value> {
            let entries = pairs.iter().map(|(key, value)| (key.clone(), pattern(value).into()));
            (!pairs.is_empty()).then(|| Value::Object(entries.collect()))
        };
        let authorization = request.header("authorization").map(|header| pattern(&header));
        let is_text = request.json.is_none() && !request.is_form() && !request.body.is_empty();
        let expected = table([
            ("method", Some(request.method.clone().into())),
            ("host", Some(request.host.clone().into())),
            ("path", Some(pattern(&request.path).into())),
            ("step", request.step.map(|step| step.word().into())),
            ("query", pairs(&request.query)),
            ("headers", authorization.map(|header| json!({"authorization": header}))),
            ("json", request.json.as_ref().map(|json| map(json, &pattern))),
            ("form", request.is_form().then(|| pairs(&request.form())).flatten()),
            ("text", is_text.then(|| pattern(&request.body).into())),
        ]);
        let answer = match &recorded.answer {
            Ok(answer) => self.answer(answer),
            Err(NoAnswer::Refused) => json!({"fault": "refuse"}),
            Err(NoAnswer::Reset) => json!({"fault": "reset"}),
            Err(NoAnswer::Cut) => json!({"fault": "cut"}),
        };
        json!({"call": request.name, "times": 1, "request": expected, "answer": answer})
    }

    fn answer(&self, answer: &http::Response<Bytes>) -> Value {
        let header = |name: &str| Some(self.hide(answer.headers().get(name)?.to_str().ok()?));
        let headers = HEADERS.iter().filter_map(|name| Some(((*name).to_owned(), header(name)?.into())));
        let json = serde_json::from_slice::<Value>(answer.body()).ok();
        let json = json.filter(|json| json.is_object() || json.is_array());
        let is_text = json.is_none() && !answer.body().is_empty();
        table([
            ("status", Some(answer.status().as_u16().into())),
            ("headers", Some(Value::Object(headers.collect()))),
            ("json", json.map(|json| map(&json, &|text| self.echoed(text)))),
            ("text", is_text.then(|| self.echoed(&String::from_utf8_lossy(answer.body())).into())),
        ])
    }

    /// A text of an answer, in which the service may repeat the marker of the first try.
    fn echoed(&self, text: &str) -> String {
        self.hide(&text.replace(&format!("{}1", self.marker_stem), "{marker}"))
    }
}

/// What came of the run. What was recorded is answered once, so that nothing is called once more.
fn expect(story: &Story<'_>, requests: usize) -> Value {
    let found = |pointer: &str| story.document.pointer(pointer).filter(|value| !value.is_null()).cloned();
    let ids = |pointer: &str| {
        let list = story.document.pointer(pointer)?.as_array()?;
        Some(list.iter().map(|item| item.get("id").unwrap_or(item).clone()).collect())
    };
    table([
        ("outcome", found("/outcome")),
        ("exit", Some(story.exit.into())),
        ("proof", found("/proof")),
        ("error", found("/error/code")),
        ("removed", ids("/removed")),
        ("retained", ids("/retained")),
        ("requests", Some(requests.into())),
        ("again", Some(false.into())),
    ])
}

fn collect(json: &Value, texts: &mut Vec<String>) {
    match json {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|item| collect(item, texts)),
        Value::Object(map) => map.values().for_each(|item| collect(item, texts)),
        _ => {}
    }
}

/// The same JSON with other texts, and without nulls, which TOML does not have.
fn map(json: &Value, text: &dyn Fn(&str) -> String) -> Value {
    match json {
        Value::String(string) => text(string).into(),
        Value::Array(list) => list.iter().map(|item| map(item, text)).collect(),
        Value::Object(entries) => {
            let entries = entries.iter().filter(|(_, value)| !value.is_null());
            Value::Object(entries.map(|(key, value)| (key.clone(), map(value, text))).collect())
        }
        other => other.clone(),
    }
}

/// A table of what there is.
fn table<const N: usize>(entries: [(&str, Option<Value>); N]) -> Value {
    let entries = entries.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    Value::Object(entries.collect())
}
