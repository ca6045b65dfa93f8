//! Requests of the everyday kind, and what their answers mean.

use std::fmt::Write as _;

use http::{HeaderValue, Method, Request, Response, Uri, header};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Failure, Host, retry_after};

/// A request that is about to be sent. What it lacks for a special service, [`Host::send`] has.
///
/// ```
/// # use pamrun_plugin::{Call, Failure, Host};
/// # fn keys(host: &dyn Host, token: &str) -> Result<Vec<String>, Failure> {
/// let url = format!("https://api.example.com/accounts/{}/keys", pamrun_plugin::escape("team a"));
/// Call::get(&url).bearer(token).send(host)?.expect(200)?.json()
/// # }
/// ```
#[derive(Debug)]
pub struct Call {
    method: Method,
    url: String,
    headers: Vec<(header::HeaderName, String)>,
    body: Vec<u8>,
}

impl Call {
    /// Reads. Every method but this one is taken for one that changes something.
    #[must_use]
    pub fn get(url: &str) -> Self {
        Self::new(Method::GET, url)
    }

    /// Posts.
    #[must_use]
    pub fn post(url: &str) -> Self {
        Self::new(Method::POST, url)
    }

    /// Puts.
    #[must_use]
    pub fn put(url: &str) -> Self {
        Self::new(Method::PUT, url)
    }

    /// Patches.
    #[must_use]
    pub fn patch(url: &str) -> Self {
        Self::new(Method::PATCH, url)
    }

    /// Deletes.
    #[must_use]
    pub fn delete(url: &str) -> Self {
        Self::new(Method::DELETE, url)
    }

    fn new(method: Method, url: &str) -> Self {
        Self { method, url: url.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    /// Authenticates with a token.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header(header::AUTHORIZATION, &format!("Bearer {token}"))
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: header::HeaderName, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// Sends JSON.
    #[must_use]
    pub fn json(self, body: &impl Serialize) -> Self {
        // What cannot be JSON, such as a map with keys that are no text, does not occur in requests.
        let body = serde_json::to_vec(body).unwrap_or_default();
        Self { body, ..self.header(header::CONTENT_TYPE, "application/json") }
    }

    /// Sends it and waits for the whole answer. Redirects are answers too.
    ///
    /// # Errors
    /// `denied` when the host's policy does not let it out, `unavailable` when the service was not
    /// reached, and when the answer was lost, `uncertain` unless the request only reads.
    pub fn send(self, host: &dyn Host) -> Result<Answer, Failure> {
        let changes = self.method != Method::GET;
        let unfit = |what: &str| {
            Failure::unavailable("no-answer", format!("the {what} of a request is not one that can be sent"))
        };
        let url: Uri = self.url.parse().map_err(|_| unfit("URL"))?;
        let asked = format!("{} {}", self.method, url.path());
        let service = url.authority().map_or_else(String::new, ToString::to_string);
        let mut request = Request::builder().method(self.method).uri(url);
        for (name, value) in self.headers {
            request = request.header(name, HeaderValue::from_str(&value).map_err(|_| unfit("header"))?);
        }
        let request = request.body(self.body).map_err(|_| unfit("form"))?;
        let sent = host.send(request);
        let response =
            sent.map_err(|error| if changes { error.while_changing() } else { error.while_reading() })?;
        let what = format!("{service} answered {} to {asked}", response.status().as_u16());
        Ok(Answer { retry_after: retry_after(&response, host.now()), response, changes, what })
    }
}

/// An answer, received whole.
#[derive(Debug)]
pub struct Answer {
    response: Response<Vec<u8>>,
    /// The seconds that the service asks to wait.
    retry_after: Option<u32>,
    changes: bool,
    what: String,
}

impl Answer {
    /// Its status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// The whole response.
    #[must_use]
    pub fn response(&self) -> &Response<Vec<u8>> {
        &self.response
    }

    /// Goes on if it has this status.
    ///
    /// # Errors
    /// What another status says, as [`Answer::failure`].
    pub fn expect(self, status: u16) -> Result<Self, Failure> {
        if self.status() == status { Ok(self) } else { Err(self.failure()) }
    }

    /// Reads its body as JSON.
    ///
    /// # Errors
    /// `unclear-answer` when it is not JSON of this shape.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(self.response.body())
            .map_err(|_| self.unclear("which is not the JSON that is expected"))
    }

    /// The failure that it is, by its status, where it is not what the plugin hoped for.
    #[must_use]
    pub fn failure(&self) -> Failure {
        let what = &self.what;
        match self.status() {
            401 => Failure::denied("unauthorized", format!("{what}: it does not accept the credential")),
            403 => Failure::denied("forbidden", format!("{what}: a right is missing")),
            404 | 410 => Failure::not_found("not-found", format!("{what}: it does not exist")),
            409 | 412 => {
                Failure::conflict("conflict", format!("{what}: somebody else changed it at the same time"))
            }
            429 => Failure::unavailable("throttled", format!("{what}: it asks to slow down"))
                .retry_after(self.retry_after),
            408 => self.unclear(self.why()),
            400..500 => Failure::denied("refused", what.clone()),
            _ => self.unclear(self.why()),
        }
    }

    /// The failure when nobody can tell what the service did: `uncertain` after a change, else
    /// `unavailable`. `why` ends the sentence.
    #[must_use]
    pub fn unclear(&self, why: &str) -> Failure {
        let message = format!("{}, {why}", self.what);
        if self.changes {
            Failure::uncertain("unclear-answer", message)
        } else {
            Failure::unavailable("unclear-answer", message).retry_after(self.retry_after)
        }
    }

    fn why(&self) -> &'static str {
        if self.changes { "which does not say whether it was done" } else { "which is no answer" }
    }
}

