//! Sends requests: HTTP/1.1 over TLS, over connections that are kept for a whole rotation.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::time::{Instant, timeout_at};

use super::bodies::{Bodies, Unread};
use super::dial::{Dialer, Resolve, bare};
use super::lost::Lost;
use super::pool::{Pool, Sender};
use super::trust::Trust;
use super::watch::Exceeded;
use crate::limits::Limits;
use crate::policy::{Deny, StepGrant};
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
    /// It did not leave, or its answer is lost; the failure says which.
    Failed(Lost),
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
    bodies: Bodies,
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
        grant: &StepGrant,
        departs: &(dyn Fn() + Sync),
        reuse: Reuse,
    ) -> Result<http::Response<Bytes>, SendError> {
        let last = Instant::now() + self.request_timeout;
        let failed = |error| Err(SendError::Failed(error));
        let Some(host) = request.uri().host().map(|host| bare(host).to_ascii_lowercase()) else {
            return failed(Lost::NoHost);
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
                match timeout_at(last, self.connect(&host, port, grant, last)).await {
                    Ok(connected) => connected?,
                    Err(_) => return failed(Lost::ConnectTimeout),
                }
            };
            if !has_left {
                departs();
                has_left = true;
            }
            let answer = sender.try_send_request(request);
            let response = match timeout_at(last, answer).await {
                Ok(Ok(response)) => response,
                Ok(Err(mut error)) => match error.take_message() {
                    // The far side had closed the connection and not a byte was written.
                    Some(unsent) if is_kept => {
                        request = unsent;
                        continue;
                    }
                    _ => return failed(exchange_failure(error.error())),
                },
                Err(_) => return failed(Lost::AnswerTimeout),
            };
            let (parts, body) = response.into_parts();
            let body = match timeout_at(last, self.bodies.read(body)).await {
                Ok(Ok(body)) => body,
                Ok(Err(Unread::Exceeded(limit))) => return Err(SendError::Exceeded(limit)),
                Ok(Err(Unread::Broken(_))) => return failed(Lost::Incomplete),
                Err(_) => return failed(Lost::AnswerTimeout),
            };
            self.pool.put(host, port, sender);
            return Ok(http::Response::from_parts(parts, body));
        }
    }

    async fn connect(
        &self,
        host: &str,
        port: u16,
        grant: &StepGrant,
        deadline: Instant,
    ) -> Result<Sender, SendError> {
        let failed = SendError::Failed;
        let name = ServerName::try_from(host.to_owned()).map_err(|_| failed(Lost::NoHost))?;
        let stream = self.dialer.dial(host, port, grant, deadline).await?;
        let tls = self.trust.connector().await.ok_or_else(|| failed(Lost::NothingTrusted))?;
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
fn exchange_failure(error: &hyper::Error) -> Lost {
    if error.is_parse() { Lost::NotHttp } else { Lost::Terminated }
}

/// Why there is no TLS: nothing of the request has left.
fn tls_failure(error: &std::io::Error) -> Lost {
    match error.get_ref().and_then(|error| error.downcast_ref()) {
        Some(rustls::Error::InvalidCertificate(why)) => Lost::Certificate(format!("{why:?}")),
        Some(rustls::Error::AlertReceived(alert)) => Lost::TlsAlert(format!("{alert:?}")),
        _ => Lost::Tls,
    }
}
