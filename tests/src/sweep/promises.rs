//! The four promises, judged by what service, vault and state folder hold; never by what pamrun
//! believes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::fault::Fault;
use super::journal::Journal;
use super::scenario::{Retire, Service};
use super::world::{HANDLE, WRITTEN, World};
use crate::cloud::PasswordCredential;
use crate::gateway::Run;
use crate::record::fields;

/// The exit code of every outcome.
const EXITS: [(&str, i32); 10] = [
    ("rotated", 0),
    ("unchanged", 0),
    ("planned", 0),
    ("ran", 0),
    ("failed", 1),
    ("invalid", 2),
    ("refused", 3),
    ("limit", 4),
    ("uncertain", 5),
    ("internal", 70),
];
/// The outcomes that say that nothing is changed.
pub(super) const NOTHING_CHANGED: [&str; 5] = ["failed", "invalid", "refused", "limit", "internal"];

/// Judges the runs of one case, one after the other.
pub(super) struct Judge {
    /// What was promised and not kept.
    pub violations: Vec<String>,
    fault: Fault,
    /// The ids of all secrets that the record is known to have held.
    held: BTreeSet<String>,
    /// The secrets that there were when last looked.
    known: BTreeMap<String, PasswordCredential>,
}

impl Judge {
    pub fn new(world: &World, fault: Fault) -> Self {
        Self { violations: Vec::new(), fault, held: world.held_before.clone(), known: world.secrets() }
    }

    /// Judges what a run left, while something may still be on its way.
    pub fn see(&mut self, world: &World) {
        self.note_held(world);
        self.judge_record("at its end", world);
    }

    /// Judges the run that was disturbed.
    pub fn judge_disturbed(&mut self, world: &World, run: &Run) {
        let when = "after the run";
        self.note_held(world);
        if run.is_cut_short() && !self.fault.ends_it() {
            self.violate(format!("{when}: a signal ended it, and not ours"));
        }
        self.judge_world(when, world, run);
        self.judge_words(when, world, run);
        for stray in self.strays(world) {
            let named = run.is_cut_short() || run.word("outcome") == "uncertain" && names(run, &stray);
            self.judge_stray(when, world, &stray, named);
        }
        let deeds = world.others.deeds();
        let held = world.held().key_id;
        let lost = match (&deeds.rotated, deeds.run.as_ref().and_then(saved)) {
            (Some(theirs), _) => theirs.key_id != held,
            (None, Some(theirs)) => theirs != held && saved(run) != Some(held),
            (None, None) => false,
        };
        drop(deeds);
        if lost {
            self.violate(format!("{when}: what somebody else had saved to the record is overwritten"));
        }
        self.look(world);
    }

    /// Judges the next run, with which nothing interferes.
    pub fn judge_next(&mut self, world: &World, run: &Run) {
        let when = "after the next run";
        self.note_held(world);
        let (outcome, exit) = if world.scenario.succeeds() { ("rotated", 0) } else { ("failed", 1) };
        if (run.word("outcome"), run.exit) != (outcome, Some(exit)) {
            let code = run.outcome["error"]["code"].as_str().unwrap_or("no error");
            self.violate(format!(
                "{when}: it ended as `{}` ({code}), not as `{outcome}`",
                run.word("outcome")
            ));
        }
        self.judge_record(when, world);
        self.judge_world(when, world, run);
        self.judge_words(when, world, run);
        for stray in self.strays(world) {
            self.judge_stray(when, world, &stray, names(run, &stray));
        }
        self.look(world);
    }

    /// Judges how everything ends.
    pub fn judge_recovery(&mut self, world: &World, run: &Run) {
        let when = "after `pamrun recover`";
        if run.exit != Some(0) {
            self.violate(format!("{when}: it ended with {:?}", run.exit));
        }
        self.judge_record(when, world);
        self.judge_world(when, world, run);
        for stray in self.strays(world) {
            self.violate(format!("{when}: 2. {} ({}) is still accepted", stray.key_id, name(&stray)));
        }
        for journal in world.journals() {
            for open in journal.open() {
                self.violate(format!("{when}: 2. rotation {open} is still open"));
            }
        }
    }

    /// 1: the record holds what the service accepts.
    fn judge_record(&mut self, when: &str, world: &World) {
        let held = world.held();
        let accepted = world.secrets().get(&held.key_id).is_some_and(|secret| secret.value == held.value);
        if !accepted {
            self.violate(format!(
                "{when}: 1. the record holds {}, and the service does not accept it",
                held.key_id
            ));
        }
    }

    /// Of 2 and 4: nothing else was touched, and nothing leaked.
    fn judge_world(&mut self, when: &str, world: &World, run: &Run) {
        let now = world.secrets();
        let journals = world.journals();
        let planned: BTreeSet<&str> = journals.iter().flat_map(Journal::planned_removals).collect();
        let added: Vec<_> = world.others.deeds().issued.iter().map(|issued| issued.key_id.clone()).collect();
        let there: BTreeSet<_> = self.known.keys().cloned().chain(added).collect();
        let is_stray = |id: &String| self.known.get(id).is_some_and(|secret| self.is_stray(world, secret));
        let is_gone = |id: &String| !now.contains_key(id) && !is_stray(id);
        let gone: Vec<_> = there.into_iter().filter(is_gone).collect();
        for id in &gone {
            let retired = match world.scenario.retire {
                _ if world.scenario.service == Service::Unprovable => false,
                Retire::All => true,
                Retire::Previous => self.held.contains(id),
                Retire::None => false,
            };
            let protected = world.protected.iter().any(|issued| issued.key_id == *id);
            if protected || !retired || !planned.contains(id.as_str()) {
                self.violate(format!("{when}: 2. {id} is gone, and was not ours to remove"));
            }
        }
        let outcome = run.word("outcome");
        if NOTHING_CHANGED.contains(&outcome) && !gone.is_empty() && self.fault != Fault::Elsewhere {
            self.violate(format!("{when}: 3. it is told as `{outcome}`, and {} is gone", gone.join(", ")));
        }
        let (record, mut expected) =
            (others_part(world.record()), others_part(world.azure.record.json.clone()));
        if let Some(title) = world.others.deeds().title {
            expected["title"] = title.into();
        }
        if record != expected {
            self.violate(format!("{when}: 2. what we do not write into the record has changed"));
        }
        if let Some(leak) = world.leak(run) {
            self.violate(format!("{when}: 4. {leak}"));
        }
        for breach in world.breaches() {
            self.violate(format!("a request that no client may send: {breach}"));
        }
    }

