//! What may stand behind the gate in the place of a network, for tests: it gets what policy let
//! out, and no name is looked up, no address judged and no socket opened for it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;

use super::bodies::{Bodies, Unread};
use super::lost::Lost;
use super::network::SendError;
use super::time::Time;
use crate::limits::Limits;
use crate::model::StepName;

/// A request that policy let out.
#[derive(Debug, Clone)]
pub struct Sent {
    /// The step that sends it.
    pub step: StepName,
    /// The name of the declared request.
    pub name: String,
    /// The request, with an absolute URI.
    pub request: http::Request<Bytes>,
}

/// Why a peer gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAnswer {
    /// It could not be reached: nothing has left.
    Refused,
    /// The request has left, and the connection ended before an answer came.
    Reset,
    /// The answer broke off in the middle.
    Cut,
}

/// Answers requests in the place of all services.
#[async_trait::async_trait]
pub trait Peer: Send + Sync {
    /// Answers a request; calls `departs` when it has left, and changes nothing before that.
    ///
    /// # Errors
    /// That there is no answer.
    async fn answer(
        &self,
        sent: Sent,
        departs: &(dyn Fn() + Sync),
    ) -> Result<http::Response<Bytes>, NoAnswer>;

    /// Sees, as a text, whatever is handed to the plugin in the sandbox.
    fn hands_over(&self, what: &str);
}

/// Takes note of what policy let out, and what came back.
pub trait Recorder: Send + Sync {
    /// Notes a request, and its answer.
    fn record(&self, sent: &Sent, answer: Result<&http::Response<Bytes>, NoAnswer>);
}

/// The way to a peer.
pub(super) struct PeerWay {
    peer: Arc<dyn Peer>,
    pub(super) time: Arc<dyn Time>,
    bodies: Bodies,
    request_timeout: Duration,
}

impl PeerWay {
    pub(super) fn new(peer: Arc<dyn Peer>, time: Arc<dyn Time>, limits: &Limits) -> Self {
        Self { peer, time, bodies: Bodies::new(limits), request_timeout: limits.request_timeout }
    }

    /// Lets the peer see what is handed to the plugin.
    pub(super) fn hands_over(&self, what: &dyn std::fmt::Debug) {
        self.peer.hands_over(&format!("{what:?}"));
    }

    /// Asks the peer, with the limits that a network has.
    pub(super) async fn send(
        &self,
        sent: Sent,
        departs: &(dyn Fn() + Sync),
    ) -> Result<http::Response<Bytes>, SendError> {
        let answer = tokio::select! {
            biased;
            answer = self.peer.answer(sent, departs) => answer,
            () = self.time.sleep(self.request_timeout) => {
                return Err(SendError::Failed(Lost::AnswerTimeout));
            }
        };
        let (parts, body) = answer.map_err(|error| SendError::Failed(error.into()))?.into_parts();
        match self.bodies.read(Full::new(body)).await {
            Ok(body) => Ok(http::Response::from_parts(parts, body)),
            Err(Unread::Exceeded(limit)) => Err(SendError::Exceeded(limit)),
            Err(Unread::Broken(never)) => match never {},
        }
    }
}

impl From<NoAnswer> for Lost {
    fn from(no_answer: NoAnswer) -> Self {
        match no_answer {
            NoAnswer::Refused => Self::Refused,
            NoAnswer::Reset => Self::Terminated,
            NoAnswer::Cut => Self::Incomplete,
        }
    }
}
