//! What an answer says, in whatever form it comes: JSON of one shape or another, with a byte order mark, in
//! UTF-16, or a text or page of somebody in between.

use std::borrow::Cow;

use http::Response;
use serde::de::{DeserializeOwned, Error};
use serde_json::{Map, Value};

/// How much of what a service says is repeated, in characters.
const LONGEST: usize = 200;

/// Headers that name a request for those who run the service, the first one first.
const REQUEST_IDS: [&str; 4] = ["request-id", "x-ms-request-id", "x-vss-e2eid", "activityid"];

/// What an answer says of why it is no success. What it does not say is empty.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    /// The service's own words for it, from the general to the precise.
    pub codes: Vec<String>,
    /// What it says to people.
    pub text: String,
    /// By which those who run the service find the request.
    pub request_id: String,
}

impl Said {
    /// Reads an answer.
    pub fn of(answer: &Response<Vec<u8>>) -> Self {
        let mut said = Self::of_text(&text(answer.body()));
        if said.request_id.is_empty() {
            let named = |name: &&str| Some(answer.headers().get(*name)?.to_str().ok()?.to_owned());
            said.request_id = REQUEST_IDS.iter().find_map(named).unwrap_or_default();
        }
        said
    }

    fn of_text(text: &str) -> Self {
        match serde_json::from_str(text) {
            // Some say in a string of JSON what they would say in JSON.
            Ok(Value::String(text)) => Self::of_text(&text),
            Ok(Value::Number(_) | Value::Bool(_)) | Err(_) => Self { text: shown(text), ..Self::default() },
            Ok(value) => Self::of_value(&value),
        }
    }

    fn of_value(value: &Value) -> Self {
        match value {
            Value::Array(list) => list.first().map(Self::of_value).unwrap_or_default(),
            Value::Object(said) => Self::of_object(said),
            _ => Self::default(),
        }
    }

    fn of_object(said: &Map<String, Value>) -> Self {
        let request_id = word(said, &["request-id", "requestId", "trace_id"]);
        let whole = member(said, &["error", "odata.error", "errors"]);
        if let Some(error @ (Value::Object(_) | Value::Array(_))) = whole {
            let inner = Self::of_value(error);
            let request_id = Some(inner.request_id).filter(|id| !id.is_empty()).unwrap_or(request_id);
            return Self { request_id, ..inner };
        }
        let inner = member(said, &["innererror"]).map(Self::of_value).unwrap_or_default();
        let code = Some(word(said, &["code", "typeKey", "error"])).filter(|code| !code.is_empty());
        let text = word(said, &["message", "error_description", "detail"]);
        Self {
            codes: code.into_iter().chain(inner.codes).collect(),
            text: if text.is_empty() { inner.text } else { text },
            request_id: if inner.request_id.is_empty() { request_id } else { inner.request_id },
        }
    }

    /// Whether it is said with this code; in a text or page, whether the code stands in it.
    pub fn is(&self, code: &str) -> bool {
        self.codes.iter().any(|said| said.eq_ignore_ascii_case(code))
            || self.codes.is_empty() && self.mentions(code)
    }

    /// Whether the text has this in it, in upper or lower case.
    pub fn mentions(&self, words: &str) -> bool {
        self.text.to_ascii_lowercase().contains(&words.to_ascii_lowercase())
    }

    /// All of it, in one line for people.
    pub fn line(&self, status: u16) -> String {
        let mut line = format!("HTTP {status}");
        if !self.codes.is_empty() {
            line = format!("{line} {}", cut(&self.codes.join("/")));
        }
        if !self.text.is_empty() {
            line = format!("{line}: {}", cut(&self.text));
        }
        if !self.request_id.is_empty() {
            line = format!("{line}; request {}", cut(&self.request_id));
        }
        line
    }
}

/// Reads JSON, with or without a byte order mark.
///
/// # Errors
/// When it is not what is to be read.
pub fn read_json<T: DeserializeOwned>(body: &[u8]) -> serde_json::Result<T> {
    let text = decoded(body).ok_or_else(|| serde_json::Error::custom("it is no text"))?;
    serde_json::from_str(&text)
}

/// A body as text, whatever it is.
pub(crate) fn text(body: &[u8]) -> Cow<'_, str> {
    decoded(body).unwrap_or_else(|| String::from_utf8_lossy(body))
}

/// A body in UTF-8 or UTF-16. In JSON, where no NUL can stand, one in the first two bytes tells UTF-16 also
/// where there is no mark.
fn decoded(body: &[u8]) -> Option<Cow<'_, str>> {
    match body {
        [0xEF, 0xBB, 0xBF, rest @ ..] => str::from_utf8(rest).ok().map(Cow::Borrowed),
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [first, 0, ..] if *first != 0 => utf16(body, u16::from_le_bytes),
        [0, second, ..] if *second != 0 => utf16(body, u16::from_be_bytes),
        _ => str::from_utf8(body).ok().map(Cow::Borrowed),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<Cow<'_, str>> {
    let (pairs, rest) = bytes.as_chunks();
    let text =
        char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect::<Result<String, _>>().ok()?;
    rest.is_empty().then_some(Cow::Owned(text))
}

/// The first of these members that says something, compared without case: services spell them in many ways.
fn member<'a>(said: &'a Map<String, Value>, names: &[&str]) -> Option<&'a Value> {
    names.iter().find_map(|name| {
        said.iter()
            .find(|(key, value)| key.eq_ignore_ascii_case(name) && !value.is_null())
            .map(|(_, value)| value)
    })
}

