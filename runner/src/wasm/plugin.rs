//! A plugin in its sandbox, as the engine of rotations sees it.

use std::rc::Rc;
use std::sync::Arc;

use wasmtime::Store;

use super::bindings::{Rotation, model as wit};
use super::convert;
use super::gate::Gate;
use super::guest::{Guest, Outlet};
use super::load::Loaded;
use super::log::StepLog;
use super::watch::Watch;
use crate::model::{Credential, Plan, Proof, Removed, StepName, Undone};
use crate::rotation::{Call, Intake, LogLine, Plugin, StepError, StepResult};
use crate::secret::Redactor;

/// One plugin for one rotation. Each step runs in an instance of its own: what a step learned
/// reaches the next one only through what it returned.
pub struct SandboxedPlugin {
    pub(super) loaded: Loaded,
    pub(super) gate: Arc<Gate>,
    pub(super) redactor: Redactor,
    pub(super) log: Rc<dyn Fn(LogLine)>,
}

impl SandboxedPlugin {
    async fn step<T, U>(
        &self,
        step: StepName,
        call: Call<'_>,
        plan: Option<&Plan>,
        guest_call: impl AsyncFnOnce(&Rotation, &mut Store<Guest>) -> wasmtime::Result<Result<T, wit::Failure>>,
        take: impl FnOnce(&mut Intake, T) -> Result<U, StepError>,
    ) -> StepResult<U> {
        let watch = Arc::new(Watch::new(step));
        let log = StepLog::new(self.loaded.limits.log);
        let returned = self
            .loaded
            .sandbox(
                call.budget,
                log.clone(),
                Outlet {
                    way: Some((Arc::clone(&self.gate), Arc::new(call.grant.clone()))),
                    watch: Arc::clone(&watch),
                },
            )
            .run(guest_call)
            .await;

        // What the answers held may be secret, and must be known before a word of the guest's
        // is let through.
        let mut seen = std::mem::take(&mut *watch.seen());
        for suspect in seen.suspects.iter().filter(|text| !is_known(text, call, plan)) {
            self.redactor.suspect(suspect);
        }
        let mut intake = Intake::new(self.redactor.clone(), self.loaded.limits.output);
        let result = match returned {
            Ok(returned) => {
                log.lines(step, &self.redactor).into_iter().for_each(&*self.log);
                match returned {
                    Ok(value) => take(&mut intake, value),
                    Err(failure) => {
                        let failure = intake.failure(convert::failure(failure));
                        Err(failure.map_or_else(|error| error, StepError::Failure))
                    }
                }
            }
            Err(stopped) => Err(stopped),
        };
        // A guest tells what it made of a refusal; the cause is ours to tell.
        let result = result.map_err(|error| match error {
            StepError::Failure(_) | StepError::Trap(_) => {
                seen.trace.denials.pop().map_or(error, StepError::Refused)
            }
            error => error,
        });
        StepResult { result, trace: seen.trace }
    }
}

/// Tells whether a string of an answer is one that we gave the plugin ourselves, and no secret.
fn is_known(text: &str, call: Call<'_>, plan: Option<&Plan>) -> bool {
    let planned = |plan: &Plan| {
        plan.target.contains(text)
            || plan.removes.iter().any(|listed| listed.id == text || listed.label == text)
    };
    let mut delivered = call.request.deliver.iter().flat_map(|update| &update.values);
    call.request.marker.contains(text)
        || plan.is_some_and(planned)
        || delivered.any(|value| value.expose() == text)
}

#[async_trait::async_trait(?Send)]
impl Plugin for SandboxedPlugin {
    async fn preflight(&mut self, call: Call<'_>) -> StepResult<Plan> {
        let request = convert::request(call.request);
        let guest_call =
            async |guest: &Rotation, store: &mut Store<Guest>| guest.call_preflight(store, &request).await;
        self.step(StepName::Preflight, call, None, guest_call, |intake, plan| {
            intake.plan(convert::returned_plan(plan))
        })
        .await
    }

    async fn rotate(&mut self, call: Call<'_>, plan: &Plan) -> StepResult<Credential> {
        let (request, wit_plan) = (convert::request(call.request), convert::plan(plan));
        let guest_call = async |guest: &Rotation, store: &mut Store<Guest>| {
            guest.call_rotate(store, &request, &wit_plan).await
        };
        self.step(StepName::Rotate, call, Some(plan), guest_call, |intake, credential| {
            intake.credential(convert::returned_credential(credential)?)
        })
        .await
    }

    async fn verify(&mut self, call: Call<'_>, plan: &Plan, credential: &Credential) -> StepResult<Proof> {
        let (request, wit_plan) = (convert::request(call.request), convert::plan(plan));
        let credential = convert::credential(credential);
        let guest_call = async |guest: &Rotation, store: &mut Store<Guest>| {
            guest.call_verify(store, &request, &wit_plan, &credential).await
        };
        self.step(StepName::Verify, call, Some(plan), guest_call, |intake, proof| {
            intake.proof(convert::returned_proof(proof))
        })
        .await
    }

    async fn commit(&mut self, call: Call<'_>, plan: &Plan, handle: &str) -> StepResult<Vec<Removed>> {
        let (request, wit_plan) = (convert::request(call.request), convert::plan(plan));
        let guest_call = async |guest: &Rotation, store: &mut Store<Guest>| {
            guest.call_commit(store, &request, &wit_plan, handle).await
        };
        self.step(StepName::Commit, call, Some(plan), guest_call, |intake, removed| {
            intake.removed(convert::returned_removed(removed))
        })
        .await
    }

    async fn rollback(&mut self, call: Call<'_>, plan: &Plan, handle: Option<&str>) -> StepResult<Undone> {
        let (request, wit_plan) = (convert::request(call.request), convert::plan(plan));
        let guest_call = async |guest: &Rotation, store: &mut Store<Guest>| {
            guest.call_rollback(store, &request, &wit_plan, handle).await
        };
        self.step(StepName::Rollback, call, Some(plan), guest_call, |intake, undone| {
            intake.undone(convert::returned_undone(undone))
        })
        .await
    }
}
