//! Settles a rotation that was interrupted: forward where the vault holds its credential, and
//! back where it does not. What cannot be told yet stays open.

use std::time::Duration;

use super::engine::Engine;
use super::trail::Trail;
use super::undo::what_to_look_for;
use super::{Delivery, ErrorInfo, Job, OpenRotation, Outcome, OutcomeKind, Parts, StepTiming, Stop, marker};
use crate::model::{Listed, RecordUid, Strategy};

/// How long one look may pause, all its pauses together: enough to look twice.
const ONE_LOOK: Duration = Duration::from_secs(5);

/// How long to wait for what cannot be told yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Not at all: a new rotation is waiting for half of the time that is left. An `in-place` one
    /// cannot begin before all is settled; so it waits.
    OneLook,
    /// Until it can be told, as long as there is time.
    UntilProven,
}

/// How an interrupted rotation was settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Settled {
    /// It had not changed anything yet.
    NothingDone,
    /// What it made is gone again.
    RolledBack,
    /// The vault holds what it made; what that replaces is dealt with as planned.
    Committed,
    /// The vault holds somebody else's credential; what it made is gone, and nothing else.
    Superseded,
    /// It was printed, and somebody saved it.
    HandedOver,
    /// It was a script that is run once, and what that changed nobody can find out: the error says so,
    /// and it is closed.
    Unknown,
    /// It is not: the error says why, and what to do.
    Open,
}

/// What became of an interrupted rotation.
#[derive(Debug)]
pub struct Settlement {
    /// The id of the rotation.
    pub rotation_id: String,
    /// The record that it was for.
    pub record_uid: RecordUid,
    /// What it rotated; empty when its journal does not say.
    pub target: String,
    /// How it was settled.
    pub settled: Settled,
    /// The ids that were removed now, because the credential that replaces them is saved.
    pub removed: Vec<String>,
    /// What was left alive, and is known.
    pub retained: Vec<Listed>,
    /// What became of its deliveries, where it got that far.
    pub deliveries: Vec<Delivery>,
    /// How long the steps took.
    pub steps: Vec<StepTiming>,
    /// What an operator should know.
    pub warnings: Vec<String>,
    /// Why it is still open, or what nobody knows of it; none when all is well.
    pub error: Option<ErrorInfo>,
}

impl Settlement {
    /// Tells people what became of it, in one sentence.
    #[must_use]
    pub fn summary(&self) -> String {
        let Self { rotation_id, record_uid, .. } = self;
        let earlier = format!("rotation {rotation_id} of record {record_uid}, which was interrupted,");
        let removed = match &self.removed[..] {
            [] => String::new(),
            removed => format!("; removed: {}", removed.join(", ")),
        };
        match self.settled {
            Settled::NothingDone => format!("{earlier} had changed nothing"),
            Settled::RolledBack => format!("{earlier} is rolled back"),
            Settled::Committed => format!("{earlier} is finished{removed}"),
            Settled::Superseded => {
                let end = if self.retained.is_empty() { "rolled back" } else { "closed" };
                format!("{earlier} is {end}, since the record holds another credential by now")
            }
            Settled::HandedOver => format!("{earlier} is closed: a record holds the credential it printed"),
            Settled::Unknown | Settled::Open => {
                let error = self.error.iter();
                let told = error.flat_map(|error| [Some(&error.message), error.hint.as_ref()]).flatten();
                told.cloned().collect::<Vec<_>>().join("; ") + &removed
            }
        }
    }
}

