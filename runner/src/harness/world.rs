//! The world of one run of a case: its service, its records, its journal, and the time.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use serde_json::Value;
use tokio::sync::Notify;

use super::canaries::Canaries;
use super::case::{CredentialEntry, Setting};
use super::fault::{CallFault, Fault};
use super::promises::holding;
use super::records;
use super::request::Request;
use super::template::{Fill, Place, expand};
use super::time::VirtualTime;
use crate::model::{Record, RecordUid, StepName};
use crate::rotation::{Entry, marker, marker_stem};
use crate::units::parse_duration;

/// Everything outside the engine and the plugin. Shared by the processes that come and go in it.
pub struct World {
    pub(super) setting: Arc<Setting>,
    /// The time that they all share.
    pub time: VirtualTime,
    /// The UID of the record that is rotated.
    pub target: RecordUid,
    pub(super) state: Mutex<State>,
    names: Mutex<Names>,
    /// What is to go wrong.
    fault: Mutex<Option<Fault>>,
    /// The moments at which a process might have died.
    moments: Mutex<Vec<String>>,
    is_dead: AtomicBool,
    death: Notify,
    /// Where the service listens, for scripts.
    listener: Option<TcpListener>,
}

/// What changes in a world.
#[derive(Default)]
pub(super) struct State {
    variables: BTreeMap<String, Variable>,
    pub(super) credentials: Vec<Credential>,
    /// How often each peer has answered.
    pub(super) uses: Vec<u32>,
    pub(super) exchanges: Vec<Exchange>,
    pub(super) unmatched: Vec<String>,
    /// Where a secret was handed to a plugin in the sandbox.
    pub(super) leaked: Vec<String>,
    pub(super) records: Vec<Record>,
    pub(super) journal: Vec<(String, Entry)>,
    pub(super) rotations: Vec<String>,
    pub(super) calls: usize,
    step: Option<StepName>,
}

#[derive(Clone)]
struct Variable {
    value: String,
    since: Duration,
}

/// A credential at the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Credential {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) secret: String,
    pub(super) fate: Fate,
    /// Whether it was made while the case ran.
    pub(super) is_made: bool,
    /// Whether the record ever held it.
    pub(super) was_held: bool,
}

/// What became of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// The service accepts it.
    Accepted,
    /// It was removed.
    Removed,
    /// Another one took its place, as that of a password does.
    Replaced,
}

/// A request and what became of it.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// `METHOD host/path`.
    pub line: String,
    /// The step that sent it.
    pub step: Option<StepName>,
    /// What it was answered, in words.
    pub answer: String,
    /// All of it, for people.
    pub shown: String,
}

/// How the service of a world is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Behind the gate: no socket is opened.
    BehindTheGate,
    /// At a port of this machine.
    Loopback,
}

fn listen() -> std::io::Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// The state of a service at some moment.
#[derive(Debug, Clone)]
pub struct Snapshot {
    variables: BTreeMap<String, String>,
    credentials: Vec<String>,
    exchanges: usize,
    unmatched: usize,
    calls: usize,
    moments: usize,
}

#[derive(Default)]
struct Names {
    canaries: Canaries,
    uuids: BTreeMap<String, String>,
    /// Those that stand for something that was made already.
    used: BTreeSet<String>,
}

