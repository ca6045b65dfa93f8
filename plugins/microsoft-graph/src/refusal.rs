//! What Graph, and services that speak as it does, say when they do not do what they were asked.
//!
//! A plugin knows what the refusals mean that its own requests may meet. What it does not know is told as it
//! came: a guess at a remedy sends people the wrong way.

use std::time::SystemTime;

use http::{Response, StatusCode};
use pamrun_plugin::Failure;

use crate::retry::asked;
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

/// An answer that is not a success.
#[derive(Debug)]
pub struct Refusal {
    by: Refuser,
    status: StatusCode,
    said: Said,
    retry_after: Option<u32>,
}

impl Refusal {
    /// Reads an answer of Graph that came at the time `now`.
    pub(crate) fn new(answer: &Response<Vec<u8>>, now: SystemTime) -> Self {
        let graph = Refuser { name: "Graph".to_owned(), code: "graph", object: "object", token_hint: "" };
        Self::of(graph, answer, now)
    }

    /// Reads an answer of a service that came at the time `now`.
    #[must_use]
    pub fn of(by: Refuser, answer: &Response<Vec<u8>>, now: SystemTime) -> Self {
        Self { by, status: answer.status(), said: Said::of(answer), retry_after: asked(answer, now) }
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
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

    /// Whether nothing can be said about whether it was done.
    #[must_use]
    pub fn is_unclear(&self) -> bool {
        self.status.is_server_error() || self.status == StatusCode::REQUEST_TIMEOUT
    }

    /// The failure that it is for a request which changes nothing; `known` says what a refusal means that the
    /// plugin knows.
    pub fn while_reading(&self, known: impl FnOnce(&Self) -> Option<Failure>) -> Failure {
        if self.is_unclear() {
            return Failure::unavailable(&self.own_code("unavailable"), self.say("does not answer now"))
                .retry_after(self.retry_after);
        }
        self.rejection(known)
    }

    /// The failure that it is for a request which changes something: a server error may follow a
    /// write that took effect.
    pub fn while_changing(&self, known: impl FnOnce(&Self) -> Option<Failure>) -> Failure {
        if self.is_unclear() {
            return Failure::uncertain(&self.own_code("unclear"), self.say("may or may not have done it"));
        }
        self.rejection(known)
    }

    fn rejection(&self, known: impl FnOnce(&Self) -> Option<Failure>) -> Failure {
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            return Failure::unavailable("throttled", self.say("asks to slow down"))
                .retry_after(self.retry_after);
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
            return Some(Failure::denied("directory-full", self.say(&self.quota())));
        }
        (self.status == StatusCode::UNAUTHORIZED).then(|| {
            let what = format!("does not accept the admin app's token{}", self.by.token_hint);
            Failure::denied("token-refused", self.say(&what))
        })
    }

    /// Two writes met: Graph says so with 409, and with 400 and a text.
    fn is_collision(&self) -> bool {
        self.status == StatusCode::CONFLICT
            || self.status == StatusCode::BAD_REQUEST && self.mentions(&["concurrent requests"])
    }

    /// Whose quota of the directory is used up: what a principal may own, or what the tenant may hold.
    fn quota(&self) -> String {
        let (whose, remedy) = if self.mentions(&["tenant", "company", "organization"]) {
            ("tenant", "have Microsoft raise it")
        } else {
            ("principal", "let another one make them")
        };
        format!(
            "can take no more objects, since the quota of the {whose} is used up: delete \
             objects that nobody needs, those in the recycle bin too, or {remedy}"
        )
    }

    /// The failure that tells a refusal which nobody here knows, in the service's own words.
    #[must_use]
    pub fn as_it_came(&self) -> Failure {
        let (code, message) = (self.own_code("refused"), self.say("refuses"));
        match self.status {
            StatusCode::NOT_FOUND | StatusCode::GONE => Failure::not_found(&code, message),
            _ => Failure::denied(&code, message),
        }
    }

    fn own_code(&self, what: &str) -> String {
        format!("{}-{what}", self.by.code)
    }

    /// A message that begins with the service and ends with what it said.
    #[must_use]
    pub fn say(&self, what: &str) -> String {
        format!("{} {what} ({})", self.by.name, self.said.line(self.status.as_u16()))
    }
}

#[cfg(test)]
mod tests {
    use pamrun_plugin::FailureKind;
    use pamrun_plugin::testing::answer;
    use serde_json::json;

    use super::*;

    fn refusal(status: u16, body: &str) -> Refusal {
        Refusal::new(&answer(status, body).unwrap(), SystemTime::UNIX_EPOCH)
    }

    fn failure(status: u16, code: &str, message: &str) -> Failure {
        let body = json!({"error": {"code": code, "message": message, "innerError": {"request-id": "r1"}}});
        refusal(status, &body.to_string()).while_changing(|_| None)
    }

    #[test]
    fn a_code_that_nobody_knows_is_shown_as_it_came_with_status_and_request() {
        for status in [400, 403, 418, 422] {
            let failure = failure(status, "Some_NewCode", "Something new.");
            assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Denied, "graph-refused"));
            let said = format!("Graph refuses (HTTP {status} Some_NewCode: Something new.; request r1)");
            assert_eq!(failure.message, said);
        }
        let gone = failure(410, "Some_NewCode", "");
        assert_eq!((gone.kind, gone.code.as_str()), (FailureKind::NotFound, "graph-refused"));
    }

    #[test]
    fn n15_a_quota_of_the_directory_is_named_and_no_right() {
        for (code, message, whose) in [
            (
                "Directory_QuotaExceeded",
                "The directory object quota limit for the Principal has been exceeded.",
                "principal",
            ),
            (
                "Directory_QuotaExceeded",
                "The directory object quota limit for the Tenant has been exceeded.",
                "tenant",
            ),
            ("Directory_QuotaExceeded", "", "principal"),
            ("", "The object quota limit for the company has been exceeded", "tenant"),
        ] {
            let failure = failure(403, code, message);
            assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Denied, "directory-full"));
            assert!(failure.message.contains(&format!("quota of the {whose} ")), "{failure}");
        }
    }

    #[test]
    fn n14_what_a_refusal_means_does_not_depend_on_its_form() {
        for body in ["", "<html>no</html>", "slow down", "{\"error\":null}"] {
            let throttled = refusal(429, body).while_changing(|_| None);
            assert_eq!(throttled.kind, FailureKind::Unavailable { retry_after: Some(5) }, "{body}");
            assert_eq!(refusal(409, body).while_changing(|_| None).kind, FailureKind::Conflict, "{body}");
            assert_eq!(refusal(401, body).while_changing(|_| None).code, "token-refused", "{body}");
            assert_eq!(refusal(404, body).while_reading(|_| None).kind, FailureKind::NotFound, "{body}");
            assert_eq!(refusal(500, body).while_changing(|_| None).kind, FailureKind::Uncertain, "{body}");
        }
        let text = "Error due to concurrent requests being made to the tenant.";
        assert_eq!(refusal(400, text).while_changing(|_| None).kind, FailureKind::Conflict);
    }

    #[test]
    fn what_the_plugin_knows_goes_first_but_for_throttling() {
        let known = |refusal: &Refusal| Some(Failure::denied("known", refusal.say("says")));
        for status in [400, 401, 403, 404, 409] {
            assert_eq!(refusal(status, "").while_changing(known).code, "known");
        }
        assert_eq!(refusal(429, "").while_reading(known).code, "throttled");
    }
}
