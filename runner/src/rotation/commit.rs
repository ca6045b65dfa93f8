//! Step 12: removes what the new credential replaces, and not one credential more.

use super::engine::{Engine, Ready};
use super::records::{has_id, names, same_id};
use super::{Entry, OutcomeKind, Prepared, StepResult, Stop};
use crate::model::{Credential, Plan, Record, Removed, StepName};
use crate::policy::Removals;

impl Engine<'_> {
    /// Removes what the plan lists, now that the vault holds the new credential; `records` are as
    /// read back. From here there is only forward: what fails leaves the rotation unfinished.
    pub(super) async fn commit(
        &mut self,
        ready: &Ready,
        credential: &Credential,
        records: &[Record],
    ) -> Result<(), Stop> {
        let handle = &credential.handle;
        let plan = self.removable(&ready.plan, handle, records);
        let revision = records.iter().find(|record| record.uid == self.job.record_uid);
        let saved = Entry::Saved { revision: revision.and_then(|record| record.revision) };
        if plan.removes.is_empty() {
            self.close(saved);
            return Ok(());
        }
        let done = match self.append(saved) {
            Ok(()) => self.remove(&plan, handle, records).await,
            Err(stop) => Err(stop),
        };
        let mut left = Vec::new();
        for listed in plan.removes {
            if !has_id(&self.outcome.removed, &listed.id) {
                left.push(listed.id.clone());
                self.retain(listed);
            }
        }
        done.map_err(|stop| unfinished(stop, &plan.target, &left))
    }

    /// How a rotation ends whose credential is saved, and whose commit cannot begin.
    pub(super) fn leave_uncommitted(&mut self, plan: &Plan, stop: Stop) -> Stop {
        let left: Vec<_> = plan.removes.iter().map(|listed| listed.id.clone()).collect();
        plan.removes.iter().for_each(|listed| self.retain(listed.clone()));
        unfinished(stop, &plan.target, &left)
    }

    /// The plan without what stays: all of it when the new credential is unproven; else what a
    /// record names, read just now, and the new credential itself.
    fn removable(&mut self, plan: &Plan, handle: &str, records: &[Record]) -> Plan {
        let mut plan = plan.clone();
        for listed in std::mem::take(&mut plan.removes) {
            let named_by = records.iter().find(|record| names(record, &listed.id));
            if let Some(record) = named_by {
                self.warn(format!("{} will not be removed: record {} names it", listed.id, record.uid));
            }
            if self.outcome.proof != Some("verified") || named_by.is_some() || same_id(&listed.id, handle) {
                self.retain(listed);
            } else {
                plan.removes.push(listed);
            }
        }
        plan
    }

    /// Calls commit until it succeeds, fails for good, or patience or time is up.
    async fn remove(&mut self, plan: &Plan, handle: &str, records: &[Record]) -> Result<(), Stop> {
        let prepared = (self.prepare)(records)?;
        let mut retry = self.retry();
        loop {
            let StepResult { result, trace } = self.commit_once(&prepared, plan, handle).await;
            let error = match result {
                Ok(removed) => return self.take_stock(plan, &removed),
                Err(error) => error,
            };
            // What the host saw go is gone, however the step ended.
            let gone = trace.saw.gone.into_iter().map(|id| Removed { id, gone: true }).collect::<Vec<_>>();
            if !gone.is_empty() && self.take_stock(plan, &gone).is_ok() {
                self.warn(format!("commit ended with an error once all was removed: {error}"));
                return Ok(());
            }
            let trouble = error.trouble(StepName::Commit);
            if !self.hold_on(&mut retry, trouble, self.spare(StepName::Commit)).await {
                return Err(Stop::of_step(StepName::Commit, error));
            }
        }
    }

    async fn commit_once(
        &mut self,
        prepared: &Prepared,
        plan: &Plan,
        handle: &str,
    ) -> StepResult<Vec<Removed>> {
        let exactly = Removals::Exactly(plan.removes.iter().map(|listed| listed.id.clone()).collect());
        let commit = self.call(StepName::Commit, prepared, exactly, async |plugin, call| {
            plugin.commit(call, plan, handle).await
        });
        commit.await
    }

    /// Notes what is gone, as far as it was in the plan.
    fn take_stock(&mut self, plan: &Plan, removed: &[Removed]) -> Result<(), Stop> {
        for listed in &plan.removes {
            let is_gone = removed.iter().any(|removed| removed.gone && same_id(&removed.id, &listed.id));
            if is_gone && !has_id(&self.outcome.removed, &listed.id) {
                self.outcome.removed.push(listed.id.clone());
            }
        }
        match plan.removes.len() - self.outcome.removed.len() {
            0 => Ok(()),
            left => {
                let message =
                    format!("{left} of {} credentials are not known to be gone", plan.removes.len());
                Err(Stop::failed("commit", "commit-incomplete", message))
            }
        }
    }
}

/// How a rotation ends that is saved, and whose commit stopped.
fn unfinished(mut stop: Stop, target: &str, left: &[String]) -> Stop {
    stop.kind = OutcomeKind::Uncertain;
    "commit-incomplete".clone_into(&mut stop.error.code);
    stop.error.message = format!(
        "the new credential is saved, but not all that it replaces is removed: {}",
        stop.error.message
    );
    stop.error.hint =
        Some(format!("remove these at {target}, where they are still there: {}", left.join(", ")));
    stop
}
