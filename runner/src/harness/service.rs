//! The service of a case: its peers answer the requests that policy let out.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use serde_json::Value;

use super::case::{AnswerEntry, AnswerFault, CredentialEntry, PeerEntry, RequestEntry};
use super::fault::CallFault;
use super::request::{Difference, Request, distance};
use super::template::{Fill, expand, parts};
use super::world::{Credential, Exchange, Fate, Scope, State, World, duration, expand_answer};
use crate::wasm::{NoAnswer, Peer, Sent};

/// The peer that comes nearest to a request, and in what it differs.
struct Nearest {
    at: usize,
    differences: Vec<Difference>,
}

/// An answer, and when it comes.
pub(super) struct Answer {
    pub(super) response: http::Response<Bytes>,
    pub(super) delay: Duration,
    pub(super) fault: Option<AnswerFault>,
}

/// Longer than anybody waits for an answer.
const TOO_LATE: Duration = Duration::from_hours(1);

impl CallFault {
    /// The answer of the service in the place of its own.
    fn answer(self) -> Result<Answer, NoAnswer> {
        let (status, retry_after) = match self {
            Self::Refused => return Err(NoAnswer::Refused),
            Self::AnswerLost | Self::Slow => return Err(NoAnswer::Reset),
            Self::ErrorBefore | Self::ErrorAfter => (503, None),
            Self::Throttled => (429, Some("1")),
        };
        let mut response = http::Response::builder().status(status);
        if let Some(seconds) = retry_after {
            response = response.header(http::header::RETRY_AFTER, seconds);
        }
        let response = response.body(Bytes::new()).map_err(|_| NoAnswer::Reset)?;
        Ok(Answer { response, delay: Duration::ZERO, fault: None })
    }
}

impl PeerEntry {
    /// Checks what can be checked before anything runs.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.call.is_none() && self.request == RequestEntry::default() {
            return Err("a [[peer]] says with `call` or `request` what it answers".to_owned());
        }
        let RequestTexts(request) = RequestTexts::of(self);
        let AnswerEntry { headers, text, delay, status, .. } = &self.answer;
        let made = self.makes.iter().flat_map(|CredentialEntry { id, name, secret }| [id, name, secret]);
        let own = self.when.values().chain(self.then.values()).chain(&self.accepts).chain(&self.removes);
        for text in request.into_iter().chain(headers.values()).chain(text).chain(made).chain(own) {
            parts(text)?;
        }
        self.request.json.iter().chain(&self.answer.json).try_for_each(check_json)?;
        for text in self.since.values().chain(self.until.values()).chain(delay) {
            duration(text)?;
        }
        match status {
            Some(status) if http::StatusCode::from_u16(*status).is_err() => {
                Err(format!("{status} is no HTTP status"))
            }
            _ => Ok(()),
        }
    }

    /// Compares as [`RequestEntry::compare`] does, and by name.
    fn compare(&self, request: &Request, fill: &dyn Fill) -> Result<Vec<String>, Vec<Difference>> {
        let mut differences = Vec::new();
        if let Some(call) = self.call.as_deref().filter(|call| Some(*call) != request.name.as_deref()) {
            differences.push(Difference::of_name(call, request.name.as_deref()));
        }
        match self.request.compare(request, fill) {
            Ok(captured) if differences.is_empty() => return Ok(captured),
            Ok(_) => {}
            Err(others) => differences.extend(others),
        }
        Err(differences)
    }

    fn title(&self) -> String {
        let (path, line) = &self.place;
        let place = format!("{}:{line}", path.file_name().unwrap_or_default().to_string_lossy());
        match &self.name {
            Some(name) => format!("\"{name}\" ({place})"),
            None => place,
        }
    }
}

/// The texts of what a peer waits for.
struct RequestTexts<'a>(Vec<&'a String>);

impl<'a> RequestTexts<'a> {
    fn of(peer: &'a PeerEntry) -> Self {
        let request = &peer.request;
        let single = request.method.iter().chain(&request.host).chain(&request.path).chain(&request.text);
        let maps = request.query.values().chain(request.headers.values()).chain(request.form.values());
        Self(single.chain(maps).collect())
    }
}

