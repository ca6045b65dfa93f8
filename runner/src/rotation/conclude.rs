//! Writes the record of an `in-place` rotation: the two values before the service is touched, and
//! afterwards the one that works.
//!
//! Each write is a save that names its revision, repeated while its answer is lost, and read back.

use std::cell::RefCell;
use std::time::Duration;

use super::engine::{Engine, Fresh};
use super::exchange::{Accepted, Exchange};
use super::in_place::{value_in, value_update};
use super::overlap::savable;
use super::pending::Pending;
use super::save::{OLD_REVISION, ROUNDS, Unsaved, changed, unclear};
use super::{Entry, Retry, Stop};
use crate::model::{Credential, Record, ReturnedField, StepName, Update};
use crate::secret::Secret;

/// How the record looks once it is known what the service accepts.
pub(super) enum Ending {
    /// It holds the new value; the records are as read back.
    Moved(Fresh),
    /// It holds what the service accepts, which is not the new value, for this reason.
    Dropped(Stop),
    /// Its hidden field holds what the service accepts, and its own field something else.
    Behind(Stop),
}

impl Engine<'_> {
    /// Puts both values into the record: for the first time, or in place of those of rotation `from`;
    /// tells whether the record still says what the plugin was told.
    pub(super) async fn hold(
        &mut self,
        exchange: &mut Exchange,
        from: Option<&str>,
    ) -> Result<bool, Unsaved> {
        let left = self.time_left(StepName::Rollback) + self.job.limits.settle_window;
        let until = Duration::from_secs((self.clock.unix_time() + left).as_secs().saturating_add(1));
        let own = self.job.rotation_id.clone();
        let Exchange { ready, field, new, old, .. } = exchange;
        let updates = |record: &Record| {
            let old = match (Pending::of(record)?, from) {
                (None, None) => value_in(record, field).filter(|value| value != new).or_else(|| old.clone()),
                (Some(pending), None) if pending.is_decided() => pending.old,
                (Some(pending), Some(from)) if pending.rotation_id == from => pending.old,
                _ => return Err(changed("rotated-elsewhere", "another rotation has begun or ended")),
            };
            let pending = Pending { new: Some(new.clone()), old, rotation_id: own.clone(), until };
            Ok(vec![pending.update()])
        };
        let held = |record: &Record| {
            let pending = Pending::of(record).ok().flatten();
            pending.filter(|pending| pending.rotation_id == own && pending.until == until)
        };
        // A script is told every field, and so the hidden one too.
        let written = [value_update(field, new), Pending::dropped()];
        let target = ready.target.clone();
        let go_on = |engine: &Self, fresh: &Fresh| engine.go_by(ready, fresh, &written);
        let fresh = self.put(target, updates, |record| held(record).is_some(), go_on).await?;
        if let Some(pending) = held(&fresh.target) {
            *old = pending.old;
        }
        let is_same = self.go_by(ready, &fresh, &written);
        ready.target.clone_from(&fresh.target);
        Ok(is_same)
    }

    /// Writes down what the service accepts.
    ///
    /// # Errors
    /// Why the record may not tell it.
    pub(super) async fn conclude(
        &mut self,
        exchange: &mut Exchange,
        accepted: Accepted,
    ) -> Result<Ending, Stop> {
        let Exchange { ready, field, new, old, .. } = &*exchange;
        let (target, field) = (ready.target.clone(), field.clone());
        match accepted {
            Accepted::Old(stop) => {
                let old = old.clone();
                self.leave(target, &field, old.as_ref(), stop).await
            }
            Accepted::Theirs(theirs) => {
                let stop = changed("rotated-elsewhere", "the field to be saved");
                self.leave(target, &field, Some(&theirs), stop).await
            }
            Accepted::New(_) if self.job.proposed.as_ref().is_some_and(|proposed| proposed != new) => {
                let new = new.clone();
                let stop = Stop::failed("save", "proposed-otherwise", "another value is to be set by now");
                self.leave(target, &field, Some(&new), stop).await
            }
            Accepted::New(credential) => self.move_in(exchange, credential).await,
        }
    }

    /// Saves the new value in its field, and drops the hidden one. Where somebody writes another value
    /// there meanwhile, the service is asked which of the two it accepts by now.
    async fn move_in(&mut self, exchange: &mut Exchange, credential: Credential) -> Result<Ending, Stop> {
        let is_proven = self.outcome.proof == Some("verified");
        let mut known = value_in(&exchange.ready.target, &exchange.field);
        for _ in 0..ROUNDS {
            let theirs = match self.move_over(exchange, &credential, known.as_ref()).await? {
                Ok(fresh) => {
                    credential.updates.iter().for_each(|update| self.let_go_of(update));
                    self.outcome.saved = true;
                    self.outcome.updates = credential.updates;
                    return Ok(Ending::Moved(fresh));
                }
                Err(theirs) => theirs,
            };
            let stop = changed("rotated-elsewhere", "the field to be saved");
            let new = exchange.new.clone();
            let accepts_new = if is_proven { self.accepts(exchange, &new).await } else { None };
            match accepts_new {
                Some(true) => self.outcome.proof = Some("verified"),
                Some(false) if self.accepts(exchange, &theirs).await == Some(true) => {
                    let (target, field) = (exchange.ready.target.clone(), exchange.field.clone());
                    return self.leave(target, &field, Some(&theirs), stop).await;
                }
                _ => return Err(self.undecided(exchange, stop)),
            }
            known = Some(theirs);
        }
        Err(self.undecided(exchange, changed("save-conflict", "again and again")))
    }

    /// Saves the new value in place of the one that is known to be there; returns the records as read
    /// back, or what somebody else put there instead.
    async fn move_over(
        &mut self,
        exchange: &mut Exchange,
        credential: &Credential,
        known: Option<&Secret>,
    ) -> Result<Result<Fresh, Secret>, Stop> {
        let Exchange { ready, field, new, .. } = exchange;
        let own = self.job.rotation_id.clone();
        let theirs = RefCell::new(None);
        let updates = |record: &Record| {
            still_ours(record, &own)?;
            let now = value_in(record, field);
            if now.as_ref() != known && now.as_ref() != Some(new) {
                theirs.replace(now);
                return Err(changed("rotated-elsewhere", "the field to be saved"));
            }
            Ok(credential.updates.iter().cloned().chain([Pending::dropped()]).collect())
        };
        let is_done = |record: &Record| {
            matches!(Pending::of(record), Ok(None)) && value_in(record, field).as_ref() == Some(new)
        };
        let target = ready.target.clone();
        let go_on = |engine: &Self, fresh: &Fresh| {
            ready.target.clone_from(&fresh.target);
            engine.go_by(ready, fresh, &credential.updates)
        };
        match self.put(target, updates, is_done, go_on).await {
            Ok(fresh) => Ok(Ok(fresh)),
            Err(unsaved) => match theirs.take() {
                Some(theirs) => Ok(Err(theirs)),
                None => Err(self.undecided(exchange, unsaved.into_stop())),
            },
        }
    }

    /// Drops the hidden field where the record's own agrees with what the service accepts, and else
    /// keeps that in it: whoever proposed a value writes it into the record himself, now or later.
    pub(super) async fn leave(
        &mut self,
        target: Record,
        field: &ReturnedField,
        accepted: Option<&Secret>,
        stop: Stop,
    ) -> Result<Ending, Stop> {
        let own = self.job.rotation_id.clone();
        let is_proposed = self.job.proposed.is_some();
        let agrees = |record: &Record| {
            accepted.is_none() || !is_proposed && value_in(record, field).as_ref() == accepted
        };
        let decided =
            Pending { new: None, old: accepted.cloned(), rotation_id: own.clone(), until: Duration::ZERO };
        let updates = |record: &Record| {
            still_ours(record, &own)?;
            Ok(vec![if agrees(record) { Pending::dropped() } else { decided.update() }])
        };
        let is_done = |record: &Record| match Pending::of(record) {
            Ok(None) => true,
            Ok(Some(pending)) => pending == decided && !agrees(record),
            Err(_) => false,
        };
        match self.put(target, updates, is_done, |_, _| true).await {
            Ok(fresh) if matches!(Pending::of(&fresh.target), Ok(None)) => {
                self.close(Entry::RolledBack);
                Ok(Ending::Dropped(stop))
            }
            Ok(_) => Ok(Ending::Behind(self.behind(stop))),
            Err(unsaved) => Err(self.behind(unsaved.into_stop())),
        }
    }

    /// How it ends when the record's own field does not hold what the service accepts.
    pub(super) fn behind(&self, stop: Stop) -> Stop {
        let uid = &self.job.record_uid;
        let hint = format!(
            "rotate it once more, or take what works from the field `pamrun_pending` of record {uid}: it stands there as `old`"
        );
        stop.uncertain("the service still accepts the old value, and the record may hold another one", hint)
    }

    /// Saves what `updates` says until it is read back; `go_on` decides whether to save again on
    /// top of what somebody else changed meanwhile.
    async fn put(
        &mut self,
        mut base: Record,
        updates: impl Fn(&Record) -> Result<Vec<Update>, Stop>,
        is_done: impl Fn(&Record) -> bool,
        mut go_on: impl FnMut(&Self, &Fresh) -> bool,
    ) -> Result<Fresh, Unsaved> {
        for _ in 0..ROUNDS {
            let revision = savable(&base).map_err(Unsaved::Never)?;
            let updates = updates(&base).map_err(Unsaved::Never)?;
            self.append(Entry::Saving { revision }).map_err(Unsaved::Never)?;
            let mut retry = self.retry();
            let may_be_written = self.send(&mut retry, &base, &updates).await.map_err(Unsaved::Never)?;
            match self.read_past(&mut retry, revision).await {
                Ok(fresh) if is_done(&fresh.target) => return Ok(fresh),
                Ok(fresh) if go_on(self, &fresh) => base = fresh.target.clone(),
                Ok(_) => {
                    return Err(Unsaved::Never(changed("record-changed", "what the plugin reads of it")));
                }
                Err(why) if may_be_written => return Err(unclear(&why)),
                Err(why) => return Err(Unsaved::Never(changed("save-conflict", &why))),
            }
        }
        Err(Unsaved::Never(changed("save-conflict", "again and again")))
    }

    /// Reads until the record's revision has moved past this one: then a save that named it has
    /// landed, or never will.
    ///
    /// # Errors
    /// Why the record does not show that.
    async fn read_past(&mut self, retry: &mut Retry, revision: i64) -> Result<Fresh, String> {
        let is_past = |fresh: &Fresh| fresh.target.revision > Some(revision);
        let shown =
            self.read_until(retry, |fresh| if is_past(&fresh) { Ok(fresh) } else { Err(OLD_REVISION) });
        shown.await.map_err(|stop| stop.to_string())
    }
}

/// Checks that nobody has taken the rotation over: what it writes then would not be its to write.
fn still_ours(record: &Record, rotation_id: &str) -> Result<(), Stop> {
    match Pending::of(record)? {
        Some(pending) if pending.rotation_id == rotation_id => Ok(()),
        _ => Err(changed("rotated-elsewhere", "another rotation has taken over")),
    }
}
