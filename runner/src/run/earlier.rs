//! What an `exec` has to say of earlier rotations of its record.

use super::settle::{Settled, Settler};
use crate::journal::{FileJournal, Left};
use crate::model::{Finding, Level, Listed};
use crate::rotation::{Intent, Journal, JournalError};

/// What is left of earlier rotations.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    /// Those that are open, where none is settled.
    pub(super) findings: Vec<Finding>,
    /// What became of each that is settled.
    pub(super) warnings: Vec<String>,
    /// What they left alive.
    pub(super) retained: Vec<Listed>,
}

impl Earlier {
    /// Names what is open, for a run that changes nothing.
    pub(super) fn named(left: Result<Vec<Left>, JournalError>) -> Self {
        match left {
            Ok(left) => Self { findings: left.iter().map(still_open).collect(), ..Self::default() },
            Err(error) => Self { warnings: vec![error.to_string()], ..Self::default() },
        }
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
            // What an older one was kept for may be done with a newer one.
            earlier.retained.retain(|listed: &Listed| !settlement.removed.contains(&listed.id));
            earlier.warnings.push(settlement.summary());
            earlier.warnings.extend(settlement.warnings);
            earlier.retained.extend(settlement.retained);
        }
        earlier
    }
}

/// Says of an open rotation when it began and at what, and how it is settled.
fn still_open(left: &Left) -> Finding {
    let Left { since, rotation } = left;
    let id = &rotation.rotation_id;
    let (at, record) = rotation.intent().map_or_else(Default::default, |intent| {
        let Intent { record_uid, plan, .. } = intent;
        (format!(" of record {record_uid} at {}", plan.target), format!(" {record_uid}"))
    });
    Finding {
        level: Level::Warning,
        code: "rotation-open".to_owned(),
        message: format!("rotation {id}{at}, which began {since}, is still open"),
        fix: Some(format!("the next run settles it, or `pamrun recover{record}`")),
    }
}
