//! A stand-in for Keeper Secrets Manager on real TLS.
//!
//! Keeper's clients know no port but 443, and no name that DNS does not: they find it through a proxy.

use std::sync::{Arc, Mutex};

use pamrun_keeper_standin as standin;

use crate::net::{Acting, Acts, Answer, Delivery, Proxy, Received, Server, Site};

pub use standin::{Endpoint, Fault, HOST, Keeper, Odd, On, Vault, error_body};

/// Where the endpoints are.
const ENDPOINTS: &str = "/api/rest/sm/v1/";

/// A running server, and the proxy that leads to it.
pub struct KeeperServer {
    /// What it serves, to look at and to change.
    pub keeper: Keeper,
    violations: Arc<Mutex<Vec<String>>>,
    acts: Acts,
    server: Server,
    proxy: Proxy,
}

struct Front {
    keeper: Keeper,
    violations: Arc<Mutex<Vec<String>>>,
}

impl KeeperServer {
    /// Starts it, without records.
    #[expect(clippy::new_without_default, reason = "it starts servers")]
    pub fn new() -> Self {
        let (keeper, violations) = (Keeper::new(), Arc::<Mutex<Vec<String>>>::default());
        let front = Front { keeper: keeper.clone(), violations: violations.clone() };
        let acts = Acts::default();
        let server = Server::start(&[HOST], Acting { site: front, acts: acts.clone() });
        let proxy = Proxy::start(server.address());
        Self { keeper, violations, acts, server, proxy }
    }

    /// The proxy, as `HTTPS_PROXY` takes it.
    pub fn proxy_url(&self) -> String {
        self.proxy.url()
    }

    /// What else happens at requests, without the vault being locked.
    pub fn acts(&self) -> &Acts {
        &self.acts
    }

    /// How many connections the proxy has led here so far.
    pub fn connections(&self) -> usize {
        self.proxy.requests().len()
    }

    /// How many TLS handshakes were completed so far.
    pub fn handshakes(&self) -> usize {
        self.server.handshakes()
    }

    /// What no client may do and this one did.
    pub fn violations(&self) -> Vec<String> {
        [self.violations.lock().unwrap().clone(), self.keeper.violations()].concat()
    }
}

impl Site for Front {
    async fn answer(&self, request: Received) -> Answer {
        let path = request.path();
        if request.server_name != HOST || request.host != HOST {
            return Answer::empty(421);
        }
        match (request.method.as_str(), path.strip_prefix(ENDPOINTS), path.strip_prefix("/files/")) {
            ("POST", Some(endpoint), _) => {
                self.watch(&request);
                deliver(self.keeper.handle(endpoint, &request.headers, &request.body)).await
            }
            ("GET", _, Some(file)) => self.keeper.file(file).map_or_else(
                || Answer::empty(404),
                |content| Answer { body: content.into(), ..Answer::empty(200) },
            ),
            _ => Answer::empty(404),
        }
    }
}

impl Front {
    /// Notes what is wrong with a request, whatever its answer.
    fn watch(&self, request: &Received) {
        let mut violations = self.violations.lock().unwrap();
        let line = format!("{} {}", request.method, request.path());
        if !request.has_length() {
            violations.push(format!("{line}: the body came without its length"));
        }
        if request.header("content-type") != "application/octet-stream" {
            violations.push(format!("{line}: the Content-Type was `{}`", request.header("content-type")));
        }
    }
}

/// Carries a reply out.
async fn deliver(reply: standin::Reply) -> Answer {
    tokio::time::sleep(reply.delay).await;
    let delivery = match reply.delivery {
        standin::Delivery::Whole => Delivery::Whole,
        standin::Delivery::Half => Delivery::Half,
        standin::Delivery::Nothing => Delivery::Nothing,
    };
    let kind = if reply.status == 200 { "application/octet-stream" } else { "application/json" };
    let answer = Answer { body: reply.body.into(), delivery, ..Answer::empty(reply.status) };
    let answer = answer.with("content-type", kind);
    match reply.retry_after {
        Some(text) => answer.with("retry-after", text),
        None => answer,
    }
}