impl World {
    /// Makes the world of a case as it is before.
    ///
    /// # Errors
    /// What in the case makes no sense.
    pub fn new(setting: &Arc<Setting>, fault: Option<Fault>, reach: Reach) -> Result<Self, String> {
        let listener = match reach {
            Reach::BehindTheGate => None,
            Reach::Loopback => Some(listen().map_err(|error| format!("no server can be started: {error}"))?),
        };
        let target = records::target_uid(setting);
        let world = Self {
            setting: Arc::clone(setting),
            time: VirtualTime::beginning(setting.now),
            target,
            state: Mutex::default(),
            names: Mutex::default(),
            fault: Mutex::new(fault),
            moments: Mutex::default(),
            is_dead: AtomicBool::new(false),
            death: Notify::new(),
            listener,
        };
        let records = records::records(setting, &world)?;
        let mut state = State { uses: vec![0; setting.peers.len()], records, ..State::default() };
        for (key, value) in &setting.state {
            state.set(key, expand(value, &Scope::of(&world, &State::default()))?, Duration::ZERO);
        }
        for entry in &setting.credentials {
            let credential = Credential::of(entry, &Scope::of(&world, &state))?;
            state.credentials.push(credential);
        }
        state.note_held(&world.target);
        *world.state() = state;
        Ok(world)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn names(&self) -> MutexGuard<'_, Names> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The socket of the service, for one process.
    #[must_use]
    pub fn listener(&self) -> Option<TcpListener> {
        self.listener.as_ref().and_then(|listener| listener.try_clone().ok())
    }

    /// The base URL of the service, for scripts.
    #[must_use]
    pub fn url(&self) -> Option<String> {
        let address = self.listener.as_ref()?.local_addr().ok()?;
        Some(format!("http://{address}"))
    }

    pub(super) fn enter(&self, step: StepName) {
        self.state().step = Some(step);
    }

    pub(super) fn step(&self) -> Option<StepName> {
        self.state().step
    }

    /// Begins a rotation: its marker is the one that counts from here on.
    pub fn begin(&self, rotation_id: &str) {
        self.state().rotations.push(rotation_id.to_owned());
    }

    /// Fills in the places of a text by what is so now.
    ///
    /// # Errors
    /// What cannot be filled in.
    pub fn expand(&self, text: &str) -> Result<String, String> {
        expand(text, &Scope::of(self, &self.state()))
    }

    /// Where a secret was handed to a plugin in the sandbox, which is given none.
    #[must_use]
    pub fn leaked(&self) -> Vec<String> {
        self.state().leaked.clone()
    }

    /// Tells whether a text holds a secret of the case, in any encoding.
    #[must_use]
    pub fn finds_secret_in(&self, text: &str) -> bool {
        self.names().canaries.are_in(text)
    }

    /// Puts names in the places of secrets, for people.
    #[must_use]
    pub fn named(&self, text: &str) -> String {
        self.names().canaries.named(text)
    }

    /// Takes a secret that the engine or the plugin made.
    pub(super) fn learn(&self, name: &str, value: &str) {
        let mut names = self.names();
        if value.len() > 3 && !names.canaries.are_in(value) {
            names.canaries.add(name, value);
        }
    }

    /// Gives names in the text of something that is made new values, where it was made before.
    pub(super) fn renew(&self, entry: &CredentialEntry) {
        let mut names = self.names();
        for text in [&entry.id, &entry.name, &entry.secret] {
            for part in super::template::parts(text).unwrap_or_default() {
                let super::template::Part::Place(Place { word, argument }) = part else { continue };
                let is_first = names.used.insert(format!("{word}:{argument}"));
                match word {
                    "secret" if !is_first => drop(names.canaries.renew(argument)),
                    "uuid" if !is_first => drop(names.uuids.remove(argument)),
                    _ => {}
                }
            }
        }
    }

    /// The exchanges so far.
    #[must_use]
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.state().exchanges.clone()
    }

    /// Lets a moment pass at which a process may die; tells whether it lives.
    pub(super) fn pass(&self, name: impl FnOnce() -> String) -> bool {
        if self.is_dead() {
            return false;
        }
        let mut moments = self.moments.lock().unwrap_or_else(PoisonError::into_inner);
        let dies = self.fault() == Some(Fault::Death(moments.len()));
        moments.push(name());
        if dies {
            self.is_dead.store(true, Ordering::Relaxed);
            self.death.notify_one();
        }
        !dies
    }

    /// The same, for those who can wait: the dead do so for ever.
    pub(super) async fn moment(&self, name: impl FnOnce() -> String) {
        if !self.pass(name) {
            std::future::pending::<()>().await;
        }
    }

    /// Waits for the death of the process that runs.
    pub async fn death(&self) {
        // A notice may be an old one, of which nobody took note.
        while !self.is_dead() {
            self.death.notified().await;
        }
    }

