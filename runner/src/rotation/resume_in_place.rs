//! Takes up an `in-place` rotation where it was interrupted, or where another gateway left it: sets
//! the new value once more, and goes on from there.

use super::conclude::Ending;
use super::engine::{BackOff, Engine, Fresh, Ready};
use super::exchange::{Accepted, Exchange};
use super::in_place::value_field;
use super::pending::Pending;
use super::resume::READS;
use super::save::{Unsaved, changed};
use super::settle::Settled;
use super::trail::Trail;
use super::{Entry, SaveError, Stop};
use crate::model::Strategy;
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
        if self.vault.is_none() {
            return Err(Stop::failed(
                "get",
                "no-vault",
                "it keeps its values in a vault, and none is named here",
            ));
        }
        let (fresh, pending) = self.find_pending(saving).await?;
        let Some(pending) = pending else {
            let is_finished = trail.made.is_some() && !trail.putting_back;
            self.close(if is_finished { Entry::Done } else { Entry::RolledBack });
            return Ok(if is_finished { Settled::Committed } else { Settled::RolledBack });
        };
        pending.old.iter().chain(&pending.new).for_each(|value| self.secrets.learn(value));
        let field = value_field(&self.job.returns)?.clone();
        let Some(new) = pending.new.filter(|_| trail.tries > 0 || trail.takes_over) else {
            let stop = Stop::failed("settle", "interrupted", "it was interrupted");
            let left = self.leave(fresh.target.clone(), &field, pending.old.as_ref(), stop).await?;
            return settled(left);
        };
        self.lock_target(&trail.intent.plan.target).await?;
        self.tries = self.tries_of(trail);
        let ready = self.look_again(fresh, &new).await?;
        let (began, now) = (&trail.intent.plan.target, &ready.plan.target);
        if began != now {
            let message =
                format!("it replaces the password of {began}, and the record is about {now} by now");
            return Err(Stop::failed("preflight", "record-changed", message));
        }
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
            ending => settled(ending),
        }
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
        self.conclude(&mut exchange, accepted).await.map(Some)
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
        let mut pauses = BackOff::default();
        let mut why = String::new();
        for _ in 0..READS {
            match self.get("read-back").await {
                Err(stop) => why = stop.to_string(),
                Ok(fresh) => {
                    let pending = Pending::of(&fresh.target)?;
                    let ours = pending.filter(|pending| pending.rotation_id == self.job.rotation_id);
                    if ours.is_some() || fresh.target.revision > Some(saving) {
                        return Ok((fresh, ours));
                    }
                    match self.send_once(&fresh.target, &[]).await {
                        Ok(()) => continue,
                        Err(SaveError::Refused { code, message }) => {
                            return Err(Stop::failed("save", code, message));
                        }
                        Err(error) => why = error.to_string(),
                    }
                }
            }
            if !self.pause(pauses.next_pause()).await {
                break;
            }
        }
        let message = format!("what record {} holds is not known: {why}", self.job.record_uid);
        Err(Stop::failed("read-back", "save-unclear", message))
    }
}

fn settled(ending: Ending) -> Result<Settled, Stop> {
    match ending {
        Ending::Moved => Ok(Settled::Committed),
        Ending::Dropped(_) => Ok(Settled::RolledBack),
        Ending::Behind(stop) => Err(stop),
    }
}
