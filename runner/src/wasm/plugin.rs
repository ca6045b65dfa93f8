//! A plugin in its sandbox, as the engine of rotations sees it.

use std::rc::Rc;
use std::sync::Arc;

use tokio::sync::Mutex;
use wasmtime::Store;

use super::bindings::{Rotation, model as wit};
use super::convert;
use super::gate::Gate;
use super::guest::Guest;
use super::load::Packed;
use super::log::StepLog;
use super::passage::Passage;
use super::watch::Watch;
use crate::call::{Begin, Session};
use crate::limits::Limits;
use crate::model::{Credential, Failure, FailureKind, Plan, Proof, Removed, StepName, Undone, Update};
use crate::rotation::{Call, Change, Intake, LogLine, Plugin, StepError, StepResult, Trace};
use crate::secret::Redactor;

/// One plugin for one rotation. Each step runs in an instance of its own; what the host knows stays.
pub struct SandboxedPlugin {
    pub(super) packed: Arc<Packed>,
    pub(super) limits: Limits,
    pub(super) gate: Arc<Gate>,
    pub(super) redactor: Redactor,
    pub(super) log: Rc<dyn Fn(LogLine)>,
    pub(super) session: Arc<Mutex<Session>>,
}

/// What a step is called with.
struct Asked<'a> {
    step: StepName,
    call: Call<'a>,
    plan: Option<&'a Plan>,
    updates: &'a [Update],
    handle: Option<&'a str>,
}

impl SandboxedPlugin {
    /// Calls a step, and makes of what it returns what the engine is told.
    async fn step<T, U>(
        &self,
        asked: Asked<'_>,
        guest_call: impl AsyncFnOnce(
            &Rotation,
            &mut Store<Guest>,
            &wit::Request,
        ) -> wasmtime::Result<Result<T, wit::Failure>>,
        take: impl AsyncFnOnce(&mut Session, &Passage, &mut Intake, T) -> Result<U, StepError>,
    ) -> StepResult<U> {
        let Asked { step, call, plan, updates, handle } = asked;
        let loaded = match self.packed.loaded() {
            Ok(loaded) => loaded,
            Err(error) => {
                let result = Err(StepError::Contract(error.to_string()));
                return StepResult { result, trace: Trace::default() };
            }
        };
        let watch = Arc::new(Watch::new(step));
        let log = StepLog::new(self.limits.log);
        let passage = Arc::new(Passage {
            gate: Arc::clone(&self.gate),
            grant: call.grant.clone(),
            watch: Arc::clone(&watch),
        });
        let request = {
            let mut session = self.session.lock().await;
            session.begin(&Begin { step, request: call.request, plan, updates, handle });
            convert::request(session.manifest(), call.request, plan.map(|plan| plan.target.as_str()))
        };
        self.gate.hands_over(&(&request, plan.map(convert::plan), handle));
        let run = loaded.run(
            &self.limits,
            call.budget,
            log.clone(),
            (Arc::clone(&passage), Arc::clone(&self.session)),
            async |guest: &Rotation, store: &mut Store<Guest>| guest_call(guest, store, &request).await,
        );
        let returned = run.await;

        let mut session = self.session.lock().await;
        let mut intake = Intake::new(self.redactor.clone(), self.limits.output);
        let result = match returned {
            Ok(returned) => {
                log.lines(step, &self.redactor).into_iter().for_each(&*self.log);
                match returned {
                    Ok(_) if session.is_open() => Err(open()),
                    Ok(value) => take(&mut session, &passage, &mut intake, value).await,
                    Err(failure) => {
                        let failure = convert::failure(failure, session.asked());
                        let failure = intake.failure(because(failure, session.silence()));
                        Err(failure.map_or_else(|error| error, StepError::Failure))
                    }
                }
            }
            Err(stopped) => Err(stopped),
        };
        let mut seen = std::mem::take(&mut *watch.seen());
        // A guest tells what it made of a refusal; the cause is ours to tell.
        let result = result.map_err(|error| match error {
            StepError::Failure(_) | StepError::Trap(_) if session.is_open() => uncertain(&error),
            StepError::Failure(_) | StepError::Trap(_) => {
                seen.trace.denials.pop().map_or(error, StepError::Refused)
            }
            error => error,
        });
        let mut trace = seen.trace;
        trace.change = session.change();
        match step {
            _ if result.is_ok() => {}
            StepName::Rotate if trace.change == Change::Possible => {
                trace.made = session.made().map(str::to_owned);
                trace.in_hand = session.in_hand(&*passage);
            }
            StepName::Commit => {
                let planned = plan.into_iter().flat_map(|plan| &plan.removes).map(|listed| listed.id.clone());
                let gone = session.removed(planned).into_iter().filter(|removed| removed.gone);
                trace.saw.gone = gone.map(|removed| removed.id).collect();
            }
            // Who did not list cannot know that there is no other one.
            StepName::Rollback if session.has_listed() => trace.saw = session.undone(&[]),
            StepName::Preflight | StepName::Rotate | StepName::Verify | StepName::Rollback => {}
        }
        StepResult { result, trace }
    }
}

