//! A stand-in for Keeper Secrets Manager: its state and its protocol, without sockets.
//!
//! A transport hands each request to [`Keeper::handle`] and carries out the [`Reply`]; nothing else of
//! it is needed to serve the official clients. State, faults and the log of requests are at hand
//! meanwhile.

mod crypto;
mod endpoints;
mod envelope;
mod fault;
mod reply;
mod vault;

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use http::HeaderMap;
use p256::SecretKey;
use serde_json::{Value, json};

use self::envelope::Envelope;
use self::reply::Refusal;

pub use self::fault::{Endpoint, Fault, Odd, On};
pub use self::reply::{Delivery, Reply, error_body};
pub use self::vault::Vault;

/// The host that configurations name, unless told otherwise. It exists nowhere.
pub const HOST: &str = "fake.keeper.test";

/// A request as the server saw it.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// What was asked for.
    pub endpoint: Endpoint,
    /// The request's JSON, decrypted.
    pub payload: Value,
    /// The record that an update proposes, decrypted.
    pub proposed: Option<Value>,
    /// The status of the answer; none when the connection was broken.
    pub status: Option<u16>,
}

/// The server. Its clones are the same one.
#[derive(Clone)]
pub struct Keeper {
    world: Arc<World>,
}

struct World {
    key: SecretKey,
    // Whoever needs both locks takes this one first.
    vault: Mutex<Vault>,
    plan: Mutex<Plan>,
}

/// What happens at a request, besides answering it.
type Hook = Box<dyn FnMut(&mut Vault) + Send>;

#[derive(Default)]
struct Plan {
    faults: Vec<(On, Fault)>,
    hooks: Vec<(On, Hook)>,
    seen: Vec<Request>,
    violations: Vec<String>,
    /// Writes that were cut off and are still on their way.
    late: Vec<(Instant, Endpoint, Envelope)>,
}

impl Keeper {
    /// Makes a server with one application, which one client may use, and no records.
    #[expect(clippy::new_without_default, reason = "no two are the same")]
    pub fn new() -> Self {
        let world = World {
            key: crypto::random_secret(),
            vault: Mutex::new(Vault::new()),
            plan: Mutex::new(Plan::default()),
        };
        Self { world: Arc::new(world) }
    }

    /// The client's configuration: the JSON that a gateway has in a file.
    pub fn config(&self) -> String {
        self.config_at(HOST)
    }

    /// The same with another host.
    pub fn config_at(&self, host: &str) -> String {
        self.vault().config(host, &self.world.key).to_string()
    }

    /// What the vault holds by now. Requests wait while it is looked at.
    pub fn vault(&self) -> MutexGuard<'_, Vault> {
        self.world.vault_at(Instant::now())
    }

    /// Adds a record, or gives it new content; see [`Vault::put_record`].
    pub fn put_record(&self, uid: &str, json: &Value, editable: bool) {
        self.vault().put_record(uid, json, editable);
    }

    /// A record's content, and its revision.
    pub fn record(&self, uid: &str) -> (Value, i64) {
        self.vault().record(uid)
    }

    /// Changes a record as somebody else would; see [`Vault::edit`].
    pub fn edit(&self, uid: &str, edit: impl FnOnce(&mut Value)) {
        self.vault().edit(uid, edit);
    }

    /// Deletes a record, or ends its sharing.
    pub fn remove_record(&self, uid: &str) {
        self.vault().remove_record(uid);
    }

    /// Makes requests go wrong.
    pub fn fault(&self, on: On, fault: Fault) {
        self.world.plan().faults.push((on, fault));
    }

    /// Does something when a request arrives, before it is answered. The vault is locked meanwhile: what
    /// the hook is given is all that it may use.
    pub fn before(&self, on: On, hook: impl FnMut(&mut Vault) + Send + 'static) {
        self.world.plan().hooks.push((on, Box::new(hook)));
    }

    /// Lets requests go right from here on, and nothing else happen.
    pub fn calm(&self) {
        let mut plan = self.world.plan();
        plan.faults.clear();
        plan.hooks.clear();
    }

    /// The requests so far, in order of arrival.
    pub fn requests(&self) -> Vec<Request> {
        self.world.plan().seen.clone()
    }

    /// How many requests of one kind there were so far.
    pub fn count(&self, endpoint: Endpoint) -> usize {
        self.world.plan().seen.iter().filter(|seen| seen.endpoint == endpoint).count()
    }

    /// What no client may do and this one did.
    pub fn violations(&self) -> Vec<String> {
        self.world.plan().violations.clone()
    }

    /// Lets every write that was to land late land now, instead of at its time.
    pub fn land_late_writes(&self) {
        let last = self.world.plan().late.iter().map(|(due, ..)| *due).max();
        drop(last.map(|due| self.world.vault_at(due)));
    }

    /// Answers one request: the last part of its URL, its headers, its body.
    pub fn handle(&self, endpoint: &str, headers: &HeaderMap, body: &[u8]) -> Reply {
        let Some(endpoint) = Endpoint::named(endpoint) else {
            self.world.plan().violations.push(format!("{endpoint}: there is no such endpoint"));
            return Refusal::BAD_REQUEST.reply();
        };
        let request = match Envelope::open(&self.world.key, headers, body) {
            Ok(request) => request,
            Err(wrong) => {
                self.world.plan().violations.push(format!("{endpoint:?}: {wrong}"));
                return Refusal::BAD_REQUEST.reply();
            }
        };
        let (index, fault) = self.world.arrive(endpoint, &request);
        let reply = match fault {
            None => self.world.apply(endpoint, &request, 0),
            Some(fault) => self.world.misbehave(fault, endpoint, &request),
        };
        let status = (reply.delivery != Delivery::Nothing).then_some(reply.status);
        self.world.plan().seen[index].status = status;
        reply
    }

    /// The bytes behind the URL of a file, encrypted; nothing when no record has it.
    pub fn file(&self, uid: &str) -> Option<Vec<u8>> {
        let vault = self.vault();
        let file = vault.records.iter().flat_map(|record| &record.files).find(|file| file.uid == uid)?;
        Some(crypto::seal(&file.key, &file.content))
    }
}

