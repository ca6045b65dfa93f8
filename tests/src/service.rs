//! A small service of API keys, for guests that do what no plugin should.

use std::sync::{Arc, Mutex};

use serde_json::json;
use uuid::Uuid;

use crate::canary::random_text;
use crate::net::{Answer, Received, Server, Site};

/// Where `GET /redirect` leads: where clouds hand out credentials to whoever asks.
const METADATA: &str = "http://169.254.169.254/latest/meta-data/";

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

/// A running service. Whoever holds one of its keys may call it: `GET /keys` lists them, `POST /keys`
/// `{"name"}` makes one and shows its value, `POST /keys/remove` `{"keyId"}` removes one, and
/// `GET /redirect` leads elsewhere.
pub struct KeyService {
    world: Arc<World>,
    server: Server,
}

#[derive(Default)]
struct World {
    keys: Mutex<Vec<Key>>,
    ever: Mutex<Vec<String>>,
    seen: Mutex<Vec<String>>,
}

struct Front(Arc<World>);

impl KeyService {
    /// The host that it answers to.
    pub const HOST: &'static str = "keys.example.com";

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
}

impl Site for Front {
    async fn answer(&self, request: Received) -> Answer {
        let path = request.path();
        self.0.seen.lock().unwrap().push(format!("{} {path}", request.method));
        let bearer = request.header("authorization").strip_prefix("Bearer ").unwrap_or_default();
        if !self.0.keys.lock().unwrap().iter().any(|key| key.value == bearer) {
            return Answer::empty(401);
        }
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap_or_default();
        match (request.method.as_str(), path.as_str()) {
            ("POST", "/keys") => {
                let key = self.0.make(body["name"].as_str().unwrap_or_default());
                Answer::json(200, &json!({"keyId": key.id, "key": key.value}))
            }
            ("GET", "/keys") => {
                let keys = self.0.keys.lock().unwrap();
                let keys: Vec<_> =
                    keys.iter().map(|key| json!({"keyId": key.id, "name": key.name})).collect();
                Answer::json(200, &json!({"keys": keys}))
            }
            ("POST", "/keys/remove") => {
                self.0.keys.lock().unwrap().retain(|key| body["keyId"] != key.id.as_str());
                Answer::empty(204)
            }
            ("GET", "/redirect") => Answer::empty(302).with("location", METADATA),
            _ => Answer::empty(404),
        }
    }
}
