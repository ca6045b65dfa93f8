//! A plugin, as the engine sees it; nobody but its runtime knows what it is made of.

use std::time::Duration;

use super::ClockSkew;
use crate::model::{Credential, Failure, Plan, Proof, Removed, Request, Undone, Update};
use crate::policy::{Deny, StepGrant};

/// What a call of a step is made with.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// What the plugin is given.
    pub request: &'a Request,
    /// What it may send.
    pub grant: &'a StepGrant,
    /// The wall-clock time it has, host calls included.
    pub budget: Duration,
}

/// Why a step did not return what it should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// The plugin said so.
    #[error("{}", .0.message)]
    Failure(Failure),
    /// Our policy refused a request of it, and it failed after that.
    #[error("{0}")]
    Refused(Deny),
    /// It met a limit and was stopped.
    #[error("{name} limit reached: {message}")]
    Limit {
        /// The key in the table of limits.
        name: &'static str,
        /// What happened, and how to raise it.
        message: String,
    },
    /// It trapped.
    #[error("the plugin stopped in the middle: {0}")]
    Trap(String),
    /// It returned what the interface or its own manifest forbids.
    #[error("{0}")]
    Contract(String),
    /// The runtime itself failed.
    #[error("{0}")]
    Internal(String),
    /// We were told to end, and it was not begun, or broken off.
    #[error("pamrun was told to stop")]
    Interrupted,
}

/// Whether a step may have changed its target, as far as that shows from outside the plugin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Change {
    /// It sent no request that preflight would not have been granted too.
    #[default]
    None,
    /// It sent some, and the service refused every one of them.
    Refused,
    /// It sent one that was not refused: done, or lost.
    Possible,
}

/// What happened on the way, whether the step succeeded or not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    /// HTTP requests that were sent.
    pub requests: u32,
    /// Whether the target may have changed.
    pub change: Change,
    /// Refusals that did not end the step.
    pub denials: Vec<Deny>,
    /// How a service's clock differs from ours, where that is worth telling.
    pub clock_skew: Option<ClockSkew>,
    /// The id of what a step made, where the host saw it whatever became of the step.
    pub made: Option<String>,
    /// The credentials that commit and rollback are about, as far as the host saw them and saw them go, whatever
    /// became of the step.
    pub saw: Undone,
    /// The new values that a step had in hand when it failed: whoever rotates keeps them, unless what
    /// they belong to is proven to be gone. Empty where the step returned what it should.
    pub in_hand: Vec<Update>,
}

/// The result of one step, with what happened on the way.
#[derive(Debug)]
pub struct StepResult<T> {
    /// What the step returned.
    pub result: Result<T, StepError>,
    /// What happened on the way.
    pub trace: Trace,
}

/// The five steps.
#[async_trait::async_trait(?Send)]
pub trait Plugin {
    /// Is told that a step will follow soon: what takes time and touches nothing can be begun.
    fn get_ready(&mut self) {}
    /// Looks, and changes nothing.
    async fn preflight(&mut self, call: Call<'_>) -> StepResult<Plan>;
    /// Makes the new credential.
    async fn rotate(&mut self, call: Call<'_>, plan: &Plan) -> StepResult<Credential>;
    /// Proves it.
    async fn verify(&mut self, call: Call<'_>, plan: &Plan, credential: &Credential) -> StepResult<Proof>;
    /// Removes what `plan.removes` lists.
    async fn commit(&mut self, call: Call<'_>, plan: &Plan, handle: &str) -> StepResult<Vec<Removed>>;
    /// Removes what this rotation made.
    async fn rollback(&mut self, call: Call<'_>, plan: &Plan, handle: Option<&str>) -> StepResult<Undone>;
}
