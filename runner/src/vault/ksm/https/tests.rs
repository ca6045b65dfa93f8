//! Requests over real sockets, to servers that keep to the rules and to others.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::*;

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
const TIME: Duration = Duration::from_secs(2);

/// A TLS server for `localhost` that answers every request with the same bytes.
struct Server {
    address: SocketAddr,
    certificate: String,
    /// The first line of each connection to it, CONNECT included.
    lines: Receiver<String>,
}

impl Server {
    fn start(answer: &'static str) -> Self {
        Self::serve(&CertificateParams::new(["localhost".to_owned()]).unwrap(), move |stream| {
            let _ = stream.write_all(answer.as_bytes());
        })
    }

    /// Answers through `respond`. It is a proxy as well, to itself.
    fn serve(params: &CertificateParams, respond: impl Fn(&mut dyn Write) + Send + Sync + 'static) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        let (config, respond) = (Arc::new(config), Arc::new(respond));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (note, lines) = channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (config, respond, note) = (Arc::clone(&config), Arc::clone(&respond), note.clone());
                thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    let mut first = [0; 1];
                    if stream.peek(&mut first).is_ok() && first == *b"C" {
                        drop(note.send(head(&mut stream)));
                        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
                    }
                    let mut tls = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
                    let line = head(&mut tls);
                    if !line.is_empty() && note.send(line).is_ok() {
                        respond(&mut tls);
                    }
                });
            }
        });
        Self { address, certificate: certificate.pem(), lines }
    }

    fn url(&self) -> String {
        format!("https://localhost:{}/api/rest/sm/v1/get_secret", self.address.port())
    }
}

/// Reads up to the empty line, byte by byte since what follows is not ours; returns the first line.
fn head(stream: &mut impl Read) -> String {
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        match stream.read(&mut byte) {
            Ok(1) => text.push(byte[0]),
            _ => break,
        }
    }
    BufReader::new(&text[..]).lines().next().unwrap_or(Ok(String::new())).unwrap()
}

fn https(trusted: Option<&Server>, proxy: Option<KsmProxy>, limits: &Limits) -> Https {
    let ca_file = trusted.map(|server| server.certificate.clone().into_bytes());
    HttpsSetup::new(&KsmOptions { ca_file, proxy }, limits).unwrap().build().unwrap()
}

fn send(https: &Https, url: String) -> Result<Answer, KsmError> {
    let headers = ["content-type", "publickeyid", "transmissionkey", "authorization"];
    let headers = headers.map(|name| (name, "x".to_owned()));
    https.post(Sealed { url, headers, body: b"sealed".to_vec() }, TIME)
}

fn sent_to(server: &Server) -> Result<Answer, KsmError> {
    send(&https(Some(server), None, &Limits::default()), server.url())
}

#[test]
fn a_server_of_the_ca_file_is_trusted_and_its_answer_read() {
    let server = Server::start(OK);
    assert_eq!(sent_to(&server), Ok(Answer { status: 200, retry_after: None, body: b"hello".to_vec() }));
    assert_eq!(server.lines.recv().unwrap(), "POST /api/rest/sm/v1/get_secret HTTP/1.1");
}

#[test]
fn a_server_that_nobody_vouches_for_gets_nothing() {
    let (server, other) = (Server::start(OK), Server::start(OK));
    for trusted in [None, Some(&other)] {
        let error = send(&https(trusted, None, &Limits::default()), server.url()).unwrap_err();
        assert!(matches!(error, KsmError::Untrusted { .. }), "{error:?}");
        assert!(error.to_string().contains("--ca-file") && server.lines.try_recv().is_err());
    }
}

#[test]
fn a_certificate_of_another_time_points_at_the_clock() {
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.not_after = date_time_ymd(2020, 1, 1);
    let server = Server::serve(&params, |_| ());
    let error = sent_to(&server).unwrap_err();
    assert!(matches!(error, KsmError::Clock { .. }), "{error:?}");
}

#[test]
fn where_nobody_listens_nothing_was_sent() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for url in [format!("https://localhost:{port}/x"), "https://no-such-host.invalid/x".to_owned()] {
        let error = send(&https(None, None, &Limits::default()), url).unwrap_err();
        assert!(matches!(error, KsmError::Unreachable { .. }), "{error:?}");
    }
}

