//! Has the service accept the new value, and proves it; or the old one, where it says that the new
//! one is wrong.

use std::collections::BTreeSet;

use super::contract::{judge_fields, judge_handle, settle};
use super::engine::{Engine, Ready};
use super::in_place::{value_in, value_update};
use super::make::{TRIES, answer_is_lost, changed_nothing};
use super::pending::Pending;
use super::{Entry, StepError, Stop, Trouble};
use crate::model::{Credential, Failure, FailureKind, Plan, Record, ReturnedField, StepName};
use crate::policy::Removals;
use crate::secret::Secret;

/// A value that is to take the place of another one.
pub(super) struct Exchange {
    pub(super) ready: Ready,
    /// The field that holds the value.
    pub(super) field: ReturnedField,
    pub(super) new: Secret,
    /// What the service accepted before, as far as anybody knows.
    pub(super) old: Option<Secret>,
    /// Whether a write at the service was not answered: until `tries.settled_at` it may land.
    pub(super) is_unclear: bool,
}

/// What the service accepts, proven.
pub(super) enum Accepted {
    /// The new value.
    New(Credential),
    /// The old value, for this reason.
    Old(Stop),
    /// A value that somebody else set and saved meanwhile.
    Theirs(Secret),
}

/// How setting the new value ended.
enum Set {
    /// The service says that it did.
    Done(Credential),
    /// It certainly did not.
    Refused(Stop),
    /// That is not known.
    Unclear(Stop),
}

impl Exchange {
    fn propose(&mut self, value: &Secret) {
        self.ready.prepared.request.proposed = Some(value.clone());
    }

    fn credential(&self, handle: Option<&str>, value: &Secret, rotation_id: &str) -> Credential {
        let handle = handle.unwrap_or(rotation_id).to_owned();
        Credential { handle, updates: vec![value_update(&self.field, value)], expires: None }
    }
}

