use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use wasmtime_wasi_http::{Error as HttpError, RequestOptions, WasiBody};

use super::server::{self, ANSWER, HOST, Server};
use crate::limits::Limits;
use crate::model::StepName;
use crate::policy::{AddressKind, Deny, OutgoingRequest};
use crate::rotation::Change;
use crate::wasm::gate::Judge;
use crate::wasm::watch::Watch;
use crate::wasm::{Gate, NetworkError, NetworkOptions, Resolve};

/// Allows everything but the path `/denied`; a POST may change something.
struct Lenient {
    loopback: bool,
}

impl Judge for Lenient {
    fn request(&self, request: &OutgoingRequest<'_>) -> Result<bool, Deny> {
        match request.uri.path() {
            "/denied" => Err(Deny::Form(format!("denied with {} bytes", request.body.len()))),
            _ => Ok(request.method == Method::POST),
        }
    }

    fn address(&self, host: &str, address: IpAddr) -> Result<(), Deny> {
        if address.is_loopback() && !self.loopback {
            return Err(Deny::AddressNotPublic {
                host: host.to_owned(),
                address,
                kind: AddressKind::Loopback,
            });
        }
        Ok(())
    }
}

/// A gate before a server, and what is seen of what passes.
struct Bench {
    server: Server,
    gate: Gate,
    judge: Lenient,
    watch: Watch,
}

impl Bench {
    async fn new() -> Self {
        Self::with(|_| {}, &Limits::default()).await
    }

    async fn with(change: impl FnOnce(&mut NetworkOptions), limits: &Limits) -> Self {
        let server = Server::start().await;
        let mut options = NetworkOptions {
            ca_file: Some(server.certificate.clone()),
            resolve: vec![at(HOST, 443, server.address)],
            proxy: None,
        };
        change(&mut options);
        let gate = Gate::new(options, limits).unwrap();
        Self { server, gate, judge: Lenient { loopback: true }, watch: Watch::new(StepName::Rotate) }
    }

    async fn send(&self, method: Method, url: &str, body: &str) -> Result<Response<Bytes>, HttpError> {
        let host = url.parse::<http::Uri>().unwrap().authority().unwrap().to_string();
        let request =
            Request::builder().method(method).uri(url).header("host", host).body(wasi(body)).unwrap();
        let answer = self.gate.pass(request, RequestOptions::default(), &self.judge, &self.watch).await?;
        let (parts, body) = answer.into_parts();
        Ok(Response::from_parts(parts, body.collect().await?.to_bytes()))
    }

    async fn get(&self, path: &str) -> Result<Response<Bytes>, HttpError> {
        self.send(Method::GET, &format!("https://{HOST}{path}"), "").await
    }

    async fn post(&self, path: &str) -> Result<Response<Bytes>, HttpError> {
        self.send(Method::POST, &format!("https://{HOST}{path}"), "{}").await
    }

    /// Whether anything may have left that changes the target.
    fn may_have_changed(&self) -> bool {
        self.watch.seen().trace.change == Change::Possible
    }
}

fn wasi(body: &str) -> WasiBody {
    Full::new(Bytes::copy_from_slice(body.as_bytes())).map_err(|never| match never {}).boxed_unsync()
}

fn at(host: &str, port: u16, address: SocketAddr) -> Resolve {
    Resolve { host: host.to_owned(), port, address }
}

#[tokio::test]
async fn six_requests_share_one_connection() {
    let bench = Bench::new().await;
    for _ in 0..6 {
        bench.post("/").await.unwrap();
    }
    assert_eq!((bench.server.connections(), bench.server.requests().len()), (1, 6));
    assert_eq!(bench.watch.seen().trace.requests, 6);
}

