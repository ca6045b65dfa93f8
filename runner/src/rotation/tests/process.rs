//! Processes that come and go in the model world: each one settles what an earlier one left and
//! rotates, until it has done so, is told to end, or dies.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::account::PasswordPlugin;
use super::consumers::FakeDeliverer;
use super::promises;
use super::world::{State, UID, World};
use crate::model::{Field, Place, Record, Request, ReturnedField, Role, VaultRecord};
use crate::policy::{Removals, StepGrant};
use crate::rotation::*;
use crate::secret::Secret;

/// What one gateway has to itself.
#[derive(Clone, Default)]
pub struct Gateway {
    /// When the process that runs was started, and how long the last one took.
    pub born: Duration,
    pub took: Duration,
    pub journal: Vec<(String, Entry)>,
    pub gate: Removals,
    /// The app that the record named when the plan was made.
    pub planned_app: String,
    /// What was dead when the last rotation began.
    pub dead_before: BTreeSet<String>,
}

/// Moments at which something may happen to the process: before and after each effect of a call,
/// and between the effects of one that has several.
#[derive(Debug, Clone, Copy, Default)]
pub struct Moments {
    pub count: usize,
    /// At which one it dies, and at which one it is told to end.
    pub dies: Option<When>,
    pub interrupted: Option<When>,
    pub is_dead: bool,
    pub is_interrupted: bool,
}

/// A moment of a process.
#[derive(Debug, Clone, Copy)]
pub enum When {
    /// The one of this number.
    At(usize),
    /// The first at which this is so.
    Once(fn(&State) -> bool),
}

impl When {
    fn is_now(self, state: &State) -> bool {
        match self {
            Self::At(count) => state.moments.count == count,
            Self::Once(condition) => condition(state),
        }
    }
}

impl State {
    /// Lets a moment pass; tells whether the process lived through it.
    pub fn pass(&mut self) -> bool {
        let is_now = |when: Option<When>| when.is_some_and(|when| when.is_now(self));
        let Moments { dies, interrupted, .. } = self.moments;
        let (dies, interrupted) = (is_now(dies), is_now(interrupted));
        self.moments.is_dead |= dies;
        self.moments.is_interrupted |= interrupted;
        self.moments.count += 1;
        !self.moments.is_dead
    }
}

/// What a process did in its life.
#[derive(Debug)]
pub struct Life {
    pub settled: Vec<Settlement>,
    pub outcome: Outcome,
}

impl World {
    /// Runs one rotation and checks every promise of the guarantee.
    pub fn run(&self) -> Outcome {
        self.run_as(|_| {}, true)
    }

    /// As [`Self::run`], without a vault.
    pub fn run_without_vault(&self) -> Outcome {
        self.run_as(|_| {}, false)
    }

    /// As [`Self::run`], with a job that is different.
    pub fn run_as(&self, change: impl FnOnce(&mut Job), with_vault: bool) -> Outcome {
        let life = self.live(change, with_vault);
        life.expect("it was not to die").outcome
    }

    /// Runs a process that settles what is open and rotates, and checks every promise of the
    /// guarantee; returns nothing when it died.
    pub fn live(&self, change: impl FnOnce(&mut Job), with_vault: bool) -> Option<Life> {
        let mut job = self.start();
        change(&mut job);
        let life = self.play(self.exec(&job, with_vault));
        self.end();
        let state = self.0.borrow();
        promises::check_always(&state);
        if state.account.is_rotated {
            promises::check_account(&state, life.as_ref().map(|life| &life.outcome));
        } else if let Some(life) = &life {
            life.settled.iter().for_each(|settlement| promises::check_settlement(&state, settlement));
            promises::check(&state, &job, &life.outcome);
        }
        life
    }

    /// Runs a process that settles what is open and waits for it as long as it may, and checks
    /// every promise of the guarantee; returns nothing when it died.
    pub fn recover(&self) -> Option<Vec<Settlement>> {
        let job = self.start();
        let settled = self.play(self.settle_all(&job, true, Patience::UntilProven));
        self.end();
        let state = self.0.borrow();
        promises::check_always(&state);
        if state.account.is_rotated {
            promises::check_account(&state, None);
        } else {
            settled.iter().flatten().for_each(|settlement| promises::check_settlement(&state, settlement));
        }
        settled
    }

    /// Runs a process that dies once this is so.
    pub fn die_once(&self, condition: fn(&State) -> bool) {
        self.0.borrow_mut().moments.dies = Some(When::Once(condition));
        assert!(self.live(|_| {}, true).is_none(), "it did not die");
    }

    /// Lets time pass without us.
    pub fn wait(&self, time: Duration) {
        let mut state = self.0.borrow_mut();
        state.now += time;
        state.catch_up();
    }

