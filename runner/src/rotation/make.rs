//! Steps 6 to 8: makes the new credential, and proves it.

use super::contract::{judge_handle, judge_updates, settle};
use super::engine::{Engine, Ready};
use super::records::{handle_field, has_id};
use super::undo::Strays;
use super::{Change, Entry, StepError, Stop, Trouble, marker};
use crate::model::{Credential, FailureKind, Proof, StepName};
use crate::policy::Removals;

/// How often a credential is made at most: the first time, and twice after a lost answer.
pub(super) const TRIES: u32 = 3;

impl Engine<'_> {
    /// Steps 6 and 7. Whatever fails here is rolled back, all tries of it, before this returns.
    pub(super) async fn make(&mut self, ready: &Ready) -> Result<Credential, Stop> {
        let mut retry = self.retry();
        let mut is_begun = false;
        loop {
            // What an earlier try made was seen and removed by now, or can not show up any more.
            if !is_begun && let Err(stop) = self.begin_try(StepName::Rotate) {
                return Err(self.without_a_trace(stop));
            }
            let rotate =
                self.call(StepName::Rotate, &ready.prepared, Removals::Nothing, async |plugin, call| {
                    plugin.rotate(call, &ready.plan).await
                });
            let answer = rotate.await;
            self.take_in_hand(&answer, &ready.target);
            self.tries.settled_at = self.clock.elapsed() + self.job.limits.settle_window;
            let error = match answer.result {
                Ok(credential) => return self.accept(ready, credential).await,
                Err(error) => error,
            };
            let lost = answer_is_lost(&error);
            let trouble = error.trouble(StepName::Rotate);
            // Then the try is not used up.
            is_begun = changed_nothing(answer.trace.change, &error) && !self.in_hand.is_worth_keeping();
            let stop = Stop::of_step(StepName::Rotate, error);
            if is_begun {
                if self.hold_on(&mut retry, trouble, self.spare(StepName::Rotate)).await {
                    continue;
                }
                return Err(self.without_a_trace(stop));
            }
            let made = answer.trace.made.filter(|made| !has_id(&ready.taken, made));
            if let Some(handle) = made.clone() {
                // It is as good as what rotate would have returned, for whoever finishes this.
                if let Err(stop) = self.append(Entry::Made { handle, field: None }) {
                    self.warn(format!("the journal could not note what was made: {stop}"));
                }
            }
            let strays = self.remove_strays(ready, made.as_deref()).await;
            let spare = self.spare(StepName::Rotate);
            // It has answered the rollback.
            retry = self.retry();
            let trouble = trouble.unwrap_or(Trouble::NotYet);
            match strays {
                Strays::Removed | Strays::Absent
                    if lost && self.tries.count < TRIES && self.hold_on(&mut retry, trouble, spare).await =>
                {
                    self.warn(format!("rotate was repeated, since its answer was lost: {stop}"));
                }
                strays => return Err(self.after_removing(ready, strays, stop).await),
            }
        }
    }

    /// Announces a try of rotate, or of what undoes it.
    pub(super) fn begin_try(&mut self, step: StepName) -> Result<(), Stop> {
        self.tries.count += 1;
        self.tries.unsettled = 1;
        let marker = marker(&self.job.record_uid, &self.job.rotation_id, self.tries.count);
        let at = self.clock.unix_time();
        self.append(Entry::Try { marker, at, until: at + self.time_left(step) })
    }

    /// Step 7. A handle that cannot be right is not passed on: what was made is found by its
    /// marker.
    async fn accept(&mut self, ready: &Ready, mut credential: Credential) -> Result<Credential, Stop> {
        settle(&mut credential, &ready.target, self.job);
        if let Err(why) = judge_handle(&credential, &ready.taken, self.secrets) {
            return Err(self.roll_back(ready, None, Stop::contract(StepName::Rotate, why)).await);
        }
        let mut field = handle_field(&ready.target, &credential);
        if let Some(field) = &mut field {
            // A record may hold anything there; a journal must not.
            field.before.take_if(|before| self.secrets.finds_secret_in(before));
        }
        let made = self.append(Entry::Made { handle: credential.handle.clone(), field }).and_then(|()| {
            judge_updates(&credential, self.job).map_err(|why| Stop::contract(StepName::Rotate, &why))
        });
        match made {
            Ok(()) => Ok(credential),
            Err(stop) => Err(self.roll_back(ready, Some(&credential.handle), stop).await),
        }
    }

    /// Step 8.
    pub(super) async fn prove(&mut self, ready: &Ready, credential: &Credential) -> Result<(), Stop> {
        let Err(error) = self.verify(ready, credential).await else { return Ok(()) };
        let stop = Stop::of_step(StepName::Verify, error);
        Err(self.roll_back(ready, Some(&credential.handle), stop).await)
    }

    /// Has the plugin log in with the credential, and notes how that is proven.
    pub(super) async fn verify(&mut self, ready: &Ready, credential: &Credential) -> Result<(), StepError> {
        let verify = self.call_patiently(StepName::Verify, &ready.prepared, async |plugin, call| {
            plugin.verify(call, &ready.plan, credential).await
        });
        match verify.await? {
            Proof::Verified => self.outcome.proof = Some("verified"),
            Proof::Unproven(why) => {
                let spares = if ready.plan.removes.is_empty() { "" } else { ", so nothing is removed" };
                self.warn(format!("the new credential could not be proven{spares}: {why}"));
                self.outcome.proof = Some("unproven");
            }
        }
        Ok(())
    }
}

/// Tells whether a step that failed has changed nothing: a plugin's promise counts for what the
/// service refused, and not against what we saw.
pub(super) fn changed_nothing(change: Change, error: &StepError) -> bool {
    match change {
        Change::None => true,
        Change::Refused => error.promises_no_change(),
        Change::Possible => false,
    }
}

/// Tells whether rotate ended as it would when only an answer of the service was lost. A plugin
/// that was stopped, or broke its contract, is not asked again.
pub(super) fn answer_is_lost(error: &StepError) -> bool {
    matches!(error, StepError::Failure(failure) if matches!(
        failure.kind,
        FailureKind::Unavailable { .. } | FailureKind::Uncertain | FailureKind::Other
    ))
}
