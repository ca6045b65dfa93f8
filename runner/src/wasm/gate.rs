//! The gate: the only way out of the sandbox.
//!
//! A request is counted and then sent, and its answer is read whole. Whether it may leave was judged
//! before: only the address that its host is found at is judged on the way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use bytes::Bytes;
use http_body_util::Full;

use super::network::{Network, NetworkError, NetworkOptions, Reuse, SendError};
use super::peer::{NoAnswer, Peer, PeerWay, Recorder, Sent};
use super::time::Time;
use super::watch::{Exceeded, Watch};
use crate::limits::Limits;
use crate::model::StepName;
use crate::policy::{Deny, StepGrant};

/// The way out, for all steps of one rotation: they share its connections and its count of
/// requests.
pub struct Gate {
    way: Way,
    recorder: Option<Arc<dyn Recorder>>,
    requests: AtomicU32,
    most_requests: u32,
}

/// A declared request that got no answer.
#[derive(Debug)]
pub(crate) struct Unanswered {
    /// Whether it may have reached the service.
    pub(crate) has_left: bool,
    pub(crate) why: Why,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Why {
    /// The address is none that it may go to.
    Denied(Deny),
    /// The answer, or how many there are, met a limit.
    Exceeded(Exceeded),
    /// The way to the service.
    Failed(String),
}

/// Where requests go that may leave.
enum Way {
    Network(Box<Network>),
    Peer(PeerWay),
}

impl Gate {
    /// Makes a gate. It connects to nothing yet, but begins to load what the machine trusts.
    ///
    /// # Errors
    /// When the proxy or the certificates are of no use.
    pub fn new(options: NetworkOptions, limits: &Limits) -> Result<Self, NetworkError> {
        Ok(Self::with(Way::Network(Box::new(Network::new(options, limits)?)), limits))
    }

    /// Makes a gate that leads to a scripted peer instead of a network, in a time of its own: for
    /// tests of plugins. There is no address to be judged.
    #[must_use]
    pub fn to_peer(peer: Arc<dyn Peer>, time: Arc<dyn Time>, limits: &Limits) -> Self {
        Self::with(Way::Peer(PeerWay::new(peer, time, limits)), limits)
    }

    fn with(way: Way, limits: &Limits) -> Self {
        Self { way, recorder: None, requests: AtomicU32::new(0), most_requests: limits.requests }
    }

    /// The same gate, with somebody who takes note.
    #[must_use]
    pub fn recorded_by(self, recorder: Option<Arc<dyn Recorder>>) -> Self {
        Self { recorder, ..self }
    }

    /// The time of those who go through it, where it is not the machine's.
    pub(super) fn time(&self) -> Option<Arc<dyn Time>> {
        match &self.way {
            Way::Network(_) => None,
            Way::Peer(way) => Some(Arc::clone(&way.time)),
        }
    }

    /// Sends a declared request, and reads the whole answer. One with an effect goes out once at most, and
    /// by no connection that waited for it.
    pub(crate) async fn send(
        &self,
        (name, request): (String, http::Request<Bytes>),
        effect: bool,
        grant: &StepGrant,
        watch: &Watch,
    ) -> Result<http::Response<Bytes>, Unanswered> {
        let counted = self.count(watch);
        counted.map_err(|limit| Unanswered { has_left: false, why: Why::Exceeded(limit) })?;
        let sent = Sent { step: watch.step, name, request };
        let host = sent.request.uri().host().map(str::to_owned);
        let note = self.recorder.as_ref().map(|recorder| (recorder, sent.clone()));
        let has_left = AtomicBool::new(false);
        let departs = || {
            has_left.store(true, Ordering::Relaxed);
            watch.departs(effect);
        };
        let answer = match &self.way {
            Way::Network(network) => {
                let reuse = if effect { Reuse::Never } else { Reuse::Waiting };
                network.send(sent.request.map(Full::new), grant, &departs, reuse).await
            }
            Way::Peer(way) => way.send(sent, &departs).await,
        };
        let has_left = has_left.load(Ordering::Relaxed);
        if let Some((recorder, sent)) = note {
            let no_answer = || if has_left { NoAnswer::Reset } else { NoAnswer::Refused };
            recorder.record(&sent, answer.as_ref().map_err(|_| no_answer()));
        }
        let why = match answer {
            Ok(answer) => {
                if matches!(self.way, Way::Network(_)) {
                    watch.compares_clocks(&answer, host.as_deref());
                }
                return Ok(answer);
            }
            Err(SendError::Denied(deny)) => Why::Denied(deny),
            Err(SendError::Exceeded(limit)) => {
                watch.exceeded(limit.clone());
                Why::Exceeded(limit)
            }
            Err(SendError::Failed(failure)) => Why::Failed(failure.to_string()),
        };
        Err(Unanswered { has_left, why })
    }

    /// Counts a request, sent or refused: or a guest could ask for ever.
    ///
    /// # Errors
    /// It is one too many.
    pub(crate) fn count(&self, watch: &Watch) -> Result<(), Exceeded> {
        let most = self.most_requests(watch.step);
        let one_more = |count| (count < most).then_some(count + 1);
        let counted = self.requests.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more);
        counted.map(drop).map_err(|_| {
            let what = format_args!("the plugin wanted to send more than {most} requests");
            let limit = Exceeded::new("requests", what);
            watch.exceeded(limit.clone());
            limit
        })
    }

    /// Shows what is handed to the plugin to whoever stands in for the network.
    pub(super) fn hands_over(&self, what: &dyn std::fmt::Debug) {
        if let Way::Peer(way) = &self.way {
            way.hands_over(what);
        }
    }

    /// How many requests the rotation may have sent by the end of this step. Some are kept back, so
    /// that a plugin which used up the others can still remove what it made.
    fn most_requests(&self, step: StepName) -> u32 {
        match step {
            StepName::Commit | StepName::Rollback => self.most_requests,
            StepName::Preflight | StepName::Rotate | StepName::Verify => {
                self.most_requests - self.most_requests / 10
            }
        }
    }
}
