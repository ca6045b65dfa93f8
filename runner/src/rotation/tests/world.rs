//! A model of everything outside the engine: a service whose lists lag and whose writes land late,
//! a vault with revisions and other writers, a journal that fills up, and the time they all share.

use std::cell::RefCell;
use std::collections::{BTreeSet, VecDeque};
use std::ops::Range;
use std::rc::Rc;
use std::time::Duration;

use serde_json::json;

use super::account::Account;
use super::consumers::Consumers;
use super::faults::*;
use super::process::{Gateway, Moments};
use crate::limits::Limits;
use crate::model::{Finding, Listed, Record};
use crate::rotation::*;
use crate::secret::Secret;

pub const UID: &str = "target";
pub const APP: &str = "app-1";

/// A credential at the service.
#[derive(Debug, Clone)]
pub struct Key {
    pub id: String,
    pub label: String,
    pub secret: String,
    pub alive: bool,
    /// From when to when lists show it.
    pub shows: Range<Duration>,
    /// How far lists lag behind.
    pub lag: Duration,
}

/// One version of the record.
#[derive(Debug, Clone)]
pub struct Version {
    pub revision: i64,
    pub app: &'static str,
    pub id: String,
    pub secret: String,
    pub note: &'static str,
    /// The value that an `in-place` plugin replaces, and the hidden field that goes with it.
    pub password: String,
    pub pending: String,
    /// What runs kept in the record.
    pub rescued: String,
}

/// The state of the world.
#[derive(Clone)]
pub struct State {
    pub now: Duration,
    /// The gateway that is at work, and another one.
    pub here: Gateway,
    pub elsewhere: Gateway,
    pub moments: Moments,
    /// The ids of all rotations so far.
    pub rotations: Vec<String>,
    pub limits: Limits,
    pub keys: Vec<Key>,
    pub arriving: Vec<(Duration, Key)>,
    /// What preflight lists: `listed`, unless a test says otherwise.
    pub lists: fn(&Self) -> Vec<Listed>,
    pub listed: Vec<Listed>,
    /// What preflight finds.
    pub findings: Vec<Finding>,
    pub versions: Vec<Version>,
    pub late_saves: Vec<(Duration, Version)>,
    pub editable: bool,
    /// The account of `in-place` rotations.
    pub account: Account,
    /// Who uses the credential.
    pub consumers: Consumers,
    pub others: Vec<Record>,
    pub params: Vec<Record>,
    pub full_at: BTreeSet<usize>,
    pub appends: usize,
    pub target_locks: VecDeque<Lock>,
    pub targets: VecDeque<&'static str>,
    pub handles: VecDeque<&'static str>,
    /// What the update that should hold the handle holds instead.
    pub handle_update: Option<&'static str>,
    pub extra_field: bool,
    /// The ids of the credentials whose secrets the engine was handed.
    pub handed: BTreeSet<String>,
    pub preflight: VecDeque<StepFault>,
    pub rotate: VecDeque<RotateFault>,
    pub verify: VecDeque<StepFault>,
    pub commit: VecDeque<StepFault>,
    pub rollback: VecDeque<StepFault>,
    /// Whether the last rollback read an old list.
    pub missed: bool,
    pub saves: VecDeque<SaveFault>,
    pub gets: VecDeque<GetFault>,
    pub foreign: Vec<(usize, Foreign)>,
    pub vault_calls: usize,
    pub prepares: VecDeque<Option<Stop>>,
    pub calls: Vec<&'static str>,
    /// What the plugin was told of the number of the try.
    pub attempts: Vec<u32>,
    /// What the engine did that it must never do.
    pub breaches: Vec<String>,
    pub learnt: RefCell<Vec<String>>,
}

/// The world, shared by all fakes.
#[derive(Clone)]
pub struct World(pub Rc<RefCell<State>>);

impl World {
    /// A world in which nothing fails: the record holds `old`, and the service also knows `older`
    /// and a stranger's credential.
    pub fn new() -> Self {
        let key = |id: &str, label: &str| Key::new(id, label, Duration::ZERO, Duration::ZERO);
        let keys = vec![
            key("old", "by hand"),
            key("older", &marker(UID, "earlier", 1)),
            key("foreign", &marker(UID, "foreign", 1)),
            key("strange", "somebody else's"),
        ];
        let listed = ["old", "older"].map(|id| keys.iter().find(|key| key.id == id).expect("a key").listed());
        let first = Version {
            revision: 7,
            app: APP,
            id: "old".into(),
            secret: "old-secret".into(),
            note: "",
            password: String::new(),
            pending: String::new(),
            rescued: String::new(),
        };
        Self(Rc::new(RefCell::new(State {
            now: Duration::ZERO,
            here: Gateway::default(),
            elsewhere: Gateway::default(),
            moments: Moments::default(),
            rotations: Vec::new(),
            limits: Limits::default(),
            lists: |state| state.listed.clone(),
            listed: listed.into(),
            findings: vec![Finding::text("a note".to_owned())],
            keys,
            arriving: Vec::new(),
            versions: vec![first],
            late_saves: Vec::new(),
            editable: true,
            account: Account::default(),
            consumers: Consumers::default(),
            others: Vec::new(),
            params: Vec::new(),
            full_at: BTreeSet::new(),
            appends: 0,
            target_locks: VecDeque::new(),
            targets: VecDeque::new(),
            handles: VecDeque::new(),
            handle_update: None,
            extra_field: false,
            handed: BTreeSet::new(),
            preflight: VecDeque::new(),
            rotate: VecDeque::new(),
            verify: VecDeque::new(),
            commit: VecDeque::new(),
            rollback: VecDeque::new(),
            missed: false,
            saves: VecDeque::new(),
            gets: VecDeque::new(),
            foreign: Vec::new(),
            vault_calls: 0,
            prepares: VecDeque::new(),
            calls: Vec::new(),
            attempts: Vec::new(),
            breaches: Vec::new(),
            learnt: RefCell::default(),
        })))
    }

