//! One rule of the manifest's `requests`, compiled.

use http::Method;

use super::form::{Destination, OutgoingRequest};
use super::pattern::{Pattern, PatternError};
use super::{Deny, HostPort, body};
use crate::model::{RequestRule, StepName};

/// A kind of request, with its host resolved.
#[derive(Debug)]
pub(super) struct Rule {
    steps: Vec<StepName>,
    method: Method,
    host: HostPort,
    path: Pattern,
    folded: Pattern,
    removes: Option<IdPlace>,
}

/// Where the id of what is removed stands.
#[derive(Debug)]
enum IdPlace {
    Path,
    /// In the body, under these keys.
    Body(Vec<String>),
}

/// Why a rule of the manifest makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum RuleError {
    #[error("`{0}` is not a step; write all, preflight, rotate, verify, commit or rollback")]
    Step(String),
    #[error("the method must be written in capitals, and cannot be CONNECT or TRACE")]
    Method,
    #[error(transparent)]
    Path(#[from] PatternError),
    #[error(
        "`removes` must be {{id}}, when the path has it, or a JSON pointer such as /keyId, when it has not"
    )]
    Removes,
    #[error("a request that removes can be asked for in commit and rollback only")]
    RemovesTooEarly,
}

impl Rule {
    pub(super) fn compile(rule: &RequestRule, host: HostPort) -> Result<Self, RuleError> {
        let mut steps = Vec::new();
        for word in &rule.steps {
            match StepName::ALL.into_iter().find(|step| step.word() == word) {
                Some(step) => steps.push(step),
                None if word == "all" => steps.extend(StepName::ALL),
                None => return Err(RuleError::Step(word.clone())),
            }
        }
        let method = Method::from_bytes(rule.method.as_bytes()).map_err(|_| RuleError::Method)?;
        let capitals = rule.method.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-');
        if !capitals || [Method::CONNECT, Method::TRACE].contains(&method) {
            return Err(RuleError::Method);
        }
        let path = Pattern::parse(&rule.path)?;
        let removes = match rule.removes.as_deref() {
            None if path.has_id() => return Err(RuleError::Removes),
            None => None,
            Some(place) => Some(IdPlace::parse(place, path.has_id()).ok_or(RuleError::Removes)?),
        };
        let late = |step: &StepName| matches!(step, StepName::Commit | StepName::Rollback);
        if removes.is_some() && !steps.iter().all(late) {
            return Err(RuleError::RemovesTooEarly);
        }
        Ok(Self { steps, method, host, folded: path.folded(), path, removes })
    }

    /// Tells whether the rule asks for such a request in this step.
    pub(super) fn grants(&self, step: StepName, method: &Method, to: &Destination) -> bool {
        self.steps.contains(&step)
            && self.method == *method
            && self.host == to.host
            && self.path.matches(&to.path)
    }

    /// Tells whether what it asks for removes something.
    pub(super) fn removes(&self) -> bool {
        self.removes.is_some()
    }

    /// The id that such a request removes; `None` when the rule does not describe a removal.
    ///
    /// # Errors
    /// When the request does not name one id where it should.
    pub(super) fn removal(
        &self,
        request: &OutgoingRequest<'_>,
        to: &Destination,
    ) -> Option<Result<String, Deny>> {
        let place = self.removes.as_ref()?;
        let described =
            self.method == *request.method && self.host == to.host && self.folded.matches(&to.path.folded());
        let id = || match place {
            IdPlace::Path => self.path.id(&to.path).map(str::to_owned),
            IdPlace::Body(keys) => body::id_at(keys, request.headers, request.body),
        };
        let unnamed = "a request that removes must name one id, as text, where the manifest says; \
                       a body must be JSON, say so in its content-type, be sent unpacked, and repeat no key";
        described.then(|| id().ok_or_else(|| Deny::Form(unnamed.to_owned())))
    }
}

impl IdPlace {
    fn parse(text: &str, in_path: bool) -> Option<Self> {
        match (text.strip_prefix('/'), in_path) {
            (None, true) => (text == "{id}").then_some(Self::Path),
            (Some(pointer), false) => {
                let keys = pointer.split('/').map(|key| key.replace("~1", "/").replace("~0", "~"));
                Some(Self::Body(keys.collect()))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(steps: &[&str], method: &str, path: &str, removes: Option<&str>) -> Option<RuleError> {
        let rule = RequestRule {
            steps: steps.iter().map(|step| (*step).to_owned()).collect(),
            method: method.to_owned(),
            host: String::new(),
            path: path.to_owned(),
            removes: removes.map(str::to_owned),
        };
        Rule::compile(&rule, "a.example".parse().unwrap()).err()
    }

    #[test]
    fn a_rule_that_makes_sense_compiles() {
        assert_eq!(error(&["all"], "GET", "/v1.0/applications/*", None), None);
        assert_eq!(error(&["commit", "rollback"], "POST", "/removePassword", Some("/keyId")), None);
        assert_eq!(error(&["commit"], "DELETE", "/keys/{id}", Some("{id}")), None);
        assert_eq!(error(&["rotate"], "VERSION-CONTROL", "/", None), None);
    }

    #[test]
    fn a_rule_that_makes_none_is_explained() {
        let late = &["commit"];
        assert_eq!(error(&["comit"], "GET", "/", None), Some(RuleError::Step("comit".to_owned())));
        for method in ["get", "", "GET ", "TRACE", "CONNECT", "*"] {
            assert_eq!(error(late, method, "/", None), Some(RuleError::Method), "{method}");
        }
        assert_eq!(error(late, "GET", "/*a*", None), Some(PatternError::Wildcards.into()));
        for (path, removes) in [
            ("/keys/{id}", None),
            ("/keys/{id}", Some("/keyId")),
            ("/keys", Some("{id}")),
            ("/keys", Some("keyId")),
            ("/keys", Some("")),
        ] {
            assert_eq!(error(late, "DELETE", path, removes), Some(RuleError::Removes), "{path} {removes:?}");
        }
        for steps in [&["all"][..], &["rotate"], &["commit", "verify"]] {
            assert_eq!(error(steps, "DELETE", "/keys/{id}", Some("{id}")), Some(RuleError::RemovesTooEarly));
        }
    }
}
