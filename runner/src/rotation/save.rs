//! Steps 9 and 10: saves the new credential, and reads back what the vault holds.
//!
//! What counts is what the vault holds, not what it answered. A save names the revision that it
//! relies on; once the record's revision has moved past that, a save whose answer was lost either
//! has landed or never will.

use pamrun_contract::value::Value;

use super::engine::{Engine, Fresh, Ready};
use super::overlap::savable;
use super::records::{Holds, holds, named_by};
use super::{Entry, OutcomeKind, Prepared, Rescued, Retry, SaveError, Stop, Trouble};
use crate::model::{Credential, Field, Record, Role, Setting, StepName, Update};

/// How often a save is sent again after somebody else changed other fields of the record.
pub(super) const ROUNDS: usize = 5;

/// Why it is not known what became of a save.
pub(super) const OLD_REVISION: &str = "it still shows its old revision";

/// Why the vault is not known to hold the new credential.
pub(super) enum Unsaved {
    /// It does not, and never will by our doing.
    Never(Stop),
    /// It may, now or later.
    Unknown(Stop),
}

impl Unsaved {
    pub(super) fn into_stop(self) -> Stop {
        match self {
            Self::Never(stop) | Self::Unknown(stop) => stop,
        }
    }
}

/// What the vault holds, after a save.
pub(super) enum ReadBack {
    /// Our new values.
    Ours(Fresh),
    /// The values from before, at a newer revision.
    Before(Fresh),
    /// Somebody else's values, at a newer revision.
    Others(Fresh),
    /// Our handle or secret, next to values of somebody else.
    Mixed,
    /// It cannot be told, for this reason.
    Unknown(String),
}

