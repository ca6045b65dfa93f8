//! An HTTPS server on a loopback port, which can also break off in the middle.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, Response};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::listener::Listener;

/// A request, received whole.
#[derive(Debug, Clone)]
pub struct Received {
    /// Which connection it came on: one TLS handshake each, counted from 1.
    pub connection: usize,
    /// The name that the client asked for in the TLS handshake.
    pub server_name: String,
    /// The `Host` header, without a port.
    pub host: String,
    /// The method.
    pub method: String,
    /// The path, with its query.
    pub target: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Received {
    /// The path, without the query and percent-decoded.
    pub fn path(&self) -> String {
        let path = self.target.split('?').next().unwrap();
        percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned()
    }

    /// The query, percent-decoded; empty when there is none.
    pub fn query(&self) -> String {
        let query = self.target.split_once('?').map_or("", |(_, query)| query).replace('+', " ");
        percent_encoding::percent_decode_str(&query).decode_utf8_lossy().into_owned()
    }

    /// A header's value, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Whether the length of the body was announced, instead of sending it in chunks.
    pub fn has_length(&self) -> bool {
        self.headers.contains_key(CONTENT_LENGTH) && !self.headers.contains_key(TRANSFER_ENCODING)
    }
}

/// How much of an answer arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// All of it.
    Whole,
    /// The head and half of the body; then the connection breaks.
    Half,
    /// Nothing: the connection breaks.
    Nothing,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers, but for `Content-Length`.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Bytes,
    /// How much of it arrives.
    pub delivery: Delivery,
}

impl Answer {
    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new(), delivery: Delivery::Whole }
    }

    /// An answer in JSON.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self { body: body.to_string().into(), ..Self::empty(status) }.with("content-type", "application/json")
    }

    /// A broken connection instead of an answer.
    pub fn nothing() -> Self {
        Self { delivery: Delivery::Nothing, ..Self::empty(0) }
    }

    /// The same with one more header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// What a server serves.
pub trait Site: Send + Sync + 'static {
    /// Answers one request.
    fn answer(&self, request: Received) -> impl Future<Output = Answer> + Send;

    /// Tells whether it takes the connection that has just come.
    fn accepts(&self) -> bool {
        true
    }
}

/// A running server; it stops when it is dropped.
pub struct Server {
    listener: Listener,
    handshakes: Arc<AtomicUsize>,
}

impl Server {
    /// Serves `site` on a free loopback port, with a certificate for `names`.
    pub fn start(names: &[&str], site: impl Site) -> Self {
        let acceptor = TlsAcceptor::from(super::Authority::shared().server(names));
        let handshakes = Arc::<AtomicUsize>::default();
        let counter = handshakes.clone();
        let listener = Listener::start(|listener| accept(listener, acceptor, counter, Arc::new(site)));
        Self { listener, handshakes }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// How many TLS handshakes were completed so far.
    pub fn handshakes(&self) -> usize {
        self.handshakes.load(Ordering::SeqCst)
    }
}

async fn accept<S: Site>(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    handshakes: Arc<AtomicUsize>,
    site: Arc<S>,
) {
    for connection in 1.. {
        let Ok((stream, _)) = listener.accept().await else { return };
        if !site.accepts() {
            continue;
        }
        let (acceptor, handshakes, site) = (acceptor.clone(), handshakes.clone(), site.clone());
        tokio::spawn(async move {
            let _ = stream.set_nodelay(true);
            let Ok(stream) = acceptor.accept(stream).await else { return };
            handshakes.fetch_add(1, Ordering::SeqCst);
            let server_name = stream.get_ref().1.server_name().unwrap_or_default().to_owned();
            let service = service_fn(|request| serve(connection, &server_name, request, &*site));
            // An error here is a client that went away, or a connection that we broke on purpose.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn serve<S: Site>(
    connection: usize,
    server_name: &str,
    request: http::Request<Incoming>,
    site: &S,
) -> std::io::Result<Response<Outgoing>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(std::io::Error::other)?.to_bytes();
    let host = head.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let received = Received {
        connection,
        server_name: server_name.to_owned(),
        host: host.split(':').next().unwrap().to_owned(),
        method: head.method.to_string(),
        target: head.uri.path_and_query().map_or_else(String::new, ToString::to_string),
        headers: head.headers,
        body,
    };
    let answer = site.answer(received).await;
    if answer.delivery == Delivery::Nothing {
        return Err(std::io::ErrorKind::ConnectionAborted.into());
    }
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(*name, value);
    }
    if answer.status != 204 {
        response = response.header(CONTENT_LENGTH, answer.body.len());
    }
    let body = Outgoing::new(answer.body, answer.delivery);
    response.body(body).map_err(std::io::Error::other)
}

/// The body of an answer, which may break off halfway.
struct Outgoing {
    rest: Bytes,
    breaks_off: bool,
    pause: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl Outgoing {
    fn new(mut body: Bytes, delivery: Delivery) -> Self {
        let breaks_off = delivery == Delivery::Half;
        if breaks_off {
            body.truncate(body.len() / 2);
        }
        Self { rest: body, breaks_off, pause: None }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<std::io::Result<Frame<Bytes>>>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.rest)))));
        }
        if !self.breaks_off {
            return Poll::Ready(None);
        }
        // hyper sends what it has while it waits; without the pause, not even the head would leave.
        let pause = self.pause.get_or_insert_with(|| Box::pin(tokio::time::sleep(Duration::from_millis(20))));
        pause.as_mut().poll(context).map(|()| Some(Err(std::io::ErrorKind::ConnectionAborted.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && !self.breaks_off
    }
}
