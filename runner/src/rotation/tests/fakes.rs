//! The plugin and the vault of the model world. The plugin is a good one; what fails around it is
//! in the world's schedule. Both note when the engine does what it must never do.

use std::time::Duration;

use super::faults::{Ending, Foreign, GetFault, SaveFault, StepFault};
use super::world::{APP, Key, State, UID, Version, World};
use crate::model::{
    Credential, Listed, Place, Plan, Proof, Record, RecordUid, Removed, Request, StepName, Undone, Update,
};
use crate::policy::Removals;
use crate::rotation::*;
use crate::secret::Secret;

impl State {
    /// Notes a call of the plugin, and whether it leaves the time that others need.
    pub fn enter(&mut self, step: StepName, call: &Call<'_>) {
        self.catch_up();
        self.calls.push(step.word());
        self.attempts.push(call.request.attempt);
        let reserve = match step {
            StepName::Commit | StepName::Rollback => Duration::ZERO,
            _ => self.limits.reserve,
        };
        let elapsed = self.elapsed();
        if elapsed + call.budget + reserve > self.limits.timeout || call.budget.is_zero() {
            self.breach(format!("{step} got a budget of {:?} at {elapsed:?}", call.budget));
        }
        let Request { marker, rotation_id, .. } = call.request;
        let is_known = self.rotations.iter().any(|id| rotation_id.starts_with(id.as_str()));
        if !marker.starts_with(&marker_stem(UID, rotation_id)) || !is_known {
            self.breach(format!("{step} got the marker {marker:?} for {rotation_id}"));
        }
    }

    /// Removes a credential, if the gate lets it; tells whether it is gone.
    fn remove(&mut self, id: &str) -> bool {
        match &self.here.gate {
            Removals::Strays { tries, never, taken } => {
                let mut taken = taken.lock().expect("no panic");
                if never.contains(id) || !taken.contains(id) && taken.len() >= *tries {
                    return false;
                }
                taken.insert(id.to_owned());
            }
            Removals::Exactly(ids) if ids.contains(id) => {}
            _ => self.breach(format!("a good plugin was not granted the removal of {id}")),
        }
        if self.version().id == id {
            self.breach(format!("{id} was removed while the vault held it"));
        }
        let now = self.now;
        if let Some(key) = self.keys.iter_mut().find(|key| key.id == id && key.alive) {
            key.alive = false;
            key.shows.end = now + key.lag;
        }
        true
    }

    /// Removes each of the ids, under a fault; returns what the plugin knows to be gone.
    fn remove_all(&mut self, ids: &[String], fault: StepFault) -> Vec<String> {
        let mut gone = Vec::new();
        for id in ids {
            let is_told = matches!(fault, StepFault::None | StepFault::SeenThen(_));
            if fault != StepFault::RemovalRefused && self.remove(id) && is_told {
                gone.push(id.clone());
            }
            if !self.pass() {
                break;
            }
        }
        gone
    }
}

pub fn fine<T>(value: T) -> StepResult<T> {
    let trace = Trace { requests: 2, change: Change::Possible, ..Trace::default() };
    StepResult { result: Ok(value), trace }
}

pub fn broken<T>(error: StepError, change: Change) -> StepResult<T> {
    let denials = if let StepError::Refused(deny) = &error { vec![deny.clone()] } else { vec![] };
    StepResult { result: Err(error), trace: Trace { requests: 1, change, denials, ..Trace::default() } }
}

fn update(label: &str, kind: &str, value: &str) -> Update {
    Update { label: label.into(), place: Place::Custom, kind: kind.into(), values: vec![Secret::new(value)] }
}

/// The new values of a credential.
fn updates_of(id: &str, handle: &str) -> Vec<Update> {
    vec![
        update("client_secret_id", "text", handle),
        update("client_secret", "secret", &format!("{id}-secret")),
    ]
}

/// What a call tells the plugin of the target.
pub fn told(call: &Call<'_>, label: &str) -> String {
    let target = call.request.records.iter().find(|record| record.uid == UID).expect("the target");
    let field = target.fields.iter().find(|field| field.label == label).expect("the field");
    field.values[0].expose().to_owned()
}

impl State {
    fn preflight(&mut self, call: &Call<'_>) -> StepResult<Plan> {
        self.enter(StepName::Preflight, call);
        if let Some(StepFault::Ends(ending)) = self.preflight.pop_front() {
            return broken(ending.error(), Change::None);
        }
        self.here.planned_app = told(call, "application_object_id");
        let target = self.targets.pop_front().unwrap_or(APP);
        fine(Plan {
            target: target.into(),
            creates: "a key".into(),
            removes: (self.lists)(self),
            findings: self.findings.clone(),
            ..Plan::default()
        })
    }