#[test]
fn a_host_that_does_not_even_answer_the_handshake_got_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let limits = Limits { request_timeout: Duration::from_millis(400), ..Limits::default() };
    let url = format!("https://localhost:{}/x", listener.local_addr().unwrap().port());
    let error = send(&https(None, None, &limits), url).unwrap_err();
    assert!(matches!(error, KsmError::Unreachable { .. }), "{error:?}");
}

#[test]
fn an_answer_that_breaks_off_or_never_comes_is_lost() {
    for answer in ["", "HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhel", "SSH-2.0\r\n\r\n"] {
        let error = sent_to(&Server::start(answer)).unwrap_err();
        assert!(matches!(error, KsmError::Lost { .. }), "{error:?}");
    }
}

#[test]
fn an_answer_that_drips_ends_with_the_time_of_the_request() {
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let server = Server::serve(&params, |stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n");
        while stream.write_all(b"x").is_ok() && stream.flush().is_ok() {
            thread::sleep(Duration::from_millis(50));
        }
    });
    let began = Instant::now();
    let error = sent_to(&server).unwrap_err();
    assert!(matches!(error, KsmError::Lost { .. }), "{error:?}");
    assert!(began.elapsed() < TIME * 2);
}

#[test]
fn an_answer_that_is_too_long_is_not_read_to_its_end() {
    let server = Server::start(OK);
    let limits = Limits { response_body: 4, ..Limits::default() };
    let error = send(&https(Some(&server), None, &limits), server.url()).unwrap_err();
    assert!(error.to_string().contains("longer than 4 bytes"), "{error}");
}

#[test]
fn a_redirect_is_not_followed() {
    let server = Server::start("HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n");
    assert_eq!(sent_to(&server).unwrap().status, 302);
    assert!(server.lines.recv().is_ok() && server.lines.try_recv().is_err());
}

#[test]
fn a_proxy_is_gone_through_but_for_what_it_is_not_for() {
    let server = Server::start(OK);
    let proxy = |except: Option<&str>| KsmProxy {
        url: Secret::new(format!("http://{}", server.address)),
        except: except.map(str::to_owned),
    };
    let through = https(Some(&server), Some(proxy(None)), &Limits::default());
    send(&through, server.url()).unwrap();
    let line = server.lines.recv().unwrap();
    assert_eq!(line, format!("CONNECT localhost:{} HTTP/1.1", server.address.port()));
    assert!(server.lines.recv().unwrap().starts_with("POST "));

    let past = https(Some(&server), Some(proxy(Some("localhost"))), &Limits::default());
    send(&past, server.url()).unwrap();
    assert!(server.lines.recv().unwrap().starts_with("POST "));
}

#[test]
fn options_that_make_no_sense_are_told_without_their_password() {
    let setup = |ca_file: Option<&str>, proxy: Option<&str>| {
        let ca_file = ca_file.map(|pem| pem.as_bytes().to_vec());
        let proxy = proxy.map(|url| KsmProxy { url: Secret::new(url), except: None });
        HttpsSetup::new(&KsmOptions { ca_file, proxy }, &Limits::default()).map(drop)
    };
    assert_eq!(setup(None, Some("http://u:canary@:x")), Err(KsmSetupError::Proxy));
    assert!(matches!(setup(Some("canary"), None), Err(KsmSetupError::Certificates(_))));
    assert_eq!(setup(None, Some("http://u:p@proxy:3128")), Ok(()));
}

/// The clocks of two machines need not agree.
#[test]
fn n14_a_date_to_wait_for_counts_from_the_answer_s_own() {
    let asked = |headers: &[(&str, &str)]| {
        let headers = headers.iter().map(|(name, value)| {
            (http::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap())
        });
        retry_after(&headers.collect())
    };
    let date = ("date", "Tue, 01 Jan 2030 00:00:00 GMT");
    let soon = ("retry-after", "Tue, 01 Jan 2030 00:00:09 GMT");
    assert_eq!(asked(&[date, soon]), Some(Duration::from_secs(9)));
    assert_eq!(asked(&[date, ("retry-after", "1.5")]), Some(Duration::from_millis(1500)));
    assert_eq!(asked(&[("date", "today"), ("retry-after", "7")]), Some(Duration::from_secs(7)));
    assert_eq!(asked(&[date, ("retry-after", date.1)]), None);
    assert_eq!(asked(&[date]), None);
}