fn check_json(json: &Value) -> Result<(), String> {
    match json {
        Value::String(text) => parts(text).map(drop),
        Value::Array(list) => list.iter().try_for_each(check_json),
        Value::Object(map) => map.values().try_for_each(check_json),
        _ => Ok(()),
    }
}

impl World {
    /// Answers a request; what it changes at the service is changed when this returns.
    pub(super) fn answer(&self, request: &Request) -> Result<Answer, NoAnswer> {
        let mut state = self.state();
        let disturbed = self.call_fault(state.calls);
        state.calls += 1;
        if let Some(fault) = disturbed.filter(|fault| !fault.is_applied()) {
            state.note(self, request, &fault.to_string());
            return fault.answer();
        }
        let found = self.find(&state, request);
        let (at, captured) = match found {
            Ok(found) => found,
            Err(nearest) => {
                let text = self.unanswered(request, nearest);
                state.note(self, request, "nobody answers");
                state.unmatched.push(text);
                return Err(NoAnswer::Refused);
            }
        };
        let setting = Arc::clone(&self.setting);
        let Some(peer) = setting.peers.get(at) else { return Err(NoAnswer::Refused) };
        if let Some(uses) = state.uses.get_mut(at) {
            *uses += 1;
        }
        if peer.answer.fault == Some(AnswerFault::Refuse) {
            state.note(self, request, "refused");
            return Err(NoAnswer::Refused);
        }
        let answered = self.apply(&mut state, peer, request, &captured, at);
        let answered = answered.and_then(|()| {
            let scope =
                Scope { request: Some((request, &captured)), peer: Some(at), ..Scope::of(self, &state) };
            make(&peer.answer, &scope)
        });
        match answered {
            Ok(answer) => {
                let fault = peer.answer.fault.map_or(String::new(), |fault| format!(", {fault:?}"));
                let said = format!(
                    "{} from {}{}",
                    answer.response.status().as_u16(),
                    peer.title(),
                    fault.to_lowercase()
                );
                state.note(self, request, &said);
                match disturbed {
                    None => Ok(answer),
                    Some(CallFault::Slow) => Ok(Answer { delay: TOO_LATE, ..answer }),
                    Some(fault) => fault.answer(),
                }
            }
            Err(problem) => {
                let text =
                    format!("the peer {} could not answer {}: {problem}", peer.title(), request.line());
                state.note(self, request, "nobody answers");
                state.unmatched.push(text);
                Err(NoAnswer::Reset)
            }
        }
    }

    /// Finds the first peer that answers, or else the nearest one.
    fn find(&self, state: &State, request: &Request) -> Result<(usize, Vec<String>), Option<Nearest>> {
        let mut nearest: Option<Nearest> = None;
        for (at, peer) in self.setting.peers.iter().enumerate() {
            let scope = Scope { peer: Some(at), ..Scope::of_pattern(self, state) };
            let differences = match peer.compare(request, &scope) {
                Ok(captured) => match self.condition(state, peer, request, &captured, at) {
                    Ok(()) => return Ok((at, captured)),
                    Err(text) => vec![Difference::of_state(text)],
                },
                Err(differences) => differences,
            };
            if nearest.as_ref().is_none_or(|known| distance(&differences) < distance(&known.differences)) {
                nearest = Some(Nearest { at, differences });
            }
        }
        Err(nearest)
    }

