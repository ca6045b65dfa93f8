//! Takes up an `in-place` rotation where it was interrupted, or where another gateway left it: sets
//! the new value once more, and goes on from there.

use super::conclude::Ending;
use super::engine::{Engine, Fresh, Ready};
use super::exchange::{Accepted, Exchange};
use super::in_place::{value_field, value_in, value_update};
use super::overlap::under_way;
use super::pending::Pending;
use super::save::{Unsaved, changed};
use super::settle::Settled;
use super::trail::Trail;
use super::{Entry, Stop};
use crate::model::{Record, Strategy};
use crate::secret::Secret;

impl Engine<'_> {
    /// Settles the rotation of this trail, as far as that can be done now.
    ///
    /// # Errors
    /// Why it stays open.
    pub(super) async fn resume_in_place(&mut self, trail: &Trail<'_>) -> Result<Settled, Stop> {
        let Some(saving) = trail.saving else {
            self.close(Entry::RolledBack);
            return Ok(Settled::NothingDone);
        };
        self.note_deliveries(trail);
        if self.vault.is_none() {
            return Err(Stop::failed(
                "get",
                "no-vault",
                "it keeps its values in a vault, and none is named here",
            ));
        }
        if trail.saved.is_some() {
            return self.resume_delivering(trail).await;
        }
        let (fresh, pending) = self.find_pending(saving).await?;
        let Some(pending) = pending else {
            let is_finished = trail.made.is_some() && !trail.putting_back;
            if trail.tries > 0 && !trail.putting_back {
                self.hand_on(trail, &fresh).await?;
            }
            self.close(if is_finished { Entry::Done } else { Entry::RolledBack });
            return Ok(if is_finished { Settled::Committed } else { Settled::RolledBack });
        };
        pending.old.iter().chain(&pending.new).for_each(|value| self.secrets.learn(value));
        let field = value_field(&self.job.returns)?.clone();
        let Some(new) = pending.new.filter(|_| trail.tries > 0 || trail.takes_over) else {
            let stop = Stop::failed("settle", "interrupted", "it was interrupted");
            let left = self.leave(fresh.target.clone(), &field, pending.old.as_ref(), stop).await?;
            return self.settled(trail, left).await;
        };
        self.lock_target(&trail.intent.plan.target).await?;
        self.tries = self.tries_of(trail);
        let mut ready = self.look_again(fresh, &new).await?;
        let (began, now) = (&trail.intent.plan.target, &ready.plan.target);
        if began != now {
            let message =
                format!("it replaces the credential of {began}, and the record is about {now} by now");
            return Err(Stop::failed("preflight", "record-changed", message));
        }
        // The later steps go by what the plugin noted before anything was changed.
        ready.plan.carried.context.clone_from(&trail.intent.plan.carried.context);
        let mut exchange = Exchange { ready, field, new, old: pending.old, is_unclear: true };
        let own = self.job.rotation_id.clone();
        if !self.hold(&mut exchange, Some(&own)).await.map_err(Unsaved::into_stop)? {
            return Err(changed("record-changed", "what the plugin reads of it"));
        }
        let accepted = if let Some(accepted) = self.make_way(&mut exchange).await? {
            accepted
        } else if trail.putting_back {
            let stop =
                Stop::failed("verify", "wrong-credential", "the service said that the new value is wrong");
            self.put_back(&mut exchange, trail.made, stop).await?
        } else {
            // What somebody wrote over it meanwhile must not win by a service that cannot be asked: then
            // the new value is set once more.
            let is_alone = self.theirs(&exchange, &exchange.ready.target).is_none();
            self.bring_about(&mut exchange, trail.made.filter(|_| is_alone)).await?
        };
        let is_theirs = matches!(accepted, Accepted::Theirs(_));
        match self.conclude(&mut exchange, accepted).await? {
            Ending::Dropped(_) if is_theirs => Ok(Settled::Superseded),
            ending => self.settled(trail, ending).await,
        }
    }

    async fn settled(&mut self, trail: &Trail<'_>, ending: Ending) -> Result<Settled, Stop> {
        match ending {
            Ending::Moved(fresh) => {
                let updates = self.outcome.updates.clone();
                self.deliver_moved(&trail.owed(), &updates, &fresh).await?;
                self.close(Entry::Done);
                Ok(Settled::Committed)
            }
            Ending::Dropped(_) => Ok(Settled::RolledBack),
            Ending::Behind(stop) => Err(stop),
        }
    }

    /// The record holds the new value, and consumers may not.
    async fn resume_delivering(&mut self, trail: &Trail<'_>) -> Result<Settled, Stop> {
        if !trail.owed().is_empty() {
            let fresh = self.get("get").await?;
            self.hand_on(trail, &fresh).await?;
        }
        self.close(Entry::Done);
        Ok(Settled::Committed)
    }

    /// Hands consumers what works by now: that is what the record holds, unless somebody is at work.
    async fn hand_on(&mut self, trail: &Trail<'_>, fresh: &Fresh) -> Result<(), Stop> {
        if trail.owed().is_empty() {
            return Ok(());
        }
        let uid = &self.job.record_uid;
        if let Some(pending) = Pending::of(&fresh.target)? {
            return Err(under_way(uid, &pending.rotation_id));
        }
        let field = value_field(&self.job.returns)?;
        let value = value_in(&fresh.target, field).ok_or_else(|| {
            let message = format!("the field `{}` of record {uid} is empty by now", field.label);
            Stop::failed("get", "value-missing", message)
        })?;
        let updates = [value_update(field, &value)];
        self.deliver_moved(&trail.owed(), &updates, fresh).await
    }

    /// Settles what another gateway left in the record, in its stead; does nothing when that is no
    /// longer there.
    ///
    /// # Errors
    /// Why it is not known what the service accepts.
    pub(super) async fn take_over(&mut self, pending: &Pending) -> Result<Option<Ending>, Stop> {
        let fresh = self.get("get").await?;
        let Pending { new: Some(new), old, rotation_id, .. } = pending else { return Ok(None) };
        if Pending::of(&fresh.target)?.as_ref() != Some(pending) {
            return Ok(None);
        }
        old.iter().chain([new]).for_each(|value| self.secrets.learn(value));
        let field = value_field(&self.job.returns)?.clone();
        let ready = self.look_again(fresh, new).await?;
        self.lock_target(&ready.plan.target).await?;
        self.announce(&ready, Strategy::InPlace)?;
        self.append(Entry::TakingOver { rotation_id: rotation_id.clone() })?;
        // Nothing of theirs can land any more, but the new value may have been set.
        let mut exchange = Exchange { ready, field, new: new.clone(), old: old.clone(), is_unclear: true };
        match self.hold(&mut exchange, Some(rotation_id)).await {
            Ok(true) => {}
            Ok(false) => {
                let stop = changed("record-changed", "what the plugin reads of it");
                return Err(self.undecided(&exchange, stop));
            }
            Err(unsaved) => return Err(self.not_held(unsaved)),
        }
        let accepted = match self.make_way(&mut exchange).await? {
            Some(accepted) => accepted,
            None => self.bring_about(&mut exchange, None).await?,
        };
        let ending = self.conclude(&mut exchange, accepted).await?;
        if matches!(ending, Ending::Moved(_)) {
            self.close(Entry::Done);
        }
        Ok(Some(ending))
    }

    /// Finds out whether somebody set a value of his own after the interruption, and saved it.
    async fn make_way(&mut self, exchange: &mut Exchange) -> Result<Option<Accepted>, Stop> {
        let Some(theirs) = self.theirs(exchange, &exchange.ready.target) else { return Ok(None) };
        if !self.wait_for_landing().await {
            return Err(self.undecided(exchange, changed("rotated-elsewhere", "the field to be saved")));
        }
        let is_accepted = self.accepts(exchange, &theirs).await == Some(true);
        Ok(is_accepted.then_some(Accepted::Theirs(theirs)))
    }

    async fn look_again(&mut self, fresh: Fresh, new: &Secret) -> Result<Ready, Stop> {
        let mut prepared = (self.prepare)(&fresh.records)?;
        prepared.request.proposed = Some(new.clone());
        self.look_with(fresh, prepared).await
    }

    /// Reads until the record shows whether its hidden field is this rotation's; where it is not, no
    /// save of ours can bring it back.
    async fn find_pending(&mut self, saving: i64) -> Result<(Fresh, Option<Pending>), Stop> {
        let own = self.job.rotation_id.clone();
        let told = |target: &Record| {
            let ours = Pending::of(target)?.filter(|pending| pending.rotation_id == own);
            let shows = ours.is_some() || target.revision > Some(saving);
            Ok(shows.then_some(ours))
        };
        let (pending, fresh) = self.read_fenced(true, told).await?;
        Ok((fresh, pending))
    }
}