    fn rotate(&mut self, call: &Call<'_>) -> StepResult<Credential> {
        self.enter(StepName::Rotate, call);
        let rotation_id = &call.request.rotation_id;
        let entries = self.entries_of(rotation_id);
        let announced =
            matches!(entries.last(), Some(Entry::Try { marker, .. }) if *marker == call.request.marker);
        if !announced || !matches!(entries.first(), Some(Entry::Intent(_))) {
            self.breach("rotate was called before it was journaled");
        }
        let fault = self.rotate.pop_front().unwrap_or_default();
        self.now += Duration::from_secs(fault.takes).min(call.budget);
        let owner = if rotation_id == "r1" { String::new() } else { format!("{rotation_id}-") };
        let id = format!("{owner}new-{}", call.request.attempt);
        let lands = if fault.ending.is_none() { Some(0) } else { fault.lands };
        if let Some(after) = lands {
            let at = self.now + Duration::from_secs(after);
            for id in [id.clone(), format!("{id}-twin")].into_iter().take(1 + usize::from(fault.twice)) {
                let key = Key::new(&id, &call.request.marker, at, Duration::from_secs(fault.lag));
                self.arriving.push((at, key));
            }
            self.catch_up();
        }
        if let Some(ending) = fault.ending {
            let is_refused = lands.is_none() && !fault.is_possible && ending.promises_no_change();
            let mut answer =
                broken(ending.error(), if is_refused { Change::Refused } else { Change::Possible });
            if fault.in_hand && lands.is_some() {
                answer.trace.in_hand = updates_of(&id, &id);
                self.handed.insert(id);
            }
            return answer;
        }
        let handle = self.handles.pop_front().unwrap_or(&id).to_owned();
        let mut updates = updates_of(&id, self.handle_update.unwrap_or(&handle));
        self.handed.insert(id);
        if self.extra_field {
            updates.push(update("password", "password", "surprise"));
        }
        fine(Credential { handle, updates, expires: None })
    }

    fn verify(&mut self, call: &Call<'_>, credential: &Credential) -> StepResult<Proof> {
        self.enter(StepName::Verify, call);
        let is_made =
            |entry: &&Entry| matches!(entry, Entry::Made { handle, .. } if *handle == credential.handle);
        // Or it is what took the place of what was made.
        let is_held = self.version().id == credential.handle;
        if !is_held && !self.entries_of(&call.request.rotation_id).iter().any(is_made) {
            self.breach("verify was called before the handle was journaled");
        }
        match self.verify.pop_front().unwrap_or_default() {
            StepFault::Ends(ending) => broken(ending.error(), Change::None),
            StepFault::Unproven => fine(Proof::Unproven("no way to log in".into())),
            StepFault::Denial => {
                let mut answer = fine(Proof::Verified);
                answer.trace.denials.push(Ending::denial());
                answer
            }
            _ if self.accepts(credential) => fine(Proof::Verified),
            _ => broken(Ending::Wrong.error(), Change::None),
        }
    }

    fn commit(&mut self, call: &Call<'_>, plan: &Plan, handle: &str) -> StepResult<Vec<Removed>> {
        self.enter(StepName::Commit, call);
        if !matches!(self.entries_of(&call.request.rotation_id).last(), Some(Entry::Saved { .. }))
            || !self.versions.iter().any(|seen| seen.id == handle)
        {
            self.breach("commit was called before the save was proven");
        }
        if told(call, "client_secret_id") != handle {
            self.breach("commit was not given the record as it is now");
        }
        let ids: Vec<String> = plan.removes.iter().map(|listed| listed.id.clone()).collect();
        let fault = self.commit.pop_front().unwrap_or_default();
        match fault {
            StepFault::Ends(ending) => broken(ending.error(), Change::None),
            StepFault::OneThen(ending) => {
                self.remove_all(&ids[..1], StepFault::None);
                broken(ending.error(), Change::Possible)
            }
            StepFault::SeenThen(ending) => {
                let gone = self.remove_all(&ids, fault);
                seen_then(ending, Undone { seen: Vec::new(), gone })
            }
            fault => {
                let gone = self.remove_all(&ids, fault);
                fine(ids.into_iter().map(|id| Removed { gone: gone.contains(&id), id }).collect())
            }
        }
    }

