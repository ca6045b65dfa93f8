//! What the host knows of a rotation by itself: effects, ids and proof.
//!
//! Nothing here is a plugin's word. Whoever uses it reports what was sent, what was answered and what was
//! listed, and asks what follows of that.

use std::collections::{BTreeMap, BTreeSet};

use crate::manifest::Effect;

/// The account of one rotation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    known: BTreeSet<String>,
    sightings: BTreeMap<String, Sighting>,
    effects: Vec<Sent>,
    made: Option<String>,
    current_try: u32,
    is_proven: bool,
}

/// When an id was seen last, and how often it was missed since.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sighting {
    request: String,
    is_disabled: bool,
    /// Listings of that request, one after another, that lacked it.
    missed: u32,
}

/// An effect that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sent {
    request: String,
    effect: Effect,
    credential: Option<String>,
    /// The id that was known before it was sent.
    own_id: Option<String>,
    of_try: u32,
    state: State,
    /// Listings that came after it, of the request that shows its credential.
    settling: u32,
}

/// What is known of an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It may have been done.
    Open,
    /// It was done.
    Done,
    /// It was not done.
    NotDone,
}

/// What came of sending an effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Came {
    /// Nothing was written to the service.
    NotWritten,
    /// It succeeded; of one that creates, with this id.
    Success(Option<String>),
    /// The service says that it did nothing.
    Rejection,
    /// Anything else; so while it is pending.
    Unclear,
}

/// An effect of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket(usize);

/// A credential that a listing shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown<'a> {
    /// Its id.
    pub id: &'a str,
    /// Whether it is disabled.
    pub is_disabled: bool,
}

/// What an answer says cannot be, so that the step is uncertain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// A credential that was listed before cannot be new.
    #[error("the service gave an id as new that it listed before the rotation")]
    NotNew,
    /// Two requests of one try made two credentials.
    #[error("two requests that create gave two ids in one try")]
    TwoIds,
    /// It has none.
    #[error("what was created has no id")]
    NoId,
}

/// Why an effect must not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// A create is sent once a try, unless it was rejected.
    #[error(
        "this create was sent in this try already, and not rejected; return what came of it, and pamrun decides on another try"
    )]
    Twice,
}

impl Account {
    /// Begins an account.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins another try: what creates may be sent again. The id of the last one is no longer the new one.
    pub fn begin_try(&mut self) {
        self.current_try += 1;
        self.made = None;
    }

