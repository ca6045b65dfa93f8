//! One call: written, sent, judged, and taken apart.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use pamrun_contract::account::{Came, Contradiction, Shown as Sighted, Ticket};
use pamrun_contract::answer::{Answer, Poll, Rejection as Refusal, Seeing, Shown, Taken, Takes, Verdict};
use pamrun_contract::manifest::{Effect, Id, Request};
use pamrun_contract::nearest::mend;
use pamrun_contract::render::{Rendered, render, render_text};
use pamrun_contract::value::Value;

use super::chance::with_chance;
use super::permit::refused;
use super::session::Session;
use super::store::Held;
use super::trouble::{Answered, Item, Rejection, Trouble};
use super::values::{Params, View};
use super::way::{Sendable, Unsent, Way, answer, written};
use crate::model::{Failure, FailureKind, StepName};
use crate::policy::{Deny, excerpt};
use crate::rotation::StepError;

/// How deep one request may need another one first.
const DEEPEST: usize = 8;
/// How often a poll may stay without an answer.
const LOST_POLLS: usize = 5;

/// What came of sending.
pub(super) enum Received {
    /// An answer.
    Answer(http::Response<Bytes>),
    /// None.
    Nothing { has_left: bool, why: String },
}

/// What a request was written with.
struct Written {
    rendered: Rendered,
    /// The references that it used.
    used: BTreeSet<String>,
    /// The names of answers of which it carries a secret.
    sent_secrets_of: BTreeSet<String>,
    uses_new: bool,
}

type Performed<'a> = Pin<Box<dyn Future<Output = Result<Answered, Trouble>> + Send + 'a>>;

impl Session {
    /// Calls a declared request for the plugin.
    ///
    /// # Errors
    /// Why there is no success.
    pub async fn call(&mut self, way: &dyn Way, name: &str, params: Params) -> Result<Answered, Trouble> {
        self.perform(way, name, params, 0).await
    }