    /// A world in which something is different.
    pub fn with(change: impl FnOnce(&mut State)) -> Self {
        let world = Self::new();
        change(&mut world.0.borrow_mut());
        world
    }
}

impl Key {
    /// A credential that lands at some time, and shows in lists a while later.
    pub fn new(id: &str, label: &str, lands_at: Duration, lag: Duration) -> Self {
        Self {
            id: id.into(),
            label: label.into(),
            secret: format!("{id}-secret"),
            alive: true,
            shows: lands_at + lag..Duration::MAX,
            lag,
        }
    }

    pub fn listed(&self) -> Listed {
        Listed { id: self.id.clone(), label: self.label.clone(), expires: None }
    }
}

impl Version {
    pub fn record(&self, editable: bool) -> Record {
        let mut json = json!({
            "title": "app secret",
            "type": "pamUser",
            "fields": [{"type": "password", "value": [self.password]}],
            "custom": [
                {"type": "text", "label": "application_object_id", "value": [self.app]},
                {"type": "text", "label": "client_secret_id", "value": [self.id]},
                {"type": "secret", "label": "client_secret", "value": [self.secret]},
                {"type": "text", "label": "note", "value": [self.note]},
            ],
        });
        if let (false, Some(custom)) = (self.pending.is_empty(), json["custom"].as_array_mut()) {
            custom.push(json!({"type": "secret", "label": "pamrun_pending", "value": [self.pending]}));
        }
        if let (false, Some(custom)) = (self.rescued.is_empty(), json["custom"].as_array_mut()) {
            custom.push(json!({"type": "secret", "label": "pamrun_rescued", "value": [self.rescued]}));
        }
        Record { uid: UID.into(), revision: Some(self.revision), editable, json }
    }
}

/// Another record, read from the vault, with one field.
pub fn other_record(uid: &str, value: &str) -> Record {
    Record {
        uid: uid.into(),
        revision: Some(1),
        editable: true,
        json: json!({"title": uid, "fields": [], "custom": [{"type": "text", "label": "id", "value": [value]}]}),
    }
}

impl State {
    /// Lets everything happen that was to happen by now.
    pub fn catch_up(&mut self) {
        self.late_saves.sort_by_key(|(at, _)| *at);
        while self.late_saves.first().is_some_and(|(at, _)| *at <= self.now) {
            let (_, version) = self.late_saves.remove(0);
            self.land(version);
        }
        let (landed, arriving) = self.arriving.drain(..).partition(|(at, _)| *at <= self.now);
        self.arriving = arriving;
        let landed: Vec<(Duration, Key)> = landed;
        self.account.catch_up(self.now);
        self.keys.extend(landed.into_iter().map(|(_, key)| key));
    }

    /// Writes a version if it follows the one that is there.
    pub fn land(&mut self, version: Version) -> bool {
        let fits = self.version().revision + 1 == version.revision;
        if fits {
            self.judge_password(&version);
            self.versions.push(version);
        }
        fits
    }

    /// How long the process has been running.
    pub fn elapsed(&self) -> Duration {
        self.now.saturating_sub(self.here.born)
    }

    pub fn version(&self) -> &Version {
        self.versions.last().expect("a version")
    }

    pub fn key(&self, id: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.id == id)
    }

    pub fn is_alive(&self, id: &str) -> bool {
        self.key(id).is_some_and(|key| key.alive)
    }

    /// The credentials that a rotation made and that the service accepts.
    pub fn made_by(&self, rotation_id: &str) -> Vec<String> {
        let stem = marker_stem(UID, rotation_id);
        let made = self.keys.iter().filter(|key| key.alive && key.label.starts_with(&stem));
        made.map(|key| key.id.clone()).collect()
    }

    pub fn breach(&mut self, what: impl Into<String>) {
        self.breaches.push(what.into());
    }
}

impl Secrets for World {
    fn learn(&self, secret: &Secret) {
        self.0.borrow().learnt.borrow_mut().push(secret.expose().to_owned());
    }

    fn finds_secret_in(&self, text: &str) -> bool {
        self.0.borrow().learnt.borrow().iter().any(|secret| text.contains(secret.as_str()))
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = self.0.borrow();
        f.debug_struct("World")
            .field("timeout", &state.limits.timeout)
            .field("rotate", &state.rotate)
            .field("verify", &state.verify)
            .field("commit", &state.commit)
            .field("rollback", &state.rollback)
            .field("consumers", &state.consumers)
            .field("saves", &state.saves)
            .field("gets", &state.gets)
            .field("foreign", &state.foreign)
            .field("moments", &state.moments)
            .field("full_at", &state.full_at)
            .finish_non_exhaustive()
    }
}
