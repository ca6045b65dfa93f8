//! A script, as the engine of rotations sees it.

use std::rc::Rc;

use super::answer::{Object, Planned, keys};
use super::bounds::Bounds;
use super::call::{Called, Calling};
use super::folder::WorkFolders;
use super::launcher::Launcher;
use super::line::Line;
use super::request::{Given, stdin};
use super::saas::creates;
use super::source::Script;
use crate::model::{Credential, Failure, FailureKind, Plan, Proof, Removed, Role, StepName, Undone, Update};
use crate::rotation::{Call, Change, Intake, LogLine, Plugin, StepError, StepResult, Trace};
use crate::secret::{Redactor, Secret};

/// One script for one rotation. Each step is a process of its own.
///
/// A script that declares no steps has one thing that it can do, which `rotate` stands for; its answer
/// has no handle then.
pub struct ScriptPlugin {
    pub(super) script: Script,
    pub(super) line: Line,
    pub(super) folders: WorkFolders,
    pub(super) redactor: Redactor,
    pub(super) log: Rc<dyn Fn(LogLine)>,
    /// The process of the next step, if it was started ahead.
    pub(super) launcher: Option<Launcher>,
}

impl ScriptPlugin {
    /// Runs a step that the script has.
    async fn step<T, U>(
        &mut self,
        step: StepName,
        call: Call<'_>,
        mut given: Given<'_>,
        read: impl FnOnce(Option<&Object>) -> Result<T, String>,
        take: impl FnOnce(&mut Intake, T) -> Result<U, StepError>,
    ) -> StepResult<U> {
        let launcher = self.launcher.take();
        let limits = &self.script.options.limits;
        let declared = self.script.declared().map(|_| step);
        let calling = Calling {
            script: &self.script,
            folders: &self.folders,
            redactor: &self.redactor,
            step: declared,
            keys: keys(declared),
            request: Some(call.request),
            bounds: Bounds::new(limits, call.budget),
            launcher,
        };
        given.settle_window = self.script.saas_plugin().map(|_| limits.settle_window);
        let second = declared.map(|step| (step, call.request, given));
        let line = self.line.bytes(call.request);
        // Whoever prints the line, as `set -x` does, prints all secrets of it in base64 in base64.
        if let Ok(text) = str::from_utf8(line.expose()) {
            self.redactor
                .learn(&Secret::new(text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')));
        }
        let mut called = calling.call(stdin(&line, second)).await;
        let answer = std::mem::replace(&mut called.answer, Ok(None));
        let in_hand = std::mem::take(&mut called.in_hand);
        let change = change(&called, &answer, &in_hand);
        called.lines(step, &self.redactor, limits).into_iter().for_each(&*self.log);
        let result = answer.and_then(|object| {
            let read = read(object.as_ref());
            let value =
                read.map_err(|problem| StepError::Contract(format!("the script's answer: {problem}")))?;
            take(&mut Intake::new(self.redactor.clone(), limits.output), value)
        });
        let is_lost = step == StepName::Rotate && result.is_err();
        let in_hand = if is_lost { in_hand } else { Vec::new() };
        let trace = Trace { change, in_hand, ..Trace::default() };
        StepResult { result, trace }
    }

    fn has(&self, step: StepName) -> bool {
        self.script.declared().is_some_and(|declared| declared.steps.contains(&step))
    }
}

/// Whether the target may have changed. What a script sends nobody sees; all that there is, is its own
/// word, when it fails in order, and has nothing new to show.
fn change(called: &Called, answer: &Result<Option<Object>, StepError>, in_hand: &[Update]) -> Change {
    match answer {
        _ if !called.started => Change::None,
        Err(StepError::Failure(_)) if in_hand.is_empty() => Change::Refused,
        _ => Change::Possible,
    }
}

/// The result of a step that the script does not have.
fn without_a_call<T>(result: Result<T, StepError>) -> StepResult<T> {
    StepResult { result, trace: Trace::default() }
}

fn needed(object: Option<&Object>) -> Result<&Object, String> {
    object.ok_or_else(|| "there is none".to_owned())
}

#[async_trait::async_trait(?Send)]
impl Plugin for ScriptPlugin {
    fn get_ready(&mut self) {
        // Where that fails, the step itself tries again, and says why.
        self.launcher = Launcher::start().ok();
    }

    async fn preflight(&mut self, call: Call<'_>) -> StepResult<Plan> {
        if !self.has(StepName::Preflight) {
            // Who replaces a value in place replaces that of the record.
            let target = call.request.records.iter().find(|record| record.role == Role::Target);
            let target = target.map(|record| format!("record:{}", record.uid)).unwrap_or_default();
            let saas = self.script.saas_plugin().map(|saas| creates(saas, call.request));
            let creates = saas.unwrap_or_else(|| "a new value".to_owned());
            let plan = Plan { target, creates, ..Plan::default() };
            let mut intake = Intake::new(self.redactor.clone(), self.script.options.limits.output);
            return without_a_call(intake.plan(plan));
        }
        let read = |object: Option<&Object>| needed(object)?.plan();
        let take = |intake: &mut Intake, Planned { plan, slots }| {
            let plan = intake.plan(plan)?;
            // Which of them are disabled a script does not say.
            let full = slots.and_then(|slots| slots.full(&plan.target, false));
            full.map_or(Ok(plan), |failure| Err(StepError::Failure(failure)))
        };
        self.step(StepName::Preflight, call, Given::default(), read, take).await
    }

    async fn rotate(&mut self, call: Call<'_>, plan: &Plan) -> StepResult<Credential> {
        let given = Given { plan: Some(plan), ..Given::default() };
        if self.script.declared().is_none() {
            let read = |object: Option<&Object>| {
                let updates = object.map_or(Ok(Vec::new()), Object::updates)?;
                Ok(Credential { handle: String::new(), updates, expires: None })
            };
            let take = |intake: &mut Intake, credential: Credential| {
                let updates: Vec<Update> = intake.updates(credential.updates)?;
                Ok(Credential { updates, ..credential })
            };
            return self.step(StepName::Rotate, call, given, read, take).await;
        }
        let read = |object: Option<&Object>| needed(object)?.credential();
        let take = |intake: &mut Intake, credential| {
            let credential = intake.credential(credential)?;
            if plan.carried.known.contains_key(&credential.handle) {
                let why =
                    "the script returned a handle that its preflight knew: what is new was not there before";
                return Err(StepError::Contract(why.to_owned()));
            }
            Ok(credential)
        };
        self.step(StepName::Rotate, call, given, read, take).await
    }

    async fn verify(&mut self, call: Call<'_>, plan: &Plan, credential: &Credential) -> StepResult<Proof> {
        if !self.has(StepName::Verify) {
            return without_a_call(Ok(Proof::Unproven("the script has no step for it".to_owned())));
        }
        let given = Given {
            plan: Some(plan),
            handle: Some(&credential.handle),
            updates: Some(&credential.updates),
            ..Given::default()
        };
        let read = |object: Option<&Object>| needed(object)?.proof();
        self.step(StepName::Verify, call, given, read, Intake::proof).await
    }

    async fn commit(&mut self, call: Call<'_>, plan: &Plan, handle: &str) -> StepResult<Vec<Removed>> {
        if !self.has(StepName::Commit) {
            return without_a_call(Ok(Vec::new()));
        }
        let given = Given { plan: Some(plan), handle: Some(handle), ..Given::default() };
        let read = |object: Option<&Object>| needed(object)?.removed();
        self.step(StepName::Commit, call, given, read, Intake::removed).await
    }

    async fn rollback(&mut self, call: Call<'_>, plan: &Plan, handle: Option<&str>) -> StepResult<Undone> {
        if !self.has(StepName::Rollback) {
            return without_a_call(Err(StepError::Failure(Failure {
                kind: FailureKind::Invalid,
                code: "no-rollback".to_owned(),
                message: "the script has no step that undoes what it did".to_owned(),
                fix: None,
            })));
        }
        let given = Given { plan: Some(plan), handle, ..Given::default() };
        let read = |object: Option<&Object>| needed(object)?.undone();
        self.step(StepName::Rollback, call, given, read, Intake::undone).await
    }
}