    fn rollback(&mut self, call: &Call<'_>, handle: Option<&str>) -> StepResult<Undone> {
        self.enter(StepName::Rollback, call);
        let fault = self.rollback.pop_front().unwrap_or_default();
        if let StepFault::Ends(ending) = fault {
            return broken(ending.error(), Change::None);
        }
        if let StepFault::Claims(id) = fault {
            return fine(Undone { seen: vec![id.into()], gone: vec![id.into()] });
        }
        self.missed = fault == StepFault::Misses && !self.missed;
        if self.missed {
            return fine(Undone::default());
        }
        let now = self.now;
        let stem = marker_stem(UID, &call.request.rotation_id);
        let seen: Vec<String> = self
            .keys
            .iter()
            .filter(|key| key.shows.contains(&now))
            .filter(|key| {
                fault == StepFault::Greedy || Some(&*key.id) == handle || key.label.starts_with(&stem)
            })
            .map(|key| key.id.clone())
            .collect();
        let gone = self.remove_all(&seen, fault);
        let undone = Undone { seen, gone };
        if let StepFault::SeenThen(ending) = fault { seen_then(ending, undone) } else { fine(undone) }
    }
}

/// An ending after the host saw these, and saw them go.
fn seen_then<T>(ending: Ending, saw: Undone) -> StepResult<T> {
    let mut answer = broken(ending.error(), Change::Possible);
    answer.trace.saw = saw;
    answer
}

#[async_trait::async_trait(?Send)]
impl Plugin for World {
    async fn preflight(&mut self, call: Call<'_>) -> StepResult<Plan> {
        self.act(|state| state.preflight(&call)).await
    }

    async fn rotate(&mut self, call: Call<'_>, _plan: &Plan) -> StepResult<Credential> {
        self.act(|state| state.rotate(&call)).await
    }

    async fn verify(&mut self, call: Call<'_>, _plan: &Plan, credential: &Credential) -> StepResult<Proof> {
        self.act(|state| state.verify(&call, credential)).await
    }

    async fn commit(&mut self, call: Call<'_>, plan: &Plan, handle: &str) -> StepResult<Vec<Removed>> {
        self.act(|state| state.commit(&call, plan, handle)).await
    }

    async fn rollback(&mut self, call: Call<'_>, _plan: &Plan, handle: Option<&str>) -> StepResult<Undone> {
        self.act(|state| state.rollback(&call, handle)).await
    }
}

impl State {
    /// Counts a call of the vault, after what others do right before it.
    fn enter_vault(&mut self) {
        self.catch_up();
        let at = self.vault_calls;
        self.vault_calls += 1;
        let due: Vec<_> = self.foreign.iter().filter(|(when, _)| *when == at).copied().collect();
        for (_, foreign) in due {
            let mut next = self.version().clone();
            match foreign {
                Foreign::Note => next.note = "edited",
                Foreign::Needs(id) => next.note = id,
                Foreign::Repoint => next.app = "app-2",
                Foreign::Rotates => next.take(&self.foreign_key(&format!("foreign-{at}"))),
                Foreign::Gateway => next.password = self.account.proposed.clone().unwrap_or(next.password),
                Foreign::SetsPassword => {
                    self.account.accepts = format!("by-hand-{at}");
                    next.password.clone_from(&self.account.accepts);
                }
                Foreign::Mistypes => {
                    let before = std::mem::replace(&mut next.password, "mistyped".into());
                    if !next.knows(&self.account.accepts) {
                        // He would wipe out the only one that works, and nobody could help that.
                        next.password = before;
                    }
                }
                Foreign::TakesOver => next.pending = self.account.taken_over(),
                Foreign::Restores => next.take(&self.key("old").expect("it was there").clone()),
                Foreign::RotatesFromTheStart => {
                    next = self.versions[0].clone();
                    next.take(&self.key("foreign").expect("it was there").clone());
                }
            }
            next.revision += 1;
            self.land(next);
        }
    }

    /// What lists show of the record's credentials, with those that earlier rotations left.
    pub fn everything_of_the_record(&self) -> Vec<Listed> {
        let shown = self.keys.iter().filter(|key| key.shows.contains(&self.now));
        shown.filter(|key| !["foreign", "strange"].contains(&&*key.id)).map(Key::listed).collect()
    }

    fn accepts(&self, credential: &Credential) -> bool {
        let secret = credential.updates.iter().find(|update| update.label == "client_secret");
        self.key(&credential.handle).is_some_and(|key| {
            key.alive && secret.is_some_and(|secret| secret.values[0].expose() == key.secret)
        })
    }

    fn foreign_key(&mut self, id: &str) -> Key {
        let key = Key::new(id, &marker(UID, id, 1), self.now, Duration::ZERO);
        self.keys.push(key.clone());
        key
    }
}

