//! The gate: the only way out of the sandbox.
//!
//! A request is read whole, counted, judged, and only then sent. What is refused reaches the guest
//! as a typed error, and the operator with its reason.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use http::{Method, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use wasmtime_wasi_http::{Error as HttpError, RequestOptions, WasiBody};

use super::network::{Network, NetworkError, NetworkOptions, SendError};
use super::watch::{Exceeded, Watch};
use crate::limits::Limits;
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
    network: Network,
    requests: AtomicU32,
    most_requests: u32,
    request_body: usize,
    response_body: usize,
}

impl Gate {
    /// Makes a gate. It connects to nothing yet, but begins to load what the machine trusts.
    ///
    /// # Errors
    /// When the proxy or the certificates are of no use.
    pub fn new(options: NetworkOptions, limits: &Limits) -> Result<Self, NetworkError> {
        Ok(Self {
            network: Network::new(options, limits)?,
            requests: AtomicU32::new(0),
            most_requests: limits.requests,
            request_body: limits.request_body,
            response_body: limits.response_body,
        })
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
        if self.requests.fetch_add(1, Ordering::Relaxed) >= self.most_requests {
            let what = format_args!("the plugin wanted to send more than {} requests", self.most_requests);
            watch.exceeded(Exceeded::new("requests", what));
            return Err(HttpError::HttpRequestDenied);
        }
        let (mut parts, body) = request.into_parts();
        let body = self.read(body, watch).await?;
        let outgoing =
            OutgoingRequest { method: &parts.method, uri: &parts.uri, headers: &parts.headers, body: &body };
        let may_change = judge.request(&outgoing).map_err(|deny| refuse(deny, watch))?;

        let uri = parts.uri.clone();
        set_length(&mut parts, body.len());
        let request = http::Request::from_parts(parts, Full::new(body.clone()));
        match self.network.send(request, options, judge, &|| watch.departs(may_change)).await {
            Ok(answer) => {
                watch.answered(&answer, &uri, &body);
                Ok(answer.map(|body| Full::new(body).map_err(|never| match never {}).boxed_unsync()))
            }
            Err(SendError::Denied(deny)) => Err(refuse(deny, watch)),
            Err(SendError::Failed(error)) => {
                if let HttpError::HttpResponseBodySize(_) = error {
                    let what = format_args!("an answer was longer than {} bytes", self.response_body);
                    watch.exceeded(Exceeded::new("response_body", what));
                }
                Err(error)
            }
        }
    }

    /// Reads the body that the guest writes. To refuse before it is read would cut the guest off
    /// in the middle of writing, and it would take that for the cause.
    async fn read(&self, body: WasiBody, watch: &Watch) -> Result<Bytes, HttpError> {
        match Limited::new(body, self.request_body).collect().await {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => {
                let what = format_args!("the body of a request was longer than {} bytes", self.request_body);
                watch.exceeded(Exceeded::new("request_body", what));
                Err(HttpError::HttpRequestBodySize(u64::try_from(self.request_body).ok()))
            }
            Err(error) => Err(error.downcast().map_or(HttpError::HttpProtocolError, |error| *error)),
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
