//! Makes a case of one real run: what was sent and answered, with placeholders where secrets stood.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use serde_json::{Map, Value, json};
use toml::Table;

use super::request::Request;
use crate::model::{Role, SettingValue, StepName, VaultRecord};
use crate::secret::{Redactor, Secret};
use crate::wasm::{NoAnswer, Recorder};

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
    fn record(
        &self,
        step: StepName,
        request: &http::Request<Bytes>,
        answer: Result<&http::Response<Bytes>, NoAnswer>,
    ) {
        let recorded = Recorded { request: Request::new(Some(step), request), answer: answer.cloned() };
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
                SettingValue::Number(number) => (*number).into(),
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
        case.insert("expect".to_owned(), names.expect(story, recorded.len()));
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
        for (label, value) in story.replaced {
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

    /// Finds what answers gave out and must not be seen: what the redactor knows by now, and what
    /// was sent as a token.
    fn learn_tokens(&mut self, recorded: &[Recorded], story: &Story<'_>) {
        let mut texts = Vec::new();
        for Recorded { answer, .. } in recorded {
            let json = answer.as_ref().ok().and_then(|answer| serde_json::from_slice(answer.body()).ok());
            json.iter().for_each(|json: &Value| collect(json, &mut texts));
        }
        let sent: Vec<String> =
            recorded.iter().filter_map(|recorded| recorded.request.header("authorization")).collect();
        for text in texts.iter().filter(|text| text.len() >= SHORTEST_TOKEN) {
            let is_token = sent.iter().any(|header| header.contains(text.as_str()));
            if is_token || self.redactor.finds_secret_in(text) {
                let number = self.known.len();
                self.add(&format!("answered-{number}"), text);
            }
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

    fn map(&self, json: &Value, text: &dyn Fn(&str) -> String) -> Value {
        match json {
            Value::String(string) => text(string).into(),
            Value::Array(list) => list.iter().map(|item| self.map(item, text)).collect(),
            Value::Object(map) => {
                // TOML has no null.
                let entries = map.iter().filter(|(_, value)| !value.is_null());
                Value::Object(entries.map(|(key, value)| (key.clone(), self.map(value, text))).collect())
            }
            other => other.clone(),
        }
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
            let values: Vec<Value> = field.values.iter().map(|value| self.hide(value.expose()).into()).collect();
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
        let mut entry = json!({"method": request.method, "host": request.host, "path": pattern(&request.path)});
        if let Some(step) = request.step {
            entry["step"] = step.word().into();
        }
        let pairs = |pairs: &[(String, String)]| -> Value {
            Value::Object(pairs.iter().map(|(key, value)| (key.clone(), pattern(value).into())).collect())
        };
        if !request.query.is_empty() {
            entry["query"] = pairs(&request.query);
        }
        if let Some(authorization) = request.header("authorization") {
            entry["headers"] = json!({"authorization": pattern(&authorization)});
        }
        match &request.json {
            Some(json) => entry["json"] = self.map(json, &pattern),
            None if request.is_form() => entry["form"] = pairs(&request.form()),
            None if !request.body.is_empty() => entry["text"] = pattern(&request.body).into(),
            None => {}
        }
        let answer = match &recorded.answer {
            Ok(answer) => self.answer(answer),
            Err(NoAnswer::Refused) => json!({"fault": "refuse"}),
            Err(NoAnswer::Reset) => json!({"fault": "reset"}),
            Err(NoAnswer::Cut) => json!({"fault": "cut"}),
        };
        json!({"times": 1, "request": entry, "answer": answer})
    }

    fn answer(&self, answer: &http::Response<Bytes>) -> Value {
        let mut entry = json!({"status": answer.status().as_u16()});
        let mut headers = Map::new();
        for name in HEADERS {
            if let Some(value) = answer.headers().get(name).and_then(|value| value.to_str().ok()) {
                headers.insert(name.to_owned(), self.hide(value).into());
            }
        }
        entry["headers"] = Value::Object(headers);
        match serde_json::from_slice::<Value>(answer.body()) {
            Ok(json @ (Value::Object(_) | Value::Array(_))) => {
                entry["json"] = self.map(&json, &|text| self.echoed(text));
            }
            _ if answer.body().is_empty() => {}
            _ => entry["text"] = self.echoed(&String::from_utf8_lossy(answer.body())).into(),
        }
        entry
    }

    /// A text of an answer, in which the service may repeat the marker of the first try.
    fn echoed(&self, text: &str) -> String {
        self.hide(&text.replace(&format!("{}1", self.marker_stem), "{marker}"))
    }

    fn expect(&self, story: &Story<'_>, requests: usize) -> Value {
        let document = story.document;
        let mut expect = json!({
            "outcome": document["outcome"], "exit": story.exit, "requests": requests,
            // What was recorded is answered once.
            "again": false,
        });
        if let Some(code) = document.pointer("/error/code") {
            expect["error"] = code.clone();
        }
        if let Some(proof) = document["proof"].as_str() {
            expect["proof"] = proof.into();
        }
        for key in ["removed", "retained"] {
            let list = document[key].as_array().into_iter().flatten();
            expect[key] = list.map(|item| item.get("id").unwrap_or(item).clone()).collect();
        }
        expect
    }
}

fn collect(json: &Value, texts: &mut Vec<String>) {
    match json {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|item| collect(item, texts)),
        Value::Object(map) => map.values().for_each(|item| collect(item, texts)),
        _ => {}
    }
}