impl World {
    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap()
    }

    /// The vault, after every late write that was due by then.
    fn vault_at(&self, now: Instant) -> MutexGuard<'_, Vault> {
        let mut vault = self.vault.lock().unwrap();
        let mut landing: Vec<_> = self.plan().late.extract_if(.., |(due, ..)| *due <= now).collect();
        landing.sort_by_key(|(due, ..)| *due);
        for (_, endpoint, request) in landing {
            // Nobody is told how it ended.
            let _ = vault.answer(endpoint, &request, 0);
        }
        vault
    }

    /// Logs the request, lets the hooks run, and says what is to go wrong.
    fn arrive(&self, endpoint: Endpoint, request: &Envelope) -> (usize, Option<Fault>) {
        let mut vault = self.vault_at(Instant::now());
        let mut plan = self.plan();
        let payload = request.payload.clone();
        let version = payload["clientVersion"].as_str().unwrap_or_default();
        if !version.starts_with('m') {
            plan.violations.push(format!("{endpoint:?}: the client version was `{version}`"));
        }
        let record = vault.find(payload["recordUid"].as_str().unwrap_or_default());
        let proposed = record.and_then(|record| record.proposed(&payload));
        let proposed = proposed.map(|json| serde_json::from_str(&json).unwrap());
        plan.seen.push(Request { endpoint, payload, proposed, status: None });
        for (on, hook) in &mut plan.hooks {
            if on.meets(endpoint) {
                hook(&mut vault);
            }
        }
        let mut fault = None;
        for (on, planned) in &mut plan.faults {
            // Every rule counts, the first that fits wins.
            if on.meets(endpoint) {
                fault.get_or_insert_with(|| planned.clone());
            }
        }
        (plan.seen.len() - 1, fault)
    }

    fn apply(&self, endpoint: Endpoint, request: &Envelope, writes_behind: usize) -> Reply {
        match self.vault_at(Instant::now()).answer(endpoint, request, writes_behind) {
            Ok(Value::Null) => Reply::new(200, ""),
            Ok(answer) => Reply::new(200, request.seal(answer.to_string().as_bytes())),
            Err(refusal) => refusal.reply(),
        }
    }

    fn misbehave(&self, fault: Fault, endpoint: Endpoint, request: &Envelope) -> Reply {
        match fault {
            Fault::Status(status, body) => Reply::new(status, body),
            Fault::Throttle(retry_after) => {
                let mut body = json!({"error": "throttled", "message": "Too many requests"});
                if let Some(seconds) = retry_after {
                    body["retry_after"] = seconds.into();
                }
                Reply::new(403, body.to_string())
            }
            Fault::Later(status, retry_after) => {
                Reply { retry_after, ..Reply::new(status, error_body("too_many_requests", "Later")) }
            }
            Fault::KeyRotation(id) => Reply::new(
                403,
                json!({"error": "key", "message": "invalid key id", "key_id": id}).to_string(),
            ),
            Fault::DropBeforeApply => Reply::nothing(),
            Fault::ApplyThenDrop => {
                self.apply(endpoint, request, 0);
                Reply::nothing()
            }
            Fault::ApplyThenStatus(status) => {
                self.apply(endpoint, request, 0);
                Reply::new(status, error_body("internal_error", "Something went wrong"))
            }
            Fault::CutInTheMiddle => {
                let reply = self.apply(endpoint, request, 0);
                // Of an answer without a body, the middle is in the head.
                let delivery = if reply.body.is_empty() { Delivery::Nothing } else { Delivery::Half };
                Reply { delivery, ..reply }
            }
            Fault::Delay(delay) => Reply { delay, ..self.apply(endpoint, request, 0) },
            Fault::LandLate(time) => {
                self.plan().late.push((Instant::now() + time, endpoint, request.clone()));
                Reply::nothing()
            }
            Fault::Stale(writes_behind) => self.apply(endpoint, request, writes_behind),
            Fault::Odd(odd) => self.deform(odd, endpoint, request),
        }
    }

    fn deform(&self, odd: Odd, endpoint: Endpoint, request: &Envelope) -> Reply {
        let mut answer = match self.vault_at(Instant::now()).answer(endpoint, request, 0) {
            Ok(answer) => answer,
            Err(refusal) => return refusal.reply(),
        };
        match odd {
            Odd::Empty => return Reply::new(200, ""),
            Odd::Garbage => return Reply::new(200, crypto::random::<60>()),
            Odd::NoRecords => drop(answer.as_object_mut().and_then(|answer| answer.remove("records"))),
            Odd::NullExpiry => answer["expiresOn"] = Value::Null,
            Odd::PaddedAppData => {
                let unpadded = answer["appData"].as_str().unwrap_or_default();
                answer["appData"] = format!("{unpadded}=").into();
            }
        }
        Reply::new(200, request.seal(answer.to_string().as_bytes()))
    }
}