    /// Calls a request, for the plugin or because another one refers to it.
    pub(super) fn perform<'a>(
        &'a mut self,
        way: &'a dyn Way,
        name: &'a str,
        params: Params,
        depth: usize,
    ) -> Performed<'a> {
        Box::pin(async move {
            let manifest = Arc::clone(&self.manifest);
            let Some((name, request)) = manifest.requests.get_key_value(name) else {
                let known = manifest.requests.keys().map(String::as_str);
                let mend = mend(name, known);
                let why = format!("the manifest declares no request `{}`; {mend}", excerpt(name));
                return Err(Trouble::Refused(Deny::NotDeclared(why)));
            };
            if depth > DEEPEST {
                return Err(refused(format!("`{name}` needs too many other requests first")));
            }
            self.permit(way, name, request, &params)?;
            let prepared = self.write(way, name, request, &params, depth).await?;
            self.holds(way, name, request, &params, depth).await?;
            self.exchange(way, name, request, &params, &prepared).await
        })
    }

    /// Writes the request; answers that it refers to are asked for first.
    async fn write(
        &mut self,
        way: &dyn Way,
        name: &str,
        request: &Request,
        params: &Params,
        depth: usize,
    ) -> Result<Written, Trouble> {
        let manifest = Arc::clone(&self.manifest);
        for _ in 0..=DEEPEST {
            let now = way.now();
            let (missing, written) = {
                let view = View::new(self, params, now);
                let rendered = with_chance(|chance| render(&manifest, name, &view, now, chance));
                let missing = view.missing.take();
                let leading = view.leading.take();
                let used = view.used.take();
                let sent_secrets_of = view.sent_secrets_of.take();
                let uses_new = view.uses_new.get();
                let written =
                    rendered.map(|rendered| (Written { rendered, used, sent_secrets_of, uses_new }, leading));
                (missing, written)
            };
            let Some(wanted) = missing.into_iter().next() else {
                let (written, leading) = written.map_err(|error| refused(format!("`{name}`: {error}")))?;
                if request.effect.changes() {
                    self.is_pinned(&leading)?;
                }
                return Ok(written);
            };
            self.ask_for(way, name, &wanted, depth).await?;
        }
        Err(refused(format!("`{name}` refers to answers that do not stay")))
    }

    /// Gets an answer that something refers to and that is not there: of a read without parameters, and of
    /// nothing else.
    pub(super) async fn ask_for(
        &mut self,
        way: &dyn Way,
        whose: &str,
        wanted: &str,
        depth: usize,
    ) -> Result<(), Trouble> {
        let read = self.manifest.requests.get(wanted);
        if !read.is_some_and(|read| read.effect == Effect::Reads && read.params.is_empty()) {
            return Err(refused(format!(
                "`{whose}` refers to the answer `{wanted}`, which is not there; call what gives it first"
            )));
        }
        self.perform(way, wanted, Params::new(), depth + 1).await.map(drop)
    }

    async fn exchange(
        &mut self,
        way: &dyn Way,
        name: &str,
        request: &Request,
        params: &Params,
        written: &Written,
    ) -> Result<Answered, Trouble> {
        let manifest = Arc::clone(&self.manifest);
        let takes = manifest.whole(name, request).takes();
        let has_effect = request.effect.changes();
        let uri: http::Uri =
            written.rendered.url.parse().map_err(|_| refused(format!("`{name}`: its URL is none")))?;
        if let Some(host) = uri.authority() {
            way.allows_host(host.as_str()).map_err(Trouble::Refused)?;
        }
        self.step.silence = None;
        let ticket = if has_effect { Some(self.announce(way, name, request, params)?) } else { None };
        let url = written.rendered.url.clone();
        let received = self.send(way, name, has_effect, &written.rendered, &url).await;
        let received = match received {
            Ok(received) => received,
            Err(trouble) => {
                if let (Some(ticket), Trouble::Refused(_)) = (ticket, &trouble) {
                    let _ = self.account.came(ticket, Came::NotWritten);
                }
                return Err(trouble);
            }
        };
        let response = match received {
            Received::Answer(response) => answer(response),
            Received::Nothing { has_left: true, why } if has_effect => {
                self.note_written();
                return Err(Trouble::Uncertain(format!("`{name}`: {why}")));
            }
            Received::Nothing { why, .. } => {
                if let Some(ticket) = ticket {
                    let _ = self.account.came(ticket, Came::NotWritten);
                }
                self.remark(name, &why);
                return Err(Trouble::Unavailable(Rejection::without_answer(name)));
            }
        };
        if has_effect {
            self.note_written();
        }
        if response.status() == 401 {
            self.drop_answers(written);
        }
        let (verdict, compares_new) = self.judge(way, &takes, &response, params, None);
        let verdict = self.poll(way, name, request, &takes, params, (verdict, response)).await?;
        let is_proof = (written.uses_new || compares_new) && proves(&takes);
        match verdict {
            Verdict::Success(got) => {
                got.secrets.values().for_each(|secret| self.keep_secret(secret));
                let got = self.follow(way, name, &takes, params, (&written.rendered, *got)).await?;
                if is_proof {
                    self.account.proves();
                }
                self.keep(way.now(), name, request, written, &takes, ticket, got)
            }
            other => {
                if let Some(ticket) = ticket {
                    self.settle(ticket, &other);
                }
                Err(self.no_success(name, other))
            }
        }
    }

    /// Asks on and on whether what was asked is over.
    async fn poll(
        &mut self,
        way: &dyn Way,
        name: &str,
        request: &Request,
        takes: &Takes,
        params: &Params,
        (mut verdict, mut response): (Verdict, Answer),
    ) -> Result<Verdict, Trouble> {
        let Some(pending) = &request.pending else { return Ok(verdict) };
        let mut lost = 0;
        while let Verdict::Pending(poll) = &verdict {
            let poll: Poll = poll.clone();
            let asked = pamrun_contract::answer::retry_after(&response, way.now());
            way.sleep(asked.unwrap_or_default().max(pending.every)).await;
            let asking = self.write_poll(way, &pending.request, &poll)?;
            let url = asking.url.clone();
            match self.send(way, &pending.request, false, &asking, &url).await? {
                Received::Answer(next) => {
                    lost = 0;
                    response = answer(next);
                    (verdict, _) = self.judge(way, takes, &response, params, Some(&poll));
                }
                Received::Nothing { why, .. } => {
                    lost += 1;
                    if lost == LOST_POLLS {
                        return Err(Trouble::Uncertain(format!("`{name}` was not over yet: {why}")));
                    }
                }
            }
        }
        Ok(verdict)
    }

    fn write_poll(&self, way: &dyn Way, name: &str, poll: &Poll) -> Result<Rendered, Trouble> {
        let manifest = Arc::clone(&self.manifest);
        let now = way.now();
        let view = View::new(self, &poll.with, now);
        with_chance(|chance| render(&manifest, name, &view, now, chance))
            .map_err(|error| Trouble::Uncertain(format!("`{name}`: {error}")))
    }

    fn judge(
        &self,
        way: &dyn Way,
        takes: &Takes,
        response: &Answer,
        params: &Params,
        last: Option<&Poll>,
    ) -> (Verdict, bool) {
        let now = way.now();
        let view = View::new(self, params, now);
        let seeing = Seeing { given: &view, known: &self.known, now };
        let verdict = match last {
            None => takes.judge(response, &seeing),
            Some(last) => takes.judge_poll(response, &seeing, last),
        };
        (verdict, view.uses_new.get())
    }

    /// Keeps what was taken of a success, and shows what the plugin may see.
    #[expect(clippy::too_many_arguments, reason = "they are what one exchange is made of")]
    fn keep(
        &mut self,
        now: Timestamp,
        name: &str,
        request: &Request,
        written: &Written,
        takes: &Takes,
        ticket: Option<Ticket>,
        got: Taken,
    ) -> Result<Answered, Trouble> {
        let id = got.id.as_ref().and_then(|id| id.to_text().ok()).map(|id| id.to_string());
        let own_id = ticket.and_then(|_| self.step.made_unclearly.take());
        let came = ticket.map(|ticket| self.account.came(ticket, Came::Success(id.clone().or(own_id))));
        let mut answered = Answered {
            outputs: takes.show(&got).map(|(name, shown)| (name.to_owned(), shown)).collect(),
            items: Vec::new(),
        };
        if let Some(id) = id.filter(|_| !takes.outputs.contains_key("id")) {
            answered.outputs.push(("id".to_owned(), Shown::Text(id)));
        }
        self.open.extend(answered.outputs.iter().flat_map(|(_, shown)| texts(shown)));
        if takes.lists.is_some() {
            answered.items = got.items.iter().map(|item| shown(takes, item)).collect();
            self.note_listing(name, &answered.items);
        }
        let until = got.fresh_for.and_then(|seconds| {
            now.checked_add(SignedDuration::from_secs(i64::try_from(seconds).ok()?)).ok()
        });
        let held = Held { taken: got, until, used: written.used.clone() };
        self.answers.put(request.answers_as(name), held);
        if let Some(Err(contradiction)) = came {
            return Err(Trouble::Ended(StepError::Failure(Failure {
                kind: FailureKind::Uncertain,
                code: word(contradiction).to_owned(),
                message: format!("`{name}`: {contradiction}"),
                fix: None,
            })));
        }
        Ok(answered)
    }

    fn note_listing(&mut self, name: &str, items: &[Item]) {
        let sighted: Vec<Sighted<'_>> =
            items.iter().map(|item| Sighted { id: &item.id, is_disabled: item.disabled }).collect();
        if self.step.name == Some(StepName::Preflight) {
            self.account.known(name, &sighted);
        } else {
            self.account.listed(name, &sighted);
        }
        for item in items {
            self.step.shown.insert(item.id.clone());
            self.listed.insert(item.id.clone(), item.clone());
            self.shown_by.insert(item.id.clone(), name.to_owned());
        }
    }

    /// Announces an effect to the account, before it is written.
    fn announce(
        &mut self,
        way: &dyn Way,
        name: &str,
        request: &Request,
        params: &Params,
    ) -> Result<Ticket, Trouble> {
        let manifest = Arc::clone(&self.manifest);
        let credential = request.credentials().find_map(|param| params.get(param)?.to_text().ok());
        let own_id = match &request.id {
            Some(Id::Made(template)) => {
                let now = way.now();
                let view = View::new(self, params, now);
                let made = with_chance(|chance| render_text(&manifest, template, &view, now, chance));
                let made = made.map_err(|error| refused(format!("`{name}`: {error}")))?;
                made.to_text().ok().map(|id| id.to_string())
            }
            _ => None,
        };
        let credential = credential.as_ref().map(|id| id.as_str());
        let ticket = self.account.send(name, request.effect, credential, own_id.as_deref());
        let ticket =
            ticket.map_err(|denied| Trouble::Refused(Deny::Repeated(format!("`{name}`: {denied}"))))?;
        self.step.made_unclearly = own_id;
        Ok(ticket)
    }

    /// Notes what came of an effect that did not succeed.
    fn settle(&mut self, ticket: Ticket, verdict: &Verdict) {
        let came = match verdict {
            Verdict::Rejected(_) => Came::Rejection,
            Verdict::Leak { id, .. } => Came::Success(id.as_ref().and_then(text)),
            Verdict::Uncertain { id, .. } => {
                let id = id.as_ref().and_then(text);
                self.step.made_unclearly = id.or_else(|| self.step.made_unclearly.take());
                Came::Unclear
            }
            Verdict::Success(_) | Verdict::Pending(_) | Verdict::Unavailable { .. } => Came::Unclear,
        };
        // What it contradicts ends the step as uncertain in any case.
        let _ = self.account.came(ticket, came);
    }

    pub(super) fn no_success(&mut self, name: &str, verdict: Verdict) -> Trouble {
        match verdict {
            Verdict::Rejected(refusal) => Trouble::Rejected(self.rejection(name, refusal)),
            Verdict::Unavailable { rejection, why } => {
                self.remark(name, &why);
                Trouble::Unavailable(self.rejection(name, rejection))
            }
            Verdict::Uncertain { why, retry_after, .. } => {
                self.step.asked = retry_after;
                Trouble::Uncertain(format!("`{name}`: {why}"))
            }
            Verdict::Leak { output, .. } => Trouble::Ended(StepError::Contract(format!(
                "the answer to `{name}` has a secret in `{output}`, which the plugin would see; the manifest must take it as one of its `secrets`, or not at all"
            ))),
            Verdict::Success(_) | Verdict::Pending(_) => {
                Trouble::Uncertain(format!("`{name}`: it is not over"))
            }
        }
    }

    fn rejection(&mut self, name: &str, refusal: Refusal) -> Rejection {
        self.step.asked = refusal.retry_after;
        Rejection::of(name, refusal)
    }

    /// Sends what was written.
    pub(super) async fn send(
        &mut self,
        way: &dyn Way,
        name: &str,
        has_effect: bool,
        rendered: &Rendered,
        url: &str,
    ) -> Result<Received, Trouble> {
        for secret in &rendered.secrets {
            self.keep_form(secret);
        }
        let request = written(rendered, url).map_err(|why| refused(format!("`{name}`: {why}")))?;
        match way.send(Sendable { name: name.to_owned(), has_effect, request }).await {
            Ok(response) => Ok(Received::Answer(response)),
            Err(Unsent::NotWritten(why)) => Ok(Received::Nothing { has_left: false, why }),
            Err(Unsent::Lost(why)) => Ok(Received::Nothing { has_left: true, why }),
            Err(Unsent::Denied(deny)) => Err(Trouble::Refused(deny)),
            Err(Unsent::Ended(error)) => Err(Trouble::Ended(error)),
        }
    }

    fn note_written(&mut self) {
        self.has_written = true;
        self.step.has_written = true;
    }

    /// A service that no longer takes what was sent along has to be asked for another one.
    fn drop_answers(&mut self, written: &Written) {
        for name in &written.sent_secrets_of {
            self.answers.drop(name);
        }
    }

    /// Notes why there is no answer that can be used: for people, since the plugin is not told.
    pub(super) fn remark(&mut self, name: &str, why: &str) {
        self.remarks.push(format!("{name}: {why}"));
        self.step.silence = Some(why.to_owned());
    }

    /// Why the last call of the step got no answer that can be used; none where it got one.
    #[must_use]
    pub fn silence(&self) -> Option<&str> {
        self.step.silence.as_deref()
    }

    /// The lines for people so far.
    pub fn take_remarks(&mut self) -> Vec<String> {
        std::mem::take(&mut self.remarks)
    }

    /// How long the service asked to wait, the last time that it did.
    #[must_use]
    pub fn asked(&self) -> Option<Duration> {
        self.step.asked
    }
}