    /// Tells whether the process that ran has died.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.is_dead.load(Ordering::Relaxed)
    }

    /// Lets nothing go wrong any more, for the processes that come.
    pub fn calm(&self) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.is_dead.store(false, Ordering::Relaxed);
    }

    fn fault(&self) -> Option<Fault> {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to happen to the request of this number.
    pub(super) fn call_fault(&self, call: usize) -> Option<CallFault> {
        match self.fault() {
            Some(Fault::Call(at, fault)) if at == call => Some(fault),
            _ => None,
        }
    }

    /// How many moments have passed.
    #[must_use]
    pub fn moments(&self) -> usize {
        self.moments.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// What a moment is called.
    #[must_use]
    pub fn moment_named(&self, at: usize) -> Option<String> {
        self.moments.lock().unwrap_or_else(PoisonError::into_inner).get(at).cloned()
    }

    /// How many requests have come.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.state().calls
    }

    /// The requests that nobody answered, for people.
    #[must_use]
    pub fn unmatched(&self) -> Vec<String> {
        self.state().unmatched.clone()
    }

    /// Tells whether the case says what the service accepts, so that what it accepts can be judged.
    #[must_use]
    pub fn declares_credentials(&self) -> bool {
        // What stands in for the plugin that rotates makes some without a request.
        let makes =
            !self.setting.new.is_empty() || self.setting.peers.iter().any(|peer| peer.makes.is_some());
        makes && self.state().credentials.iter().any(|known| !known.is_made && known.was_held)
    }

    /// The state of the service, to compare with.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let state = self.state();
        Snapshot {
            variables: state
                .variables
                .iter()
                .map(|(key, known)| (key.clone(), known.value.clone()))
                .collect(),
            credentials: state.live_ids(),
            exchanges: state.exchanges.len(),
            unmatched: state.unmatched.len(),
            calls: state.calls,
            moments: self.moments(),
        }
    }

    /// What has changed at the service since then.
    #[must_use]
    pub fn changes_since(&self, before: &Snapshot) -> Option<String> {
        let now = self.snapshot();
        let is_same = now.variables == before.variables && now.credentials == before.credentials;
        (!is_same).then(|| {
            let shown = |snapshot: &Snapshot| format!("{:?} {:?}", snapshot.variables, snapshot.credentials);
            let (before, now) = (shown(before), shown(&now));
            format!("a step that was called once more changed the service, from {before} to {now}")
        })
    }

    /// Forgets what was sent since then, which was not the rotation's; returns what of it nobody
    /// answered.
    pub fn forget_since(&self, before: &Snapshot) -> Vec<String> {
        let mut state = self.state();
        state.exchanges.truncate(before.exchanges);
        state.calls = before.calls;
        self.moments.lock().unwrap_or_else(PoisonError::into_inner).truncate(before.moments);
        let unmatched = state.unmatched.drain(before.unmatched..);
        unmatched.map(|text| format!("when a step was called once more, {text}")).collect()
    }

    fn uuid(&self, name: &str) -> String {
        let mut names = self.names();
        names.uuids.entry(name.to_owned()).or_insert_with(|| uuid::Uuid::new_v4().to_string()).clone()
    }
}

impl State {
    pub(super) fn get(&self, key: &str) -> &str {
        self.variables.get(key).map_or("", |variable| &variable.value)
    }

    pub(super) fn set(&mut self, key: &str, value: String, now: Duration) {
        self.variables.insert(key.to_owned(), Variable { value, since: now });
    }

    /// Since when a variable has its value.
    pub(super) fn since(&self, key: &str) -> Option<Duration> {
        self.variables.get(key).filter(|variable| !variable.value.is_empty()).map(|variable| variable.since)
    }

    /// Finds a credential that the service accepts.
    pub(super) fn live(&self, id: &str) -> Option<usize> {
        self.credentials.iter().position(|known| known.is_alive() && known.id.eq_ignore_ascii_case(id))
    }

    /// Notes which credentials the target's record holds now.
    pub(super) fn note_held(&mut self, target: &str) {
        let Some(record) = self.records.iter().find(|record| record.uid == target) else { return };
        let held: Vec<String> =
            holding(self, record, false).into_iter().map(|held| held.secret.clone()).collect();
        let credentials = self.credentials.iter_mut().filter(|known| held.contains(&known.secret));
        credentials.for_each(|known| known.was_held = true);
    }

    /// The ids of all credentials that the service accepts.
    pub(super) fn live_ids(&self) -> Vec<String> {
        self.credentials.iter().filter(|known| known.is_alive()).map(|known| known.id.clone()).collect()
    }
}

impl Credential {
    pub(super) fn of(entry: &CredentialEntry, fill: &dyn Fill) -> Result<Self, String> {
        Ok(Self {
            id: expand(&entry.id, fill)?,
            name: expand(&entry.name, fill)?,
            secret: expand(&entry.secret, fill)?,
            fate: Fate::Accepted,
            is_made: false,
            was_held: false,
        })
    }

    /// Takes it out of use.
    pub(super) fn end(&mut self, fate: Fate) {
        self.fate = fate;
    }

    pub(super) fn is_alive(&self) -> bool {
        self.fate == Fate::Accepted
    }

    fn part(&self, name: &str) -> Result<String, String> {
        match name {
            "id" => Ok(self.id.clone()),
            "name" => Ok(self.name.clone()),
            "secret" => Ok(self.secret.clone()),
            _ => Err(format!("a credential has `id`, `name` and `secret`, and no `{name}`")),
        }
    }
}

