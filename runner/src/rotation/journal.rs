//! The log of what is about to be done, as the engine sees it. Holds no secrets.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::{Place, Plan, RecordUid, Strategy};

/// What is announced before it is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "kebab-case")]
pub enum Entry {
    /// A rotation is about to change its target.
    Intent(Box<Intent>),
    /// What another gateway did not finish is about to be taken over: it may have set the new value.
    TakingOver {
        /// The other gateway's rotation.
        rotation_id: String,
    },
    /// A try of rotate; of an `in-place` rotation, any write of a value at the service.
    Try {
        /// The marker that goes with it.
        marker: String,
        /// When it begins, as time since the Unix epoch.
        at: Duration,
        /// When it has ended at the latest, as time since the Unix epoch: nothing is sent after it.
        until: Duration,
    },
    /// Rotate returned.
    Made {
        /// The handle of the new credential.
        handle: String,
        /// The field of the record that gets the handle; none when the plugin forgot it, and the
        /// credential is therefore never saved.
        field: Option<HandleField>,
    },
    /// The service says that the new value is wrong: the old one is about to be put back.
    PuttingBack,
    /// The vault is about to be written.
    Saving {
        /// The revision that the save names.
        revision: i64,
    },
    /// The vault holds the new credential: only forward from here.
    Saved {
        /// The record's revision as it was read back.
        revision: Option<i64>,
    },
    /// A consumer is about to be handed the new value.
    Delivering {
        /// Its name in the intent.
        consumer: String,
    },
    /// The consumer has it.
    Delivered {
        /// Its name in the intent.
        consumer: String,
        /// What it calls what it was handed.
        id: String,
    },
    /// The new credential is about to be printed, for a caller who saves it himself.
    HandingOver,
    /// It was printed.
    HandedOver,
    /// Everything that was made is gone again.
    RolledBack,
    /// Nothing is left to do.
    Done,
}

impl Entry {
    /// Tells whether it is a rotation's last one.
    #[must_use]
    pub fn closes(&self) -> bool {
        matches!(self, Self::HandedOver | Self::RolledBack | Self::Done)
    }
}

/// The field of the record that says which credential the record holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandleField {
    /// Its label.
    pub label: String,
    /// Where it stands.
    pub place: Place,
    /// Its type, which tells it from another one of that label.
    pub kind: String,
    /// What it held before: the handle of the credential that is replaced.
    pub before: Option<String>,
}

/// What a rotation is about to do, and what whoever finishes it needs to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// The record that it is for.
    pub record_uid: RecordUid,
    /// How it rotates; none where a script is run once, of which nobody sees what it changes.
    pub strategy: Option<Strategy>,
    /// What preflight found, less what may not be removed.
    pub plan: Plan,
    /// The ids that preflight listed and that may not be removed.
    pub spared: Vec<String>,
    /// The records that were asked for, the target among them.
    pub records: Vec<RecordUid>,
    /// Who is to be handed the new value, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consumers: Vec<Consumer>,
    /// How to bring back plugin, settings, vault and network. The engine does not look into it.
    pub setup: Value,
}

/// Somebody who uses the credential and must have the new value before the old one goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consumer {
    /// The name of the plugin that hands it over; no other one of the rotation has it.
    pub name: String,
    /// What that plugin's preflight found.
    pub plan: Plan,
}

/// A rotation that was begun and not closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenRotation {
    /// Its id.
    pub rotation_id: String,
    /// Its entries, the oldest first; the first one is its [`Entry::Intent`].
    pub entries: Vec<Entry>,
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
    /// It was free, or ours already.
    Free,
    /// Somebody held it; what was read before is stale.
    Waited,
}

/// The journal of one record's rotations, and the locks that go with it.
#[async_trait::async_trait(?Send)]
pub trait Journal {
    /// Locks the record against other rotations, until the journal is dropped.
    ///
    /// # Errors
    /// Who held it all the time, or what is wrong with the record's journal.
    async fn lock_record(&mut self, uid: &str, patience: Duration) -> Result<Lock, JournalError>;
    /// Locks the target, letting go of a target locked before.
    ///
    /// # Errors
    /// Who held it all the time.
    async fn lock_target(&mut self, target: &str, patience: Duration) -> Result<Lock, JournalError>;
    /// Lets go of the target.
    fn unlock_target(&mut self);
    /// Locks what a consumer keeps the value in, besides the target, letting go of one locked before:
    /// some services take a whole group of values at once.
    ///
    /// # Errors
    /// Who held it all the time.
    async fn lock_consumer(&mut self, target: &str, patience: Duration) -> Result<Lock, JournalError>;
    /// Lets go of the consumer.
    fn unlock_consumer(&mut self);
    /// Returns the rotations of the locked record that are open, the oldest first.
    fn open_rotations(&self) -> Vec<OpenRotation>;
    /// Writes an entry of a rotation of the locked record; durable when it returns.
    ///
    /// # Errors
    /// Why it could not be made durable.
    fn append(&mut self, rotation_id: &str, entry: Entry) -> Result<(), JournalError>;
}