fn throttled(seconds: u64) -> Outage {
    Outage { asked: Some(Duration::from_secs(seconds)) }
}

/// A hidden field after a save.
fn hidden(label: &str, before: &str, updates: &[Update]) -> String {
    match updates.iter().find(|update| update.label == label) {
        Some(update) => update.values.first().map(|value| value.expose().to_owned()).unwrap_or_default(),
        None => before.to_owned(),
    }
}

impl Version {
    fn take(&mut self, key: &Key) {
        self.id.clone_from(&key.id);
        self.secret.clone_from(&key.secret);
    }
}

impl State {
    fn get(&mut self, uids: &[RecordUid]) -> Result<Vec<Record>, GetError> {
        self.enter_vault();
        self.calls.push("get");
        let fault = self.gets.pop_front().unwrap_or_default();
        let version = match fault {
            GetFault::Unreadable => {
                let outage = Some(Outage::default());
                return Err(GetError { code: "vault-unreachable", message: "no route".into(), outage });
            }
            GetFault::Throttled(seconds) => {
                let outage = Some(throttled(seconds));
                return Err(GetError { code: "vault-throttled", message: "too often".into(), outage });
            }
            GetFault::Stale => self.versions.iter().rev().nth(1).unwrap_or_else(|| self.version()),
            GetFault::None | GetFault::Missing => self.version(),
        };
        let mut records = vec![version.record(self.editable)];
        if fault == GetFault::Missing {
            records.clear();
        }
        records.extend(self.others.iter().cloned());
        records.retain(|record| uids.contains(&record.uid));
        Ok(records)
    }

    fn save(&mut self, record: &Record, updates: &[Update]) -> Result<(), SaveError> {
        self.enter_vault();
        self.calls.push("save");
        let revision = record.revision.expect("a record of the vault");
        // What is kept for somebody, or what he takes, no rotation relies on.
        let rescues = updates.iter().any(|update| update.label == "pamrun_rescued");
        let fences = updates.is_empty() || rescues;
        let last = self.here.journal.last().map(|(_, entry)| entry);
        if !fences && last != Some(&Entry::Saving { revision }) {
            self.breach("a save was sent before it was journaled");
        }
        let writes = !rescues && updates.iter().any(|update| update.label != "pamrun_pending");
        if writes
            && record.field("application_object_id").expect("the field").values[0] != *self.here.planned_app
        {
            self.breach("a save was sent to a record that was about another app by then");
        }
        let text = |record: &Record, label| {
            let ours = updates.iter().find(|update| update.label == label);
            ours.map_or_else(
                || record.field(label).expect("the field").values[0].as_str().expect("text").to_owned(),
                |update| update.values[0].expose().to_owned(),
            )
        };
        self.judge_update(updates);
        let base =
            self.versions.iter().find(|version| version.revision == revision).expect("a known revision");
        let version = Version {
            revision: revision + 1,
            app: base.app,
            id: text(record, "client_secret_id"),
            secret: text(record, "client_secret"),
            note: base.note,
            password: text(record, "password"),
            pending: hidden("pamrun_pending", &base.pending, updates),
            rescued: hidden("pamrun_rescued", &base.rescued, updates),
        };
        let unclear = Err(SaveError::Unclear { message: "no answer".into(), outage: Outage::default() });
        let unavailable =
            |code, outage| Err(SaveError::Unavailable { code, message: "not now".into(), outage });
        match self.saves.pop_front().unwrap_or_default() {
            SaveFault::Refused => {
                Err(SaveError::Refused { code: "vault-denied", message: "read-only".into() })
            }
            SaveFault::Unreachable => unavailable("vault-unreachable", Outage::default()),
            SaveFault::Throttled(seconds) => unavailable("vault-throttled", throttled(seconds)),
            SaveFault::None => self.land(version).then_some(()).ok_or(SaveError::Stale),
            SaveFault::AnswerLost => {
                self.land(version);
                unclear
            }
            SaveFault::RequestLost => unclear,
            SaveFault::Late(seconds) => {
                let at = self.now + Duration::from_secs(seconds);
                self.late_saves.push((at, version));
                unclear
            }
        }
    }
}

#[async_trait::async_trait(?Send)]
impl Vault for World {
    async fn get(&mut self, uids: &[RecordUid]) -> Result<Vec<Record>, GetError> {
        self.act(|state| state.get(uids)).await
    }

    async fn save(&mut self, record: &Record, updates: &[Update]) -> Result<(), SaveError> {
        self.act(|state| state.save(record, updates)).await
    }
}