    /// Whether a peer answers in this state.
    fn condition(
        &self,
        state: &State,
        peer: &PeerEntry,
        request: &Request,
        captured: &[String],
        at: usize,
    ) -> Result<(), String> {
        let scope = Scope { request: Some((request, captured)), peer: Some(at), ..Scope::of(self, state) };
        let uses = state.uses.get(at).copied().unwrap_or_default();
        if let Some(times) = peer.times.filter(|times| uses >= *times) {
            return Err(format!("times: it has answered as often as it may, which is {times}"));
        }
        for (key, expected) in &peer.when {
            let pattern = super::pattern::Pattern::new(expected, &scope)?;
            let found = state.get(key);
            if !(pattern.matches(found) && (found.is_empty() == expected.is_empty())) {
                return Err(format!("when {key}: expected \"{expected}\", and it is \"{found}\""));
            }
        }
        for (word, conditions) in [("since", &peer.since), ("until", &peer.until)] {
            for (key, age) in conditions {
                let since = state.since(key).ok_or_else(|| format!("{word} {key}: it has no value"))?;
                let is_older = self.time.now() >= since + duration(age)?;
                if is_older != (word == "since") {
                    let than = if is_older { "more" } else { "less" };
                    return Err(format!("{word} {key}: it was set {than} than {age} ago"));
                }
            }
        }
        if let Some(accepts) = &peer.accepts {
            let secret = expand(accepts, &scope)?;
            if !state.credentials.iter().any(|known| known.is_alive() && known.secret == secret) {
                return Err(format!("accepts: no credential of the service has the value {accepts}"));
            }
        }
        if let Some(removes) = &peer.removes {
            let id = expand(removes, &scope)?;
            if state.live(&id).is_none() {
                return Err(format!("removes: the service has no credential {id}"));
            }
        }
        Ok(())
    }

    /// Changes what the peer changes.
    fn apply(
        &self,
        state: &mut State,
        peer: &PeerEntry,
        request: &Request,
        captured: &[String],
        at: usize,
    ) -> Result<(), String> {
        fn scope<'a>(
            world: &'a World,
            state: &'a State,
            request: (&'a Request, &'a [String]),
            at: usize,
        ) -> Scope<'a> {
            Scope { request: Some(request), peer: Some(at), ..Scope::of(world, state) }
        }
        let request = (request, captured);
        if let Some(removes) = &peer.removes {
            let id = expand(removes, &scope(self, state, request, at))?;
            let at = state.live(&id);
            if let Some(credential) = at.and_then(|at| state.credentials.get_mut(at)) {
                credential.end(Fate::Removed);
            }
        }
        if let Some(makes) = &peer.makes {
            self.renew(makes);
            let made = Credential::of(makes, &scope(self, state, request, at))?;
            self.add_made(state, made);
        }
        for (key, value) in &peer.then {
            let value = expand(value, &scope(self, state, request, at))?;
            state.set(key, value, self.time.now());
        }
        Ok(())
    }

    /// Adds what was made; what has the same id is replaced: a password is.
    pub(super) fn add_made(&self, state: &mut State, made: Credential) {
        self.learn("made", &made.secret);
        if let Some(known) = state.live(&made.id).and_then(|at| state.credentials.get_mut(at)) {
            known.end(Fate::Replaced);
        }
        state.credentials.push(Credential { is_made: true, ..made });
    }

    /// Tells people of a request that nobody answers.
    fn unanswered(&self, request: &Request, nearest: Option<Nearest>) -> String {
        let mut lines = vec![format!("no peer answers this request:\n{}", indented(&request.shown()))];
        if let Some(Nearest { at, differences }) = nearest
            && let Some(peer) = self.setting.peers.get(at)
        {
            lines.push(format!("the nearest one is {}, which differs:", peer.title()));
            lines.extend(differences.iter().map(|difference| indented(&difference.text)));
        }
        let text = lines.join("\n");
        self.named(&text)
    }
}

