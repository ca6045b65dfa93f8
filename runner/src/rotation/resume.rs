//! Takes up an `overlap` rotation where it was interrupted.
//!
//! What it made is told by its handle, which stands in a field of the record once it is saved, and
//! by its marker. A save that was under way may land until the record's revision has moved past
//! the one that it named; so that must happen before what the record holds is believed.

use super::contract::settle;
use super::engine::{Engine, Fresh, Ready, Tries};
use super::records::{held_in, names, same_id, text};
use super::save::OLD_REVISION;
use super::settle::Settled;
use super::trail::Trail;
use super::undo::Strays;
use super::{Entry, HandleField, Job, SaveError, Stop, Trouble};
use crate::model::{Credential, FieldView, Place, Record, StepName, Strategy, Update};
use crate::secret::Secret;
use crate::text::quoted;

/// How often the record is read until it shows what became of a save.
const READS: u32 = 8;

/// Whose credential the record holds.
enum Holder {
    /// The interrupted rotation's.
    Ours,
    /// The one from before, which it was to replace.
    Before,
    /// Another one.
    Others,
}

impl Engine<'_> {
    /// Settles the rotation of this trail, as far as that can be done now.
    ///
    /// # Errors
    /// Why it stays open.
    pub(super) async fn resume(&mut self, trail: &Trail<'_>) -> Result<Settled, Stop> {
        if trail.intent.strategy == Some(Strategy::InPlace) {
            let resumed = self.resume_in_place(trail).await;
            return self.keeping_in_hand(resumed).await;
        }
        if trail.intent.strategy.is_none() {
            // Told once, there is nothing left to do about it.
            self.close(Entry::Done);
            return Ok(Settled::Unknown);
        }
        if trail.tries == 0 {
            self.close(Entry::RolledBack);
            return Ok(Settled::NothingDone);
        }
        if trail.handing_over {
            return self.resume_handing_over(trail).await;
        }
        self.lock_target(&trail.intent.plan.target).await?;
        self.tries = self.tries_of(trail);
        let settled = match Save::of(trail, self.saved_later(trail)) {
            Some(save) => self.resume_saving(trail, &save).await?,
            None => self.resume_unsaved(trail).await?,
        };
        self.forget_rescued().await;
        Ok(settled)
    }

    /// Nothing was saved: what it made is removed, unless somebody has taken it out of what was rescued.
    async fn resume_unsaved(&mut self, trail: &Trail<'_>) -> Result<Settled, Stop> {
        let fresh = self.get("get").await?;
        if let (Some(made), Some(field)) = (trail.made, trail.field)
            && held_in(&fresh.target, field).is_some_and(|held| same_id(&held, made))
        {
            return self.go_forward(trail, made, fresh).await;
        }
        self.take_back(trail, &fresh).await?;
        Ok(Settled::RolledBack)
    }

    /// The tries that another process made. We hold the lock of their record, so that one is dead,
    /// and sends nothing from now on.
    pub(super) fn tries_of(&self, trail: &Trail<'_>) -> Tries {
        let now = self.clock.unix_time();
        let window = self.job.limits.settle_window;
        let left = (trail.until.min(now) + window).saturating_sub(now);
        Tries {
            count: trail.tries,
            settled_at: self.clock.elapsed() + left,
            unsettled: usize::try_from(trail.tries).unwrap_or(usize::MAX),
            ..Tries::default()
        }
    }

    /// The revision at which another rotation that is still open was saved after this one: a record that
    /// shows an older one is an old record.
    fn saved_later(&self, trail: &Trail<'_>) -> Option<i64> {
        let open = self.journal.open_rotations();
        let others = open.iter().filter(|open| open.rotation_id != self.job.rotation_id);
        let saved = others.filter_map(|open| open.trail()?.saved).max();
        saved.filter(|saved| Some(*saved) > trail.saved.max(trail.saving))
    }

    /// A credential that was printed is somebody else's, and never undone.
    async fn resume_handing_over(&mut self, trail: &Trail<'_>) -> Result<Settled, Stop> {
        let Fresh { records, .. } = self.get("get").await?;
        let handle = trail.made.unwrap_or_default();
        if records.iter().any(|record| names(record, handle)) {
            self.close(Entry::HandedOver);
            return Ok(Settled::HandedOver);
        }
        self.retain_stray(handle);
        let message = format!("it was printing {handle}, and no record at hand names it");
        Err(Stop::failed("hand-over", "handing-over", message))
    }

    /// A save was announced: what the record holds decides.
    async fn resume_saving(&mut self, trail: &Trail<'_>, save: &Save<'_>) -> Result<Settled, Stop> {
        if self.vault.is_none() {
            let message = "it was saving into a vault, and none is named here";
            return Err(Stop::failed("get", "no-vault", message));
        }
        let (holder, fresh) = self.who_is_held(save).await?;
        if matches!(holder, Holder::Ours) {
            return self.go_forward(trail, save.handle, fresh).await;
        }
        self.drop_deliveries(trail);
        if trail.was_handed_on() {
            // Somebody may be using it.
            self.retain_stray(save.handle);
            self.close(Entry::Done);
            return Ok(Settled::Superseded);
        }
        if save.is_proven && matches!(holder, Holder::Others) {
            if trail.intent.consumers.is_empty() {
                self.commit_for_successor(trail, save, &fresh).await?;
            } else {
                // Consumers that were not handed ours may still use it.
                trail.intent.plan.removes.iter().for_each(|listed| self.retain(listed.clone()));
            }
        }
        self.take_back(trail, &fresh).await?;
        let was_never_held = matches!(holder, Holder::Before) && !save.is_proven;
        Ok(if was_never_held { Settled::RolledBack } else { Settled::Superseded })
    }

    /// Reads until the record shows whose credential it holds, and our save can no longer change
    /// that.
    async fn who_is_held(&mut self, save: &Save<'_>) -> Result<(Holder, Fresh), Stop> {
        self.read_fenced(!save.is_proven, |target| save.holder(target)).await
    }

    /// Reads until the record tells what is asked for, [`READS`] times at most; a vault that does not
    /// answer is waited for. A record that does not tell it yet is saved unchanged where a save of ours
    /// `may_land`: at the revision that it gets by that, ours is refused.
    ///
    /// # Errors
    /// Why it does not tell it.
    pub(super) async fn read_fenced<T>(
        &mut self,
        may_land: bool,
        told: impl Fn(&Record) -> Result<Option<T>, Stop>,
    ) -> Result<(T, Fresh), Stop> {
        let mut retry = self.retry();
        let mut looks = 0;
        loop {
            let (why, trouble) = match self.get_once("read-back").await {
                Err((stop, trouble)) => (stop.to_string(), trouble),
                Ok(fresh) => match told(&fresh.target)? {
                    Some(told) => return Ok((told, fresh)),
                    None if may_land => match self.send_once(&fresh.target, &[]).await {
                        Ok(()) if looks + 1 < READS => {
                            looks += 1;
                            continue;
                        }
                        Ok(()) => (OLD_REVISION.to_owned(), Trouble::NotYet),
                        Err(SaveError::Refused { code, message }) => {
                            return Err(Stop::failed("save", code, message));
                        }
                        Err(error) => (error.to_string(), error.trouble()),
                    },
                    None => (OLD_REVISION.to_owned(), Trouble::NotYet),
                },
            };
            looks += u32::from(trouble == Trouble::NotYet);
            if looks >= READS || !self.hold_on(&mut retry, trouble, self.spare(StepName::Commit)).await {
                let message = format!("what record {} holds is not known: {why}", self.job.record_uid);
                return Err(Stop::failed("read-back", "save-unclear", message));
            }
        }
    }

    /// The vault holds our credential: proves it again, and removes what it replaces.
    async fn go_forward(&mut self, trail: &Trail<'_>, handle: &str, fresh: Fresh) -> Result<Settled, Stop> {
        self.note_deliveries(trail);
        let ready = self.ready_again(trail, &fresh)?;
        let credential = self.prove_held(&ready, handle, &fresh).await?;
        let fresh = self.deliver_saved(&ready, &trail.owed(), &credential, fresh).await?;
        self.commit(&ready, &credential, &fresh.records).await?;
        self.close(Entry::Done);
        self.close_overtaken(&ready.consumers);
        Ok(Settled::Committed)
    }

    /// The vault held our credential, and holds another one by now. Who saved that one replaced ours, and
    /// may never have known what ours replaced: that is removed here, once the other one is proven.
    async fn commit_for_successor(
        &mut self,
        trail: &Trail<'_>,
        save: &Save<'_>,
        fresh: &Fresh,
    ) -> Result<(), Stop> {
        let ready = self.ready_again(trail, fresh)?;
        let handle = held_in(&fresh.target, save.field).unwrap_or_default();
        let credential = self.prove_held(&ready, &handle, fresh).await?;
        self.commit(&ready, &credential, &fresh.records).await
    }

    /// Proves again what the record holds: until then nothing that it replaces is removed.
    async fn prove_held(&mut self, ready: &Ready, handle: &str, fresh: &Fresh) -> Result<Credential, Stop> {
        let credential = credential(&fresh.target, handle, self.job);
        match self.verify(ready, &credential).await {
            Ok(()) => Ok(credential),
            Err(error) => Err(self.leave_uncommitted(&ready.plan, Stop::of_step(StepName::Verify, error))),
        }
    }

    /// The vault does not hold our credential, and never will: removes it.
    async fn take_back(&mut self, trail: &Trail<'_>, fresh: &Fresh) -> Result<(), Stop> {
        let ready = self.ready_again(trail, fresh)?;
        match self.remove_strays(&ready, trail.made).await {
            Strays::Removed | Strays::Absent => {
                self.close(Entry::RolledBack);
                Ok(())
            }
            Strays::Unproven(why) => {
                let message = format!("it is not known whether what it made is gone: {why}");
                Err(Stop::failed("rollback", "rollback-unproven", message))
            }
        }
    }

    /// What the rotation stood on, with the records as they are now.
    fn ready_again(&self, trail: &Trail<'_>, fresh: &Fresh) -> Result<Ready, Stop> {
        let prepared = (self.prepare)(&fresh.records)?;
        let plan = trail.intent.plan.clone();
        let planned = plan.removes.iter().map(|listed| &listed.id).chain(&trail.intent.spared);
        let taken = self.taken(&fresh.records, planned);
        let consumers = trail.intent.consumers.clone();
        Ok(Ready { target: fresh.target.clone(), prepared, plan, spared: Vec::new(), taken, consumers })
    }
}

