//! A plain HTTPS client: what the stand-ins are checked with, and what the demo logs in with.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use serde_json::Value;
use tokio_rustls::TlsConnector;

/// An answer, received whole.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: http::HeaderMap,
    /// The body as JSON; null when it is none.
    pub json: Value,
}

/// A client that finds every host at one address, and keeps one connection to each.
pub struct Client {
    address: SocketAddr,
    connector: TlsConnector,
    runtime: tokio::runtime::Runtime,
    open: HashMap<String, SendRequest<BoxBody<Bytes, io::Error>>>,
}

impl Client {
    /// Makes a client that connects to `address` whatever the host.
    pub fn new(address: SocketAddr) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let connector = TlsConnector::from(super::Authority::shared().client());
        Self { address, connector, runtime, open: HashMap::new() }
    }

    /// Sends a request and waits for the whole answer.
    ///
    /// # Errors
    /// When the connection cannot be made, or breaks.
    pub fn send(
        &mut self,
        method: &Method,
        url: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> io::Result<Reply> {
        let body = body.into();
        let length = body.len().to_string();
        let mut headers = headers.to_vec();
        // hyper leaves the length of an empty body out.
        if *method != Method::GET {
            headers.push(("content-length", &length));
        }
        let body = Full::new(body).map_err(|never| match never {}).boxed();
        self.send_body(method, url, &headers, body)
    }

    /// Sends a body whose length is not announced, so that it goes out in chunks.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub fn send_chunked(&mut self, url: &str, headers: &[(&str, &str)], body: &str) -> io::Result<Reply> {
        let body = Full::new(Bytes::from(body.to_owned())).map_err(|never| match never {});
        // A body of mapped frames does not know its size.
        self.send_body(&Method::POST, url, headers, body.map_frame(|frame| frame).boxed())
    }

    fn send_body(
        &mut self,
        method: &Method,
        url: &str,
        headers: &[(&str, &str)],
        body: BoxBody<Bytes, io::Error>,
    ) -> io::Result<Reply> {
        let uri: http::Uri = url.parse().map_err(io::Error::other)?;
        let host = uri.host().unwrap_or_default().to_owned();
        let mut request = Request::builder().method(method).uri(uri.path_and_query().unwrap().as_str());
        request = request.header("host", &host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body).map_err(io::Error::other)?;
        let mut connection = match self.open.remove(&host) {
            Some(connection) if !connection.is_closed() => connection,
            _ => self.connect(&host)?,
        };
        let reply = self.runtime.block_on(async {
            connection.ready().await?;
            let (head, body) = connection.send_request(request).await?.into_parts();
            let body = body.collect().await?.to_bytes();
            Ok((head, body))
        });
        let (head, body) = reply.map_err(|error: hyper::Error| io::Error::other(error))?;
        self.open.insert(host, connection);
        let json = serde_json::from_slice(&body).unwrap_or_default();
        Ok(Reply { status: head.status.as_u16(), headers: head.headers, json })
    }

    fn connect(&self, host: &str) -> io::Result<SendRequest<BoxBody<Bytes, io::Error>>> {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        self.runtime.block_on(async {
            let stream = tokio::net::TcpStream::connect(self.address).await?;
            stream.set_nodelay(true)?;
            let stream = self.connector.connect(name, stream).await?;
            let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
            tokio::spawn(connection);
            Ok(sender)
        })
    }
}
