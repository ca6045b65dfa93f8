//! Step 11: hands the new value to those who use it. Only forward, never back: as long as one of them
//! does not have it, nothing is removed, and whoever comes next goes on with those that are missing.

use std::collections::BTreeSet;
use std::time::Duration;

use super::contract::{judge_handle, judge_plan};
use super::engine::{Engine, Fresh, Ready, SHORTEST_CALL};
use super::make::TRIES;
use super::records::{Holds, has_id, holds};
use super::trail::Trail;
use super::{
    Consumer, Deliverer, Delivery, Entry, OpenRotation, OutcomeKind, Prepared, StepError, Stop, Trouble,
};
use crate::model::{Credential, Plan, Proof, Record, StepName, Strategy, Update};

/// A delivery that was made: what the consumer calls it, and how it was proven.
struct Made {
    id: String,
    proof: &'static str,
}

impl Engine<'_> {
    /// Step 3 for consumers: looks whether each can be handed the value.
    pub(super) async fn look_at_consumers(&mut self, records: &[Record]) -> Result<Vec<Consumer>, Stop> {
        let mut deliverers = std::mem::take(&mut self.deliverers);
        let mut consumers = Vec::new();
        for deliverer in &mut deliverers {
            let plan = self.look_at_consumer(deliverer, records).await.map_err(|mut stop| {
                stop.error.message = format!("{}: {}", deliverer.name, stop.error.message);
                stop
            })?;
            consumers.push(Consumer { name: deliverer.name.to_owned(), plan });
        }
        self.deliverers = deliverers;
        Ok(consumers)
    }

    async fn look_at_consumer(
        &mut self,
        deliverer: &mut Deliverer<'_>,
        records: &[Record],
    ) -> Result<Plan, Stop> {
        // The values are not there yet, but which fields will have one is known of a manifest.
        let fields = self.job.returns.iter().map(|returned| Update {
            label: returned.label.clone(),
            place: returned.place,
            kind: returned.kind.clone(),
            values: Vec::new(),
        });
        let mut prepared = (deliverer.prepare)(records)?;
        prepared.request.deliver = fields.collect();
        let step = StepName::Preflight;
        let mut retry = self.retry();
        let plan = loop {
            let budget = self.time_left(step);
            let looked = self.call_deliverer(deliverer, step, &prepared, budget, async |plugin, call| {
                plugin.preflight(call).await
            });
            match looked.await {
                Ok(plan) => break plan,
                Err(error) if self.hold_on(&mut retry, error.trouble(step), self.spare(step)).await => {}
                Err(error) => return Err(Stop::of_step(step, error)),
            }
        };
        judge_plan(&plan, self.secrets).map_err(|why| Stop::contract(step, why))?;
        if plan.removes.is_empty() {
            return Ok(plan);
        }
        Err(Stop::contract(step, "the plugin plans to remove something, and it is to deliver"))
    }

    /// Names the deliveries that are planned.
    pub(super) fn note_consumers(&mut self, consumers: &[Consumer]) {
        self.outcome.deliveries = consumers.iter().map(Delivery::planned).collect();
        for Consumer { name, plan } in consumers {
            plan.findings.iter().for_each(|finding| self.outcome.find(finding.of(&format!("{name}: "))));
        }
    }

    /// Names the deliveries of a rotation that is taken up again.
    pub(super) fn note_deliveries(&mut self, trail: &Trail<'_>) {
        let id = |name: &str| trail.delivered.iter().find(|(done, _)| *done == name);
        let delivery = |consumer: &Consumer| Delivery {
            id: id(&consumer.name).map(|(_, id)| (*id).to_owned()),
            ..Delivery::planned(consumer)
        };
        self.outcome.deliveries = trail.intent.consumers.iter().map(delivery).collect();
    }

    /// Step 11 of an `overlap` rotation. Returns the records as they are after it: a delivery takes
    /// time, in which others may have saved another credential.
    pub(super) async fn deliver_saved(
        &mut self,
        ready: &Ready,
        owed: &[&Consumer],
        credential: &Credential,
        saved: Fresh,
    ) -> Result<Fresh, Stop> {
        if owed.is_empty() {
            return Ok(saved);
        }
        if let Err(stop) = self.append(Entry::Saved { revision: saved.target.revision }) {
            return Err(self.leave_uncommitted(&ready.plan, stop));
        }
        let what = (credential.updates.as_slice(), Some(credential.handle.as_str()));
        if let Err(missing) = self.deliver(owed, what, &saved.records).await {
            ready.plan.removes.iter().for_each(|listed| self.retain(listed.clone()));
            let then = match &ready.plan.removes[..] {
                [] => String::new(),
                removes => {
                    let ids: Vec<_> = removes.iter().map(|listed| listed.id.as_str()).collect();
                    format!(", and then remove these at {}: {}", ready.plan.target, ids.join(", "))
                }
            };
            return Err(self.undelivered("credential", &missing, &then));
        }
        match self.read_after_delivery(&saved, credential).await {
            Ok(Some(fresh)) => Ok(fresh),
            Ok(None) => {
                ready.plan.removes.iter().for_each(|listed| self.retain(listed.clone()));
                self.retain_stray(&credential.handle);
                let message = "consumers were handed the new credential";
                let stop = Stop::failed("read-back", "rotated-elsewhere", message);
                let hint = format!(
                    "see which credential record {} and its consumers use; what none of them does can be removed at {}",
                    self.job.record_uid, ready.plan.target
                );
                Err(stop.uncertain("somebody else saved another one meanwhile", hint))
            }
            Err(stop) => Err(self.leave_uncommitted(&ready.plan, stop)),
        }
    }

    /// Reads the records once more; returns nothing when the target holds another credential.
    async fn read_after_delivery(
        &mut self,
        saved: &Fresh,
        credential: &Credential,
    ) -> Result<Option<Fresh>, Stop> {
        // Others may well have changed what does not tell one credential from another.
        let tells = |update: &&Update| {
            update.is_secret() || update.values.iter().any(|value| value.expose() == credential.handle)
        };
        let updates = credential.updates.iter().filter(tells).cloned().collect();
        let telling = Credential { updates, ..credential.clone() };
        let mut retry = self.retry();
        let shown = self.read_until(&mut retry, |fresh| {
            if fresh.target.revision < saved.target.revision {
                return Err("the record shows an old revision again");
            }
            let is_ours = holds(&fresh.target, &saved.target, &telling) == Holds::Ours;
            Ok(is_ours.then_some(fresh))
        });
        shown.await
    }

    /// Step 11 of an `in-place` rotation, whose new value stands in the record.
    pub(super) async fn deliver_moved(
        &mut self,
        owed: &[&Consumer],
        updates: &[Update],
        fresh: &Fresh,
    ) -> Result<(), Stop> {
        if owed.is_empty() {
            return Ok(());
        }
        let announced = self.append(Entry::Saved { revision: fresh.target.revision });
        announced.map_err(|stop| {
            let hint = format!("hand the value in record {} on", self.job.record_uid);
            stop.uncertain("the new value is saved, and no consumer has it", hint)
        })?;
        let delivered = self.deliver(owed, (updates, None), &fresh.records).await;
        delivered.map_err(|missing| self.undelivered("value", &missing, ""))
    }

    /// Hands the value to each of these consumers. All of them get their turn, and each an equal share
    /// of the time that is left.
    ///
    /// # Errors
    /// Who is not known to have it, and why.
    async fn deliver<'c>(
        &mut self,
        owed: &[&'c Consumer],
        what: (&[Update], Option<&str>),
        records: &[Record],
    ) -> Result<(), Vec<(&'c Consumer, Stop)>> {
        let mut deliverers = std::mem::take(&mut self.deliverers);
        let mut missing = Vec::new();
        for (turns, consumer) in (1..=u32::try_from(owed.len()).unwrap_or(u32::MAX)).rev().zip(owed) {
            let until = self.clock.elapsed() + self.time_left(StepName::Rotate) / turns;
            let made = match deliverers.iter_mut().find(|deliverer| deliverer.name == consumer.name) {
                Some(deliverer) => self.deliver_to(deliverer, consumer, what, records, until).await,
                None => Err(Stop::failed("deliver", "deliverer-missing", "the plugin for it is not at hand")),
            };
            self.journal.unlock_consumer();
            let delivery = self.outcome.deliveries.iter_mut().find(|known| known.name == consumer.name);
            match (made, delivery) {
                (Ok(Made { id, proof }), Some(delivery)) => {
                    (delivery.id, delivery.proof) = (Some(id), Some(proof));
                }
                (Ok(_), None) => {}
                (Err(stop), delivery) => {
                    if let Some(delivery) = delivery {
                        delivery.error = Some(stop.error.clone());
                    }
                    missing.push((*consumer, stop));
                }
            }
        }
        self.deliverers = deliverers;
        if missing.is_empty() { Ok(()) } else { Err(missing) }
    }

    async fn deliver_to(
        &mut self,
        courier: &mut Deliverer<'_>,
        consumer: &Consumer,
        (updates, id): (&[Update], Option<&str>),
        records: &[Record],
        until: Duration,
    ) -> Result<Made, Stop> {
        let share = until.saturating_sub(self.clock.elapsed());
        self.lock(async |journal, patience| {
            journal.lock_consumer(&consumer.plan.target, patience.min(share)).await
        })
        .await?;
        let name = || consumer.name.clone();
        let mut prepared = (courier.prepare)(records)?;
        prepared.request.deliver = updates.to_vec();
        prepared.request.delivered_id = id.map(str::to_owned);
        self.append(Entry::Delivering { consumer: name() })?;
        let mut retry = self.retry();
        let mut refusals = 0;
        loop {
            let (step, error) = match self.deliver_once(courier, &prepared, &consumer.plan, until).await {
                Ok(made) => {
                    let done = Entry::Delivered { consumer: name(), id: made.id.clone() };
                    if let Err(stop) = self.append(done) {
                        // It costs no more than to hand it over once more.
                        self.warn(format!("the journal could not note a delivery: {stop}"));
                    }
                    return Ok(made);
                }
                Err(failed) => failed,
            };
            // As with a commit, nobody else will bring it to its end.
            let trouble = error.trouble(StepName::Commit);
            refusals += u32::from(trouble == Some(Trouble::NotYet));
            let left = until.saturating_sub(self.clock.elapsed() + SHORTEST_CALL);
            if refusals == TRIES || !self.hold_on(&mut retry, trouble, left.min(self.spare(step))).await {
                return Err(Stop::of_step(step, error));
            }
        }
    }

    /// Hands it over, and reads it back. To do so again changes nothing.
    async fn deliver_once(
        &mut self,
        deliverer: &mut Deliverer<'_>,
        prepared: &Prepared,
        plan: &Plan,
        until: Duration,
    ) -> Result<Made, (StepName, StepError)> {
        let budget = until.saturating_sub(self.clock.elapsed());
        let rotate =
            self.call_deliverer(deliverer, StepName::Rotate, prepared, budget, async |plugin, call| {
                plugin.rotate(call, plan).await
            });
        let credential = rotate.await.map_err(|error| (StepName::Rotate, error))?;
        let judged = judge_handle(&credential, &BTreeSet::new(), self.secrets).and_then(|()| {
            let is_none = credential.updates.is_empty();
            if is_none { Ok(()) } else { Err("the plugin returned updates, and it is to deliver") }
        });
        judged.map_err(|why| (StepName::Rotate, StepError::Contract(why.to_owned())))?;

        let budget = until.saturating_sub(self.clock.elapsed());
        let verify =
            self.call_deliverer(deliverer, StepName::Verify, prepared, budget, async |plugin, call| {
                plugin.verify(call, plan, &credential).await
            });
        let proof = match verify.await.map_err(|error| (StepName::Verify, error))? {
            Proof::Verified => "verified",
            Proof::Unproven(why) => {
                self.warn(format!("{} could not be read back: {why}", plan.target));
                "unproven"
            }
        };
        Ok(Made { id: credential.handle, proof })
    }

    /// How a rotation ends that is saved, and that not all consumers have.
    fn undelivered(&self, what: &str, missing: &[(&Consumer, Stop)], then: &str) -> Stop {
        let why = |(consumer, stop): &(&Consumer, Stop)| {
            let hint = stop.error.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
            format!("{} ({}): {}{hint}", consumer.name, consumer.plan.target, stop.error.message)
        };
        let message = format!(
            "the new {what} is saved, but not every consumer has it, so that what it replaces stays: {}",
            missing.iter().map(why).collect::<Vec<_>>().join("; ")
        );
        let mut stop = Stop::new(OutcomeKind::Uncertain, "deliver", "delivery-incomplete", message);
        let targets: Vec<_> = missing.iter().map(|(consumer, _)| consumer.plan.target.as_str()).collect();
        stop.error.hint = Some(format!(
            "hand the new {what} in record {} to {}{then}",
            self.job.record_uid,
            targets.join(" and ")
        ));
        stop
    }

    /// Says of a rotation whose credential the record no longer holds that nobody is handed it any more.
    pub(super) fn drop_deliveries(&mut self, trail: &Trail<'_>) {
        let owed = trail.owed();
        if !owed.is_empty() {
            let targets: Vec<_> = owed.iter().map(|consumer| consumer.plan.target.as_str()).collect();
            self.warn(format!(
                "what it was to hand to {} is dropped: the record holds another credential by now",
                targets.join(" and ")
            ));
        }
        if let (true, Some(handle)) = (trail.was_handed_on(), trail.made) {
            self.warn(format!("{handle} is not removed, since a consumer may use it"));
        }
    }

    /// Closes earlier rotations of the record that were waiting for consumers: those have what this one
    /// made by now, and what the earlier ones made is gone.
    pub(super) fn close_overtaken(&mut self, consumers: &[Consumer]) {
        let has_newer = |owed: &&Consumer| consumers.iter().any(|has| has.plan.target == owed.plan.target);
        for open in self.journal.open_rotations() {
            let OpenRotation { rotation_id, .. } = &open;
            let Some(trail) = open.trail().filter(|_| *rotation_id != self.job.rotation_id) else { continue };
            let owed = trail.owed();
            let is_gone = match trail.intent.strategy {
                Some(Strategy::InPlace) => true,
                _ => trail.made.is_some_and(|made| has_id(&self.outcome.removed, made)),
            };
            if trail.saved.is_some() && !owed.is_empty() && owed.iter().all(has_newer) && is_gone {
                self.warn(format!("what rotation {rotation_id} was to deliver is dropped: this one did it"));
                self.close_another(rotation_id, Entry::Done);
            }
        }
    }

    /// Closes another rotation of the record.
    pub(super) fn close_another(&mut self, rotation_id: &str, entry: Entry) {
        if let Err(error) = self.journal.append(rotation_id, entry) {
            self.warn(format!("the journal could not close rotation {rotation_id}: {error}"));
        }
    }
}

impl Delivery {
    /// One whose turn has not come.
    fn planned(consumer: &Consumer) -> Self {
        Self {
            name: consumer.name.clone(),
            target: consumer.plan.target.clone(),
            creates: consumer.plan.creates.clone(),
            id: None,
            proof: None,
            error: None,
        }
    }
}