/// Why nobody answered the plugin is not told, and people want to know.
fn because(failure: Failure, silence: Option<&str>) -> Failure {
    match (failure.kind, silence) {
        (FailureKind::Unavailable { .. }, Some(why)) => {
            Failure { message: format!("{}: {why}", failure.message), ..failure }
        }
        _ => failure,
    }
}

/// How a step ends that leaves an effect open and says that all is well.
fn open() -> StepError {
    uncertain(&StepError::Contract(
        "the answer to a request is lost, and the plugin did not settle what it did".to_owned(),
    ))
}

/// An effect is open: whatever the plugin says, the step is uncertain.
fn uncertain(error: &StepError) -> StepError {
    let (code, fix) = match error {
        StepError::Failure(failure) => (failure.code.clone(), failure.fix.clone()),
        _ => ("answer-lost".to_owned(), None),
    };
    StepError::Failure(Failure { kind: FailureKind::Uncertain, code, message: error.to_string(), fix })
}

fn contract(why: &str) -> StepError {
    StepError::Contract(why.to_owned())
}

#[async_trait::async_trait(?Send)]
impl Plugin for SandboxedPlugin {
    async fn preflight(&mut self, call: Call<'_>) -> StepResult<Plan> {
        let asked = Asked { step: StepName::Preflight, call, plan: None, updates: &[], handle: None };
        self.step(
            asked,
            async |guest, store, request| guest.call_preflight(store, request).await,
            async |session, way, intake, plan: wit::Plan| {
                let plan = session.plan(way, convert::planned(plan)).await?;
                intake.plan(plan)
            },
        )
        .await
    }

    async fn rotate(&mut self, call: Call<'_>, plan: &Plan) -> StepResult<Credential> {
        let asked = Asked { step: StepName::Rotate, call, plan: Some(plan), updates: &[], handle: None };
        let wit_plan = convert::plan(plan);
        self.step(
            asked,
            async |guest, store, request| guest.call_rotate(store, request, &wit_plan).await,
            async |session, way, intake, credential: wit::Credential| {
                let rotated = convert::rotated(credential).map_err(contract)?;
                intake.credential(session.credential(way, rotated)?)
            },
        )
        .await
    }

    async fn verify(&mut self, call: Call<'_>, plan: &Plan, credential: &Credential) -> StepResult<Proof> {
        let handle = Some(credential.handle.as_str());
        let updates = &credential.updates;
        let asked = Asked { step: StepName::Verify, call, plan: Some(plan), updates, handle };
        let wit_plan = convert::plan(plan);
        self.step(
            asked,
            async |guest, store, request| guest.call_verify(store, request, &wit_plan, handle).await,
            async |session, _, intake, proof: wit::Proof| intake.proof(session.proof(convert::proof(proof))),
        )
        .await
    }

    async fn commit(&mut self, call: Call<'_>, plan: &Plan, handle: &str) -> StepResult<Vec<Removed>> {
        let handle = Some(handle);
        let asked = Asked { step: StepName::Commit, call, plan: Some(plan), updates: &[], handle };
        let wit_plan = convert::plan(plan);
        self.step(
            asked,
            async |guest, store, request| guest.call_commit(store, request, &wit_plan, handle).await,
            async |session, _, _, _: Vec<wit::Retired>| {
                Ok(session.removed(plan.removes.iter().map(|listed| listed.id.clone())))
            },
        )
        .await
    }

    async fn rollback(&mut self, call: Call<'_>, plan: &Plan, handle: Option<&str>) -> StepResult<Undone> {
        let asked = Asked { step: StepName::Rollback, call, plan: Some(plan), updates: &[], handle };
        let wit_plan = convert::plan(plan);
        self.step(
            asked,
            async |guest, store, request| guest.call_rollback(store, request, &wit_plan, handle).await,
            async |session, _, intake, retired: Vec<wit::Retired>| {
                let said: Vec<String> = retired.into_iter().map(|retired| retired.id).collect();
                intake.undone(session.undone(&said))
            },
        )
        .await
    }
}
