//! What every step of a rotation goes through: the time that is left, the plugin's calls, reads
//! of the vault, entries in the journal, and the notes that become the outcome.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::contract::Spared;
use super::records::{named_by, same_id};
use super::rescue::InHand;
use super::{
    Call, Change, Clock, Consumer, Deliverer, Entry, Interrupt, Job, Journal, JournalError, Lock,
    OpenRotation, Outage, Outcome, OutcomeKind, Parts, Plugin, Prepare, Prepared, Random, Retry, Secrets,
    StepError, StepResult, StepTiming, Stop, Trace, Trouble, Vault, marker,
};
use crate::model::{Listed, Plan, Record, RecordUid, Request, StepName};
use crate::policy::{Removals, StepGrant};
use crate::secret::Secret;

/// The least time that a call is worth beginning with.
pub(super) const SHORTEST_CALL: Duration = Duration::from_secs(1);

/// One rotation under way.
pub(super) struct Engine<'a> {
    pub(super) job: &'a Job,
    pub(super) plugin: &'a mut dyn Plugin,
    pub(super) deliverers: Vec<Deliverer<'a>>,
    pub(super) vault: Option<&'a mut dyn Vault>,
    pub(super) journal: &'a mut dyn Journal,
    pub(super) clock: &'a dyn Clock,
    pub(super) prepare: &'a Prepare<'a>,
    pub(super) secrets: &'a dyn Secrets,
    pub(super) random: &'a Random<'a>,
    interrupt: &'a dyn Interrupt,
    deadline: Duration,
    /// How long it may still pause, all pauses together.
    patience: Duration,
    pub(super) tries: Tries,
    /// The value that was made for want of a proposed one.
    pub(super) generated: Option<Secret>,
    /// New values that are neither saved nor gone.
    pub(super) in_hand: InHand,
    /// Whether the record keeps values of this very rotation.
    pub(super) has_rescued: bool,
    /// The records to read, the target first.
    pub(super) wanted: Vec<RecordUid>,
    pub(super) outcome: Outcome,
}

/// The records, read just now.
pub(super) struct Fresh {
    pub(super) target: Record,
    pub(super) records: Vec<Record>,
}

/// What steps 2 and 3 found, and all later ones stand on.
pub(super) struct Ready {
    /// The target as it was read: the values and the revision that a save relies on.
    pub(super) target: Record,
    pub(super) prepared: Prepared,
    pub(super) plan: Plan,
    /// What the plugin planned to remove, and may not.
    pub(super) spared: Vec<Spared>,
    /// The ids that the plan as the plugin made it or a record names: not ours to roll back.
    pub(super) taken: BTreeSet<String>,
    /// Who is to be handed the new value.
    pub(super) consumers: Vec<Consumer>,
}

/// What a call is made with.
struct Asked {
    request: Request,
    grant: StepGrant,
    budget: Duration,
    /// Whether it settles: then it is not broken off, for it is what an interrupted rotation ends with.
    settles: bool,
}

/// The tries of rotate so far.
#[derive(Default)]
pub(super) struct Tries {
    /// How many there were.
    pub(super) count: u32,
    /// From when on nothing that they sent can show up any more.
    pub(super) settled_at: Duration,
    /// Credentials of ours that were seen, and gone before the last try began.
    pub(super) settled: BTreeSet<String>,
    /// How many credentials must be seen and gone until the last try's is known to be among them:
    /// whoever made the tries himself has noted those of the earlier ones.
    pub(super) unsettled: usize,
    /// The ids that rollbacks removed so far; the policy keeps count in it.
    pub(super) removed: Arc<Mutex<BTreeSet<String>>>,
}

impl<'a> Engine<'a> {
    pub(super) fn new(job: &'a Job, parts: Parts<'a>) -> Self {
        Self {
            job,
            plugin: parts.plugin,
            deliverers: parts.deliverers,
            vault: parts.vault,
            journal: parts.journal,
            clock: parts.clock,
            prepare: parts.prepare,
            secrets: parts.secrets,
            random: parts.random,
            interrupt: parts.interrupt,
            deadline: job.limits.timeout,
            patience: Duration::MAX,
            tries: Tries::default(),
            generated: None,
            in_hand: InHand::default(),
            has_rescued: false,
            wanted: wanted(job),
            outcome: Outcome::new(OutcomeKind::Failed),
        }
    }

    /// The outcome of a rotation that ended like this.
    pub(super) fn end(mut self, ended: Result<OutcomeKind, Stop>) -> Outcome {
        match ended {
            Ok(kind) => self.outcome.kind = kind,
            Err(stop) => {
                self.outcome.kind = stop.kind;
                self.outcome.error = Some(stop.error);
            }
        }
        self.outcome
    }

    /// The time left for `step`: rollback and commit may use what is held back for them.
    pub(super) fn time_left(&self, step: StepName) -> Duration {
        let left = self.deadline.saturating_sub(self.clock.elapsed());
        match step {
            StepName::Commit | StepName::Rollback => left,
            StepName::Preflight | StepName::Rotate | StepName::Verify => {
                left.saturating_sub(self.job.limits.reserve)
            }
        }
    }

