//! What Graph, and services that speak as it does, say when they do not do what they were asked.
//!
//! A plugin knows what the refusals mean that its own requests may meet. What it does not know is told as it
//! came: a guess at a remedy sends people the wrong way.

use pamrun_plugin::{Failure, Rejection};

use crate::said::Said;

/// How messages and codes speak of the service that refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refuser {
    /// Its name, which messages begin with.
    pub name: String,
    /// What its own codes begin with.
    pub code: &'static str,
    /// What one request changes.
    pub object: &'static str,
    /// What a token that it does not accept may come from; empty where there is nothing to say.
    pub token_hint: &'static str,
}

impl Refuser {
    /// Microsoft Graph.
    #[must_use]
    pub fn graph() -> Self {
        Self { name: "Graph".to_owned(), code: "graph", object: "object", token_hint: "" }
    }

    /// A code of its own.
    #[must_use]
    pub fn code(&self, what: &str) -> String {
        format!("{}-{what}", self.code)
    }
}

/// An answer that refuses.
#[derive(Debug, Clone, Copy)]
pub struct Refusal<'a> {
    by: &'a Refuser,
    status: u16,
    said: &'a Said,
}

impl<'a> Refusal<'a> {
    pub(crate) fn new(by: &'a Refuser, rejection: &Rejection, said: &'a Said) -> Self {
        Self { by, status: rejection.status, said }
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Whether the service has this word for it, the general or a more precise one.
    #[must_use]
    pub fn is(&self, code: &str) -> bool {
        self.said.is(code)
    }

    /// Whether the service has no word for it, so that there is nothing but the status to go by.
    #[must_use]
    pub fn is_nameless(&self) -> bool {
        self.said.codes.is_empty()
    }

    /// Whether the service's message has one of these in it, in upper or lower case.
    #[must_use]
    pub fn mentions(&self, words: &[&str]) -> bool {
        words.iter().any(|words| self.said.mentions(words))
    }

    /// The failure that it is; `known` says what a refusal means that the plugin knows.
    pub(crate) fn failure(&self, known: impl FnOnce(&Self) -> Option<Failure>) -> Failure {
        if self.status == 429 {
            return Failure::unavailable("throttled", self.say("asks to slow down"));
        }
        known(self).or_else(|| self.common()).unwrap_or_else(|| self.as_it_came())
    }

    /// What it means whatever was asked.
    fn common(&self) -> Option<Failure> {
        if self.is_collision() {
            let what = format!("met another change of the same {}", self.by.object);
            return Some(Failure::conflict("concurrent-change", self.say(&what)));
        }
        if self.is("Directory_QuotaExceeded") || self.mentions(&["object quota", "quota limit"]) {
            return Some(self.quota());
        }
        (self.status == 401).then(|| {
            let what = format!("does not accept the admin app's token{}", self.by.token_hint);
            Failure::denied("token-refused", self.say(&what))
        })
    }

    /// Two writes met: Graph says so with 409, and with 400 and a text.
    fn is_collision(&self) -> bool {
        self.status == 409 || self.status == 400 && self.mentions(&["concurrent requests"])
    }

    /// A quota of the directory is used up: of what a principal may own, or of what the tenant may hold.
    fn quota(&self) -> Failure {
        let (whose, remedy) = if self.mentions(&["tenant", "company", "organization"]) {
            ("tenant", "have Microsoft raise it")
        } else {
            ("principal", "let another one make them")
        };
        let what = format!("can take no more objects, since the quota of the {whose} is used up");
        Failure::denied("directory-full", self.say(&what))
            .fix(format!("delete objects that nobody needs, those in the recycle bin too, or {remedy}"))
    }

    /// The failure that tells a refusal which nobody here knows, in the service's own words.
    #[must_use]
    pub fn as_it_came(&self) -> Failure {
        let (code, message) = (self.by.code("refused"), self.say("refuses"));
        match self.status {
            404 | 410 => Failure::not_found(&code, message),
            _ => Failure::denied(&code, message),
        }
    }

    /// A message that begins with the service and ends with what it said.
    #[must_use]
    pub fn say(&self, what: &str) -> String {
        format!("{} {what} ({})", self.by.name, self.said.line(self.status))
    }
}
