//! The way of calls through the gate.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

use super::gate::{Gate, Why};
use super::watch::Watch;
use crate::call::{Sendable, Unsent, Way};
use crate::policy::{Deny, StepGrant};

/// The gate, for one step.
pub(super) struct Passage {
    pub(super) gate: Arc<Gate>,
    pub(super) grant: StepGrant,
    pub(super) watch: Arc<Watch>,
}

#[async_trait::async_trait]
impl Way for Passage {
    async fn send(&self, request: Sendable) -> Result<http::Response<Bytes>, Unsent> {
        let Sendable { name, request, has_effect } = request;
        let answer = self.gate.send((name, request), has_effect, &self.grant, &self.watch).await;
        answer.map_err(|unanswered| match unanswered.why {
            Why::Denied(deny) => Unsent::Denied(deny),
            Why::Exceeded(limit) => Unsent::Ended(limit.into()),
            Why::Failed(why) if unanswered.has_left => Unsent::Lost(why),
            Why::Failed(why) => Unsent::NotWritten(why),
        })
    }

    fn allows_host(&self, host: &str) -> Result<(), Deny> {
        self.grant.allows_host(host)
    }

    fn allows_removal(&self, id: &str) -> Result<(), Deny> {
        self.grant.allows_removal(id)
    }

    fn now(&self) -> Timestamp {
        let Some(time) = self.gate.time() else { return Timestamp::now() };
        let since = SignedDuration::try_from(time.unix_time()).unwrap_or_default();
        Timestamp::UNIX_EPOCH.checked_add(since).unwrap_or(Timestamp::MAX)
    }

    async fn sleep(&self, pause: Duration) {
        match self.gate.time() {
            None => tokio::time::sleep(pause).await,
            Some(time) => time.sleep(pause).await,
        }
    }
}