    /// How long it may pause before one more call of `step`.
    pub(super) fn spare(&self, step: StepName) -> Duration {
        self.time_left(step).saturating_sub(SHORTEST_CALL)
    }

    /// Takes one look only: pauses for no longer than `patience` altogether, and leaves half of
    /// the time that is left to others.
    pub(super) fn hurry(&mut self, patience: Duration) {
        self.patience = patience;
        self.deadline = self.deadline.saturating_sub(self.time_left(StepName::Rollback) / 2);
    }

    /// Waits, but leaves time for one more call; returns false when there is none, or no more
    /// patience, or when it is to end.
    pub(super) async fn pause(&mut self, pause: Duration) -> bool {
        let spare = self.spare(StepName::Rollback);
        if spare.is_zero() || pause > self.patience {
            return false;
        }
        let pause = pause.min(spare);
        self.patience -= pause;
        tokio::select! {
            biased;
            () = self.interrupt.wait() => false,
            () = self.clock.sleep(pause) => true,
        }
    }

    /// Begins the tries of a step.
    pub(super) fn retry(&self) -> Retry {
        Retry::new(self.job.limits.outage_patience, self.clock.elapsed())
    }

    /// Waits before the next try, for `spare` at most; returns false when there is none: this trouble is
    /// none that passes, patience has run out, or a longer pause was asked for.
    pub(super) async fn hold_on(
        &mut self,
        retry: &mut Retry,
        trouble: impl Into<Option<Trouble>>,
        spare: Duration,
    ) -> bool {
        let Some(trouble) = trouble.into().filter(|_| !spare.is_zero()) else { return false };
        if matches!(trouble, Trouble::Outage(Outage { asked }) if asked > Some(spare)) {
            return false;
        }
        match retry.pause(trouble, self.clock.elapsed()) {
            Some(pause) => self.pause(pause.min(spare)).await,
            None => false,
        }
    }

    /// How it stops before `step`, when it is to end.
    pub(super) fn is_interrupted(&self, step: &str) -> Result<(), Stop> {
        if self.interrupt.is_set() { Err(Stop::interrupted(step)) } else { Ok(()) }
    }

    /// Waits for a lock.
    pub(super) async fn lock(
        &mut self,
        take: impl AsyncFnOnce(&mut dyn Journal, Duration) -> Result<Lock, JournalError>,
    ) -> Result<Lock, Stop> {
        let patience = self.time_left(StepName::Preflight);
        tokio::select! {
            biased;
            () = self.interrupt.wait() => Err(Stop::interrupted("lock")),
            lock = take(self.journal, patience) => {
                lock.map_err(|error| Stop::failed("lock", error.code, error.message))
            }
        }
    }