/// Escapes a text so that it is one segment of a URL's path, or one value of its query.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FailureKind;
    use crate::testing::{FakeHost, answer};

    fn failure(call: Call, status: u16) -> Failure {
        let host = FakeHost::scripted([answer(status, "{}")]);
        call.send(&host).unwrap().expect(200).unwrap_err()
    }

    #[test]
    fn a_request_carries_what_it_was_given() {
        let host = FakeHost::scripted([answer(201, r#"{"id": "é"}"#)]);
        let call = Call::post("https://api.example.com/keys?all=1").bearer("secret").json(&["a"]);
        let made: serde_json::Value = call.send(&host).unwrap().expect(201).unwrap().json().unwrap();
        assert_eq!(made["id"], "é");
        let sent = &host.sent()[0];
        assert_eq!((sent.uri().query(), sent.body().as_slice()), (Some("all=1"), b"[\"a\"]".as_slice()));
        assert_eq!(sent.headers()[header::AUTHORIZATION], "Bearer secret");
    }

    #[test]
    fn a_status_says_what_kind_of_failure_it_is() {
        let unavailable = FailureKind::Unavailable { retry_after: None };
        for (status, reading, changing) in [
            (400, FailureKind::Denied, FailureKind::Denied),
            (401, FailureKind::Denied, FailureKind::Denied),
            (404, FailureKind::NotFound, FailureKind::NotFound),
            (408, unavailable, FailureKind::Uncertain),
            (409, FailureKind::Conflict, FailureKind::Conflict),
            (429, unavailable, unavailable),
            (502, unavailable, FailureKind::Uncertain),
        ] {
            assert_eq!(failure(Call::get("https://a.example/x"), status).kind, reading, "{status}");
            assert_eq!(failure(Call::post("https://a.example/x"), status).kind, changing, "{status}");
        }
        let told = failure(Call::delete("https://a.example/x?key=1"), 403);
        assert_eq!(told.message, "a.example answered 403 to DELETE /x: a right is missing");
    }

    #[test]
    fn a_busy_service_says_when_to_come_back_as_a_number_or_a_date() {
        for (value, seconds) in [("7", 7), ("Tue, 01 Jan 2030 00:00:40 GMT", 40)] {
            let mut busy = answer(429, "{}").unwrap();
            busy.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(value));
            let host = FakeHost::scripted([Ok(busy)]);
            let failure = Call::get("https://a.example/").send(&host).unwrap().failure();
            assert_eq!(failure.kind, FailureKind::Unavailable { retry_after: Some(seconds) });
        }
    }

    #[test]
    fn what_is_no_header_is_never_sent() {
        let host = FakeHost::scripted([]);
        let error = Call::get("https://a.example/").bearer("a\nb").send(&host).unwrap_err();
        assert_eq!((error.code.as_str(), host.calls().len()), ("no-answer", 0));
        assert!(!error.message.contains("a\nb"));
    }

    #[test]
    fn a_segment_has_no_slashes() {
        assert_eq!(escape("a/b é~"), "a%2Fb%20%C3%A9~");
    }
}