impl Engine<'_> {
    /// Saves the credential's updates; returns the records as read back. A credential that the
    /// vault does not and cannot hold is rolled back; when that is unknown, old and new are kept.
    pub(super) async fn save(&mut self, ready: &mut Ready, credential: &Credential) -> Result<Fresh, Stop> {
        match self.save_and_read(ready, credential).await {
            Ok(fresh) => {
                self.let_go();
                self.outcome.saved = true;
                self.outcome.updates.clone_from(&credential.updates);
                Ok(fresh)
            }
            Err(Unsaved::Never(stop)) => Err(self.roll_back(ready, Some(&credential.handle), stop).await),
            Err(Unsaved::Unknown(stop)) => {
                let stop = self.keep_both(ready, credential, stop);
                Err(self.keep_in_hand(stop).await)
            }
        }
    }

    async fn save_and_read(&mut self, ready: &mut Ready, credential: &Credential) -> Result<Fresh, Unsaved> {
        let updates = &credential.updates;
        let mut base = ready.target.clone();
        for _ in 0..ROUNDS {
            let revision = savable(&base).map_err(Unsaved::Never)?;
            self.append(Entry::Saving { revision }).map_err(Unsaved::Never)?;
            let mut retry = self.retry();
            let may_be_written = self.send(&mut retry, &base, updates).await.map_err(Unsaved::Never)?;
            match self.read_back(&mut retry, revision, &ready.target, credential).await {
                ReadBack::Ours(fresh) => return Ok(fresh),
                ReadBack::Before(fresh) => {
                    if !self.go_by(ready, &fresh, updates) {
                        return Err(Unsaved::Never(changed("record-changed", "what the plugin reads of it")));
                    }
                    base = fresh.target;
                }
                ReadBack::Others(fresh) => {
                    self.go_by(ready, &fresh, updates);
                    return Err(Unsaved::Never(changed("rotated-elsewhere", "the fields to be saved")));
                }
                ReadBack::Mixed => return Err(unclear("the record holds a part of it")),
                ReadBack::Unknown(why) if may_be_written => return Err(unclear(&why)),
                ReadBack::Unknown(why) => {
                    let message = format!("somebody else changed the record during the rotation: {why}");
                    return Err(Unsaved::Never(Stop::failed("read-back", "save-conflict", message)));
                }
            }
        }
        let message = format!("somebody else changed the record {ROUNDS} times during the save");
        Err(Unsaved::Never(Stop::failed("save", "save-conflict", message)))
    }

    /// Goes by newer records from here on, unless what they tell the plugin of the target, other
    /// than the fields we write, is something else; tells whether it is the same.
    pub(super) fn go_by(&self, ready: &mut Ready, fresh: &Fresh, updates: &[Update]) -> bool {
        ready.taken.extend(fresh.records.iter().flat_map(named_by));
        let Ok(prepared) = (self.prepare)(&fresh.records) else { return false };
        let uid = &self.job.record_uid;
        let same = told(&ready.prepared, uid, updates) == told(&prepared, uid, updates);
        if same {
            ready.prepared = prepared;
        }
        same
    }

    /// Ends a rotation of which it is not known whether the vault holds the new credential.
    fn keep_both(&mut self, ready: &Ready, credential: &Credential, mut stop: Stop) -> Stop {
        let handle = &credential.handle;
        ready.plan.removes.iter().for_each(|listed| self.retain(listed.clone()));
        self.retain_stray(handle);
        self.outcome.updates.clone_from(&credential.updates);
        stop.kind = OutcomeKind::Uncertain;
        stop.error.hint = Some(format!(
            "look at record {}: if it holds {handle}, remove what that replaces at {}; if not, remove {handle} there",
            self.job.record_uid, ready.plan.target
        ));
        stop
    }

    /// Sends a save until it is answered, as long as there is patience; tells whether it may have been
    /// written. To repeat it is safe: one revision is saved over once, and once it is, a late save fails.
    ///
    /// # Errors
    /// Why the vault did not take it. Nothing was written, now or later.
    pub(super) async fn send(
        &mut self,
        retry: &mut Retry,
        base: &Record,
        updates: &[Update],
    ) -> Result<bool, Stop> {
        let mut unclear = false;
        let may_be_written = loop {
            let (outage, stop) = match self.send_once(base, updates).await {
                Ok(()) => break true,
                Err(SaveError::Stale) => break unclear,
                // Even when this one was refused, an earlier one may still land.
                Err(SaveError::Refused { .. }) if unclear => break true,
                Err(SaveError::Refused { code, message }) => return Err(Stop::failed("save", code, message)),
                Err(SaveError::Unclear { message, outage }) => {
                    unclear = true;
                    (outage, Stop::failed("save", "save-unclear", message))
                }
                Err(SaveError::Unavailable { code, message, outage }) => {
                    (outage, Stop::failed("save", code, message))
                }
            };
            // As long as nothing can be written, the reserve is for the rollback.
            let spare = self.spare(if unclear { StepName::Commit } else { StepName::Verify });
            if !self.hold_on(retry, Trouble::Outage(outage), spare).await {
                return if unclear { Ok(true) } else { Err(stop) };
            }
        };
        // It has answered.
        *retry = self.retry();
        Ok(may_be_written)
    }

    pub(super) async fn send_once(&mut self, base: &Record, updates: &[Update]) -> Result<(), SaveError> {
        let began = self.clock.elapsed();
        let sent = match &mut self.vault {
            Some(vault) => vault.save(base, updates).await,
            None => {
                Err(SaveError::Refused { code: "no-vault", message: "there is no vault to save in".into() })
            }
        };
        self.time("save", began);
        sent
    }

    /// Reads until the record shows what became of the save at `revision`; `before` is the record
    /// as step 2 read it.
    pub(super) async fn read_back(
        &mut self,
        retry: &mut Retry,
        revision: i64,
        before: &Record,
        credential: &Credential,
    ) -> ReadBack {
        let shown = self.read_until(retry, |fresh| {
            let moved = fresh.target.revision > Some(revision);
            match holds(&fresh.target, before, credential) {
                Holds::Ours => Ok(ReadBack::Ours(fresh)),
                Holds::Before if moved => Ok(ReadBack::Before(fresh)),
                Holds::Others if moved => Ok(ReadBack::Others(fresh)),
                Holds::Mixed => Ok(ReadBack::Mixed),
                Holds::Before | Holds::Others => Err(OLD_REVISION),
            }
        });
        shown.await.unwrap_or_else(|stop| ReadBack::Unknown(stop.to_string()))
    }
}

/// What the plugin is told of the target, but for the fields that it updates.
#[derive(PartialEq)]
struct Told<'a> {
    fields: Vec<&'a Field>,
    inputs: Vec<(&'a str, &'a [(String, Value)])>,
    settings: &'a [Setting],
}

fn told<'a>(prepared: &'a Prepared, uid: &str, updates: &[Update]) -> Told<'a> {
    let request = &prepared.request;
    let fields = request.records.iter().filter(|record| record.uid == uid).flat_map(|record| &record.fields);
    let kept = fields.filter(|field| {
        !Rescued::is_kept_in(&field.label) && updates.iter().all(|update| update.label != field.label)
    });
    let inputs = request.inputs.iter().filter(|group| group.role == Role::Target);
    let inputs = inputs.map(|group| (group.name.as_str(), group.values.as_slice()));
    Told { fields: kept.collect(), inputs: inputs.collect(), settings: &request.settings }
}

pub(super) fn unclear(why: &str) -> Unsaved {
    let message = format!("whether the vault holds the new credential is not known: {why}");
    Unsaved::Unknown(Stop::failed("read-back", "save-unclear", message))
}

pub(super) fn changed(code: &str, what: &str) -> Stop {
    Stop::failed("save", code, format!("somebody else changed the record during the rotation: {what}"))
}
