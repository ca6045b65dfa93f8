//! Sees the steps of a plugin as the engine calls them, and can call those that settle once more.

use super::world::World;
use crate::model::{Credential, Plan, Proof, Removed, Request, StepName, Undone};
use crate::policy::{Deny, StepGrant};
use crate::rotation::{Call, Plugin, StepResult};

/// A plugin, watched.
pub struct Witness<'a> {
    plugin: Box<dyn Plugin>,
    world: &'a World,
    /// What policy refused, in all steps.
    pub denials: Vec<Deny>,
    commit: Option<Settled<(String, Vec<Removed>)>>,
    rollback: Option<Settled<Option<String>>>,
    delivery: Option<Settled<String>>,
}

/// A step that settled well, and what it was called with.
struct Settled<T> {
    request: Request,
    grant: StepGrant,
    budget: std::time::Duration,
    plan: Plan,
    rest: T,
}

impl<T> Settled<T> {
    fn new(call: Call<'_>, plan: &Plan, rest: T) -> Self {
        Self {
            request: call.request.clone(),
            grant: call.grant.clone(),
            budget: call.budget,
            plan: plan.clone(),
            rest,
        }
    }

    fn call(&self) -> Call<'_> {
        Call { request: &self.request, grant: &self.grant, budget: self.budget }
    }
}

impl<'a> Witness<'a> {
    /// Watches a plugin.
    #[must_use]
    pub fn new(plugin: Box<dyn Plugin>, world: &'a World) -> Self {
        Self { plugin, world, denials: Vec::new(), commit: None, rollback: None, delivery: None }
    }

    /// Calls what settled or delivered well once more, in a fresh instance: that must do well too.
    /// Returns what did not.
    pub async fn again(&mut self) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut judge = |step: StepName, problem: Option<String>| {
            wrong.extend(problem.map(|problem| {
                format!("{step}, called once more with the same arguments, {problem}; whoever finishes an interrupted rotation calls it again")
            }));
        };
        if let Some(settled) = self.commit.take() {
            let (handle, before) = &settled.rest;
            let answer = self.plugin.commit(settled.call(), &settled.plan, handle).await;
            judge(
                StepName::Commit,
                match answer.result {
                    Err(error) => Some(format!("failed: {error}")),
                    Ok(after) => {
                        let is_back =
                            |id: &str| !after.iter().any(|removed| removed.id == id && removed.gone);
                        let back = before.iter().find(|removed| removed.gone && is_back(&removed.id));
                        back.map(|removed| format!("did not say that {} is gone", removed.id))
                    }
                },
            );
        }
        if let Some(settled) = self.rollback.take() {
            let answer = self.plugin.rollback(settled.call(), &settled.plan, settled.rest.as_deref()).await;
            judge(StepName::Rollback, answer.result.err().map(|error| format!("failed: {error}")));
        }
        if let Some(settled) = self.delivery.take() {
            let answer = self.plugin.rotate(settled.call(), &settled.plan).await;
            judge(
                StepName::Rotate,
                match answer.result {
                    Err(error) => Some(format!("failed: {error}")),
                    Ok(made) if made.handle == settled.rest => None,
                    Ok(made) => Some(format!("made {} in the place of {}", made.handle, settled.rest)),
                },
            );
        }
        wrong
    }

    fn note<T>(&mut self, answer: StepResult<T>) -> StepResult<T> {
        self.denials.extend(answer.trace.denials.iter().cloned());
        if let Err(crate::rotation::StepError::Refused(deny)) = &answer.result {
            self.denials.push(deny.clone());
        }
        answer
    }
}

#[async_trait::async_trait(?Send)]
impl Plugin for Witness<'_> {
    async fn preflight(&mut self, call: Call<'_>) -> StepResult<Plan> {
        self.world.enter(StepName::Preflight);
        let answer = self.plugin.preflight(call).await;
        self.note(answer)
    }

    async fn rotate(&mut self, call: Call<'_>, plan: &Plan) -> StepResult<Credential> {
        self.world.enter(StepName::Rotate);
        // Nobody rolls back once more what came before: it would remove what this try makes, too.
        self.rollback = None;
        let answer = self.plugin.rotate(call, plan).await;
        if let (Ok(made), false) = (&answer.result, call.request.deliver.is_empty()) {
            self.delivery = Some(Settled::new(call, plan, made.handle.clone()));
        }
        self.note(answer)
    }

    async fn verify(&mut self, call: Call<'_>, plan: &Plan, credential: &Credential) -> StepResult<Proof> {
        self.world.enter(StepName::Verify);
        let answer = self.plugin.verify(call, plan, credential).await;
        self.note(answer)
    }

    async fn commit(&mut self, call: Call<'_>, plan: &Plan, handle: &str) -> StepResult<Vec<Removed>> {
        self.world.enter(StepName::Commit);
        let answer = self.plugin.commit(call, plan, handle).await;
        if let Ok(removed) = &answer.result {
            self.commit = Some(Settled::new(call, plan, (handle.to_owned(), removed.clone())));
        }
        self.note(answer)
    }

    async fn rollback(&mut self, call: Call<'_>, plan: &Plan, handle: Option<&str>) -> StepResult<Undone> {
        self.world.enter(StepName::Rollback);
        let answer = self.plugin.rollback(call, plan, handle).await;
        if answer.result.is_ok() {
            self.rollback = Some(Settled::new(call, plan, handle.map(str::to_owned)));
        }
        self.note(answer)
    }
}
