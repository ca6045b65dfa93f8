//! One call of a guest: a fresh store, a budget of time, and what came of it.

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use std::future::poll_fn;
use wasmtime::component::ResourceTableError;
use wasmtime::{Engine, Store, Trap};
use wasmtime_wasi::I32Exit;

use super::bindings::{Contract, ContractPre, Rotation};
use super::guest::{Guest, Outlet};
use super::log::StepLog;
use super::watch::Exceeded;
use crate::limits::Limits;
use crate::rotation::{StepError, clean};
use crate::system::thread_time;

/// What a call is made with.
pub(super) struct Sandbox<'a> {
    pub engine: &'a Engine,
    pub pre: &'a ContractPre<Guest>,
    pub limits: &'a Limits,
    /// The wall-clock time that the call has, host calls included.
    pub budget: Duration,
    pub log: StepLog,
    pub outlet: Outlet,
}

impl Sandbox<'_> {
    /// Makes an instance, lets `call` call it, and throws it away. What the guest has under way
    /// by then is broken off.
    pub(super) async fn run<T>(
        self,
        call: impl AsyncFnOnce(&Rotation, &mut Store<Guest>) -> wasmtime::Result<T>,
    ) -> Result<T, StepError> {
        let watch = Arc::clone(&self.outlet.watch);
        let time = self.outlet.time();
        let mut store = Guest::new(self.limits, self.log, self.outlet).into_store(self.engine);
        let work = async {
            let instance = self.pre.instance_pre().instantiate_async(&mut store).await?;
            let instance = Contract::new(&mut store, &instance)
                .map_err(|error| Misshapen(clean(&format!("{error:#}"), 500)))?;
            call(instance.pamrun_plugin_rotation(), &mut store).await
        };
        let over = async {
            match time {
                None => tokio::time::sleep(self.budget).await,
                Some(time) => time.sleep(self.budget).await,
            }
        };
        let ended = tokio::select! {
            biased;
            ended = metered(self.limits.cpu, work) => Some(ended),
            () = over => None,
        };
        // A limit that a request met is the cause of whatever the guest made of it, and what
        // would be stopped a moment later has not succeeded either.
        if let Some(limit) = watch.seen().exceeded.take() {
            return Err(limit.into());
        }
        match ended {
            Some(Ok(Ok(returned))) => Ok(returned),
            Some(Ok(Err(error))) => Err(stopped(&error)),
            Some(Err(limit)) => Err(limit.into()),
            None => Err(StepError::Limit {
                name: "timeout",
                message: format!("the step did not end within {:?}; --timeout raises it", self.budget),
            }),
        }
    }
}

/// Runs `work` and stops it once it has computed for `limit`, waiting not counted. A guest
/// computes only while its future is polled, and the engine's epochs make it yield.
pub(super) async fn metered<T>(limit: Duration, work: impl Future<Output = T>) -> Result<T, Exceeded> {
    let mut work = pin!(work);
    let mut spent = Duration::ZERO;
    poll_fn(|context| {
        let start = thread_time();
        let poll = work.as_mut().poll(context);
        spent += thread_time().saturating_sub(start);
        match poll {
            Poll::Ready(done) => Poll::Ready(Ok(done)),
            Poll::Pending if spent > limit => Poll::Ready(Err(Exceeded::new(
                "cpu",
                format_args!("the plugin computed for more than {limit:?} in one step, perhaps in a loop without an end"),
            ))),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Where a panic happened, the guest says on its stderr, which may hold anything by then.
pub(super) const PANICKED: &str = "it panicked or aborted. Its author should return a failure instead; what the \
     plugin printed in this step is dropped, but its own unit tests show it";

/// The functions of a guest are there, and take or return something else.
#[derive(Debug, thiserror::Error)]
#[error(
    "the plugin's functions do not have the shape of pamrun:plugin/rotation ({0}); build it against this pamrun's \
     wit folder"
)]
struct Misshapen(String);

/// Says why a guest stopped in the middle.
pub(super) fn stopped(error: &wasmtime::Error) -> StepError {
    if let Some(misshapen) = error.downcast_ref::<Misshapen>() {
        return StepError::Contract(misshapen.to_string());
    }
    if let Some(limit) = error.downcast_ref::<Exceeded>() {
        return limit.clone().into();
    }
    if let Some(ResourceTableError::Full) = error.downcast_ref() {
        let message = "the plugin holds more requests, bodies and header lists at once than it may";
        return StepError::Limit { name: "memory", message: message.to_owned() };
    }
    let cause = error.root_cause().to_string();
    // Wasmtime has no public type for this one.
    if cause.contains("fuel allocated for hostcalls") {
        return Exceeded::new("output", "the plugin handed over more at once than it may").into();
    }
    StepError::Trap(match (error.downcast_ref(), error.downcast_ref()) {
        (Some(Trap::UnreachableCodeReached), _) => PANICKED.to_owned(),
        (_, Some(I32Exit(status))) => format!("it called exit with status {status}"),
        _ => clean(&cause, 500),
    })
}
