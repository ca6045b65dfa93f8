//! What an `exec` has to say of earlier rotations of its record.

use super::settle::{Settled, Settler};
use crate::journal::{FileJournal, Left};
use crate::model::Listed;
use crate::rotation::{Journal, JournalError};

/// What is left of earlier rotations.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    /// What became of each, or that it is open.
    pub(super) warnings: Vec<String>,
    /// What they left alive.
    pub(super) retained: Vec<Listed>,
}

impl Earlier {
    /// Names what is open, for a run that changes nothing.
    pub(super) fn named(left: Result<Vec<Left>, JournalError>) -> Self {
        let warnings = match left {
            Ok(left) => left.iter().map(still_open).collect(),
            Err(error) => vec![error.to_string()],
        };
        Self { warnings, ..Self::default() }
    }

    /// Locks the record, and settles what is open. One that cannot be settled yet stays open, and
    /// keeps nobody from rotating. That the record cannot be locked, the rotation finds out itself.
    pub(super) async fn settled(journal: &mut FileJournal, uid: &str, settler: &mut Settler<'_>) -> Self {
        let mut earlier = Self::default();
        let patience = settler.time_for_locks();
        let is_locked = tokio::select! {
            biased;
            () = settler.interrupt.wait() => false,
            lock = journal.lock_record(uid, patience) => lock.is_ok(),
        };
        let left = if is_locked { journal.left() } else { Vec::new() };
        for left in &left {
            let Settled { settlement, .. } = settler.settle(journal, left).await;
            earlier.warnings.push(settlement.summary());
            earlier.warnings.extend(settlement.warnings);
            earlier.retained.extend(settlement.retained);
        }
        earlier
    }
}

/// Says of an open rotation when it began and at what, and how it is settled.
fn still_open(left: &Left) -> String {
    let Left { since, rotation } = left;
    let id = &rotation.rotation_id;
    match rotation.intent() {
        Some(intent) => format!(
            "rotation {id} of record {uid} at {target}, which began {since}, is still open: the next run settles it, or \
             `pamrun recover {uid}`",
            uid = intent.record_uid,
            target = intent.plan.target,
        ),
        None => format!("rotation {id}, which began {since}, is still open"),
    }
}