/// A save that was announced.
struct Save<'a> {
    handle: &'a str,
    field: &'a HandleField,
    /// The first revision of the record that the save can no longer change.
    shows_from: i64,
    /// Whether it was read back.
    is_proven: bool,
    /// Whether another rotation was saved after it.
    is_overtaken: bool,
}

impl<'a> Save<'a> {
    fn of(trail: &Trail<'a>, saved_later: Option<i64>) -> Option<Self> {
        let announced = trail.saving?.saturating_add(1);
        Some(Self {
            handle: trail.made?,
            field: trail.field?,
            shows_from: saved_later.unwrap_or(trail.saved.unwrap_or(announced)),
            is_proven: trail.saved.is_some(),
            is_overtaken: saved_later.is_some(),
        })
    }

    /// Tells whose credential the record holds; nothing when it does not show that yet.
    ///
    /// # Errors
    /// That it will never show.
    fn holder(&self, target: &Record) -> Result<Option<Holder>, Stop> {
        let held = held_in(target, self.field);
        let is = |id: &str| held.as_ref().is_some_and(|held| same_id(held, id));
        let shows = target.revision >= Some(self.shows_from);
        if is(self.handle) && (shows || !self.is_proven && !self.is_overtaken) {
            return Ok(Some(Holder::Ours));
        }
        if !shows {
            return Ok(None);
        }
        match &self.field.before {
            Some(before) if is(before) => Ok(Some(Holder::Before)),
            None if held.is_none() => Ok(Some(Holder::Before)),
            _ if held.is_some() => Ok(Some(Holder::Others)),
            // Our secret may still stand next to it.
            _ => {
                let label = quoted(&self.field.label);
                let message = format!(
                    "somebody emptied the field {label}, which tells whose credential the record holds"
                );
                Err(Stop::failed("read-back", "handle-missing", message))
            }
        }
    }
}