impl State {
    fn note(&mut self, world: &World, request: &Request, answer: &str) {
        let shown = format!("{}\n-> {answer}", request.shown());
        self.exchanges.push(Exchange {
            line: request.line(),
            step: request.step,
            answer: answer.to_owned(),
            shown: world.named(&shown),
        });
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

/// Makes an answer.
fn make(entry: &AnswerEntry, scope: &Scope<'_>) -> Result<Answer, String> {
    let mut response = http::Response::builder().status(entry.status.unwrap_or(200));
    let body = match (&entry.json, &entry.text) {
        (Some(json), _) => {
            response = response.header("content-type", "application/json");
            expand_answer(json, scope)?.to_string()
        }
        (None, Some(text)) => expand(text, scope)?,
        (None, None) => String::new(),
    };
    let mut response = response.body(Bytes::from(body)).map_err(|error| error.to_string())?;
    for (name, value) in &entry.headers {
        let name: HeaderName = name.parse().map_err(|_| format!("`{name}` is no name of a header"))?;
        let value = HeaderValue::from_str(&expand(value, scope)?)
            .map_err(|_| format!("the value of the header {name} cannot be one"))?;
        response.headers_mut().insert(name, value);
    }
    let delay = entry.delay.as_deref().map(duration).transpose()?.unwrap_or_default();
    Ok(Answer { response, delay, fault: entry.fault })
}

/// The service of a world, as the gate sees it.
pub struct Service(pub Arc<World>);

#[async_trait::async_trait]
impl Peer for Service {
    async fn answer(
        &self,
        sent: Sent,
        departs: &(dyn Fn() + Sync),
    ) -> Result<http::Response<Bytes>, NoAnswer> {
        let world = &self.0;
        let request = Request::new(&sent);
        world.moment(|| format!("before {}", request.line())).await;
        let answer = world.answer(&request);
        if !matches!(answer, Err(NoAnswer::Refused)) {
            departs();
        }
        world.moment(|| format!("after {}", request.line())).await;
        let Answer { response, delay, fault } = answer?;
        world.time.wait(delay).await;
        match fault {
            None => Ok(response),
            Some(AnswerFault::Refuse) => Err(NoAnswer::Refused),
            Some(AnswerFault::Reset) => Err(NoAnswer::Reset),
            Some(AnswerFault::Cut) => Err(NoAnswer::Cut),
        }
    }

    fn hands_over(&self, what: &str) {
        let world = &self.0;
        if world.finds_secret_in(what) {
            let step = world.step().map_or_else(String::new, |step| format!(" in {step}"));
            world.state().leaked.push(format!("a secret reached the plugin{step}: {}", world.named(what)));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::harness::{Reach, Setting};
    use crate::model::StepName;

    fn world(peers: &Value) -> Arc<World> {
        let setting = Setting {
            records: serde_json::from_value(json!([{"role": "target", "key": "{secret:old}"}])).unwrap(),
            peers: serde_json::from_value(peers.clone()).unwrap(),
            ..Setting::default()
        };
        Arc::new(World::new(&Arc::new(setting), None, Reach::BehindTheGate).unwrap())
    }

    fn sent(name: &str) -> Sent {
        let request = http::Request::builder().method("POST").uri("https://api.test/keys");
        Sent { step: StepName::Rotate, name: name.to_owned(), request: request.body(Bytes::new()).unwrap() }
    }

    #[test]
    fn a_peer_answers_the_request_of_its_name_and_no_other_one_of_the_same_form() {
        let world = world(&json!([
            {"call": "list", "answer": {"status": 200}},
            {"call": "add", "request": {"path": "/keys"}, "answer": {"status": 201}},
            {"call": "remove", "request": {"path": "/other"}, "answer": {"status": 204}},
        ]));
        let answer = |name: &str| {
            let answer = world.answer(&Request::new(&sent(name)));
            answer.map(|answer| answer.response.status().as_u16())
        };
        assert_eq!((answer("list").unwrap(), answer("add").unwrap()), (200, 201));
        assert!(answer("remove").is_err() && answer("ad").is_err());
        let told = world.unmatched();
        assert!(told[0].contains("path: expected /other, found /keys"), "{told:?}");
        assert!(told[1].contains("call: expected `"), "{told:?}");
    }

    #[test]
    fn a_secret_that_is_handed_to_a_plugin_is_found_in_any_encoding_and_named() {
        let world = world(&json!([]));
        let secret = world.expand("{secret:old}").unwrap();
        let service = Service(Arc::clone(&world));
        service.hands_over(&format!("{:?}", ["nothing", "of it"]));
        assert_eq!(world.leaked(), Vec::<String>::new());
        let base64 = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, format!("x:{secret}"));
        for text in [secret.clone(), base64, "[redacted]".to_owned()] {
            service.hands_over(&format!("{:?}", [("answer", &text)]));
        }
        let told = world.leaked();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(
            told[0].contains("{secret:old}") && told.iter().all(|told| !told.contains(&secret)),
            "{told:?}"
        );
    }
}
