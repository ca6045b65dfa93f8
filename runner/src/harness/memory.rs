//! The vault and the journal of a world. They outlive the processes that use them.

use std::sync::Arc;
use std::time::Duration;

use super::world::World;
use crate::model::{Record, RecordUid, Update};
use crate::rotation::{Entry, GetError, Journal, JournalError, Lock, OpenRotation, SaveError, Vault};
use crate::vault::apply;

/// The vault of a world. What is put into records is put there by the same function as in any vault.
pub struct MemoryVault(pub Arc<World>);

#[async_trait::async_trait(?Send)]
impl Vault for MemoryVault {
    async fn get(&mut self, uids: &[RecordUid]) -> Result<Vec<Record>, GetError> {
        self.0.moment(|| "before a read of the vault".to_owned()).await;
        let state = self.0.state();
        Ok(state.records.iter().filter(|record| uids.contains(&record.uid)).cloned().collect())
    }

    async fn save(&mut self, record: &Record, updates: &[Update]) -> Result<(), SaveError> {
        self.0.moment(|| "before a save".to_owned()).await;
        for value in updates.iter().flat_map(Update::secrets) {
            self.0.learn("saved", value.expose());
        }
        let saved = self.save_now(record, updates);
        self.0.moment(|| "after a save".to_owned()).await;
        saved
    }
}

impl MemoryVault {
    fn save_now(&self, record: &Record, updates: &[Update]) -> Result<(), SaveError> {
        let refused = |code, message: String| SaveError::Refused { code, message };
        let mut state = self.0.state();
        let Some(stored) = state.records.iter_mut().find(|stored| stored.uid == record.uid) else {
            return Err(refused("record-missing", format!("the case has no record {}", record.uid)));
        };
        if !stored.editable {
            let message = format!("the vault does not let us change record {}", record.uid);
            return Err(refused("record-not-editable", message));
        }
        if stored.revision != record.revision {
            return Err(SaveError::Stale);
        }
        apply(&mut stored.json, updates).map_err(|error| refused("record-update", error.to_string()))?;
        stored.revision = stored.revision.map(|revision| revision.saturating_add(1));
        state.note_held(&record.uid);
        Ok(())
    }
}

/// The journal of a world. Nobody else is there, so that its locks are always free.
pub struct MemoryJournal(pub Arc<World>);

#[async_trait::async_trait(?Send)]
impl Journal for MemoryJournal {
    async fn lock_record(&mut self, _uid: &str, _patience: Duration) -> Result<Lock, JournalError> {
        Ok(Lock::Free)
    }

    async fn lock_target(&mut self, _target: &str, _patience: Duration) -> Result<Lock, JournalError> {
        Ok(Lock::Free)
    }

    fn unlock_target(&mut self) {}

    async fn lock_consumer(&mut self, _target: &str, _patience: Duration) -> Result<Lock, JournalError> {
        Ok(Lock::Free)
    }

    fn unlock_consumer(&mut self) {}

    fn open_rotations(&self) -> Vec<OpenRotation> {
        self.0.open_rotations()
    }

    fn append(&mut self, rotation_id: &str, entry: Entry) -> Result<(), JournalError> {
        let dead = || Err(JournalError { code: "dead", message: "nobody is there any more".to_owned() });
        let name = word(&entry);
        if !self.0.pass(|| format!("before the journal says `{name}`")) {
            return dead();
        }
        self.0.state().journal.push((rotation_id.to_owned(), entry));
        if self.0.pass(|| format!("after the journal says `{name}`")) { Ok(()) } else { dead() }
    }
}

/// What an entry is called in the journal.
fn word(entry: &Entry) -> String {
    let json = serde_json::to_value(entry).unwrap_or_default();
    json.get("entry").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}

impl World {
    /// The rotations that were begun and not closed.
    #[must_use]
    pub fn open_rotations(&self) -> Vec<OpenRotation> {
        let state = self.state();
        let open = state.rotations.iter().map(|id| OpenRotation {
            rotation_id: id.clone(),
            entries: state
                .journal
                .iter()
                .filter(|(of, _)| of == id)
                .map(|(_, entry)| entry.clone())
                .collect(),
        });
        open.filter(|open| open.entries.last().is_some_and(|last| !last.closes())).collect()
    }

    /// The journal as text, in which no secret may stand.
    #[must_use]
    pub fn journal_text(&self) -> String {
        let state = self.state();
        state.journal.iter().filter_map(|(_, entry)| serde_json::to_string(entry).ok()).collect()
    }

    /// The target's record as the vault has it.
    #[must_use]
    pub fn record(&self) -> Option<Record> {
        self.state().records.iter().find(|record| record.uid == self.target).cloned()
    }
}