impl Engine<'_> {
    /// Sets the new value and proves it. `made` is the handle of one that was set before.
    ///
    /// # Errors
    /// Why it is not known which of the two the service accepts.
    pub(super) async fn bring_about(
        &mut self,
        exchange: &mut Exchange,
        made: Option<&str>,
    ) -> Result<Accepted, Stop> {
        let new = exchange.new.clone();
        exchange.propose(&new);
        let bare = exchange.credential(made, &new, &self.job.rotation_id);
        let (credential, lost) = match made {
            Some(_) => (bare, None),
            None => match self.set_new(exchange).await {
                Set::Done(credential) => (credential, None),
                Set::Refused(stop) => return Ok(Accepted::Old(stop)),
                Set::Unclear(stop) => (bare, Some(stop)),
            },
        };
        if exchange.is_unclear && !self.wait_for_landing().await {
            let stop = lost.unwrap_or_else(|| {
                Stop::failed("rotate", "timeout", "an earlier try was not answered, and may still land")
            });
            return Err(self.undecided(exchange, stop));
        }
        match (self.verify(&exchange.ready, &credential).await, lost) {
            (Err(error), _) if says_wrong(&error) => {
                let stop = Stop::of_step(StepName::Verify, error);
                self.put_back(exchange, Some(&credential.handle), stop).await
            }
            (Err(error), _) => Err(self.undecided(exchange, Stop::of_step(StepName::Verify, error))),
            (Ok(()), Some(stop)) if self.outcome.proof != Some("verified") => {
                self.outcome.proof = None;
                Err(self.undecided(exchange, stop))
            }
            (Ok(()), _) => Ok(Accepted::New(credential)),
        }
    }

    /// Has the plugin set the new value; the same one again, when its answer was lost.
    async fn set_new(&mut self, exchange: &mut Exchange) -> Set {
        let mut retry = self.retry();
        let mut round = 0;
        let mut is_begun = false;
        loop {
            round += u32::from(!is_begun);
            if !is_begun && let Err(stop) = self.begin_try(StepName::Rotate) {
                return if exchange.is_unclear { Set::Unclear(stop) } else { Set::Refused(stop) };
            }
            let Exchange { ready, .. } = &*exchange;
            let rotate =
                self.call(StepName::Rotate, &ready.prepared, Removals::Nothing, async |plugin, call| {
                    plugin.rotate(call, &ready.plan).await
                });
            let answer = rotate.await;
            self.take_in_hand(&answer, &exchange.ready.target);
            // These stand in the record already.
            self.let_go_of(&value_update(&exchange.field, &exchange.new));
            let error = match answer.result {
                Ok(credential) => return self.accept_value(exchange, credential),
                Err(error) => error,
            };
            let lost = answer_is_lost(&error);
            let trouble = error.trouble(StepName::Rotate);
            let spare = self.spare(StepName::Rotate);
            // Then the try is not used up.
            is_begun = changed_nothing(answer.trace.change, &error) && !self.in_hand.is_worth_keeping();
            let stop = Stop::of_step(StepName::Rotate, error);
            if is_begun {
                if self.hold_on(&mut retry, trouble, spare).await {
                    continue;
                }
                return if exchange.is_unclear { Set::Unclear(stop) } else { Set::Refused(stop) };
            }
            self.note_unclear(exchange);
            let trouble = trouble.unwrap_or(Trouble::NotYet);
            // Another try might make another one of what is in hand.
            let is_over = !lost || round == TRIES || self.in_hand.is_worth_keeping();
            if is_over || !self.hold_on(&mut retry, trouble, spare).await {
                return Set::Unclear(stop);
            }
            self.warn(format!("rotate was repeated with the same value, since its answer was lost: {stop}"));
        }
    }

    fn accept_value(&mut self, exchange: &Exchange, mut credential: Credential) -> Set {
        settle(&mut credential, &exchange.ready.target, self.job);
        let judged = judge_handle(&credential, &BTreeSet::new(), self.secrets)
            .map_err(str::to_owned)
            .and_then(|()| judge_fields(&credential.updates, self.job))
            .and_then(|()| judge_value(&credential, exchange))
            .map_err(|why| Stop::contract(StepName::Rotate, &why));
        let made =
            judged.and_then(|()| self.append(Entry::Made { handle: credential.handle.clone(), field: None }));
        match made {
            Ok(()) => Set::Done(credential),
            Err(stop) => Set::Unclear(stop),
        }
    }

    /// Puts the old value back, since the service said that the new one is wrong.
    ///
    /// # Errors
    /// Why it is not known which of the two the service accepts.
    pub(super) async fn put_back(
        &mut self,
        exchange: &mut Exchange,
        made: Option<&str>,
        stop: Stop,
    ) -> Result<Accepted, Stop> {
        let Some(old) = exchange.old.clone() else { return Err(self.undecided(exchange, stop)) };
        let Ok(fresh) = self.get("get").await else { return Err(self.undecided(exchange, stop)) };
        let is_ours = Pending::of(&fresh.target)
            .is_ok_and(|pending| pending.is_some_and(|pending| pending.rotation_id == self.job.rotation_id));
        if let Some(theirs) = self.theirs(exchange, &fresh.target).filter(|_| is_ours)
            && self.accepts(exchange, &theirs).await == Some(true)
        {
            return Ok(Accepted::Theirs(theirs));
        }
        if !is_ours || self.append(Entry::PuttingBack).is_err() {
            return Err(self.undecided(exchange, stop));
        }
        exchange.propose(&old);
        let mut retry = self.retry();
        let mut round = 0;
        let mut is_begun = false;
        loop {
            round += u32::from(!is_begun);
            if !is_begun && self.begin_try(StepName::Rollback).is_err() {
                return Err(self.undecided(exchange, stop));
            }
            let Exchange { ready, .. } = &*exchange;
            let rollback =
                self.call(StepName::Rollback, &ready.prepared, Removals::Nothing, async |plugin, call| {
                    plugin.rollback(call, &ready.plan, made).await
                });
            let answer = rollback.await;
            let Err(error) = answer.result else { break };
            is_begun = changed_nothing(answer.trace.change, &error);
            if !is_begun {
                self.note_unclear(exchange);
            }
            self.warn(format!("the old value could not be put back: {error}"));
            let is_over = !is_begun && round == TRIES;
            let trouble = error.trouble(StepName::Rollback).filter(|_| !is_over);
            if !self.hold_on(&mut retry, trouble, self.spare(StepName::Rollback)).await {
                return Err(self.undecided(exchange, stop));
            }
        }
        if exchange.is_unclear && !self.wait_for_landing().await {
            return Err(self.undecided(exchange, stop));
        }
        let credential = exchange.credential(made, &old, &self.job.rotation_id);
        let verified = self.verify(&exchange.ready, &credential).await;
        self.outcome.proof = None;
        match verified {
            Ok(()) => Ok(Accepted::Old(stop)),
            Err(_) => Err(self.undecided(exchange, stop)),
        }
    }

    /// What somebody put into the record's own field who knows better, maybe; what this run proposes
    /// itself is none of that.
    pub(super) fn theirs(&self, exchange: &Exchange, record: &Record) -> Option<Secret> {
        let Exchange { field, new, old, .. } = exchange;
        let known = [Some(new), old.as_ref(), self.job.proposed.as_ref()];
        value_in(record, field).filter(|value| !known.contains(&Some(value)))
    }

    /// Asks the service whether it accepts a value; none when that cannot be proven either way.
    pub(super) async fn accepts(&mut self, exchange: &mut Exchange, value: &Secret) -> Option<bool> {
        exchange.propose(value);
        let credential = exchange.credential(None, value, &self.job.rotation_id);
        let answer = self.verify(&exchange.ready, &credential).await;
        match (answer, self.outcome.proof.take()) {
            (Ok(()), Some("verified")) => Some(true),
            (Err(error), _) if says_wrong(&error) => Some(false),
            _ => None,
        }
    }

    fn note_unclear(&mut self, exchange: &mut Exchange) {
        exchange.is_unclear = true;
        self.tries.settled_at = self.clock.elapsed() + self.job.limits.settle_window;
    }

    /// Waits until no unanswered write can land any more; returns false when there is no time.
    pub(super) async fn wait_for_landing(&mut self) -> bool {
        loop {
            let left = self.tries.settled_at.saturating_sub(self.clock.elapsed());
            if left.is_zero() {
                return true;
            }
            if left >= self.time_left(StepName::Verify) || !self.pause(left).await {
                return false;
            }
        }
    }

    /// How it ends when it is not known which of the two values works.
    pub(super) fn undecided(&self, exchange: &Exchange, stop: Stop) -> Stop {
        let Plan { target, .. } = &exchange.ready.plan;
        let uid = &self.job.record_uid;
        let hint = format!(
            "the field `pamrun_pending` of record {uid} holds the new and the old value, and one of them works at {target}"
        );
        stop.uncertain("the service may accept the new value or the old one", hint)
    }
}

fn says_wrong(error: &StepError) -> bool {
    matches!(error, StepError::Failure(Failure { kind: FailureKind::WrongCredential, .. }))
}

/// Judges the value that a plugin says it set.
fn judge_value(credential: &Credential, exchange: &Exchange) -> Result<(), String> {
    let field = &exchange.field;
    let is_it = |label: &str, place| label == field.label && place == field.place;
    let set = credential.updates.iter().find(|update| is_it(&update.label, update.place));
    match set {
        Some(update) if update.values == [exchange.new.clone()] => Ok(()),
        _ => Err(format!(
            "the plugin did not return the field `{}` with the value that it was given",
            field.label
        )),
    }
}
