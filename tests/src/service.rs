//! A small service of API keys, for guests that do what no plugin should.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde_json::json;
use uuid::Uuid;

use crate::canary::random_text;
use crate::net::{Answer, Received, Server, Site};

/// Where `GET /redirect` leads: where clouds hand out credentials to whoever asks.
const METADATA: &str = "http://169.254.169.254/latest/meta-data/";
/// What stands before a service when it is not there.
const PAGE: &str = "<!doctype html><title>We will be back soon</title>";

/// A key of the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// What becomes of a request instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It is done, and the answer is lost.
    AnswerLost,
    /// It is not done, and there is no answer.
    Lost,
    /// It is not done, and somebody in between answers with a page and status 200.
    Page,
    /// It is refused with status 403.
    Refused,
}

/// A running service. Whoever holds one of its keys may call it:
///
/// | request | answer |
/// |---|---|
/// | `GET /account`, `GET /login` | the caller's account: `{"id"}` |
/// | `GET /partner` | another account, likewise |
/// | `GET /accounts/ID/keys` | the keys: `{"keys":[{"keyId","name"}]}` |
/// | `GET /accounts/ID/keys/KEY` | one of them, with its value: `{"name","key"}` |
/// | `POST /accounts/ID/keys`, `…/more-keys` `{"name"}` | a new one: `{"keyId","key"}` |
/// | `POST /accounts/ID/keys/remove` `{"keyId"}` | 204 |
/// | `GET /echo` | the caller's key: `{"you"}` |
/// | `GET /redirect` | 302 that leads elsewhere |
///
/// The accounts share their keys.
pub struct KeyService {
    world: Arc<World>,
    server: Server,
}

#[derive(Default)]
struct World {
    keys: Mutex<Vec<Key>>,
    ever: Mutex<Vec<String>>,
    seen: Mutex<Vec<String>>,
    trouble: Mutex<HashMap<String, (Trouble, usize)>>,
}

struct Front(Arc<World>);

impl KeyService {
    /// The host that it answers to.
    pub const HOST: &'static str = "keys.example.com";
    /// The account of all callers.
    pub const ACCOUNT: &'static str = "acme";

    /// Starts it, empty.
    #[expect(clippy::new_without_default, reason = "it starts a server")]
    pub fn new() -> Self {
        let world = Arc::new(World::default());
        Self { server: Server::start(&[Self::HOST], Front(world.clone())), world }
    }

    /// Where it listens.
    pub fn address(&self) -> std::net::SocketAddr {
        self.server.address()
    }

    /// Makes a key as somebody else would.
    pub fn issue(&self, name: &str) -> Key {
        self.world.make(name)
    }

    /// Removes a key as somebody else would.
    pub fn forget(&self, key: &Key) {
        self.world.keys.lock().unwrap().retain(|known| known != key);
    }

    /// The keys that there are.
    pub fn keys(&self) -> Vec<Key> {
        self.world.keys.lock().unwrap().clone()
    }

    /// Every value that was ever given out.
    pub fn secrets_ever(&self) -> Vec<String> {
        self.world.ever.lock().unwrap().clone()
    }

    /// The requests so far, as `METHOD path`.
    pub fn requests(&self) -> Vec<String> {
        self.world.seen.lock().unwrap().clone()
    }

    /// How often this was asked, as `METHOD path`.
    pub fn count(&self, request: &str) -> usize {
        self.requests().iter().filter(|seen| *seen == request).count()
    }

    /// What becomes of such a request, `METHOD path`, so often.
    pub fn disturb(&self, request: &str, trouble: Trouble, times: usize) {
        self.world.trouble.lock().unwrap().insert(request.to_owned(), (trouble, times));
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        self.server.handshakes()
    }

    /// Whether this is the value of a key that there is.
    pub fn accepts(&self, value: &str) -> bool {
        self.keys().iter().any(|key| key.value == value)
    }
}

impl World {
    fn make(&self, name: &str) -> Key {
        let key = Key { id: Uuid::new_v4().to_string(), name: name.to_owned(), value: random_text(32) };
        self.ever.lock().unwrap().push(key.value.clone());
        self.keys.lock().unwrap().push(key.clone());
        key
    }

    /// What becomes of a request instead, if anything does.
    fn trouble(&self, request: &str) -> Option<Trouble> {
        let mut all = self.trouble.lock().unwrap();
        let (trouble, left) = all.get_mut(request).filter(|(_, left)| *left > 0)?;
        *left -= 1;
        Some(*trouble)
    }

    fn done(&self, request: &Received, bearer: &str) -> Answer {
        let path = request.path();
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let steps: Vec<&str> = path.split('/').skip(1).collect();
        match (request.method.as_str(), steps.as_slice()) {
            ("GET", ["account" | "login"]) => Answer::json(200, &json!({"id": KeyService::ACCOUNT})),
            ("GET", ["partner"]) => Answer::json(200, &json!({"id": "partner"})),
            ("GET", ["echo"]) => Answer::json(200, &json!({"you": bearer})),
            ("GET", ["redirect"]) => Answer::empty(302).with("location", METADATA),
            ("POST", ["accounts", _, "keys" | "more-keys"]) => {
                let key = self.make(body["name"].as_str().unwrap_or_default());
                Answer::json(200, &json!({"keyId": key.id, "key": key.value}))
            }
            ("GET", ["accounts", _, "keys"]) => {
                let keys = self.keys.lock().unwrap();
                let keys: Vec<_> =
                    keys.iter().map(|key| json!({"keyId": key.id, "name": key.name})).collect();
                Answer::json(200, &json!({"keys": keys}))
            }
            ("GET", ["accounts", _, "keys", id]) => {
                let keys = self.keys.lock().unwrap();
                let Some(key) = keys.iter().find(|key| key.id == *id) else { return Answer::empty(404) };
                Answer::json(200, &json!({"name": key.name, "key": key.value}))
            }
            ("POST", ["accounts", _, "keys", "remove"]) => {
                self.keys.lock().unwrap().retain(|key| body["keyId"] != key.id.as_str());
                Answer::empty(204)
            }
            _ => Answer::empty(404),
        }
    }
}

impl Site for Front {
    async fn answer(&self, request: Received) -> Answer {
        let world = &self.0;
        let asked = format!("{} {}", request.method, request.path());
        world.seen.lock().unwrap().push(asked.clone());
        let bearer = request.header("authorization").strip_prefix("Bearer ").unwrap_or_default();
        if !world.keys.lock().unwrap().iter().any(|key| key.value == bearer) {
            return Answer::empty(401);
        }
        match world.trouble(&asked) {
            None => world.done(&request, bearer),
            Some(Trouble::AnswerLost) => {
                world.done(&request, bearer);
                Answer::nothing()
            }
            Some(Trouble::Lost) => Answer::nothing(),
            Some(Trouble::Page) => {
                Answer { body: PAGE.into(), ..Answer::empty(200) }.with("content-type", "text/html")
            }
            Some(Trouble::Refused) => Answer::json(403, &json!({"error": "not-today"})),
        }
    }
}
