//! A request as peers see it, and how it differs from what one of them waits for.

use bytes::Bytes;
use http::HeaderMap;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::case::RequestEntry;
use super::pattern::Pattern;
use super::template::{Fill, Place};
use crate::model::StepName;
use crate::wasm::Sent;

/// A request that was sent.
#[derive(Debug, Clone)]
pub struct Request {
    /// The step that sent it.
    pub step: Option<StepName>,
    /// The name by which the plugin called it; none of one that a script sent.
    pub name: Option<String>,
    /// The method.
    pub method: String,
    /// `host`, or `host:port` where it is not the usual one.
    pub host: String,
    /// The path, decoded.
    pub path: String,
    pub(super) query: Vec<(String, String)>,
    headers: HeaderMap,
    pub(super) body: String,
    pub(super) json: Option<Value>,
}

/// What is different, and how much that says: a peer for another host is not meant at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    weight: u32,
    /// In words.
    pub text: String,
}

impl Difference {
    /// Another request is meant.
    pub(super) fn of_name(expected: &str, found: Option<&str>) -> Self {
        let found = found.map_or_else(|| "nothing".to_owned(), |found| format!("`{found}`"));
        Self { weight: 40, text: format!("call: expected `{expected}`, found {found}") }
    }

    /// The request is the right one, but not now.
    pub(super) fn of_state(text: String) -> Self {
        Self { weight: 2, text }
    }
}

impl Request {
    /// Takes a request apart that a plugin called by name.
    #[must_use]
    pub fn new(sent: &Sent) -> Self {
        Self { step: Some(sent.step), name: Some(sent.name.clone()), ..Self::of(&sent.request) }
    }

    /// Takes one apart that anybody sent.
    #[must_use]
    pub fn of(request: &http::Request<Bytes>) -> Self {
        let uri = request.uri();
        let host = uri.host().unwrap_or_default().to_ascii_lowercase();
        let host = match uri.port_u16() {
            None | Some(443) => host,
            Some(port) => format!("{host}:{port}"),
        };
        let body = String::from_utf8_lossy(request.body()).into_owned();
        Self {
            step: None,
            name: None,
            method: request.method().to_string(),
            host,
            path: percent_decode_str(uri.path()).decode_utf8_lossy().into_owned(),
            query: pairs(uri.query().unwrap_or_default()),
            headers: request.headers().clone(),
            json: serde_json::from_slice(request.body()).ok(),
            body,
        }
    }

    /// `METHOD host/path`.
    #[must_use]
    pub fn line(&self) -> String {
        format!("{} {}{}", self.method, self.host, self.path)
    }

    /// All of it that may matter, for people, in lines.
    #[must_use]
    pub fn shown(&self) -> String {
        let query: Vec<String> = self.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
        let mut sender: Vec<String> = self.name.iter().map(|name| format!("`{name}`")).collect();
        sender.extend(self.step.map(|step| format!("in {step}")));
        let sender = if sender.is_empty() { String::new() } else { format!("   ({})", sender.join(" ")) };
        let mut lines = vec![format!("{}{query}{sender}", self.line())];
        let dull = ["content-length", "user-agent", "accept", "host"];
        for (name, value) in self.headers.iter().filter(|(name, _)| !dull.contains(&name.as_str())) {
            lines.push(format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())));
        }
        if self.is_form() {
            lines.extend(self.form().iter().map(|(name, value)| format!("{name} = {value}")));
        } else if !self.body.is_empty() {
            lines.push(self.body.clone());
        }
        lines.join("\n")
    }

    pub(super) fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    }

    /// Tells whether the body is a form.
    pub(super) fn is_form(&self) -> bool {
        self.header("content-type").is_some_and(|kind| kind.contains("form-urlencoded"))
    }

    pub(super) fn form(&self) -> Vec<(String, String)> {
        pairs(&self.body)
    }

    /// The text for a place that stands for a part of the request; none where it stands for
    /// something else. `captured` is what the stars of the path stood for.
    pub(super) fn fill(&self, place: Place<'_>, captured: &[String]) -> Option<Result<String, String>> {
        let found = match place.word {
            "json" => self.json.as_ref().and_then(|json| json.pointer(place.argument)).map(text_of),
            "form" => of(&self.form(), place.argument),
            "query" => of(&self.query, place.argument),
            "header" => self.header(place.argument),
            "path" => {
                let number: usize = place.argument.parse().unwrap_or_default();
                number.checked_sub(1).and_then(|at| captured.get(at)).cloned()
            }
            _ => return None,
        };
        let missing = || format!("the request has nothing for {{{}:{}}}", place.word, place.argument);
        Some(found.ok_or_else(missing))
    }
}