/// A stable word for what an answer says and cannot be.
fn word(contradiction: Contradiction) -> &'static str {
    match contradiction {
        Contradiction::NotNew => "id-not-new",
        Contradiction::TwoIds => "two-ids",
        Contradiction::NoId => "id-missing",
    }
}

fn texts(shown: &Shown) -> Vec<String> {
    match shown {
        Shown::Text(text) => vec![text.clone()],
        Shown::Texts(texts) => texts.clone(),
        Shown::Integer(_) | Shown::Flag(_) => Vec::new(),
    }
}

fn text(value: &Value) -> Option<String> {
    value.to_text().ok().map(|text| text.to_string())
}

/// Whether a success of a request says anything: it has a condition, or something is taken of it.
fn proves(takes: &Takes) -> bool {
    let has_condition = takes.success.iter().any(|one| !one.conditions.is_empty());
    has_condition || takes.lists.is_some() || !takes.outputs.is_empty() || !takes.secrets.is_empty()
}

fn shown(takes: &Takes, item: &pamrun_contract::answer::Item) -> Item {
    Item {
        id: text(&item.id).unwrap_or_default(),
        label: item.label.clone(),
        created: item.created.clone(),
        expires: item.expires.clone(),
        disabled: item.is_disabled,
        outputs: takes.show_item(item).map(|(name, shown)| (name.to_owned(), shown)).collect(),
    }
}