    /// Starts a process; its moments are counted from here.
    pub fn start(&self) -> Job {
        let mut state = self.0.borrow_mut();
        let rotation_id = format!("r{}", state.rotations.len() + 1);
        state.rotations.push(rotation_id.clone());
        state.here.born = state.now;
        let Moments { dies, interrupted, .. } = state.moments;
        state.moments = Moments { dies, interrupted, ..Moments::default() };
        let field = |label: &str, kind: &str| ReturnedField {
            label: label.into(),
            place: Place::Custom,
            kind: kind.into(),
        };
        Job {
            record_uid: UID.into(),
            plugin: "keys".into(),
            rotation_id,
            params_records: state.params.clone(),
            wants_attached: false,
            wanted: state.others.iter().map(|record| record.uid.clone()).collect(),
            returns: if state.account.is_rotated {
                vec![ReturnedField { place: Place::Standard, ..field("password", "password") }]
            } else {
                vec![field("client_secret_id", "text"), field("client_secret", "secret")]
            },
            any_custom: false,
            limits: state.limits.clone(),
            proposed: state.account.proposed.as_deref().map(Secret::new),
            replaced: state.account.replaced.as_deref().map(Secret::new),
            setup: serde_json::Value::Null,
            dry_run: false,
        }
    }

    pub fn end(&self) {
        let mut state = self.0.borrow_mut();
        state.here.took = state.elapsed();
        state.moments = Moments::default();
    }

    async fn exec(&self, job: &Job, with_vault: bool) -> Life {
        let settled = self.settle_all(job, with_vault, Patience::OneLook).await;
        self.0.borrow_mut().note_the_dead();
        let (mut plugin, mut vault, mut journal) = (self.clone(), self.clone(), self.clone());
        let prepare = |records: &[Record]| self.prepare(records);
        let vault = with_vault.then_some(&mut vault as &mut dyn Vault);
        let mut consumers = FakeDeliverer::all(self);
        let deliverers = consumers.iter_mut().map(|consumer| consumer.deliverer(&prepare)).collect();
        if self.0.borrow().account.is_rotated {
            let mut plugin = PasswordPlugin(self.clone());
            let parts = Parts { deliverers, ..parts(self, &mut plugin, vault, &mut journal, &prepare) };
            return Life { settled, outcome: rotate_in_place(job, parts).await };
        }
        let parts = Parts { deliverers, ..parts(self, &mut plugin, vault, &mut journal, &prepare) };
        Life { settled, outcome: rotate_overlap(job, parts).await }
    }

    async fn settle_all(&self, job: &Job, with_vault: bool, patience: Patience) -> Vec<Settlement> {
        let (mut plugin, mut vault, mut journal) = (self.clone(), self.clone(), self.clone());
        let prepare = |records: &[Record]| self.prepare(records);
        let open = journal.open_rotations();
        let vault = with_vault.then_some(&mut vault as &mut dyn Vault);
        let mut password_plugin = PasswordPlugin(self.clone());
        let plugin: &mut dyn Plugin =
            if self.0.borrow().account.is_rotated { &mut password_plugin } else { &mut plugin };
        let mut consumers = FakeDeliverer::all(self);
        let deliverers = consumers.iter_mut().map(|consumer| consumer.deliverer(&prepare)).collect();
        let mut parts = Parts { deliverers, ..parts(self, plugin, vault, &mut journal, &prepare) };
        let mut settled = Vec::new();
        for open in open {
            settled.push(settle(job, parts.lend(), &open, patience).await);
        }
        settled
    }

    pub fn prepare(&self, records: &[Record]) -> Result<Prepared, Stop> {
        if let Some(Some(stop)) = self.0.borrow_mut().prepares.pop_front() {
            return Err(stop);
        }
        let told = |record: &Record| VaultRecord {
            uid: record.uid.clone(),
            title: String::new(),
            role: if record.uid == UID { Role::Target } else { Role::Attached },
            fields: record
                .fields()
                .filter(|field| !["note", "password", "pamrun_pending"].contains(&field.label))
                .map(|field| Field {
                    place: field.place,
                    label: field.label.into(),
                    kind: field.kind.into(),
                    values: field
                        .values
                        .iter()
                        .map(|value| Secret::new(value.as_str().expect("text")))
                        .collect(),
                    json: false,
                })
                .collect(),
        };
        let request = Request {
            rotation_id: String::new(),
            marker: String::new(),
            attempt: 0,
            records: records.iter().map(told).collect(),
            inputs: Vec::new(),
            settings: Vec::new(),
            proposed: None,
            deliver: Vec::new(),
            delivered_id: None,
        };
        let world = self.clone();
        let grant = move |_, removals| {
            world.0.borrow_mut().here.gate = removals;
            StepGrant::default()
        };
        Ok(Prepared { request, grant: Box::new(grant), findings: Vec::new() })
    }

    /// Lets a moment pass, in which the process may die or be told to end.
    pub async fn moment(&self) {
        let before = self.0.borrow().moments.is_interrupted;
        if !self.0.borrow_mut().pass() {
            std::future::pending::<()>().await;
        }
        if self.0.borrow().moments.is_interrupted != before {
            // Whoever waits for the interrupt wins.
            let mut is_first = true;
            std::future::poll_fn(
                |_| {
                    if std::mem::take(&mut is_first) { Poll::Pending } else { Poll::Ready(()) }
                },
            )
            .await;
        }
    }