/// Settles an open rotation, under the lock of its record, which the caller holds, and that of
/// its target, which is let go again.
///
/// Of the job, the record, the rotation's id and the setup do not count, but those of `open` do. The
/// parts must be those that the rotation was begun with, as its [`setup`](super::Intent::setup)
/// tells; when they cannot be had, `prepare` may say why, and it stays open for that reason.
pub async fn settle(job: &Job, mut parts: Parts<'_>, open: &OpenRotation, patience: Patience) -> Settlement {
    let mut settlement = Settlement {
        rotation_id: open.rotation_id.clone(),
        record_uid: job.record_uid.clone(),
        target: String::new(),
        settled: Settled::Open,
        removed: Vec::new(),
        retained: Vec::new(),
        deliveries: Vec::new(),
        steps: Vec::new(),
        warnings: Vec::new(),
        error: None,
    };
    let Some(trail) = open.trail() else {
        let message = format!(
            "the journal of record {} does not say how rotation {} began",
            job.record_uid, open.rotation_id
        );
        let mut error = Stop::failed("journal", "journal-malformed", message).error;
        error.hint = Some(what_to_look_for(&job.record_uid, &open.rotation_id, "the service"));
        settlement.error = Some(error);
        return settlement;
    };
    settlement.record_uid.clone_from(&trail.intent.record_uid);
    settlement.target.clone_from(&trail.intent.plan.target);

    let job = resumed(job, open, &trail);
    let mut engine = Engine::new(&job, parts.lend());
    // Until it is known which password works, no new rotation can begin; consumers can wait.
    let can_wait = trail.intent.strategy == Some(Strategy::Overlap) || trail.saved.is_some();
    if patience == Patience::OneLook && can_wait {
        engine.hurry(ONE_LOOK);
    }
    let settled = engine.resume(&trail).await;
    engine.journal.unlock_target();
    let Outcome { removed, retained, deliveries, steps, warnings, .. } = engine.outcome;
    let error = match &settled {
        Err(stop) => Some(unsettled(&job, &trail, stop)),
        Ok(Settled::Unknown) => Some(unknown(&job)),
        Ok(_) => None,
    };
    let settled = settled.unwrap_or(Settled::Open);
    Settlement { settled, removed, retained, deliveries, steps, warnings, error, ..settlement }
}

/// The job of a rotation that is taken up again.
fn resumed(job: &Job, open: &OpenRotation, trail: &Trail<'_>) -> Job {
    let mut wanted = trail.intent.records.clone();
    wanted.extend(job.wanted.iter().filter(|uid| !trail.intent.records.contains(uid)).cloned());
    Job {
        record_uid: trail.intent.record_uid.clone(),
        rotation_id: open.rotation_id.clone(),
        wanted,
        setup: trail.intent.setup.clone(),
        dry_run: false,
        ..job.clone()
    }
}

/// What there is to say of a script that was run once, and interrupted.
fn unknown(job: &Job) -> ErrorInfo {
    let Job { record_uid, rotation_id, .. } = job;
    let message = format!(
        "rotation {rotation_id} of record {record_uid} was interrupted while it ran a script that declares no steps: what \
         the script had changed by then is not known"
    );
    let mut error = Stop::failed("rotate", "run-interrupted", message).error;
    error.hint =
        Some(format!("look at what the script changes, and whether it still goes with record {record_uid}"));
    error
}

/// Why the rotation is still open, and what to do by hand.
fn unsettled(job: &Job, trail: &Trail<'_>, stop: &Stop) -> ErrorInfo {
    let Job { record_uid, rotation_id, .. } = job;
    let target = &trail.intent.plan.target;
    let message = format!(
        "rotation {rotation_id} of record {record_uid} at {target} is still open: {}",
        stop.error.message
    );
    let by_hand = match trail.made {
        _ if trail.intent.strategy == Some(Strategy::InPlace) => format!(
            "if record {record_uid} has a field `pamrun_pending`, one of the values in it works at {target}: put that into the record, and remove the field"
        ),
        Some(handle) if trail.handing_over => format!(
            "find out who was to save {handle}: if nobody has it, remove it at {target}; if somebody does, put its id into record {record_uid}"
        ),
        Some(handle) => format!(
            "if record {record_uid} holds {handle}, remove what that replaces at {target}, else remove {handle} ({}) there",
            marker(record_uid, rotation_id, trail.tries)
        ),
        None => what_to_look_for(record_uid, rotation_id, target),
    };
    let hint = match &stop.error.hint {
        // It names what is left.
        Some(hint) if stop.kind == OutcomeKind::Uncertain => {
            format!("run `pamrun recover {record_uid}`; by hand: {hint}")
        }
        Some(hint) => format!("{hint}; then run `pamrun recover {record_uid}`; by hand: {by_hand}"),
        None => format!("run `pamrun recover {record_uid}`; by hand: {by_hand}"),
    };
    ErrorInfo { message, hint: Some(hint), ..stop.error.clone() }
}
