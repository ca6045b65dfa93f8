//! A stand-in for the API of the plugins that `pamrun new` writes: tokens of an account.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::canary::random_text;
use crate::net::{Answer, Received, Server, Site};

/// A token of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// How a request goes wrong.
#[derive(Debug, Clone)]
pub enum Fault {
    /// This status, and nothing done.
    Status(u16),
    /// Done, but the connection breaks before the answer.
    ApplyThenDrop,
}

/// A running API. Whoever holds the admin token may read the account (`GET /v1/accounts/ACCOUNT`), make
/// a token (`POST …/tokens`) and remove one (`DELETE …/tokens/ID`); whoever holds any other token may
/// ask who they are (`GET /v1/whoami`).
pub struct TokenApi {
    /// The name of the account.
    pub account: String,
    /// The value of the admin token.
    pub admin_token: String,
    world: Arc<World>,
    server: Server,
}

#[derive(Default)]
struct World {
    account: String,
    admin_token: String,
    tokens: Mutex<Vec<Token>>,
    ever: Mutex<Vec<String>>,
    seen: Mutex<Vec<String>>,
    faults: Mutex<Vec<(String, Fault)>>,
}

struct Front(Arc<World>);

impl TokenApi {
    /// The host that it answers to.
    pub const HOST: &'static str = "api.example.com";

    /// Starts it, with an account that has no tokens.
    #[expect(clippy::new_without_default, reason = "it starts a server")]
    pub fn new() -> Self {
        let (account, admin_token) = (format!("payroll {}", random_text(4)), random_text(40));
        let world = Arc::new(World {
            account: account.clone(),
            admin_token: admin_token.clone(),
            ..World::default()
        });
        let server = Server::start(&[Self::HOST], Front(world.clone()));
        Self { account, admin_token, world, server }
    }

    /// Where it listens.
    pub fn address(&self) -> std::net::SocketAddr {
        self.server.address()
    }

    /// Makes a token as somebody else would.
    pub fn issue(&self, name: &str) -> Token {
        self.world.make(name)
    }

    /// Lets the next request of this method go wrong whose path, percent-decoded, ends like this.
    pub fn fault(&self, method: &str, path_end: &str, fault: Fault) {
        self.world.faults.lock().unwrap().push((format!("{method} {path_end}"), fault));
    }

    /// The tokens that there are.
    pub fn tokens(&self) -> Vec<Token> {
        self.world.tokens.lock().unwrap().clone()
    }

    /// Every value that was ever given out.
    pub fn secrets_ever(&self) -> Vec<String> {
        self.world.ever.lock().unwrap().clone()
    }

    /// The requests so far, as `METHOD path`.
    pub fn requests(&self) -> Vec<String> {
        self.world.seen.lock().unwrap().clone()
    }
}

impl World {
    fn make(&self, name: &str) -> Token {
        let token = Token { id: Uuid::new_v4().to_string(), name: name.to_owned(), value: random_text(40) };
        self.ever.lock().unwrap().push(token.value.clone());
        self.tokens.lock().unwrap().push(token.clone());
        token
    }

    fn fault_of(&self, method: &str, path: &str) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap();
        let meant = |(on, _): &(String, Fault)| {
            on.split_once(' ').is_some_and(|(verb, end)| verb == method && path.ends_with(end))
        };
        let at = faults.iter().position(meant)?;
        Some(faults.remove(at).1)
    }

    fn act(&self, method: &str, path: &str, bearer: &str, body: &[u8]) -> Answer {
        if (method, path) == ("GET", "/v1/whoami") {
            let known = self.tokens.lock().unwrap().iter().any(|token| token.value == bearer);
            return if known {
                Answer::json(200, &json!({"account": self.account}))
            } else {
                Answer::empty(401)
            };
        }
        if bearer != self.admin_token {
            return Answer::empty(401);
        }
        let account = format!("/v1/accounts/{}", self.account);
        let Some(rest) = path.strip_prefix(&account) else { return Answer::empty(404) };
        match (method, rest) {
            ("GET", "") => {
                let tokens = self.tokens.lock().unwrap();
                let listed = |token: &Token| json!({"id": token.id, "name": token.name, "expires": EXPIRES});
                Answer::json(200, &json!({"tokens": tokens.iter().map(listed).collect::<Vec<_>>()}))
            }
            ("POST", "/tokens") => {
                let wanted: Value = serde_json::from_slice(body).unwrap_or_default();
                match (wanted["name"].as_str(), wanted["expires_days"].as_u64()) {
                    (Some(name), Some(1..)) => {
                        let made = self.make(name);
                        let shown = json!({"id": made.id, "token": made.value, "expires": EXPIRES});
                        Answer::json(201, &shown)
                    }
                    _ => Answer::empty(400),
                }
            }
            ("DELETE", token) => {
                let mut tokens = self.tokens.lock().unwrap();
                let before = tokens.len();
                tokens.retain(|known| token.strip_prefix("/tokens/") != Some(&known.id));
                Answer::empty(if tokens.len() < before { 204 } else { 404 })
            }
            _ => Answer::empty(404),
        }
    }
}

const EXPIRES: &str = "2031-01-01T00:00:00Z";

impl Site for Front {
    async fn answer(&self, request: Received) -> Answer {
        let (world, path) = (&self.0, request.path());
        world.seen.lock().unwrap().push(format!("{} {path}", request.method));
        let bearer = request.header("authorization").strip_prefix("Bearer ").unwrap_or_default();
        let act = || world.act(&request.method, &path, bearer, &request.body);
        match world.fault_of(&request.method, &path) {
            None => act(),
            Some(Fault::Status(status)) => Answer::empty(status),
            Some(Fault::ApplyThenDrop) => {
                act();
                Answer::nothing()
            }
        }
    }
}