    /// Does something, between moments.
    pub async fn act<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        self.moment().await;
        let done = act(&mut self.0.borrow_mut());
        self.moment().await;
        // What happens now happens once the answer is there.
        self.0.borrow_mut().pass();
        done
    }

    /// Runs a process to its end, or its death. The fakes never wait: time passes when they say so.
    pub fn play<T>(&self, process: impl Future<Output = T>) -> Option<T> {
        let mut process = pin!(process);
        for _ in 0..10 {
            let polled = process.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            if self.0.borrow().moments.is_dead {
                return None;
            }
            if let Poll::Ready(done) = polled {
                return Some(done);
            }
        }
        panic!("a fake waits for ever")
    }
}

pub fn parts<'a>(
    world: &'a World,
    plugin: &'a mut dyn Plugin,
    vault: Option<&'a mut dyn Vault>,
    journal: &'a mut World,
    prepare: &'a Prepare<'a>,
) -> Parts<'a> {
    Parts {
        plugin,
        deliverers: Vec::new(),
        vault,
        journal,
        clock: world,
        prepare,
        secrets: world,
        random: &|bytes| {
            count_on(bytes);
            Ok(())
        },
        interrupt: world,
    }
}

/// The same bytes in every rotation would be the same password: these count on.
fn count_on(bytes: &mut [u8]) {
    static NEXT: AtomicU8 = AtomicU8::new(0);
    bytes.fill_with(|| NEXT.fetch_add(1, Ordering::Relaxed));
}

impl State {
    /// The entries of the journal, of all rotations.
    pub fn entries(&self) -> Vec<Entry> {
        self.here.journal.iter().map(|(_, entry)| entry.clone()).collect()
    }

    /// The entries of one rotation.
    pub fn entries_of(&self, rotation_id: &str) -> Vec<&Entry> {
        let own = self.here.journal.iter().filter(|(id, _)| id == rotation_id);
        own.map(|(_, entry)| entry).collect()
    }

    pub fn open_rotations(&self) -> Vec<OpenRotation> {
        let open = self.rotations.iter().map(|id| OpenRotation {
            rotation_id: id.clone(),
            entries: self.entries_of(id).into_iter().cloned().collect(),
        });
        open.filter(|open| open.entries.last().is_some_and(|last| !last.closes())).collect()
    }

    fn note_the_dead(&mut self) {
        let dead = self.keys.iter().filter(|key| !key.alive);
        self.here.dead_before = dead.map(|key| key.id.clone()).collect();
    }
}

#[async_trait::async_trait(?Send)]
impl Clock for World {
    fn elapsed(&self) -> Duration {
        self.0.borrow().elapsed()
    }

    fn unix_time(&self) -> Duration {
        Duration::from_hours(500_000) + self.0.borrow().now
    }

    async fn sleep(&self, duration: Duration) {
        self.moment().await;
        World::wait(self, duration);
    }
}

#[async_trait::async_trait(?Send)]
impl Interrupt for World {
    fn is_set(&self) -> bool {
        self.0.borrow().moments.is_interrupted
    }

    async fn wait(&self) {
        std::future::poll_fn(|_| if self.is_set() { Poll::Ready(()) } else { Poll::Pending }).await;
    }
}

#[async_trait::async_trait(?Send)]
impl Journal for World {
    async fn lock_record(&mut self, _uid: &str, _patience: Duration) -> Result<Lock, JournalError> {
        self.0.borrow_mut().calls.push("lock record");
        Ok(Lock::Free)
    }

    async fn lock_target(&mut self, _target: &str, _patience: Duration) -> Result<Lock, JournalError> {
        let mut state = self.0.borrow_mut();
        state.calls.push("lock target");
        Ok(state.target_locks.pop_front().unwrap_or(Lock::Free))
    }

    fn unlock_target(&mut self) {
        self.0.borrow_mut().calls.push("unlock target");
    }

    async fn lock_consumer(&mut self, target: &str, _patience: Duration) -> Result<Lock, JournalError> {
        self.0.borrow_mut().consumers.locked = Some(target.to_owned());
        Ok(Lock::Free)
    }

    fn unlock_consumer(&mut self) {
        self.0.borrow_mut().consumers.locked = None;
    }

    fn open_rotations(&self) -> Vec<OpenRotation> {
        self.0.borrow().open_rotations()
    }

    fn append(&mut self, rotation_id: &str, entry: Entry) -> Result<(), JournalError> {
        let mut state = self.0.borrow_mut();
        let failed = |code, message: &str| Err(JournalError { code, message: message.into() });
        if !state.pass() {
            return failed("dead", "nobody is there any more");
        }
        let at = state.appends;
        state.appends += 1;
        if state.full_at.contains(&at) {
            return failed("journal-full", "the disk is full");
        }
        if !state.rotations.iter().any(|id| id == rotation_id) {
            state.rotations.push(rotation_id.to_owned());
        }
        let is_closed = state.entries_of(rotation_id).last().is_some_and(|last| last.closes());
        if is_closed {
            state.breach(format!("{entry:?} of {rotation_id} follows its end"));
        }
        state.here.journal.push((rotation_id.to_owned(), entry));
        state.pass();
        Ok(())
    }
}
