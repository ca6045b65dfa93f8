use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::server::{self, ANSWER, HOST, Server};
use crate::limits::Limits;
use crate::model::StepName;
use crate::policy::{Deny, Grant, Operator, Removals, StepGrant};
use crate::rotation::Change;
use crate::wasm::gate::{Unanswered, Why};
use crate::wasm::watch::Watch;
use crate::wasm::{Gate, NetworkError, NetworkOptions, Resolve};

type Answered = Result<Response<Bytes>, Unanswered>;

/// A gate before a server, and what is seen of what passes.
struct Bench {
    server: Server,
    gate: Gate,
    grant: StepGrant,
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
        let private = [HOST.to_owned(), format!("127.0.0.1:{}", server.address.port())];
        Self { server, gate, grant: grant(private.to_vec()), watch: Watch::new(StepName::Rotate) }
    }

    /// Sends a request, one with an effect by POST.
    async fn send(&self, method: Method, url: &str) -> Answered {
        let effect = method == Method::POST;
        let request = Request::builder().method(method).uri(url).header("host", HOST);
        let request = request.header("content-length", 0).body(Bytes::new()).unwrap();
        self.gate.send(("named".to_owned(), request), effect, &self.grant, &self.watch).await
    }

    async fn get(&self, path: &str) -> Answered {
        self.send(Method::GET, &format!("https://{HOST}{path}")).await
    }

    async fn post(&self, path: &str) -> Answered {
        self.send(Method::POST, &format!("https://{HOST}{path}")).await
    }

    /// Whether anything may have left that changes the target.
    fn may_have_changed(&self) -> bool {
        self.watch.seen().trace.change == Change::Possible
    }

    /// The limit that was met.
    fn exceeded(&self) -> &'static str {
        self.watch.seen().exceeded.take().unwrap().name
    }
}

/// What a step may do where these hosts may be at private addresses.
fn grant(allow_private: Vec<String>) -> StepGrant {
    let operator = Operator { allow_private, ..Operator::default() };
    Grant::new([], &operator).unwrap().for_step(StepName::Rotate, Removals::Nothing)
}

fn at(host: &str, port: u16, address: SocketAddr) -> Resolve {
    Resolve { host: host.to_owned(), port, address }
}

/// Why nothing left.
#[track_caller]
fn stayed(answered: Answered) -> Why {
    let Unanswered { has_left, why } = answered.unwrap_err();
    assert!(!has_left, "{why:?}");
    why
}

