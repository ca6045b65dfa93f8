//! A script without steps: it is run once, nothing is proven, and nothing can be undone. What it
//! returns is saved all the same.

use super::contract::{judge_fields, settle};
use super::engine::{Engine, Fresh};
use super::overlap::savable;
use super::save::{ROUNDS, ReadBack};
use super::{Change, Entry, Intent, Job, Outcome, OutcomeKind, Parts, Prepared, Stop};
use crate::model::{Credential, Plan, Record, StepName, Update};
use crate::policy::Removals;

/// What does not hold without steps.
const NO_PROMISES: &str = "the script declares no steps, so nothing is promised of it: it was run without looking \
     first, what it made is not proven, nothing is rolled back, and what it removes may be gone before the new \
     values are saved";

/// Runs the plugin's `rotate` once, and saves what it returns.
///
/// It ends as [`OutcomeKind::Ran`], or, once the plugin was started, as uncertain: what it changes
/// nobody sees. That it was started is journaled: of one that was killed in the middle, the next run
/// can tell that, and no more. Without a vault it ends with the journal as [`rotate_overlap`] does.
///
/// [`rotate_overlap`]: super::rotate_overlap
pub async fn run_once<'a>(job: &'a Job, parts: Parts<'a>) -> Outcome {
    let mut engine = Engine::new(job, parts);
    let ended = engine.run_and_save().await;
    engine.end(ended)
}

impl Engine<'_> {
    async fn run_and_save(&mut self) -> Result<OutcomeKind, Stop> {
        self.lock_record().await?;
        let Fresh { target, records } = self.get("get").await?;
        let prepared = (self.prepare)(&records)?;
        if self.job.dry_run {
            let warning = "the script declares no steps, so nobody can tell what it would do; it was not run";
            self.warn(warning.to_owned());
            return Ok(OutcomeKind::Planned);
        }
        self.warn(NO_PROMISES.to_owned());
        let plan = Plan {
            target: format!("record:{}", self.job.record_uid),
            creates: String::new(),
            removes: Vec::new(),
            ..Plan::default()
        };
        // It announces the one run that there is: from here on it may have been started.
        self.append(Entry::Intent(Box::new(Intent {
            record_uid: self.job.record_uid.clone(),
            strategy: None,
            plan: plan.clone(),
            spared: Vec::new(),
            records: self.job.wanted.clone(),
            consumers: Vec::new(),
            setup: self.job.setup.clone(),
        })))?;
        let ended = self.run_begun(&prepared, &plan, target).await;
        if self.vault.is_some() || self.outcome.updates.is_empty() {
            // However it ended, this run tells.
            self.close(Entry::Done);
        }
        ended
    }

    async fn run_begun(
        &mut self,
        prepared: &Prepared,
        plan: &Plan,
        target: Record,
    ) -> Result<OutcomeKind, Stop> {
        let rotate = self.call(StepName::Rotate, prepared, Removals::Nothing, async |plugin, call| {
            plugin.rotate(call, plan).await
        });
        let answer = rotate.await;
        self.take_in_hand(&answer, &target);
        let updates = match answer.result {
            Ok(mut credential) => {
                settle(&mut credential, &target, self.job);
                credential.updates
            }
            Err(error) => {
                let stop = Stop::of_step(StepName::Rotate, error);
                let has_begun = answer.trace.change != Change::None;
                return Err(if has_begun { self.unknown(stop).await } else { stop });
            }
        };
        if let Err(why) = judge_fields(&updates, self.job) {
            return Err(self.unknown(Stop::contract(StepName::Rotate, &why)).await);
        }
        if !updates.is_empty() {
            self.outcome.updates.clone_from(&updates);
            let kept = if self.vault.is_some() {
                self.save_once(target, updates).await
            } else {
                self.append(Entry::HandingOver)
            };
            if let Err(stop) = kept {
                return Err(self.unsaved(stop).await);
            }
            self.outcome.saved = self.vault.is_some();
        }
        Ok(OutcomeKind::Ran)
    }

    /// Saves over whatever others changed besides the fields that are written.
    async fn save_once(&mut self, target: Record, updates: Vec<Update>) -> Result<(), Stop> {
        let credential = Credential { handle: String::new(), updates, expires: None };
        let mut base = target.clone();
        for _ in 0..ROUNDS {
            let revision = savable(&base)?;
            let mut retry = self.retry();
            self.send(&mut retry, &base, &credential.updates).await?;
            match self.read_back(&mut retry, revision, &target, &credential).await {
                ReadBack::Ours(_) => return Ok(()),
                ReadBack::Before(fresh) => base = fresh.target,
                ReadBack::Others(_) | ReadBack::Mixed => {
                    let message = "somebody else changed the fields to be saved while the script ran";
                    return Err(Stop::failed("save", "rotated-elsewhere", message));
                }
                ReadBack::Unknown(why) => {
                    let message = format!("whether the vault holds the new values is not known: {why}");
                    return Err(Stop::failed("read-back", "save-unclear", message));
                }
            }
        }
        let message = format!("somebody else changed the record {ROUNDS} times during the save");
        Err(Stop::failed("save", "save-conflict", message))
    }

    /// How it ends when the script was started and did not end well.
    async fn unknown(&mut self, stop: Stop) -> Stop {
        let hint = format!(
            "look at what the script changes, and whether it still goes with record {}",
            self.job.record_uid
        );
        self.keep_in_hand(stop.uncertain("what it had changed by then is not known", hint)).await
    }

    /// How it ends when the new values are not known to be saved.
    async fn unsaved(&mut self, stop: Stop) -> Stop {
        let hint = format!("compare record {} with what the script changes", self.job.record_uid);
        let besides = "the script has run, and what it returned is not known to be saved";
        self.keep_in_hand(stop.uncertain(besides, hint)).await
    }
}
