//! One call of a guest: a fresh store, a budget of time, and what came of it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use wasmtime::Store;

use super::bindings::{Rotation, Rotator};
use super::guest::{Ended, Guest};
use super::load::LoadedRotator;
use super::passage::Passage;
use crate::call::{Session, Way as _};
use crate::limits::Limits;
use crate::rotation::StepError;
use crate::wasm::log::StepLog;
use crate::wasm::step::{metered, stopped};

impl LoadedRotator {
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
