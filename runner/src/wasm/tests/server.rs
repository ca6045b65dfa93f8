//! A TLS server on a loopback port. It speaks just enough HTTP, byte by byte, to misbehave exactly.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// The name in its certificate.
pub(super) const HOST: &str = "api.example";

/// What it usually answers.
pub(super) const ANSWER: &str = r#"{"secret":"a-very-long-secret"}"#;

pub(super) struct Server {
    pub address: SocketAddr,
    /// Its certificate, in PEM.
    pub certificate: Vec<u8>,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(super) async fn start() -> Self {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed([HOST.to_owned()]).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![cert.der().clone()],
                PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap(),
            )
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            certificate: cert.pem().into_bytes(),
            connections: Arc::default(),
            requests: Arc::default(),
        };
        let (connections, requests) = (Arc::clone(&server.connections), Arc::clone(&server.requests));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::Relaxed);
                let (acceptor, requests) = (acceptor.clone(), Arc::clone(&requests));
                tokio::spawn(async move {
                    // A client that does not trust us goes away.
                    if let Ok(stream) = acceptor.accept(stream).await {
                        serve(stream, &requests).await;
                    }
                });
            }
        });
        server
    }

    /// How many connections it got.
    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// The requests that it got, as they came.
    pub(super) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, requests: &Mutex<Vec<String>>) {
    while let Some(request) = read(&mut stream).await {
        let path = request.split(' ').nth(1).unwrap().to_owned();
        requests.lock().unwrap().push(request);
        let answer = match path.as_str() {
            "/silent" => std::future::pending().await,
            "/hang-up" => return,
            "/cut" => "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf of it".to_owned(),
            "/nonsense" => "SMTP ready\r\n\r\n".to_owned(),
            "/redirect" => {
                "HTTP/1.1 302 Found\r\nlocation: https://169.254.169.254/\r\ncontent-length: 0\r\n\r\n"
                    .to_owned()
            }
            _ => format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{ANSWER}", ANSWER.len()),
        };
        stream.write_all(answer.as_bytes()).await.unwrap();
        if ["/cut", "/once"].contains(&path.as_str()) {
            // Without a word in the answer: the client believes that the connection stays.
            let _ = stream.shutdown().await;
            return;
        }
    }
}

/// Reads one request, head and body.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut request = Vec::new();
    let mut expected = None;
    while expected.is_none_or(|length| request.len() < length) {
        request.push(stream.read_u8().await.ok()?);
        if expected.is_none() && request.ends_with(b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&request).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            expected = Some(request.len() + length.map_or(0, |length| length.parse().unwrap()));
        }
    }
    Some(String::from_utf8(request).unwrap())
}
