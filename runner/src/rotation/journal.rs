//! The log of what is about to be done, as the engine sees it. Holds no secrets.

use std::time::Duration;

use crate::model::{Plan, RecordUid};

/// What is announced before it is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A rotation is about to change its target.
    Intent {
        /// The rotation's id.
        rotation_id: String,
        /// The record that it is for.
        record_uid: RecordUid,
        /// What preflight found.
        plan: Plan,
    },
    /// A try of rotate.
    Try {
        /// The marker that it names its credential with.
        marker: String,
        /// When, as time since the Unix epoch.
        at: Duration,
    },
    /// Rotate returned.
    Made {
        /// The handle of the new credential.
        handle: String,
    },
    /// The vault is about to be written.
    Saving {
        /// The revision that the save names.
        revision: i64,
    },
    /// The vault holds the new credential: only forward from here.
    Saved,
    /// The new credential is about to be printed, for a caller who saves it himself.
    HandingOver,
    /// It was printed.
    HandedOver,
    /// Everything that was made is gone again.
    RolledBack,
    /// Nothing is left to do.
    Done,
}

/// Why the journal could not do what it was asked. The act that was to follow must not happen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct JournalError {
    /// A stable word in kebab-case.
    pub code: &'static str,
    /// What was wrong, where, and what to do.
    pub message: String,
}

/// What had to be done to get a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// It was free.
    Free,
    /// Somebody held it; what was read before is stale.
    Waited,
}

/// The journal of one record's rotations, and the locks that go with it.
#[async_trait::async_trait(?Send)]
pub trait Journal {
    /// Locks the record against other rotations, until the journal is dropped.
    async fn lock_record(&mut self, uid: &str, patience: Duration) -> Result<Lock, JournalError>;
    /// Locks the target, letting go of a target locked before.
    async fn lock_target(&mut self, target: &str, patience: Duration) -> Result<Lock, JournalError>;
    /// Writes an entry; durable when it returns.
    ///
    /// # Errors
    /// Why it could not be made durable.
    fn append(&mut self, entry: Entry) -> Result<(), JournalError>;
}
