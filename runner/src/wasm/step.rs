//! One call of a guest: a fresh store, a budget of time, and what came of it.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::Mutex;
use wasmtime::component::ResourceTableError;
use wasmtime::{Store, Trap};
use wasmtime_wasi::I32Exit;

use super::bindings::{Rotation, Rotator};
use super::guest::{Ended, Guest};
use super::load::Loaded;
use super::log::StepLog;
use super::passage::Passage;
use super::watch::Exceeded;
use crate::call::{Session, Way as _};
use crate::limits::Limits;
use crate::rotation::{StepError, clean};
use crate::system::thread_time;

impl Loaded {
    /// Makes an instance, lets `call` call it, and throws it away. What the guest has under way by then is
    /// broken off.
    pub(super) async fn run<T>(
        &self,
        limits: &Limits,
        budget: Duration,
        log: StepLog,
        (passage, session): (Arc<Passage>, Arc<Mutex<Session>>),
        call: impl AsyncFnOnce(&Rotation, &mut Store<Guest>) -> wasmtime::Result<T>,
    ) -> Result<T, StepError> {
        let watch = Arc::clone(&passage.watch);
        let guest = Guest::new(limits, log, Arc::clone(&passage), session);
        let mut store = guest.into_store(&self.engine);
        let work = async {
            let instance = self.pre.instance_pre().instantiate_async(&mut store).await?;
            let instance = Rotator::new(&mut store, &instance)?;
            call(instance.pamrun_plugin_rotation(), &mut store).await
        };
        let ended = tokio::select! {
            biased;
            ended = metered(limits.cpu, work) => Some(ended),
            () = passage.sleep(budget) => None,
        };
        // A limit that a call met is the cause of whatever the guest made of it.
        if let Some(limit) = watch.exceeded_limit() {
            return Err(limit.into());
        }
        match ended {
            Some(Ok(Ok(returned))) => Ok(returned),
            Some(Ok(Err(error))) => Err(match error.downcast_ref::<Ended>() {
                Some(Ended(error)) => error.clone(),
                None => stopped(&error),
            }),
            Some(Err(limit)) => Err(limit.into()),
            None => Err(StepError::Limit {
                name: "timeout",
                message: format!("the step did not end within {budget:?}; --timeout raises it"),
            }),
        }
    }
}

/// Runs `work` and stops it once it has computed for `limit`, waiting not counted. A guest
/// computes only while its future is polled, and the engine's epochs make it yield.
async fn metered<T>(limit: Duration, work: impl Future<Output = T>) -> Result<T, Exceeded> {
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
const PANICKED: &str = "it panicked or aborted. Its author should return a failure instead; what the \
     plugin printed in this step is dropped, but its own unit tests show it";

/// Says why a guest stopped in the middle.
fn stopped(error: &wasmtime::Error) -> StepError {
    if let Some(limit) = error.downcast_ref::<Exceeded>() {
        return limit.clone().into();
    }
    if let Some(ResourceTableError::Full) = error.downcast_ref() {
        let message = "the plugin holds more streams and timers at once than it may";
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