/// What places stand for at some moment.
pub(super) struct Scope<'a> {
    pub(super) world: &'a World,
    pub(super) state: &'a State,
    /// The request that is answered, and what the stars of its path stood for.
    pub(super) request: Option<(&'a Request, &'a [String])>,
    /// The peer that answers.
    pub(super) peer: Option<usize>,
    /// The credential that a list is at.
    pub(super) listed: Option<&'a Credential>,
    /// Whether a text is to be compared with, in which the marker stands for that of any try.
    pub(super) is_pattern: bool,
}

impl<'a> Scope<'a> {
    pub(super) fn of(world: &'a World, state: &'a State) -> Self {
        Self { world, state, request: None, peer: None, listed: None, is_pattern: false }
    }

    pub(super) fn of_pattern(world: &'a World, state: &'a State) -> Self {
        Self { is_pattern: true, ..Self::of(world, state) }
    }
}

impl Fill for Scope<'_> {
    fn fill(&self, place: Place<'_>) -> Result<String, String> {
        if let Some((request, captured)) = self.request
            && let Some(found) = request.fill(place, captured)
        {
            return found;
        }
        let Place { word, argument } = place;
        match word {
            "marker" => Ok(self.marker()),
            "secret" => Ok(self.world.names().canaries.get(argument)),
            "uuid" => Ok(self.world.uuid(argument)),
            "state" => Ok(self.state.get(argument).to_owned()),
            "count" => {
                let uses = self.peer.and_then(|peer| self.state.uses.get(peer));
                Ok(uses.copied().unwrap_or_default().to_string())
            }
            "credential" => self
                .listed
                .ok_or("`{credential:…}` stands in a list of an answer only, which has one entry for each")?
                .part(argument),
            "made" => {
                let made = self.state.credentials.iter().rev().find(|credential| credential.is_made);
                made.ok_or("nothing was made yet")?.part(argument)
            }
            "service" => self.world.url().ok_or_else(|| {
                "`{service}` is for scripts: a plugin in the sandbox reaches its hosts by their names"
                    .to_owned()
            }),
            "now" | "unix" | "http-date" => self.time(word, argument),
            _ => {
                Err(format!("`{{{word}:{argument}}}` stands for a part of a request, and there is none here"))
            }
        }
    }
}

impl Scope<'_> {
    /// What all markers of the last rotation begin with, or the marker of its first try.
    fn marker(&self) -> String {
        let rotation = self.state.rotations.last().map_or("none", String::as_str);
        if self.is_pattern {
            marker_stem(&self.world.target, rotation)
        } else {
            marker(&self.world.target, rotation, 1)
        }
    }

    fn time(&self, word: &str, shift: &str) -> Result<String, String> {
        let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
        let shift = match shift.split_at_checked(1) {
            None => 0,
            Some((sign, text)) => {
                let shift = duration(text)?;
                if sign == "-" { -seconds(shift) } else { seconds(shift) }
            }
        };
        let unix = seconds(self.world.time.unix_time()).saturating_add(shift);
        let time = Timestamp::from_second(unix).map_err(|error| error.to_string())?;
        Ok(match word {
            "unix" => unix.to_string(),
            "now" => time.to_string(),
            _ => DateTimePrinter::new()
                .timestamp_to_rfc9110_string(&time)
                .map_err(|error| error.to_string())?,
        })
    }
}

/// A duration as operators write it, in days too.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let days = text.strip_suffix('d').and_then(|days| days.parse::<u64>().ok());
    match days.and_then(|days| days.checked_mul(24 * 3600)) {
        Some(seconds) => Ok(Duration::from_secs(seconds)),
        None => parse_duration(text).map_err(|error| format!("`{text}` {error}")),
    }
}

/// JSON of an answer: a list whose one entry speaks of `{credential:…}` has as many as there are.
pub(super) fn expand_answer(json: &Value, scope: &Scope<'_>) -> Result<Value, String> {
    Ok(match json {
        Value::Array(list) => match list.as_slice() {
            [item] if item.to_string().contains("{credential:") => {
                let live = scope.state.credentials.iter().filter(|credential| credential.is_alive());
                live.map(|credential| {
                    let scope = Scope { listed: Some(credential), ..*scope };
                    expand_answer(item, &scope)
                })
                .collect::<Result<_, _>>()?
            }
            list => list.iter().map(|item| expand_answer(item, scope)).collect::<Result<_, _>>()?,
        },
        Value::Object(map) => Value::Object(
            map.iter()
                .map(|(key, value)| Ok((key.clone(), expand_answer(value, scope)?)))
                .collect::<Result<_, String>>()?,
        ),
        Value::String(text) => Value::String(expand(text, scope)?),
        other => other.clone(),
    })
}
