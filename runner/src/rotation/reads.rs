//! Reads of the vault: once, until it answers, and until it shows what is waited for.

use super::engine::{Engine, Fresh};
use super::records::freshen;
use super::{Retry, Stop, Trouble};
use crate::model::{Record, RecordUid, StepName};

/// How often the record is looked at until it shows what became of a save.
const READS: u32 = 5;

impl Engine<'_> {
    /// Reads the records: fresh from the vault, as far as it has them, and else as in the params. A
    /// vault that does not answer is waited for.
    ///
    /// # Errors
    /// The vault's own, and that the target is not there. Nothing was changed by trying.
    pub(super) async fn get(&mut self, name: &str) -> Result<Fresh, Stop> {
        let mut retry = self.retry();
        loop {
            let spare = self.spare(StepName::Preflight);
            match self.get_once(name).await {
                Ok(fresh) => return Ok(fresh),
                Err((_, trouble @ Trouble::Outage(_))) if self.hold_on(&mut retry, trouble, spare).await => {}
                Err((stop, _)) => return Err(stop),
            }
        }
    }

    /// Reads the records until they show what `shown` looks for: what they show instead is looked at
    /// [`READS`] times, and a vault that does not answer is waited for.
    ///
    /// # Errors
    /// Why they do not show it.
    pub(super) async fn read_until<T>(
        &mut self,
        retry: &mut Retry,
        shown: impl Fn(Fresh) -> Result<T, &'static str>,
    ) -> Result<T, Stop> {
        let mut looks = 0;
        loop {
            let (stop, trouble) = match self.get_once("read-back").await {
                Ok(fresh) => match shown(fresh) {
                    Ok(shown) => return Ok(shown),
                    Err(why) => (Stop::failed("read-back", "save-unclear", why), Trouble::NotYet),
                },
                Err(unread) => unread,
            };
            looks += u32::from(trouble == Trouble::NotYet);
            if looks == READS || !self.hold_on(retry, trouble, self.spare(StepName::Commit)).await {
                return Err(stop);
            }
        }
    }

    /// Reads the records once; an error comes with what it tells of trying again.
    pub(super) async fn get_once(&mut self, name: &str) -> Result<Fresh, (Stop, Trouble)> {
        let uid = &self.job.record_uid;
        let mut records = self.job.params_records.clone();
        if self.vault.is_some() {
            let mut fresh = self.read(name, &self.wanted.clone()).await?;
            let attached = fresh.iter().find(|record| record.uid == *uid).map(Record::attached);
            let unnamed: Vec<RecordUid> = attached
                .filter(|_| self.job.wants_attached)
                .into_iter()
                .flatten()
                .filter(|attached| !self.wanted.contains(attached))
                .collect();
            if !unnamed.is_empty() {
                fresh.extend(self.read(name, &unnamed).await?);
                // From now on they are read together with the others.
                self.wanted.extend(unnamed);
            }
            // Of the target, only the vault's own word counts.
            records.retain(|record| record.uid != *uid);
            records = freshen(records, fresh);
        }
        let target = records.iter().find(|record| record.uid == *uid).cloned().ok_or_else(|| {
            let message = format!("record {uid} is not there, or is not shared with the vault's application");
            (Stop::failed(name, "record-missing", message), Trouble::NotYet)
        })?;
        self.tell_rescued(&target);
        Ok(Fresh { target, records })
    }

    async fn read(&mut self, name: &str, uids: &[RecordUid]) -> Result<Vec<Record>, (Stop, Trouble)> {
        let Some(vault) = &mut self.vault else { return Ok(Vec::new()) };
        let began = self.clock.elapsed();
        let fresh = vault.get(uids).await;
        self.time(name, began);
        fresh.map_err(|error| {
            let trouble = error.outage.map_or(Trouble::NotYet, Trouble::Outage);
            (Stop::failed(name, error.code, error.message), trouble)
        })
    }
}
