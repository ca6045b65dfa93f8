//! The way to the services, as calls see it.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::policy::Deny;
use crate::rotation::StepError;

/// A request that was written, and what it is.
#[derive(Debug)]
pub struct Sendable {
    /// The name of the declared request.
    pub name: String,
    /// Whether it may change something: then it is sent once at most.
    pub has_effect: bool,
    /// The request, with an absolute URI.
    pub request: http::Request<Bytes>,
}

/// Why a request got no answer.
#[derive(Debug)]
pub enum Unsent {
    /// Nothing was written to the service, for this reason.
    NotWritten(String),
    /// It may have reached the service, and the answer is lost.
    Lost(String),
    /// Policy: it must not go there.
    Denied(Deny),
    /// A limit was met; the step ends.
    Ended(StepError),
}

/// Sends requests, and knows the time.
#[async_trait::async_trait]
pub trait Way: Send + Sync {
    /// Sends a request, and reads the whole answer.
    ///
    /// # Errors
    /// There is no answer.
    async fn send(&self, request: Sendable) -> Result<http::Response<Bytes>, Unsent>;

    /// Judges a request's host before anything is written.
    ///
    /// # Errors
    /// The operator does not allow it.
    fn allows_host(&self, host: &str) -> Result<(), Deny>;

    /// Judges what a request retires.
    ///
    /// # Errors
    /// The step may not retire that.
    fn allows_removal(&self, id: &str) -> Result<(), Deny>;

    /// The time.
    fn now(&self) -> Timestamp;

    /// Waits.
    async fn sleep(&self, pause: Duration);
}

/// What a service's answer is made of.
pub(super) fn answer(response: http::Response<Bytes>) -> pamrun_contract::answer::Answer {
    let (parts, body) = response.into_parts();
    let headers = parts
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())));
    pamrun_contract::answer::Answer::new(parts.status.as_u16(), headers.collect(), body.to_vec())
}

/// The request as it is sent.
pub(super) fn written(
    rendered: &pamrun_contract::render::Rendered,
    url: &str,
) -> Result<http::Request<Bytes>, String> {
    let mut request = http::Request::builder().method(rendered.method.as_str()).uri(url);
    for header in &rendered.headers {
        let mut value = http::HeaderValue::from_str(&header.value)
            .map_err(|_| format!("the header {} has what no header may hold", header.name))?;
        value.set_sensitive(header.is_secret);
        request = request.header(&header.name, value);
    }
    let body = rendered.body.as_ref().map(|body| Zeroizing::new(body.to_vec()));
    let length = body.as_ref().map_or(0, |body| body.len());
    let takes_body = rendered.method.takes_body() && rendered.method.as_str() != "DELETE";
    if length > 0 || takes_body {
        request = request.header(http::header::CONTENT_LENGTH, length);
    }
    let uri: http::Uri = url.parse().map_err(|_| "its URL is none".to_owned())?;
    if let Some(authority) = uri.authority() {
        request = request.header(http::header::HOST, authority.as_str());
    }
    request
        .body(body.map_or_else(Bytes::new, |body| Bytes::copy_from_slice(&body)))
        .map_err(|_| "it is no request of HTTP".to_owned())
}