/// Why there is no answer to what left.
#[track_caller]
fn lost(answered: Answered) -> String {
    match answered.unwrap_err() {
        Unanswered { has_left: true, why: Why::Failed(why) } => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn reads_share_a_connection_and_an_effect_goes_by_none_that_waited() {
    let bench = Bench::new().await;
    for _ in 0..6 {
        bench.get("/").await.unwrap();
    }
    assert_eq!((bench.server.connections(), bench.server.requests().len()), (1, 6));
    for _ in 0..3 {
        bench.post("/").await.unwrap();
    }
    assert_eq!((bench.server.connections(), bench.server.requests().len()), (4, 9));
    assert_eq!(bench.watch.seen().trace.requests, 9);
}

#[tokio::test]
async fn a_request_goes_out_as_it_was_written() {
    let bench = Bench::new().await;
    let request = Request::post(format!("https://{HOST}/path?query=1")).header("host", "named.example");
    let request = request.header("content-length", 4).body(Bytes::from_static(b"four")).unwrap();
    bench.gate.send((String::new(), request), true, &bench.grant, &bench.watch).await.unwrap();
    let [request] = &bench.server.requests()[..] else { panic!() };
    assert!(request.starts_with("POST /path?query=1 HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("host: named.example\r\n") && request.ends_with("\r\n\r\nfour"), "{request}");
}

#[tokio::test]
async fn an_address_is_judged_however_it_was_found() {
    let mut bench = Bench::new().await;
    bench.grant = grant(Vec::new());
    let port = bench.server.address.port();
    let found =
        [HOST.to_owned(), format!("127.0.0.1:{port}"), format!("[::1]:{port}"), format!("localhost:{port}")];
    for named in &found {
        let denied = stayed(bench.send(Method::POST, &format!("https://{named}/")).await);
        assert!(
            matches!(&denied, Why::Denied(Deny::AddressNotPublic { host, .. }) if host == named),
            "{denied:?}"
        );
    }
    assert_eq!(bench.server.connections(), 0);
    assert!(!bench.may_have_changed());
}

#[tokio::test]
async fn a_refused_connection_has_changed_nothing() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let bench =
        Bench::with(|options| options.resolve = vec![at(HOST, 443, closed)], &Limits::default()).await;
    let why = stayed(bench.post("/").await);
    assert!(matches!(&why, Why::Failed(why) if why == "connection refused"), "{why:?}");
    assert!(!bench.may_have_changed());
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_gets_no_request() {
    let bench = Bench::with(|options| options.ca_file = None, &Limits::default()).await;
    let why = stayed(bench.post("/").await);
    assert!(matches!(&why, Why::Failed(why) if why.contains("is not trusted")), "{why:?}");
    assert!(!bench.may_have_changed());
    assert_eq!(bench.server.requests(), [""; 0]);
}

#[tokio::test]
async fn a_server_with_the_certificate_of_another_host_gets_no_request() {
    let bench = Bench::new().await;
    let why = stayed(
        bench.send(Method::POST, &format!("https://127.0.0.1:{}/", bench.server.address.port())).await,
    );
    assert!(matches!(&why, Why::Failed(why) if why.contains("is not trusted")), "{why:?}");
    assert!(!bench.may_have_changed());
}

#[tokio::test]
async fn a_lost_answer_is_told_from_a_request_that_did_not_leave() {
    for (path, why) in [
        ("/cut", "the answer broke off in the middle"),
        ("/hang-up", "the connection ended before an answer came"),
        ("/nonsense", "the answer is not HTTP"),
    ] {
        let bench = Bench::new().await;
        assert_eq!(lost(bench.post(path).await), why);
        assert!(bench.may_have_changed());
        // It was sent once: what may have arrived is not repeated.
        assert_eq!(bench.server.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_silent_server_is_waited_for_as_long_as_the_limits_say() {
    let limits = Limits { request_timeout: Duration::from_millis(500), ..Limits::default() };
    let bench = Bench::with(|_| {}, &limits).await;
    bench.get("/").await.unwrap();
    assert_eq!(lost(bench.get("/silent").await), "no answer came in time");
    assert!(!bench.may_have_changed());
    assert_eq!(lost(bench.post("/silent").await), "no answer came in time");
    assert!(bench.may_have_changed());
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
async fn a_redirect_is_an_answer_and_not_followed() {
    let bench = Bench::new().await;
    assert_eq!(bench.get("/redirect").await.unwrap().status(), 302);
    assert_eq!(bench.post("/redirect").await.unwrap().status(), 302);
    assert_eq!((bench.server.requests().len(), bench.watch.seen().trace.requests), (2, 2));
}

#[tokio::test]
async fn an_answer_has_a_limit_and_all_of_them_have_one() {
    let bench = Bench::with(|_| {}, &Limits { response_body: ANSWER.len() - 1, ..Limits::default() }).await;
    let Unanswered { has_left, why } = bench.post("/").await.unwrap_err();
    assert!(has_left && matches!(why, Why::Exceeded(_)), "{why:?}");
    assert_eq!((bench.exceeded(), bench.may_have_changed()), ("response_body", true));

    // Two answers fit, with one byte to spare.
    let bench = Bench::with(|_| {}, &Limits { bodies: 2 * ANSWER.len() + 1, ..Limits::default() }).await;
    bench.get("/").await.unwrap();
    bench.get("/").await.unwrap();
    assert!(matches!(bench.get("/").await.unwrap_err().why, Why::Exceeded(_)));
    assert_eq!((bench.exceeded(), bench.server.requests().len()), ("bodies", 3));
}

#[tokio::test]
async fn a_rotation_has_so_many_requests_and_refused_ones_count() {
    let bench = Bench::with(|_| {}, &Limits { requests: 2, ..Limits::default() }).await;
    bench.gate.count(&bench.watch).unwrap();
    bench.get("/").await.unwrap();
    assert!(matches!(stayed(bench.get("/").await), Why::Exceeded(_)));
    assert_eq!((bench.exceeded(), bench.server.requests().len()), ("requests", 1));
}

#[tokio::test]
async fn the_last_tenth_of_the_requests_is_for_commit_and_rollback() {
    let mut bench = Bench::with(|_| {}, &Limits { requests: 10, ..Limits::default() }).await;
    for count in 0..20 {
        assert_eq!(bench.get("/").await.is_ok(), count < 9);
    }
    bench.watch = Watch::new(StepName::Rollback);
    bench.get("/").await.unwrap();
    assert!(matches!(stayed(bench.get("/").await), Why::Exceeded(_)));
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
    bench.grant = grant(Vec::new());
    bench.get("/").await.unwrap();
    bench.get("/").await.unwrap();
    let head = heads.recv().await.unwrap();
    assert!(head.starts_with("CONNECT api.example:443 HTTP/1.1\r\n"), "{head}");
    assert!(!head.to_ascii_lowercase().contains("proxy-authorization"), "{head}");
    assert!(heads.try_recv().is_err(), "one tunnel serves both requests");
    // An address is judged all the same.
    let denied = stayed(bench.send(Method::POST, "https://127.0.0.1/").await);
    assert!(matches!(denied, Why::Denied(_)), "{denied:?}");
}

#[tokio::test]
async fn a_proxy_that_refuses_has_let_nothing_through() {
    let mut bench = Bench::new().await;
    let (uri, _heads) =
        proxy(bench.server.address, "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await;
    let options = NetworkOptions { proxy: Some(uri), ..NetworkOptions::default() };
    bench.gate = Gate::new(options, &Limits::default()).unwrap();
    let why = stayed(bench.post("/").await);
    assert!(matches!(&why, Why::Failed(why) if why == "the proxy gives no way to the host"), "{why:?}");
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