#[tokio::test]
async fn a_request_states_its_host_and_its_true_length() {
    let bench = Bench::new().await;
    bench.send(Method::POST, &format!("https://{HOST}/path?query=1"), "four").await.unwrap();
    bench.get("/").await.unwrap();
    bench.send(Method::POST, &format!("https://{HOST}/"), "").await.unwrap();
    let requests = bench.server.requests();
    assert!(requests[0].starts_with("POST /path?query=1 HTTP/1.1\r\n"), "{}", requests[0]);
    assert!(requests[0].contains("host: api.example\r\n"), "{}", requests[0]);
    assert!(requests[0].contains("content-length: 4\r\n"), "{}", requests[0]);
    assert!(requests[0].ends_with("\r\n\r\nfour"), "{}", requests[0]);
    assert!(!requests[1].contains("content-length"), "{}", requests[1]);
    assert!(requests[2].contains("content-length: 0\r\n"), "{}", requests[2]);
}

#[tokio::test]
async fn a_denied_request_is_judged_with_its_body_and_connects_to_nothing() {
    let bench = Bench::new().await;
    assert!(matches!(bench.post("/denied").await, Err(HttpError::HttpRequestDenied)));
    assert_eq!(bench.watch.seen().trace.denials, [Deny::Form("denied with 2 bytes".to_owned())]);
    assert_eq!(bench.server.connections(), 0);
    assert!(!bench.may_have_changed());
}