    /// 3: the document says what is true.
    fn judge_words(&mut self, when: &str, world: &World, run: &Run) {
        let Some(exit) = run.exit.filter(|_| !run.is_cut_short()) else { return };
        let outcome = run.word("outcome");
        if !EXITS.contains(&(outcome, exit)) {
            self.violate(format!("{when}: 3. `{outcome}` came with exit code {exit}"));
        }
        let now = world.secrets();
        let mut wrong = Vec::new();
        if NOTHING_CHANGED.contains(&outcome) {
            let rotation = run.word("rotation_id");
            let ours = |secret: &&PasswordCredential| !rotation.is_empty() && name(secret).contains(rotation);
            wrong.extend(now.values().filter(ours).map(|ours| format!("{} is accepted", ours.key_id)));
        }
        wrong.extend(
            run.list("removed")
                .into_iter()
                .filter(|id| now.contains_key(id))
                .map(|id| format!("{id} is told to be removed")),
        );
        if outcome == "rotated" {
            let retained = run.outcome["retained"].to_string();
            match saved(run) {
                None => wrong.push("nothing is told to be saved".to_owned()),
                Some(id) if self.held.contains(&id) => {}
                Some(id) => wrong.push(format!("the record never held {id}")),
            }
            if !run.outcome["error"].is_null() {
                wrong.push("an error is told".to_owned());
            }
            let mut expected = run.planned_removals();
            if world.scenario.retire == Retire::All {
                expected.extend(world.protected.iter().map(|issued| issued.key_id.clone()));
            }
            let unnamed = expected.into_iter().filter(|id| now.contains_key(id) && !retained.contains(id));
            wrong.extend(unnamed.map(|id| format!("{id} is left, and not told")));
        }
        for wrong in wrong {
            self.violate(format!("{when}: 3. it is told as `{outcome}`, but {wrong}"));
        }
    }

    /// Of 2: what we made and nobody uses is known and named.
    fn judge_stray(&mut self, when: &str, world: &World, stray: &PasswordCredential, named: bool) {
        let what = format!("{} ({})", stray.key_id, name(stray));
        let journals = world.journals();
        let known = journals.iter().flat_map(|journal| journal.open()).any(|id| name(stray).contains(id));
        if !known {
            self.violate(format!(
                "{when}: 2. {what} is accepted, and neither the vault nor a journal knows it"
            ));
        }
        if !named {
            self.violate(format!("{when}: 2. {what} is accepted, and not named"));
        }
    }

    fn strays(&self, world: &World) -> Vec<PasswordCredential> {
        world.secrets().into_values().filter(|secret| self.is_stray(world, secret)).collect()
    }

    /// Whether one of ours made it, and the record never held it.
    fn is_stray(&self, world: &World, secret: &PasswordCredential) -> bool {
        let is_protected = world.protected.iter().any(|issued| issued.key_id == secret.key_id);
        name(secret).starts_with("pamrun-") && !is_protected && !self.held.contains(&secret.key_id)
    }

    /// Notes whose secret the record holds, and held when others looked.
    fn note_held(&mut self, world: &World) {
        self.held.insert(world.held().key_id);
        self.held.extend(world.others.deeds().held.iter().cloned());
    }

    fn look(&mut self, world: &World) {
        self.known = world.secrets();
    }

    fn violate(&mut self, violation: String) {
        if !self.violations.contains(&violation) {
            self.violations.push(violation);
        }
    }
}

/// The id of the secret that a run says it saved.
fn saved(run: &Run) -> Option<String> {
    let updates = run.outcome["updates"].as_array().filter(|_| run.outcome["saved"] == true)?;
    let id = updates.iter().find(|update| update["label"] == HANDLE)?;
    Some(id["value"].as_str()?.to_owned())
}

/// Whether a run names a secret, by its id or by what its name begins with.
fn names(run: &Run, secret: &PasswordCredential) -> bool {
    let stem = name(secret).rsplit_once('.').map_or(name(secret), |(stem, _)| stem);
    run.stdout.contains(&secret.key_id) || run.stdout.contains(stem)
}

fn name(secret: &PasswordCredential) -> &str {
    secret.name.as_deref().unwrap_or_default()
}

/// A record without what a rotation writes.
fn others_part(mut record: Value) -> Value {
    let ours = |field: &Value| field["label"].as_str().is_some_and(|label| WRITTEN.contains(&label));
    let kept: Vec<Value> = fields(&record).filter(|field| !ours(field)).cloned().collect();
    record["fields"] = Value::Null;
    record["custom"] = kept.into();
    record["revision"] = Value::Null;
    record
}