/// The credential that the record holds, as far as the plugin returned it. Who may return any custom
/// field may have returned each of them.
fn credential(target: &Record, handle: &str, job: &Job) -> Credential {
    let named = job.returns.iter().filter_map(|returned| {
        let field = target.field_in(returned.place, &returned.label, &returned.kind)?;
        Some(FieldView { label: &returned.label, kind: &returned.kind, ..field })
    });
    let free = target.fields().filter(|field| job.any_custom && field.place == Place::Custom);
    let updates = named.chain(free).filter(|field| !field.values.is_empty()).map(|field| Update {
        label: field.label.to_owned(),
        place: field.place,
        kind: field.kind.to_owned(),
        values: field.values.iter().map(|value| Secret::new(text(value))).collect(),
    });
    let mut credential = Credential { handle: handle.to_owned(), updates: updates.collect(), expires: None };
    settle(&mut credential, target, job);
    credential
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn who_is_held_is_told_by_the_field_that_gets_the_handle() {
        let told = |before: Option<&str>, held: &[&str]| {
            let field = HandleField {
                label: "id".into(),
                place: Place::Custom,
                kind: "text".into(),
                before: before.map(str::to_owned),
            };
            let save =
                Save { handle: "new", field: &field, shows_from: 8, is_proven: false, is_overtaken: false };
            let json = json!({"custom": [{"type": "text", "label": "id", "value": held}]});
            match save.holder(&Record { uid: "r".into(), revision: Some(8), editable: true, json }) {
                Ok(Some(Holder::Ours)) => "ours",
                Ok(Some(Holder::Before)) => "before",
                Ok(Some(Holder::Others)) => "others",
                Ok(None) => "not yet",
                Err(stop) => {
                    assert!(stop.error.message.contains("`id`"), "{stop}");
                    "never"
                }
            }
        };
        assert_eq!(told(Some("old"), &["NEW"]), "ours");
        assert_eq!(told(Some("old"), &["OLD"]), "before");
        assert_eq!(told(None, &[]), "before");
        assert_eq!(told(None, &[" "]), "before");
        assert_eq!(told(Some("old"), &["third"]), "others");
        assert_eq!(told(None, &["third"]), "others");
        assert_eq!(told(Some("old"), &[]), "never");
    }
}
