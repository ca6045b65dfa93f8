//! Those who use the credential, and the good plugins that hand it to them.

use std::collections::VecDeque;

use super::fakes::{broken, fine};
use super::faults::{DeliverFault, Ending};
use super::world::{State, World};
use crate::model::{Credential, Plan, Proof, Removed, StepName, Undone};
use crate::rotation::*;

/// All consumers, and what happens to the deliveries to them, in order.
#[derive(Debug, Clone, Default)]
pub struct Consumers {
    pub list: Vec<FakeConsumer>,
    pub preflight: VecDeque<DeliverFault>,
    pub faults: VecDeque<DeliverFault>,
    /// What is locked.
    pub locked: Option<String>,
}

/// One of them.
#[derive(Debug, Clone)]
pub struct FakeConsumer {
    pub name: &'static str,
    /// The secret that it uses.
    pub holds: String,
    /// How often it was written.
    pub writes: usize,
}

impl Consumers {
    /// So many consumers that use this secret.
    pub fn holding(count: usize, secret: &str) -> Vec<FakeConsumer> {
        let names = ["shop", "mill", "farm"].into_iter().take(count);
        names.map(|name| FakeConsumer { name, holds: secret.to_owned(), writes: 0 }).collect()
    }

    /// Checks what a process said of its deliveries.
    pub fn check(&self, outcome: &Outcome, story: &str) {
        for delivery in &outcome.deliveries {
            let told = outcome.error.iter().flat_map(|error| [Some(&error.message), error.hint.as_ref()]);
            let told: String = told.flatten().cloned().collect();
            let is_named = told.contains(&delivery.target);
            assert!(delivery.error.is_none() || is_named, "{} is not named\n{story}", delivery.name);
            assert!(delivery.error.is_none() || outcome.saved, "handed on before it was saved\n{story}");
            assert!(delivery.id.is_none() || delivery.error.is_none(), "{story}");
        }
        if outcome.kind == OutcomeKind::Rotated && outcome.saved {
            assert_eq!(outcome.deliveries.len(), self.list.len(), "{story}");
            let has_it = |delivery: &Delivery| delivery.id.is_some() && delivery.proof.is_some();
            assert!(outcome.deliveries.iter().all(has_it), "somebody was passed over\n{story}");
        }
    }
}

/// The plugin for one of them.
pub struct FakeDeliverer {
    world: World,
    name: &'static str,
}

impl FakeDeliverer {
    pub fn all(world: &World) -> Vec<Self> {
        let list = &world.0.borrow().consumers.list;
        list.iter().map(|consumer| Self { world: world.clone(), name: consumer.name }).collect()
    }

    pub fn deliverer<'a>(&'a mut self, prepare: &'a Prepare<'a>) -> Deliverer<'a> {
        Deliverer { name: self.name, plugin: self, prepare }
    }

    fn target(&self) -> String {
        format!("consumer:{}", self.name)
    }
}

impl State {
    /// Notes a call of a deliverer.
    fn enter_consumer(&mut self, name: &str, step: StepName, call: &Call<'_>) {
        self.enter(step, call);
        let values: usize = call.request.deliver.iter().map(|update| update.values.len()).sum();
        if step == StepName::Preflight {
            if values > 0 {
                self.breach("a deliverer was given a value before there was one");
            }
            return;
        }
        if self.consumers.locked != Some(format!("consumer:{name}")) {
            self.breach(format!("{name} was handed something without its lock"));
        }
        let entries = self.entries_of(&call.request.rotation_id);
        let is_saved = entries.iter().any(|entry| matches!(entry, Entry::Saved { .. }));
        let is_announced = matches!(entries.last(), Some(Entry::Delivering { consumer }) if consumer == name);
        let is_done = entries
            .iter()
            .any(|entry| matches!(entry, Entry::Delivered { consumer, .. } if consumer == name));
        if !is_saved || !is_announced || is_done {
            self.breach(format!("{name} was handed something that was not announced, or is done"));
        }
    }

    fn deliver(&mut self, name: &str, call: &Call<'_>) -> StepResult<Credential> {
        self.enter_consumer(name, StepName::Rotate, call);
        let secret = call.request.deliver.iter().find(|update| update.is_secret());
        let secret = secret.and_then(|update| update.values.first()).expect("a secret").expose().to_owned();
        let fault = self.consumers.faults.pop_front().unwrap_or_default();
        if let DeliverFault::Ends(ending) = fault {
            return broken(ending.error(), Change::Refused);
        }
        let consumer = self.consumers.list.iter_mut().find(|consumer| consumer.name == name);
        let consumer = consumer.expect("a consumer");
        consumer.holds = secret;
        consumer.writes += 1;
        let id = format!("{name}-{}", consumer.writes);
        if fault == DeliverFault::AnswerLost {
            return broken(Ending::Lost.error(), Change::Possible);
        }
        fine(Credential { handle: id, updates: vec![], expires: None })
    }

    fn read_back(&mut self, name: &str, call: &Call<'_>) -> StepResult<Proof> {
        self.enter_consumer(name, StepName::Verify, call);
        match self.consumers.faults.pop_front().unwrap_or_default() {
            DeliverFault::Ends(ending) => broken(ending.error(), Change::None),
            DeliverFault::AnswerLost => broken(Ending::Unavailable.error(), Change::None),
            DeliverFault::Unproven => fine(Proof::Unproven("it shows nothing".into())),
            DeliverFault::None => fine(Proof::Verified),
        }
    }
}

#[async_trait::async_trait(?Send)]
impl Plugin for FakeDeliverer {
    async fn preflight(&mut self, call: Call<'_>) -> StepResult<Plan> {
        let target = self.target();
        let name = self.name;
        self.world
            .act(|state| {
                state.enter_consumer(name, StepName::Preflight, &call);
                if let Some(DeliverFault::Ends(ending)) = state.consumers.preflight.pop_front() {
                    return broken(ending.error(), Change::None);
                }
                fine(Plan { target, creates: "a copy".into(), removes: vec![], ..Plan::default() })
            })
            .await
    }

    async fn rotate(&mut self, call: Call<'_>, _plan: &Plan) -> StepResult<Credential> {
        self.world.act(|state| state.deliver(self.name, &call)).await
    }

    async fn verify(&mut self, call: Call<'_>, _plan: &Plan, _credential: &Credential) -> StepResult<Proof> {
        self.world.act(|state| state.read_back(self.name, &call)).await
    }

    async fn commit(&mut self, _call: Call<'_>, _plan: &Plan, _handle: &str) -> StepResult<Vec<Removed>> {
        self.world.0.borrow_mut().breach("a deliverer has nothing to commit");
        fine(Vec::new())
    }

    async fn rollback(&mut self, _call: Call<'_>, _plan: &Plan, _handle: Option<&str>) -> StepResult<Undone> {
        self.world.0.borrow_mut().breach("a delivery is never undone");
        fine(Undone::default())
    }
}