impl RequestEntry {
    /// Compares: what the stars of the path stood for, or all that is different.
    ///
    /// # Errors
    /// What is different.
    pub(super) fn compare(&self, request: &Request, fill: &dyn Fill) -> Result<Vec<String>, Vec<Difference>> {
        let mut found = Vec::new();
        let mut differ = |weight, text: String| found.push(Difference { weight, text });
        if let Some(step) = self.step.filter(|step| Some(*step) != request.step) {
            differ(4, format!("step: expected {step}, and it was sent in {}", shown_step(request.step)));
        }
        let mut captured = Vec::new();
        if let Some(path) = &self.path {
            match Pattern::path(path, fill) {
                Err(problem) => differ(20, format!("path: {problem}")),
                Ok(pattern) => match pattern.captures(&request.path) {
                    Some(stars) => captured = stars.into_iter().map(str::to_owned).collect(),
                    None => differ(20, format!("path: expected {path}, found {}", request.path)),
                },
            }
        }
        let mut text = |weight, what: &str, expected: &str, actual: Option<&str>| {
            let fits = Pattern::new(expected, fill)
                .map(|pattern| actual.is_some_and(|actual| pattern.matches(actual)));
            match fits {
                Ok(true) => {}
                Ok(false) => {
                    let actual = actual.unwrap_or("nothing");
                    differ(weight, format!("{what}: expected {expected}, found {actual}"));
                }
                Err(problem) => differ(weight, format!("{what}: {problem}")),
            }
        };
        if let Some(method) = &self.method {
            text(15, "method", method, Some(&request.method));
        }
        if let Some(host) = &self.host {
            text(25, "host", host, Some(&request.host));
        }
        for (name, value) in &self.query {
            text(3, &format!("query {name}"), value, of(&request.query, name).as_deref());
        }
        for (name, value) in &self.headers {
            text(3, &format!("header {name}"), value, request.header(name).as_deref());
        }
        if let Some(body) = &self.text {
            text(3, "body", body, Some(&request.body));
        }
        let form = if self.form.is_empty() { Vec::new() } else { request.form() };
        for (name, value) in &self.form {
            text(3, &format!("form {name}"), value, of(&form, name).as_deref());
        }
        if let Some(expected) = &self.json {
            match &request.json {
                None => differ(5, "body: expected JSON, found none".to_owned()),
                Some(actual) => {
                    json_differences(expected, actual, "", fill, &mut |text| differ(3, text));
                }
            }
        }
        if found.is_empty() { Ok(captured) } else { Err(found) }
    }
}

/// How far a request is from what is waited for.
pub(super) fn distance(differences: &[Difference]) -> u32 {
    differences.iter().map(|difference| difference.weight).sum()
}

/// Tells in what `actual` lacks something of `expected`, or has it otherwise.
fn json_differences(
    expected: &Value,
    actual: &Value,
    at: &str,
    fill: &dyn Fill,
    differ: &mut dyn FnMut(String),
) {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            for (key, value) in expected {
                let at = format!("{at}/{key}");
                match actual.get(key) {
                    Some(actual) => json_differences(value, actual, &at, fill, differ),
                    None => differ(format!("json {at}: expected {value}, found nothing")),
                }
            }
        }
        (Value::Array(expected), Value::Array(list)) if expected.len() == list.len() => {
            for (index, (value, actual)) in expected.iter().zip(list).enumerate() {
                json_differences(value, actual, &format!("{at}/{index}"), fill, differ);
            }
        }
        (Value::String(text), Value::String(actual)) => match Pattern::new(text, fill) {
            Ok(pattern) if pattern.matches(actual) => {}
            Ok(_) => differ(format!("json {at}: expected {text}, found {actual}")),
            Err(problem) => differ(format!("json {at}: {problem}")),
        },
        _ if expected == actual => {}
        _ => differ(format!("json {at}: expected {expected}, found {actual}")),
    }
}

fn shown_step(step: Option<StepName>) -> &'static str {
    step.map_or("no step", StepName::word)
}

fn text_of(json: &Value) -> String {
    json.as_str().map_or_else(|| json.to_string(), str::to_owned)
}

fn of(pairs: &[(String, String)], name: &str) -> Option<String> {
    pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
}

/// The pairs of a query or a form.
fn pairs(text: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        let text = text.replace('+', " ");
        percent_decode_str(&text).decode_utf8_lossy().into_owned()
    };
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct Nothing;

    impl Fill for Nothing {
        fn fill(&self, place: Place<'_>) -> Result<String, String> {
            Ok(place.argument.to_owned())
        }
    }

    fn request(method: &str, uri: &str, body: &str) -> Request {
        let request = http::Request::builder().method(method).uri(uri).header("X-Key", "abc");
        let request = request.body(Bytes::from(body.to_owned())).unwrap();
        Request { step: Some(StepName::Rotate), ..Request::of(&request) }
    }

    fn entry(json: Value) -> RequestEntry {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn what_is_asked_for_must_be_there_and_the_rest_does_not_matter() {
        let sent = request("POST", "https://api.test/v1/keys/k%31?a=1&b=x+y", r#"{"name":"n","more":[1,2]}"#);
        let fitting = entry(json!({
            "method": "POST", "host": "api.test", "path": "/v1/*/k*", "query": {"b": "x y"},
            "headers": {"x-key": "a*"}, "json": {"more": [1, 2]}, "step": "rotate",
        }));
        assert_eq!(fitting.compare(&sent, &Nothing).unwrap(), ["keys", "1"]);
        let other = entry(json!({"host": "api.test:8443", "json": {"name": "m", "more": [1], "x": 1}}));
        let found: Vec<_> = other.compare(&sent, &Nothing).unwrap_err().into_iter().map(|d| d.text).collect();
        assert_eq!(
            found,
            [
                "host: expected api.test:8443, found api.test",
                "json /name: expected m, found n",
                "json /more: expected [1], found [1,2]",
                "json /x: expected 1, found nothing",
            ]
        );
    }

    #[test]
    fn forms_are_decoded() {
        let sent = request("POST", "https://api.test/token", "client_secret=a%2Bb&grant_type=x");
        let fitting = entry(json!({"form": {"client_secret": "a+b"}}));
        assert!(fitting.compare(&sent, &Nothing).is_ok());
        assert_eq!(
            sent.fill(Place { word: "form", argument: "client_secret" }, &[]).unwrap().unwrap(),
            "a+b"
        );
    }
}