    /// Notes a whole listing of preflight: what it shows was there before.
    pub fn known(&mut self, request: &str, shown: &[Shown<'_>]) {
        self.known.extend(shown.iter().map(|one| one.id.to_owned()));
        self.listed(request, shown);
    }

    /// Notes a whole listing of any step.
    pub fn listed(&mut self, request: &str, shown: &[Shown<'_>]) {
        let ids: BTreeMap<&str, bool> = shown.iter().map(|one| (one.id, one.is_disabled)).collect();
        for (id, sighting) in &mut self.sightings {
            if sighting.request == request && !ids.contains_key(id.as_str()) {
                sighting.missed += 1;
            }
        }
        for (id, is_disabled) in &ids {
            let sighting = Sighting { request: request.to_owned(), is_disabled: *is_disabled, missed: 0 };
            self.sightings.insert((*id).to_owned(), sighting);
        }
        self.settle_by(request);
    }

    /// Settles what is open and was shown to be done by two listings that came after it.
    fn settle_by(&mut self, request: &str) {
        for sent in self.effects.iter_mut().filter(|sent| sent.state == State::Open && sent.effect.retires())
        {
            let Some(sighting) = sent.credential.as_ref().and_then(|id| self.sightings.get(id)) else {
                continue;
            };
            if sighting.request != request {
                continue;
            }
            let shows = match sent.effect {
                Effect::Deletes => sighting.missed > 0,
                _ => sighting.is_disabled || sighting.missed > 0,
            };
            sent.settling = if shows { sent.settling + 1 } else { 0 };
            if sent.settling >= 2 {
                sent.state = State::Done;
            }
        }
    }

    /// Notes an effect before it is sent. `own_id` is the id of one whose id is known before.
    ///
    /// # Errors
    /// It must not be sent.
    pub fn send(
        &mut self,
        request: &str,
        effect: Effect,
        credential: Option<&str>,
        own_id: Option<&str>,
    ) -> Result<Ticket, Denied> {
        let is_again = |sent: &Sent| {
            sent.request == request && sent.of_try == self.current_try && sent.state != State::NotDone
        };
        // One whose id is known before may be repeated while it is open: that settles it.
        let may_repeat =
            |sent: &Sent| sent.state == State::Open && own_id.is_some() && sent.own_id.as_deref() == own_id;
        if effect == Effect::Creates && self.effects.iter().any(|sent| is_again(sent) && !may_repeat(sent)) {
            return Err(Denied::Twice);
        }
        self.effects.push(Sent {
            request: request.to_owned(),
            effect,
            credential: credential.map(str::to_owned),
            own_id: own_id.map(str::to_owned),
            of_try: self.current_try,
            state: State::Open,
            settling: 0,
        });
        Ok(Ticket(self.effects.len() - 1))
    }

    /// Notes what came of an effect. An id is noted even where it contradicts what was known: it is live.
    ///
    /// # Errors
    /// The answer says what cannot be: the step is uncertain.
    pub fn came(&mut self, ticket: Ticket, came: Came) -> Result<(), Contradiction> {
        let Some(sent) = self.effects.get_mut(ticket.0) else { return Ok(()) };
        let (effect, request) = (sent.effect, sent.request.clone());
        let id = match came {
            Came::Unclear => return Ok(()),
            Came::NotWritten | Came::Rejection => {
                sent.state = State::NotDone;
                return Ok(());
            }
            Came::Success(id) => id.or_else(|| sent.own_id.clone()),
        };
        sent.state = State::Done;
        let (credential, own_id, of_try) = (sent.credential.clone(), sent.own_id.clone(), sent.of_try);
        for earlier in self
            .effects
            .iter_mut()
            .filter(|earlier| earlier.state == State::Open && earlier.request == request)
        {
            let is_settled = match effect {
                Effect::Updates | Effect::Delivers => true,
                Effect::Creates => own_id.is_some() && earlier.own_id == own_id,
                Effect::Disables | Effect::Deletes => earlier.credential == credential,
                Effect::Reads => false,
            };
            if is_settled {
                earlier.state = State::Done;
            }
        }
        if effect != Effect::Creates {
            return Ok(());
        }
        let id = id.filter(|id| !id.is_empty()).ok_or(Contradiction::NoId)?;
        let is_known = self.known.contains(&id);
        let earlier = if of_try == self.current_try { self.made.clone() } else { None };
        let is_other = earlier.is_some_and(|earlier| earlier != id);
        if !is_known && !is_other {
            self.made = Some(id);
        }
        match (is_known, is_other) {
            (true, _) => Err(Contradiction::NotNew),
            (_, true) => Err(Contradiction::TwoIds),
            _ => Ok(()),
        }
    }

    /// Notes that a request succeeded which carries the new secret, or compares with it, and which takes
    /// something of its answer or has a condition.
    ///
    /// What was to be set, or to be handed on, is there then: that settles an open effect which was to do it,
    /// unless several requests were to do so at several places, of which one was asked.
    pub fn proves(&mut self) {
        self.is_proven = true;
        let sets = |sent: &Sent| matches!(sent.effect, Effect::Updates | Effect::Delivers);
        let requests: BTreeSet<String> =
            self.effects.iter().filter(|sent| sets(sent)).map(|sent| sent.request.clone()).collect();
        if requests.len() == 1 {
            for sent in self.effects.iter_mut().filter(|sent| sets(sent) && sent.state == State::Open) {
                sent.state = State::Done;
            }
        }
    }

    /// Begins verify: what was proven before counts no more.
    pub fn begin_verify(&mut self) {
        self.is_proven = false;
    }

    /// Whether the plugin's `verified` counts.
    #[must_use]
    pub fn is_verified(&self, plugin_says: bool) -> bool {
        plugin_says && self.is_proven
    }

    /// What is known of an effect.
    #[must_use]
    pub fn state(&self, ticket: Ticket) -> Option<State> {
        self.effects.get(ticket.0).map(|sent| sent.state)
    }

    /// How many effects were sent so far: what is sent from here on is asked about with [`Self::since`].
    #[must_use]
    pub fn count(&self) -> usize {
        self.effects.len()
    }

    /// What is known of the effects that were sent after the first `count`.
    pub fn since(&self, count: usize) -> impl Iterator<Item = State> {
        self.effects.iter().skip(count).map(|sent| sent.state)
    }

    /// Whether an effect is open, so that the step is uncertain whatever the plugin says.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.effects.iter().any(|sent| sent.state == State::Open)
    }

    /// Whether an id was retired: by a request of that effect that was done.
    #[must_use]
    pub fn is_retired(&self, id: &str, by: Effect) -> bool {
        let retires = |sent: &Sent| sent.effect == by && sent.credential.as_deref() == Some(id);
        self.effects.iter().any(|sent| retires(sent) && sent.state == State::Done)
    }

    /// Whether anything may have been changed.
    #[must_use]
    pub fn may_have_changed(&self) -> bool {
        self.effects.iter().any(|sent| sent.state != State::NotDone)
    }

    /// Whether a create was written at all; where none was, a rollback touches nothing.
    #[must_use]
    pub fn may_have_created(&self) -> bool {
        self.effects.iter().any(|sent| sent.effect == Effect::Creates && sent.state != State::NotDone)
    }

    /// The id of what this try made.
    #[must_use]
    pub fn made(&self) -> Option<&str> {
        self.made.as_deref()
    }

    /// Whether preflight listed an id.
    #[must_use]
    pub fn is_known(&self, id: &str) -> bool {
        self.known.contains(id)
    }

    /// Whether an id is gone: two listings of the request that showed it last lacked it since.
    #[must_use]
    pub fn is_gone(&self, id: &str) -> bool {
        self.sightings.get(id).is_some_and(|sighting| sighting.missed >= 2)
    }

    /// Ids that no listing of preflight showed and a later one does: made meanwhile, by us or by somebody.
    pub fn appeared(&self) -> impl Iterator<Item = &str> {
        let shown =
            self.sightings.iter().filter(|(id, sighting)| sighting.missed == 0 && !self.known.contains(*id));
        shown.map(|(id, _)| id.as_str())
    }
}

#[cfg(test)]
mod tests;