#[tokio::test]
async fn an_address_is_judged_however_it_was_found() {
    let mut bench = Bench::new().await;
    bench.judge.loopback = false;
    let port = bench.server.address.port();
    let found =
        [HOST.to_owned(), format!("127.0.0.1:{port}"), format!("[::1]:{port}"), format!("localhost:{port}")];
    for host in &found {
        let result = bench.send(Method::POST, &format!("https://{host}/"), "").await;
        assert!(matches!(result, Err(HttpError::HttpRequestDenied)), "{host}");
    }
    let named: Vec<_> = bench
        .watch
        .seen()
        .trace
        .denials
        .iter()
        .map(|deny| match deny {
            Deny::AddressNotPublic { host, .. } => host.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(named, found);
    assert_eq!(bench.server.connections(), 0);
    assert!(!bench.may_have_changed());
}

#[tokio::test]
async fn a_refused_connection_has_changed_nothing() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let bench =
        Bench::with(|options| options.resolve = vec![at(HOST, 443, closed)], &Limits::default()).await;
    assert!(matches!(bench.post("/").await, Err(HttpError::ConnectionRefused)));
    assert!(!bench.may_have_changed());
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_gets_no_request() {
    let bench = Bench::with(|options| options.ca_file = None, &Limits::default()).await;
    assert!(matches!(bench.post("/").await, Err(HttpError::TlsCertificateError)));
    assert!(!bench.may_have_changed());
    assert_eq!(bench.server.requests(), [""; 0]);
}

#[tokio::test]
async fn a_server_with_the_certificate_of_another_host_gets_no_request() {
    let bench = Bench::new().await;
    let url = format!("https://127.0.0.1:{}/", bench.server.address.port());
    assert!(matches!(bench.send(Method::POST, &url, "").await, Err(HttpError::TlsCertificateError)));
    assert!(!bench.may_have_changed());
}

#[tokio::test]
async fn a_lost_answer_is_told_from_a_request_that_did_not_leave() {
    for path in ["/cut", "/hang-up", "/nonsense"] {
        let bench = Bench::new().await;
        let error = bench.post(path).await.unwrap_err();
        let is_right = match path {
            "/cut" => matches!(error, HttpError::HttpResponseIncomplete),
            "/hang-up" => matches!(error, HttpError::ConnectionTerminated),
            _ => matches!(error, HttpError::HttpProtocolError),
        };
        assert!(is_right, "{path}: {error:?}");
        assert!(bench.may_have_changed());
        // It was sent once: what may have arrived is not repeated.
        assert_eq!(bench.server.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_silent_server_is_waited_for_as_long_as_the_guest_or_the_limits_say() {
    let options =
        RequestOptions { first_byte_timeout: Some(Duration::from_millis(50)), ..RequestOptions::default() };
    let bench = Bench::new().await;
    let request = Request::post(format!("https://{HOST}/silent")).body(wasi("")).unwrap();
    let result = bench.gate.pass(request, options, &bench.judge, &bench.watch).await;
    assert!(matches!(result, Err(HttpError::HttpResponseTimeout)));
    assert!(bench.may_have_changed());

    let limits = Limits { request_timeout: Duration::from_millis(500), ..Limits::default() };
    let bench = Bench::with(|_| {}, &limits).await;
    bench.get("/").await.unwrap();
    assert!(matches!(bench.get("/silent").await, Err(HttpError::HttpResponseTimeout)));
}

#[tokio::test]
async fn a_get_that_preflight_may_send_changes_nothing() {
    let bench = Bench::new().await;
    bench.get("/").await.unwrap();
    assert!(!bench.may_have_changed());
}

#[tokio::test]
async fn what_the_service_refused_is_told_from_what_it_may_have_done() {
    let bench = Bench::new().await;
    bench.get("/403").await.unwrap();
    assert_eq!(bench.watch.seen().trace.change, Change::None);
    bench.post("/403").await.unwrap();
    bench.post("/429").await.unwrap();
    assert_eq!(bench.watch.seen().trace.change, Change::Refused);
    for path in ["/408", "/503", "/302", "/"] {
        let bench = Bench::new().await;
        bench.post(path).await.unwrap();
        bench.post("/403").await.unwrap();
        assert!(bench.may_have_changed(), "{path}");
    }
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_replaced() {
    let bench = Bench::new().await;
    bench.get("/once").await.unwrap();
    // The end of the connection arrives.
    tokio::time::sleep(Duration::from_millis(50)).await;
    bench.get("/").await.unwrap();
    assert_eq!((bench.server.connections(), bench.watch.seen().trace.requests), (2, 2));
}

#[tokio::test]
async fn a_redirect_is_handed_to_the_guest() {
    let bench = Bench::new().await;
    let answer = bench.get("/redirect").await.unwrap();
    assert_eq!(answer.status(), 302);
    assert_eq!((bench.server.connections(), bench.watch.seen().trace.requests), (1, 1));
}

#[tokio::test]
async fn bodies_have_limits_in_both_directions() {
    let limits = Limits { request_body: 10, response_body: ANSWER.len() - 1, ..Limits::default() };
    let bench = Bench::with(|_| {}, &limits).await;
    let url = format!("https://{HOST}/");
    let result = bench.send(Method::POST, &url, "eleven long").await;
    assert!(matches!(result, Err(HttpError::HttpRequestBodySize(_))));
    assert_eq!(bench.watch.seen().exceeded.take().unwrap().name, "request_body");
    assert!(!bench.may_have_changed());

    let result = bench.send(Method::POST, &url, "ten  bytes").await;
    assert!(matches!(result, Err(HttpError::HttpResponseBodySize(_))));
    assert_eq!(bench.watch.seen().exceeded.take().unwrap().name, "response_body");
    assert!(bench.may_have_changed());
}

#[tokio::test]
async fn a_rotation_has_so_many_requests_and_denied_ones_count() {
    let bench = Bench::with(|_| {}, &Limits { requests: 2, ..Limits::default() }).await;
    bench.get("/denied").await.unwrap_err();
    bench.get("/").await.unwrap();
    assert!(matches!(bench.get("/").await, Err(HttpError::HttpRequestDenied)));
    assert_eq!(bench.watch.seen().exceeded.take().unwrap().name, "requests");
    assert_eq!(bench.server.requests().len(), 1);
}

#[tokio::test]
async fn many_bodies_together_have_a_limit_in_both_directions() {
    // Three requests and two answers fit, with one byte to spare.
    let limits = Limits { bodies: 3 * "{}".len() + 2 * ANSWER.len() + 1, ..Limits::default() };
    let bench = Bench::with(|_| {}, &limits).await;
    bench.post("/").await.unwrap();
    bench.post("/").await.unwrap();
    assert!(matches!(bench.post("/").await, Err(HttpError::HttpResponseBodySize(_))));
    assert_eq!(bench.watch.seen().exceeded.take().unwrap().name, "bodies");
    assert!(matches!(bench.post("/").await, Err(HttpError::HttpRequestBodySize(_))));
    assert_eq!(bench.watch.seen().exceeded.take().unwrap().name, "bodies");
    assert_eq!(bench.server.requests().len(), 3);
}

#[tokio::test]
async fn the_last_tenth_of_the_requests_is_for_commit_and_rollback() {
    let mut bench = Bench::with(|_| {}, &Limits { requests: 10, ..Limits::default() }).await;
    for _ in 0..20 {
        let _ = bench.get("/denied").await;
    }
    assert_eq!(bench.watch.seen().exceeded.take().unwrap().name, "requests");
    assert_eq!(bench.watch.seen().trace.denials.len(), 9);
    bench.watch = Watch::new(StepName::Rollback);
    bench.get("/").await.unwrap();
    assert!(matches!(bench.get("/").await, Err(HttpError::HttpRequestDenied)));
}

#[tokio::test]
async fn the_answers_of_a_suspicious_step_are_searched_for_secrets() {
    let bench = Bench::new().await;
    bench.get("/").await.unwrap();
    assert_eq!(bench.watch.seen().suspects, ["a-very-long-secret"]);
}

/// A proxy that leads every tunnel to `to`; hands out the heads of the requests that it got.
async fn proxy(
    to: SocketAddr,
    answer: &'static str,
) -> (http::Uri, tokio::sync::mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let (heads, received) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            heads.send(server::read(&mut client).await.unwrap()).unwrap();
            client.write_all(answer.as_bytes()).await.unwrap();
            #[expect(clippy::disallowed_methods, reason = "the test's own proxy")]
            let mut server = tokio::net::TcpStream::connect(to).await.unwrap();
            let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
        }
    });
    (uri, received)
}

#[tokio::test]
async fn a_proxy_resolves_the_name_and_sees_only_a_tunnel() {
    let mut bench = Bench::new().await;
    let (uri, mut heads) = proxy(bench.server.address, "HTTP/1.1 200 OK\r\n\r\n").await;
    let options = NetworkOptions {
        ca_file: Some(bench.server.certificate.clone()),
        proxy: Some(uri),
        ..NetworkOptions::default()
    };
    bench.gate = Gate::new(options, &Limits::default()).unwrap();
    bench.judge.loopback = false;
    bench.post("/").await.unwrap();
    bench.post("/").await.unwrap();
    let head = heads.recv().await.unwrap();
    assert!(head.starts_with("CONNECT api.example:443 HTTP/1.1\r\n"), "{head}");
    assert!(!head.to_ascii_lowercase().contains("proxy-authorization"), "{head}");
    assert!(heads.try_recv().is_err(), "one tunnel serves both requests");
    // An address is judged all the same.
    let result = bench.send(Method::POST, "https://127.0.0.1/", "").await;
    assert!(matches!(result, Err(HttpError::HttpRequestDenied)));
}

#[tokio::test]
async fn a_proxy_that_refuses_has_let_nothing_through() {
    let mut bench = Bench::new().await;
    let (uri, _heads) =
        proxy(bench.server.address, "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await;
    let options = NetworkOptions { proxy: Some(uri), ..NetworkOptions::default() };
    bench.gate = Gate::new(options, &Limits::default()).unwrap();
    assert!(matches!(bench.post("/").await, Err(HttpError::DestinationUnavailable)));
    assert!(!bench.may_have_changed());
}

#[test]
fn a_proxy_in_clear_only_and_certificates_in_pem_only() {
    let gate = |options| Gate::new(options, &Limits::default()).err().unwrap();
    for proxy in ["https://proxy:3128", "socks5://proxy:1080", "proxy:3128"] {
        let options = NetworkOptions { proxy: Some(proxy.parse().unwrap()), ..NetworkOptions::default() };
        assert!(matches!(gate(options), NetworkError::Proxy), "{proxy}");
    }
    for pem in ["", "not a certificate", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"] {
        let options = NetworkOptions { ca_file: Some(pem.into()), ..NetworkOptions::default() };
        assert!(matches!(gate(options), NetworkError::Certificates(_)), "{pem}");
    }
}