    /// Calls one step of the plugin.
    pub(super) async fn call<T>(
        &mut self,
        step: StepName,
        prepared: &Prepared,
        removals: Removals,
        run: impl AsyncFnOnce(&mut dyn Plugin, Call<'_>) -> StepResult<T>,
    ) -> StepResult<T> {
        let asked = match self.ask(step, prepared, removals, self.time_left(step)) {
            Ok(asked) => asked,
            Err(error) => return StepResult { result: Err(error), trace: Trace::default() },
        };
        let began = self.clock.elapsed();
        let answer = asked.answered(self.interrupt, run(self.plugin, asked.call())).await;
        self.note_call(step.word(), began, &answer);
        answer
    }

    /// Calls a step that changes nothing until it is answered, as long as there is patience.
    pub(super) async fn call_patiently<T>(
        &mut self,
        step: StepName,
        prepared: &Prepared,
        run: impl AsyncFn(&mut dyn Plugin, Call<'_>) -> StepResult<T>,
    ) -> Result<T, StepError> {
        let mut retry = self.retry();
        loop {
            let answer = self.call(step, prepared, Removals::Nothing, &run).await;
            match answer.result {
                Err(error) if self.hold_on(&mut retry, error.trouble(step), self.spare(step)).await => {}
                result => return result,
            }
        }
    }

    /// Calls one step of a plugin that hands the value to a consumer, for `budget` at most.
    pub(super) async fn call_deliverer<T>(
        &mut self,
        deliverer: &mut Deliverer<'_>,
        step: StepName,
        prepared: &Prepared,
        budget: Duration,
        run: impl AsyncFnOnce(&mut dyn Plugin, Call<'_>) -> StepResult<T>,
    ) -> Result<T, StepError> {
        let asked = self.ask(step, prepared, Removals::Nothing, budget.min(self.time_left(step)))?;
        let began = self.clock.elapsed();
        let answer = asked.answered(self.interrupt, run(&mut *deliverer.plugin, asked.call())).await;
        self.note_call(&format!("{} {step}", deliverer.name), began, &answer);
        answer.result
    }

    /// Makes what a step is called with, unless it must not be called any more.
    fn ask(
        &self,
        step: StepName,
        prepared: &Prepared,
        removals: Removals,
        budget: Duration,
    ) -> Result<Asked, StepError> {
        let settles = matches!(step, StepName::Commit | StepName::Rollback);
        if !settles && self.interrupt.is_set() {
            return Err(StepError::Interrupted);
        }
        if budget.is_zero() {
            return Err(self.out_of_time());
        }
        let mut request = prepared.request.clone();
        // None will follow when it only looks, which is when a plugin looks more closely.
        request.attempt = if self.job.dry_run { 0 } else { self.tries.count.max(1) };
        request.rotation_id.clone_from(&self.job.rotation_id);
        request.marker = marker(&self.job.record_uid, &self.job.rotation_id, request.attempt);
        Ok(Asked { request, grant: (prepared.grant)(step, removals), budget, settles })
    }

    fn note_call<T>(&mut self, name: &str, began: Duration, answer: &StepResult<T>) {
        let elapsed = self.clock.elapsed().saturating_sub(began);
        let requests = answer.trace.requests;
        if let Some(skew) = &answer.trace.clock_skew {
            self.outcome.find(skew.finding());
        }
        self.outcome.steps.push(StepTiming { name: name.to_owned(), elapsed, requests });
        for deny in &answer.trace.denials {
            if answer.result.as_ref().err() != Some(&StepError::Refused(deny.clone())) {
                let hint = deny.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
                self.warn(format!("refused in {name}: {deny}{hint}"));
            }
        }
    }

    fn out_of_time(&self) -> StepError {
        StepError::Limit {
            name: "timeout",
            message: format!(
                "the rotation's {:?} are used up, but for what rollback and commit need; --timeout gives it more",
                self.job.limits.timeout
            ),
        }
    }

    /// The ids that are not this rotation's to roll back: those that records name, those
    /// `planned`, and what other rotations made that are still open.
    pub(super) fn taken<'i>(
        &self,
        records: &[Record],
        planned: impl IntoIterator<Item = &'i String>,
    ) -> BTreeSet<String> {
        let mut taken: BTreeSet<String> = records.iter().flat_map(named_by).collect();
        taken.extend(planned.into_iter().cloned());
        let open = self.journal.open_rotations();
        let others = open.iter().filter(|open| open.rotation_id != self.job.rotation_id);
        taken.extend(others.filter_map(OpenRotation::handle).map(str::to_owned));
        taken
    }

    /// What rollback may remove: strays of this rotation, one for each try.
    pub(super) fn strays(&self, ready: &Ready) -> Removals {
        Removals::Strays {
            tries: usize::try_from(self.tries.count).unwrap_or(usize::MAX),
            never: ready.taken.clone(),
            taken: Arc::clone(&self.tries.removed),
        }
    }

    /// Writes a journal entry; what it announces must not happen when this fails.
    pub(super) fn append(&mut self, entry: Entry) -> Result<(), Stop> {
        let appended = self.journal.append(&self.job.rotation_id, entry);
        appended.map_err(|error| Stop::failed("journal", error.code, error.message))
    }

    /// Writes a rotation's last entry. By then all is done: an entry that cannot be written keeps
    /// the rotation open, and the next run closes it.
    pub(super) fn close(&mut self, entry: Entry) {
        if let Err(stop) = self.append(entry) {
            self.warn(format!("the journal could not close this rotation: {stop}"));
        }
    }

    pub(super) fn time(&mut self, name: &str, began: Duration) {
        let elapsed = self.clock.elapsed().saturating_sub(began);
        self.outcome.steps.push(StepTiming { name: name.to_owned(), elapsed, requests: 0 });
    }

    pub(super) fn warn(&mut self, warning: String) {
        self.outcome.warn(warning);
    }

    pub(super) fn retain(&mut self, listed: Listed) {
        if !self.outcome.retained.iter().any(|known| same_id(&known.id, &listed.id)) {
            self.outcome.retained.push(listed);
        }
    }
}

impl Asked {
    fn call(&self) -> Call<'_> {
        Call { request: &self.request, grant: &self.grant, budget: self.budget }
    }

    /// Waits for the answer, unless it is to end before.
    async fn answered<T>(
        &self,
        interrupt: &dyn Interrupt,
        answer: impl Future<Output = StepResult<T>>,
    ) -> StepResult<T> {
        tokio::select! {
            biased;
            answer = answer => answer,
            () = interrupt.wait(), if !self.settles => {
                let trace = Trace { change: Change::Possible, ..Trace::default() };
                StepResult { result: Err(StepError::Interrupted), trace }
            }
        }
    }
}

fn wanted(job: &Job) -> Vec<RecordUid> {
    let others = job.wanted.iter().filter(|uid| **uid != job.record_uid);
    std::iter::once(&job.record_uid).chain(others).cloned().collect()
}
