//! The `overlap` rotation: old and new credential are both valid for a while.

use super::contract::{judge_plan, spare};
use super::engine::{Engine, Fresh, Ready};
use super::pending::Pending;
use super::{Entry, Intent, Job, Lock, Outcome, OutcomeKind, Parts, Prepared, Stop};
use crate::model::{Credential, Finding, Level, Record, StepName, Strategy};

/// How often a rotation is planned anew because its target was in other hands meanwhile.
const PLANS: usize = 5;

/// Rotates one record.
///
/// Without a vault it ends with the journal at [`Entry::HandingOver`] and `saved: false`: the
/// caller prints the outcome, and appends [`Entry::HandedOver`] once that is flushed.
pub async fn rotate_overlap<'a>(job: &'a Job, parts: Parts<'a>) -> Outcome {
    let mut engine = Engine::new(job, parts);
    let ended = engine.rotate().await;
    engine.end(ended)
}

impl Engine<'_> {
    /// The steps, numbered as in the design. What fails up to 5 has changed nothing; from 6 to 9
    /// it is rolled back where it fails; from 10 on there is only forward.
    async fn rotate(&mut self) -> Result<OutcomeKind, Stop> {
        self.lock_record().await?; // 1
        let (mut ready, ()) = self.plan(async |engine| engine.look().await).await?; // 2, 3, 4
        if self.job.dry_run {
            return Ok(OutcomeKind::Planned);
        }
        self.announce(&ready, Strategy::Overlap)?; // 5
        let credential = self.make(&ready).await?; // 6, 7
        self.prove(&ready, &credential).await?; // 8
        if let Err(stop) = self.is_interrupted("save") {
            return Err(self.roll_back(&ready, Some(&credential.handle), stop).await);
        }
        if self.vault.is_none() {
            self.hand_over(&ready, credential).await?;
            return Ok(OutcomeKind::Rotated);
        }
        let saved = self.save(&mut ready, &credential).await?; // 9, 10
        let owed: Vec<_> = ready.consumers.iter().collect();
        let fresh = self.deliver_saved(&ready, &owed, &credential, saved).await?; // 11
        self.commit(&ready, &credential, &fresh.records).await?; // 12
        self.close(Entry::Done); // 13
        self.close_overtaken(&ready.consumers);
        Ok(OutcomeKind::Rotated)
    }

    /// Step 1.
    pub(super) async fn lock_record(&mut self) -> Result<(), Stop> {
        if self.job.dry_run {
            return Ok(());
        }
        let uid = &self.job.record_uid;
        self.lock(async |journal, patience| journal.lock_record(uid, patience).await).await?;
        self.plugin.get_ready();
        Ok(())
    }

    /// Steps 2 to 4: looks until what was seen was seen under the lock of the plan's target.
    pub(super) async fn plan<T, E: From<Stop>>(
        &mut self,
        look: impl AsyncFn(&mut Self) -> Result<(Ready, T), E>,
    ) -> Result<(Ready, T), E> {
        let mut locked = None;
        for _ in 0..PLANS {
            let (ready, seen) = look(self).await?;
            if !self.job.dry_run
                && locked.as_ref() != Some(&ready.plan.target)
                && self.lock_target(&ready.plan.target).await? == Lock::Waited
            {
                locked = Some(ready.plan.target.clone());
                continue;
            }
            self.note_plan(&ready);
            self.found_no_error()?;
            return Ok((ready, seen));
        }
        let message = format!("the target that record {} names kept changing", self.job.record_uid);
        Err(Stop::failed("lock", "target-unsteady", message).into())
    }

    pub(super) async fn lock_target(&mut self, target: &str) -> Result<Lock, Stop> {
        self.lock(async |journal, patience| journal.lock_target(target, patience).await).await
    }

    /// Steps 2 and 3.
    async fn look(&mut self) -> Result<(Ready, ()), Stop> {
        let Fresh { target, records } = self.get("get").await?;
        if self.vault.is_some() {
            savable(&target)?;
        }
        if let Some(pending) = Pending::of(&target)?.filter(|pending| !pending.is_decided()) {
            return Err(under_way(&target.uid, &pending.rotation_id));
        }
        let prepared = (self.prepare)(&records)?;
        Ok((self.look_at_all(Fresh { target, records }, prepared).await?, ()))
    }

    /// Step 3, with the consumers: a delivery that cannot work is found before anything is touched.
    pub(super) async fn look_at_all(&mut self, fresh: Fresh, prepared: Prepared) -> Result<Ready, Stop> {
        let records = fresh.records.clone();
        let mut ready = self.look_with(fresh, prepared).await?;
        ready.consumers = self.look_at_consumers(&records).await?;
        Ok(ready)
    }

    /// Step 3.
    pub(super) async fn look_with(&mut self, fresh: Fresh, prepared: Prepared) -> Result<Ready, Stop> {
        let Fresh { target, records } = fresh;
        prepared.findings.iter().for_each(|finding| self.outcome.find(finding.clone()));
        let preflight = self.call_patiently(StepName::Preflight, &prepared, async |plugin, call| {
            plugin.preflight(call).await
        });
        let mut plan = preflight.await.map_err(|error| Stop::of_step(StepName::Preflight, error))?;
        judge_plan(&plan, self.secrets).map_err(|why| Stop::contract(StepName::Preflight, why))?;

        let taken = self.taken(&records, plan.removes.iter().map(|listed| &listed.id));
        let spared = spare(&mut plan, &self.job.record_uid, &records);
        Ok(Ready { target, prepared, plan, spared, taken, consumers: Vec::new() })
    }

    fn note_plan(&mut self, ready: &Ready) {
        self.outcome.plan = Some(ready.plan.clone());
        ready.plan.findings.iter().for_each(|finding| self.outcome.find(finding.clone()));
        self.note_consumers(&ready.consumers);
        for spared in &ready.spared {
            let listed = &spared.listed;
            self.warn(format!("{} ({}) will not be removed: {}", listed.id, listed.label, spared.why));
            self.retain(listed.clone());
        }
    }

    /// What is bound to fail is not begun.
    fn found_no_error(&mut self) -> Result<(), Stop> {
        let found = self.outcome.findings.clone().into_iter();
        let mut errors = found.filter(|finding| finding.level == Level::Error);
        let Some(Finding { code, message, fix, .. }) = errors.next() else { return Ok(()) };
        for other in errors {
            self.warn(other.to_string());
        }
        let mut stop = Stop::failed("preflight", &code, message);
        stop.error.hint = fix;
        Err(stop)
    }

    /// Step 5.
    pub(super) fn announce(&mut self, ready: &Ready, strategy: Strategy) -> Result<(), Stop> {
        self.append(Entry::Intent(Box::new(Intent {
            record_uid: self.job.record_uid.clone(),
            strategy: Some(strategy),
            plan: ready.plan.clone(),
            spared: ready.spared.iter().map(|spared| spared.listed.id.clone()).collect(),
            records: self.wanted.clone(),
            consumers: ready.consumers.clone(),
            setup: self.job.setup.clone(),
        })))
    }

    /// What takes the place of steps 9 to 13 without a vault: nothing is removed, since nobody
    /// here will know whether the new values were saved.
    async fn hand_over(&mut self, ready: &Ready, credential: Credential) -> Result<(), Stop> {
        if let Err(stop) = self.append(Entry::HandingOver) {
            return Err(self.roll_back(ready, Some(&credential.handle), stop).await);
        }
        ready.plan.removes.iter().for_each(|listed| self.retain(listed.clone()));
        self.outcome.updates = credential.updates;
        Ok(())
    }
}

/// The revision to save over. Asked before anything is changed: a record that cannot be saved, or
/// whose save could not be fenced off, must not be rotated.
///
/// # Errors
/// That the record is read-only, or has no revision.
pub(super) fn savable(target: &Record) -> Result<i64, Stop> {
    let uid = &target.uid;
    if !target.editable {
        let message = format!("the vault's application may not edit record {uid}; share it as editable");
        return Err(Stop::failed("get", "record-not-editable", message));
    }
    target.revision.ok_or_else(|| {
        let message =
            format!("the vault names no revision of record {uid}, so nobody's change would be safe");
        Stop::failed("get", "record-without-revision", message)
    })
}

/// How it ends when an `in-place` rotation of the record is not settled.
pub(super) fn under_way(record_uid: &str, rotation_id: &str) -> Stop {
    let message = format!(
        "rotation {rotation_id} of record {record_uid} is not settled, and until it is, nobody knows which of its two values works"
    );
    let mut stop = Stop::new(OutcomeKind::Uncertain, "get", "rotation-open", message);
    stop.error.hint = Some(format!(
        "run `pamrun recover {record_uid}`; by hand: one of the two values in its field `pamrun_pending` works"
    ));
    stop
}
