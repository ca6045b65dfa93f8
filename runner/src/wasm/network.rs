//! Sends judged requests: HTTP/1.1 over TLS, over connections that are kept for a whole rotation.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::time::{Instant, timeout_at};
use wasmtime_wasi_http::{Error as HttpError, RequestOptions};

use super::bodies::{Bodies, Unread};
use super::dial::{Dialer, Resolve, bare};
use super::gate::Judge;
use super::pool::{Pool, Sender};
use super::trust::Trust;
use super::watch::Exceeded;
use crate::limits::Limits;
use crate::policy::Deny;
use crate::trust::parse_pem;

/// How the operator wants hosts to be reached.
#[derive(Clone, Default)]
pub struct NetworkOptions {
    /// What `--ca-file` holds: certificates in PEM that are trusted besides those of the machine.
    pub ca_file: Option<Vec<u8>>,
    /// `--resolve`.
    pub resolve: Vec<Resolve>,
    /// `--proxy`: `http://host[:port]`.
    pub proxy: Option<http::Uri>,
}

/// Why the options of the network are of no use.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// The proxy is not spoken to in clear.
    #[error("--proxy must be of the form http://host:port; it only sees CONNECT, what passes through is TLS")]
    Proxy,
    /// The certificates cannot be read.
    #[error("--ca-file holds no certificate in PEM form that can be read ({0})")]
    Certificates(String),
}

/// Why a request got no answer.
#[derive(Debug)]
pub(super) enum SendError {
    /// It did not leave: policy.
    Denied(Deny),
    /// It did not leave, or its answer is lost; the guest can tell by the code.
    Failed(HttpError),
    /// Its answer met a limit.
    Exceeded(Exceeded),
}

/// Which connections a request may go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reuse {
    /// One that waits, if there is one: the far side may close it in the very moment.
    Waiting,
    /// A new one.
    Never,
}

/// The connections of one rotation.
pub(super) struct Network {
    dialer: Dialer,
    trust: Trust,
    pool: Pool,
    request_timeout: Duration,
    pub(super) bodies: Bodies,
}

impl Network {
    pub(super) fn new(options: NetworkOptions, limits: &Limits) -> Result<Self, NetworkError> {
        let extra_roots = match &options.ca_file {
            None => Vec::new(),
            Some(pem) => parse_pem(pem).map_err(NetworkError::Certificates)?,
        };
        Ok(Self {
            dialer: Dialer::new(options.resolve, options.proxy.as_ref())?,
            trust: Trust::load(extra_roots),
            pool: Pool::default(),
            request_timeout: limits.request_timeout,
            bodies: Bodies::new(limits),
        })
    }

    /// Sends a request whose URI is absolute, and reads the whole answer. `departs` is called
    /// when the request may have left: whatever fails before has changed nothing.
    pub(super) async fn send(
        &self,
        mut request: http::Request<Full<Bytes>>,
        options: RequestOptions,
        judge: &dyn Judge,
        departs: &(dyn Fn() + Sync),
        reuse: Reuse,
    ) -> Result<http::Response<Bytes>, SendError> {
        let last = Instant::now() + self.request_timeout;
        let within = |own: Option<Duration>| own.map_or(last, |own| last.min(Instant::now() + own));
        let failed = |error| Err(SendError::Failed(error));
        let Some(host) = request.uri().host().map(|host| bare(host).to_ascii_lowercase()) else {
            return failed(HttpError::HttpRequestUriInvalid);
        };
        let port = request.uri().port_u16().unwrap_or(443);
        *request.uri_mut() = origin_form(request.uri());
        let mut has_left = false;
        loop {
            let kept = match reuse {
                Reuse::Waiting => self.pool.take(&host, port).await,
                Reuse::Never => None,
            };
            let is_kept = kept.is_some();
            let mut sender = if let Some(sender) = kept {
                sender
            } else {
                let deadline = within(options.connect_timeout);
                match timeout_at(deadline, self.connect(&host, port, judge, deadline)).await {
                    Ok(connected) => connected?,
                    Err(_) => return failed(HttpError::ConnectionTimeout),
                }
            };
            if !has_left {
                departs();
                has_left = true;
            }
            let answer = sender.try_send_request(request);
            let response = match timeout_at(within(options.first_byte_timeout), answer).await {
                Ok(Ok(response)) => response,
                Ok(Err(mut error)) => match error.take_message() {
                    // The far side had closed the connection and not a byte was written.
                    Some(unsent) if is_kept => {
                        request = unsent;
                        continue;
                    }
                    _ => return failed(exchange_failure(error.error())),
                },
                Err(_) => return failed(HttpError::HttpResponseTimeout),
            };
            let (parts, body) = response.into_parts();
            let body = match timeout_at(within(None), self.bodies.response(body)).await {
                Ok(Ok(body)) => body,
                Ok(Err(Unread::Exceeded(limit))) => return Err(SendError::Exceeded(limit)),
                Ok(Err(Unread::Broken(_))) => return failed(HttpError::HttpResponseIncomplete),
                Err(_) => return failed(HttpError::HttpResponseTimeout),
            };
            self.pool.put(host, port, sender);
            return Ok(http::Response::from_parts(parts, body));
        }
    }

    async fn connect(
        &self,
        host: &str,
        port: u16,
        judge: &dyn Judge,
        deadline: Instant,
    ) -> Result<Sender, SendError> {
        let failed = SendError::Failed;
        let name =
            ServerName::try_from(host.to_owned()).map_err(|_| failed(HttpError::HttpRequestUriInvalid))?;
        let stream = self.dialer.dial(host, port, judge, deadline).await?;
        let tls = self.trust.connector().await.ok_or_else(|| failed(HttpError::ConfigurationError))?;
        let stream = tls.connect(name, stream).await.map_err(|error| failed(tls_failure(&error)))?;
        let (sender, connection) =
            handshake(TokioIo::new(stream)).await.map_err(|error| failed(exchange_failure(&error)))?;
        // How it ends shows in the requests that use it.
        tokio::spawn(connection);
        Ok(sender)
    }
}

/// The form in which a server, unlike a proxy, wants it: path and query.
fn origin_form(uri: &http::Uri) -> http::Uri {
    uri.path_and_query().cloned().map_or_else(|| http::Uri::from_static("/"), http::Uri::from)
}

/// What became of a request that was under way.
fn exchange_failure(error: &hyper::Error) -> HttpError {
    if error.is_parse() { HttpError::HttpProtocolError } else { HttpError::ConnectionTerminated }
}

/// Why there is no TLS: nothing of the request has left.
fn tls_failure(error: &std::io::Error) -> HttpError {
    match error.get_ref().and_then(|error| error.downcast_ref()) {
        Some(rustls::Error::InvalidCertificate(_)) => HttpError::TlsCertificateError,
        Some(rustls::Error::AlertReceived(alert)) => HttpError::TlsAlertReceived {
            alert_id: Some(u8::from(*alert)),
            alert_message: Some(format!("{alert:?}")),
        },
        _ => HttpError::TlsProtocolError,
    }
}
