//! An answer as it was received.

use std::sync::OnceLock;

use zeroize::Zeroizing;

use crate::answer::xml::{self, Element};
use crate::strict;
use crate::value::Tree;

/// An answer; its body is read when the first place asks for it.
pub struct Answer {
    status: u16,
    headers: Vec<(String, Zeroizing<String>)>,
    body: Zeroizing<Vec<u8>>,
    json: OnceLock<Result<Tree, String>>,
    xml: OnceLock<Result<Element, String>>,
}

impl Answer {
    /// An answer of a status, headers and a body without its encodings of transfer and content.
    #[must_use]
    pub fn new(status: u16, headers: Vec<(String, String)>, body: Vec<u8>) -> Self {
        let headers = headers.into_iter().map(|(name, value)| (name, Zeroizing::new(value))).collect();
        Self { status, headers, body: Zeroizing::new(body), json: OnceLock::new(), xml: OnceLock::new() }
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The values of a header, joined by commas as HTTP says; none if it is not there.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let values: Vec<&str> = self
            .headers
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
            .collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// The body as JSON, or why it is none.
    pub(super) fn json(&self) -> Result<&Tree, &str> {
        let read =
            || strict::json(&self.body).map(Tree).map_err(|error| format!("its body is no JSON: {error}"));
        self.json.get_or_init(read).as_ref().map_err(String::as_str)
    }

    /// The body as XML, or why it is none.
    pub(super) fn xml(&self) -> Result<&Element, &str> {
        let read = || xml::parse(&self.body).map_err(|error| format!("its body is no XML: {error}"));
        self.xml.get_or_init(read).as_ref().map_err(String::as_str)
    }

    /// The first of these words that stands in the body, whatever its case, where that is no JSON: what says no may
    /// be somebody in between, or speak in another form.
    pub(super) fn first_of<'a>(&self, words: &'a [String]) -> Option<&'a str> {
        if self.json().is_ok() {
            return None;
        }
        // UTF-16 is every second byte of it, as far as words go.
        let body: Zeroizing<Vec<u8>> =
            Zeroizing::new(self.body.iter().filter(|byte| **byte != 0).map(u8::to_ascii_lowercase).collect());
        let is_there = |word: &&String| {
            let word = word.to_ascii_lowercase();
            body.windows(word.len()).any(|part| part == word.as_bytes())
        };
        words.iter().find(is_there).map(String::as_str)
    }

    /// Whether it is a page for people, by its type or by how it begins: a login, a portal or a proxy's error.
    #[must_use]
    pub fn is_page(&self) -> bool {
        let kind = self.header("content-type").unwrap_or_default().to_ascii_lowercase();
        if kind.contains("text/html") || kind.contains("application/xhtml") {
            return true;
        }
        let body = self.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.body).trim_ascii_start();
        [&b"<!doctype html"[..], b"<html"].iter().any(|beginning| {
            let goes_on = body.get(beginning.len()).is_some_and(u8::is_ascii_alphanumeric);
            !goes_on && body.get(..beginning.len()).is_some_and(|start| start.eq_ignore_ascii_case(beginning))
        })
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Answer({}, {} bytes)", self.status, self.body.len())
    }
}