/// The first of these members as a text, fit to be shown.
fn word(said: &Map<String, Value>, names: &[&str]) -> String {
    match member(said, names) {
        Some(Value::String(text)) => shown(text),
        Some(Value::Number(number)) => number.to_string(),
        // OData's older messages say in which language they are.
        Some(Value::Object(message)) => word(message, &["value"]),
        _ => String::new(),
    }
}

/// A text in one line, without the ids and times that Entra appends; of a page, what stands between its tags.
fn shown(text: &str) -> String {
    let is_page = text.trim_start().starts_with('<');
    let text = if is_page { Cow::Owned(untagged(text)) } else { Cow::Borrowed(text) };
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = words.collect::<Vec<_>>().join(" ");
    line.split(" Trace ID: ").next().unwrap_or_default().to_owned()
}

fn untagged(page: &str) -> String {
    page.split('<').filter_map(|part| Some(part.split_once('>')?.1)).collect::<Vec<_>>().join(" ")
}

/// As much of a text as people are shown.
fn cut(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "CredentialInvalidLifetimeAsPerAppPolicy";

    fn said(body: impl Into<Vec<u8>>) -> Said {
        Said::of(&Response::new(body.into()))
    }

    fn in_utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn n14_a_code_is_found_whatever_else_is_missing_or_odd() {
        for body in [
            r#"{"error":{"code":"§","message":null,"innerError":{"date":"x"}}}"#,
            r#"{"error":{"code":"§"}}"#,
            r#"{"error":{"code":"§","message":{"lang":"en","value":"too long"}}}"#,
            r#"{"error":{"code":"§","message":["too long"],"innerError":null}}"#,
            r#"{"error":{"code":"BadRequest","innererror":{"code":"§"}}}"#,
            r#"{"error":{"code":"BadRequest","innerError":{"innerError":{"code":"§"}}}}"#,
            r#"{"error":{"error":{"code":"§"}}}"#,
            r#"{"odata.error":{"code":"§","message":{"value":"too long"}}}"#,
            r#"[{"error":{"code":"§"}}]"#,
            r#"{"errors":[{"code":"§"}]}"#,
            r#"{"Error":{"Code":"§","Message":"too long"}}"#,
            r#"{"code":"§","message":"too long"}"#,
            r#""{\"error\":{\"code\":\"§\"}}""#,
            "§: the lifetime is too long",
            r#"{"error":{"code":"§","message":"it breaks off he"#,
            "<m:error><m:code>§</m:code><m:message>too long</m:message></m:error>",
            "\r\n<html><body><p>§: too long</p></body></html>",
        ] {
            let said = said(body.replace('§', CODE));
            assert!(said.is(CODE) && !said.is("Authorization_RequestDenied"), "{body}");
        }
    }

    #[test]
    fn n14_a_mark_or_another_encoding_changes_nothing() {
        let body = format!(r#"{{"error":{{"code":"{CODE}","message":"zu lang: é"}}}}"#);
        let expected = said(body.as_str());
        assert_eq!(
            (expected.codes.as_slice(), expected.text.as_str()),
            (&[CODE.to_owned()][..], "zu lang: é")
        );
        for other in [
            format!("\u{feff}{body}").into_bytes(),
            in_utf16(&format!("\u{feff}{body}"), u16::to_le_bytes),
            in_utf16(&format!("\u{feff}{body}"), u16::to_be_bytes),
            in_utf16(&body, u16::to_le_bytes),
            in_utf16(&body, u16::to_be_bytes),
            format!("\r\n {body}\n").into_bytes(),
        ] {
            assert_eq!(said(other), expected);
        }
        assert_eq!(read_json::<Value>(&in_utf16(&body, u16::to_be_bytes)).unwrap()["error"]["code"], CODE);
    }

    #[test]
    fn n14_what_says_nothing_leaves_the_status() {
        for body in ["", "null", "{}", "[]", "7", "[null]", r#"{"error":null}"#, r#"{"error":{}}"#] {
            let said = said(body);
            assert!(said.codes.is_empty() && !said.is(CODE), "{body}");
            assert!(said.line(403).starts_with("HTTP 403"), "{body}");
        }
        assert_eq!(said(vec![0xFF, 0x80, 0x00]).codes, [""; 0]);
    }

    #[test]
    fn a_page_is_shown_without_its_tags_and_a_text_in_one_line() {
        let page = "<!DOCTYPE html>\n<html><head><TITLE>Blocked by\n the proxy</TITLE></head><body a=b>ask IT</body>";
        assert_eq!(said(page).line(403), "HTTP 403: Blocked by the proxy ask IT");
        assert_eq!(said("<html></html>").line(502), "HTTP 502");
        assert_eq!(said(" one\r\n\ttwo\u{1b}[31m ").text, "one two [31m");
        assert_eq!(said("AADSTS1: no.\r\nTrace ID: t\r\nTimestamp: 2031-05-04").text, "AADSTS1: no.");
        assert_eq!(said("x".repeat(5000)).line(400).len(), "HTTP 400: ".len() + LONGEST);
    }

    #[test]
    fn the_request_is_named_by_body_or_header() {
        let body = r#"{"error":{"code":"c","message":"m","innerError":{"request-id":"r1","date":"d"}}}"#;
        assert_eq!(said(body).line(400), "HTTP 400 c: m; request r1");
        let body = r#"{"error":"invalid_client","error_description":"no","trace_id":"t1"}"#;
        assert_eq!(said(body).line(401), "HTTP 401 invalid_client: no; request t1");
        let mut answer = Response::new(Vec::new());
        answer.headers_mut().insert("x-ms-request-id", "h1".parse().unwrap());
        assert_eq!(Said::of(&answer).line(403), "HTTP 403; request h1");
    }
}
