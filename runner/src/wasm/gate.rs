//! The gate: the only way out of the sandbox.
//!
//! A request is read whole, counted, judged, and only then sent. What is refused reaches the guest
//! as a typed error, and the operator with its reason.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use bytes::Bytes;
use http::{Method, header};
use http_body_util::{BodyExt, Full};
use wasmtime_wasi_http::{Error as HttpError, RequestOptions, WasiBody};

use super::bodies::{Bodies, Unread};
use super::network::{Network, NetworkError, NetworkOptions, Reuse, SendError};
use super::peer::{NoAnswer, Peer, PeerWay, Recorder, Sent};
use super::time::Time;
use super::watch::{Exceeded, Watch};
use crate::limits::Limits;
use crate::model::StepName;
use crate::policy::{Deny, OutgoingRequest, StepGrant};

/// Says what may leave in one step.
pub(super) trait Judge: Send + Sync {
    /// Judges a request; `Ok(true)` when it may change the target.
    fn request(&self, request: &OutgoingRequest<'_>) -> Result<bool, Deny>;
    /// Judges an address that a host was found at.
    fn address(&self, host: &str, address: IpAddr) -> Result<(), Deny>;
}

impl Judge for StepGrant {
    fn request(&self, request: &OutgoingRequest<'_>) -> Result<bool, Deny> {
        self.allows(request)
    }

    fn address(&self, host: &str, address: IpAddr) -> Result<(), Deny> {
        self.allows_address(host, address)
    }
}

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
    /// tests of plugins. It judges requests as any other; there is no address to be judged.
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

    /// Lets a request pass, or not.
    pub(super) async fn pass(
        &self,
        request: http::Request<WasiBody>,
        options: RequestOptions,
        judge: &dyn Judge,
        watch: &Watch,
    ) -> Result<http::Response<WasiBody>, HttpError> {
        // Refused ones count too, or a guest could ask for ever.
        let most = self.most_requests(watch.step);
        let one_more = |count| (count < most).then_some(count + 1);
        if self.requests.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_err() {
            let what = format_args!("the plugin wanted to send more than {most} requests");
            watch.exceeded(Exceeded::new("requests", what));
            return Err(HttpError::HttpRequestDenied);
        }
        let (mut parts, body) = request.into_parts();
        // To refuse before the body is read would cut the guest off in the middle of writing, and
        // it would take that for the cause.
        let body = self.way.bodies().request(body).await.map_err(|unread| match unread {
            Unread::Exceeded(limit) => {
                watch.exceeded(limit);
                HttpError::HttpRequestBodySize(None)
            }
            Unread::Broken(error) => error,
        })?;
        let outgoing =
            OutgoingRequest { method: &parts.method, uri: &parts.uri, headers: &parts.headers, body: &body };
        let may_change = judge.request(&outgoing).map_err(|deny| refuse(deny, watch))?;

        let uri = parts.uri.clone();
        set_length(&mut parts, body.len());
        let request = http::Request::from_parts(parts, body.clone());
        let note = self.recorder.as_ref().map(|recorder| (recorder, request.clone()));
        let has_left = AtomicBool::new(false);
        let departs = || {
            has_left.store(true, Ordering::Relaxed);
            watch.departs(may_change);
        };
        let answer = match &self.way {
            Way::Network(network) => {
                let request = request.map(Full::new);
                network.send(request, options, judge, &departs, Reuse::Waiting).await
            }
            Way::Peer(way) => {
                way.send(Sent { step: watch.step, name: None, request }, options, &departs).await
            }
        };
        if let Some((recorder, request)) = note {
            let no_answer =
                || if has_left.load(Ordering::Relaxed) { NoAnswer::Reset } else { NoAnswer::Refused };
            recorder.record(watch.step, &request, answer.as_ref().map_err(|_| no_answer()));
        }
        match answer {
            Ok(answer) => {
                if matches!(self.way, Way::Network(_)) {
                    watch.compares_clocks(&answer, uri.host());
                }
                watch.answered(&answer, &uri, &body, may_change);
                Ok(answer.map(|body| Full::new(body).map_err(|never| match never {}).boxed_unsync()))
            }
            Err(SendError::Denied(deny)) => Err(refuse(deny, watch)),
            Err(SendError::Exceeded(limit)) => {
                watch.exceeded(limit);
                Err(HttpError::HttpResponseBodySize(None))
            }
            Err(SendError::Failed(error)) => Err(error),
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
        let most = self.most_requests(watch.step);
        let one_more = |count| (count < most).then_some(count + 1);
        if self.requests.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_err() {
            let what = format_args!("the plugin wanted to send more than {most} requests");
            let limit = Exceeded::new("requests", what);
            watch.exceeded(limit.clone());
            return Err(Unanswered { has_left: false, why: Why::Exceeded(limit) });
        }
        let uri = request.uri().clone();
        let note = self.recorder.as_ref().map(|recorder| (recorder, request.clone()));
        let has_left = AtomicBool::new(false);
        let departs = || {
            has_left.store(true, Ordering::Relaxed);
            watch.departs(effect);
        };
        let options = RequestOptions::default();
        let answer = match &self.way {
            Way::Network(network) => {
                let request = request.map(Full::new);
                let reuse = if effect { Reuse::Never } else { Reuse::Waiting };
                network.send(request, options, grant, &departs, reuse).await
            }
            Way::Peer(way) => {
                way.send(Sent { step: watch.step, name: Some(name), request }, options, &departs).await
            }
        };
        let has_left = has_left.load(Ordering::Relaxed);
        if let Some((recorder, request)) = note {
            let no_answer = || if has_left { NoAnswer::Reset } else { NoAnswer::Refused };
            recorder.record(watch.step, &request, answer.as_ref().map_err(|_| no_answer()));
        }
        let why = match answer {
            Ok(answer) => {
                if matches!(self.way, Way::Network(_)) {
                    watch.compares_clocks(&answer, uri.host());
                }
                return Ok(answer);
            }
            Err(SendError::Denied(deny)) => Why::Denied(deny),
            Err(SendError::Exceeded(limit)) => {
                watch.exceeded(limit.clone());
                Why::Exceeded(limit)
            }
            Err(SendError::Failed(error)) => Why::Failed(error.to_string()),
        };
        Err(Unanswered { has_left, why })
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

impl Way {
    fn bodies(&self) -> &Bodies {
        match self {
            Self::Network(network) => &network.bodies,
            Self::Peer(way) => &way.bodies,
        }
    }
}

fn refuse(deny: Deny, watch: &Watch) -> HttpError {
    watch.denied(deny);
    HttpError::HttpRequestDenied
}

/// States the length that the body really has.
fn set_length(parts: &mut http::request::Parts, length: usize) {
    let expects_body = matches!(parts.method, Method::POST | Method::PUT | Method::PATCH);
    if length > 0 || expects_body {
        parts.headers.insert(header::CONTENT_LENGTH, length.into());
    } else {
        parts.headers.remove(header::CONTENT_LENGTH);
    }
}
