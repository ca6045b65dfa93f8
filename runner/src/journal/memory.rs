//! A journal that lives as long as its process.

use std::time::Duration;

use crate::rotation::{Entry, Journal, JournalError, Lock, OpenRotation};

/// Keeps the entries of one run in their order.
///
/// It does not survive the process, so a killed rotation is not found again, and it locks nothing:
/// two processes that rotate one record are kept apart only by the revision that the vault
/// compares. Within one process there is one rotation, so every lock is free.
#[derive(Debug, Default)]
pub struct MemoryJournal {
    entries: Vec<Entry>,
}

impl MemoryJournal {
    /// Lists the entries, the oldest first.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

#[async_trait::async_trait(?Send)]
impl Journal for MemoryJournal {
    async fn lock_record(&mut self, _uid: &str, _patience: Duration) -> Result<Lock, JournalError> {
        Ok(Lock::Free)
    }

    async fn lock_target(&mut self, _target: &str, _patience: Duration) -> Result<Lock, JournalError> {
        Ok(Lock::Free)
    }

    fn unlock_target(&mut self) {}

    fn open_rotations(&self) -> Vec<OpenRotation> {
        Vec::new()
    }

    fn append(&mut self, _rotation_id: &str, entry: Entry) -> Result<(), JournalError> {
        self.entries.push(entry);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_kept_in_their_order() {
        let mut journal = MemoryJournal::default();
        let entries = [
            Entry::Made { handle: "k1".to_owned(), field: None },
            Entry::Saving { revision: 7 },
            Entry::Done,
        ];
        for entry in entries.clone() {
            journal.append("r1", entry).unwrap();
        }
        assert_eq!(journal.entries(), entries);
    }

    #[tokio::test]
    async fn every_lock_is_free() {
        let mut journal = MemoryJournal::default();
        for _ in 0..2 {
            assert_eq!(journal.lock_record("r", Duration::ZERO).await, Ok(Lock::Free));
            assert_eq!(journal.lock_target("t", Duration::ZERO).await, Ok(Lock::Free));
        }
    }
}
