//! Opens connections, to judged addresses only.

use std::io;
use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use http::{Method, StatusCode, header};
use http_body_util::Empty;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::lost::Lost;
use super::network::{NetworkError, SendError};
use crate::model::HostPort;
use crate::policy::StepGrant;

/// Where a host and port is found instead of by name: `--resolve`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolve {
    /// The host, as in the URL.
    pub host: String,
    /// The port, as in the URL.
    pub port: u16,
    /// The address and port to connect to. It is judged like a resolved one.
    pub address: SocketAddr,
}

/// A connection, before TLS.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Knows the way to hosts.
pub(super) struct Dialer {
    resolve: Vec<Resolve>,
    proxy: Option<Proxy>,
}

struct Proxy {
    host: String,
    port: u16,
}

impl Dialer {
    pub(super) fn new(resolve: Vec<Resolve>, proxy: Option<&http::Uri>) -> Result<Self, NetworkError> {
        Ok(Self { resolve, proxy: proxy.map(Proxy::new).transpose()? })
    }

    /// Connects to a host, before `deadline`.
    pub(super) async fn dial(
        &self,
        host: &str,
        port: u16,
        grant: &StepGrant,
        deadline: Instant,
    ) -> Result<Box<dyn Stream>, SendError> {
        let known = self.known_address(host, port);
        let named = HostPort::of(host, port);
        // As policy and operators name it: without the port where it is the usual one.
        let name = named.to_string();
        if let Some(address) = known {
            grant.allows_address(&name, address.ip()).map_err(SendError::Denied)?;
        }
        let Some(proxy) = &self.proxy else {
            let addresses = match known {
                Some(address) => vec![address],
                None => judged(&name, look_up(host, port).await?, grant)?,
            };
            return Ok(Box::new(connect(&addresses, deadline).await?));
        };
        // The proxy is the operator's choice, and a name is for the proxy to resolve.
        let stream = connect(&look_up(&proxy.host, proxy.port).await?, deadline).await?;
        let target = known.map_or_else(|| format!("{}:{port}", named.host()), |address| address.to_string());
        Ok(Box::new(proxy.tunnel(stream, &target).await?))
    }

    /// The address, where it need not be looked up.
    fn known_address(&self, host: &str, port: u16) -> Option<SocketAddr> {
        let is_meant = |resolve: &&Resolve| resolve.port == port && resolve.host.eq_ignore_ascii_case(host);
        let overridden = self.resolve.iter().find(is_meant).map(|resolve| resolve.address);
        overridden.or_else(|| host.parse::<IpAddr>().ok().map(|address| (address, port).into()))
    }
}

async fn look_up(host: &str, port: u16) -> Result<Vec<SocketAddr>, SendError> {
    let addresses = tokio::net::lookup_host((host, port)).await;
    let addresses: Vec<_> = addresses.map(Iterator::collect).unwrap_or_default();
    if addresses.is_empty() {
        return Err(SendError::Failed(Lost::NameNotFound));
    }
    Ok(addresses)
}

/// Keeps the addresses that may be connected to.
fn judged(name: &str, addresses: Vec<SocketAddr>, grant: &StepGrant) -> Result<Vec<SocketAddr>, SendError> {
    let mut denied = None;
    let allowed: Vec<_> = addresses
        .into_iter()
        .filter(|address| match grant.allows_address(name, address.ip()) {
            Ok(()) => true,
            Err(deny) => {
                denied.get_or_insert(deny);
                false
            }
        })
        .collect();
    match denied {
        Some(deny) if allowed.is_empty() => Err(SendError::Denied(deny)),
        _ => Ok(allowed),
    }
}

/// Tries the addresses in order. Each gets its share of the time, so that one which swallows
/// packets does not keep the others from being tried.
#[expect(clippy::disallowed_methods, reason = "the gate's one way out")]
async fn connect(addresses: &[SocketAddr], deadline: Instant) -> Result<TcpStream, SendError> {
    let mut failure = Lost::NameNotFound;
    for (address, left) in addresses.iter().zip((1..=addresses.len()).rev()) {
        let share =
            deadline.saturating_duration_since(Instant::now()) / u32::try_from(left).unwrap_or(u32::MAX);
        match timeout_at(Instant::now() + share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // A request is one write, and its answer is waited for.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => failure = connect_failure(&error),
            Err(_) => failure = Lost::ConnectTimeout,
        }
    }
    Err(SendError::Failed(failure))
}

fn connect_failure(error: &io::Error) -> Lost {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Lost::Refused,
        io::ErrorKind::TimedOut => Lost::ConnectTimeout,
        _ => Lost::Unreachable,
    }
}

impl Proxy {
    fn new(uri: &http::Uri) -> Result<Self, NetworkError> {
        let (Some("http"), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(NetworkError::Proxy);
        };
        Ok(Self { host: bare(authority.host()).to_owned(), port: authority.port_u16().unwrap_or(80) })
    }

    /// Asks the proxy for a way to `target`.
    async fn tunnel(&self, stream: TcpStream, target: &str) -> Result<impl Stream + use<>, SendError> {
        let failed = |_| SendError::Failed(Lost::ProxyRefused);
        let handshake = hyper::client::conn::http1::handshake::<_, Empty<Bytes>>(TokioIo::new(stream));
        let (mut sender, connection) = handshake.await.map_err(failed)?;
        tokio::spawn(connection.with_upgrades());
        let request =
            http::Request::builder().method(Method::CONNECT).uri(target).header(header::HOST, target);
        let request = request.body(Empty::new()).map_err(|_| SendError::Failed(Lost::NoHost))?;
        let response = sender.send_request(request).await.map_err(failed)?;
        if response.status() != StatusCode::OK {
            return Err(SendError::Failed(Lost::ProxyRefused));
        }
        Ok(TokioIo::new(hyper::upgrade::on(response).await.map_err(failed)?))
    }
}

/// A host without the brackets of an IPv6 literal.
pub(super) fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}
