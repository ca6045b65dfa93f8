//! What is promised of an app's secrets.

use std::collections::{BTreeMap, BTreeSet};

use super::{NOTHING_CHANGED, Stage, SubjectJudge};
use crate::cloud::PasswordCredential;
use crate::gateway::Run;
use crate::sweep::fault::Fault;
use crate::sweep::journal::Journal;
use crate::sweep::scenario::{Retire, Service};
use crate::sweep::world::{AppCast, World};

/// Judges what became of an app's secrets.
pub(super) struct AppJudge<'a> {
    world: &'a World,
    app: &'a AppCast,
    fault: Fault,
    /// The ids of all secrets that the record is known to have held.
    held: BTreeSet<String>,
    /// The secrets that there were when last looked.
    known: BTreeMap<String, PasswordCredential>,
}

impl SubjectJudge for AppJudge<'_> {
    fn see(&mut self) -> Vec<String> {
        self.note_held();
        self.judge_record()
    }

    fn judge(&mut self, stage: Stage, run: &Run) -> Vec<String> {
        self.note_held();
        let mut wrong = self.judge_record();
        wrong.extend(self.judge_removals(run));
        if stage != Stage::Recovery && !run.is_cut_short() {
            wrong.extend(self.judge_words(run));
        }
        for stray in self.strays() {
            let (id, name) = (&stray.key_id, name(&stray));
            if !self.is_open(&stray) {
                wrong.push(format!("2. {id} ({name}) is accepted, and neither vault nor journal knows it"));
            }
            let named = match stage {
                Stage::Disturbed => {
                    run.is_cut_short() || run.word("outcome") == "uncertain" && names(run, &stray)
                }
                Stage::Next => names(run, &stray),
                Stage::Recovery => false,
            };
            if !named {
                wrong.push(format!("2. {id} ({name}) is accepted, and not named"));
            }
        }
        if stage == Stage::Disturbed {
            wrong.extend(self.judge_others_rotation(run));
        }
        self.known = self.secrets();
        wrong
    }
}

impl<'a> AppJudge<'a> {
    pub fn new(world: &'a World, app: &'a AppCast, fault: Fault) -> Self {
        let held = BTreeSet::from([AppCast::held_in(&world.record.json).key_id]);
        Self { world, app, fault, held, known: app.secrets(world) }
    }

    fn secrets(&self) -> BTreeMap<String, PasswordCredential> {
        self.app.secrets(self.world)
    }

    /// Notes whose secret the record holds, and held when others looked.
    fn note_held(&mut self) {
        self.held.insert(AppCast::held_in(&self.world.saved()).key_id);
        self.held.extend(self.world.others.deeds().held.iter().cloned());
    }

    /// 1: the record holds what the service accepts.
    fn judge_record(&self) -> Vec<String> {
        let held = AppCast::held_in(&self.world.saved());
        if self.secrets().get(&held.key_id).is_some_and(|secret| secret.value == held.value) {
            return Vec::new();
        }
        vec![format!("1. the record holds {}, and the service does not accept it", held.key_id)]
    }

    /// Of 2: nothing was removed but what was planned and may be.
    fn judge_removals(&self, run: &Run) -> Vec<String> {
        let now = self.secrets();
        let journals = self.world.journals();
        let planned: BTreeSet<&str> = journals.iter().flat_map(Journal::planned_removals).collect();
        let mut there: BTreeSet<_> = self.known.keys().cloned().collect();
        there.extend(self.world.others.deeds().issued.iter().cloned());
        let is_stray = |id: &String| self.known.get(id).is_some_and(|secret| self.is_stray(secret));
        let gone: Vec<_> = there.into_iter().filter(|id| !now.contains_key(id) && !is_stray(id)).collect();
        let may_go = |id: &String| {
            let retired = match self.app.retire {
                _ if self.app.service == Service::Unprovable => false,
                Retire::All => true,
                Retire::Previous => self.held.contains(id),
                Retire::None => false,
            };
            retired && planned.contains(id.as_str()) && !self.app.protected.contains(id)
        };
        let taken = gone.iter().filter(|id| !may_go(id));
        let mut wrong: Vec<_> =
            taken.map(|id| format!("2. {id} is gone, and was not ours to remove")).collect();
        let outcome = run.word("outcome");
        if NOTHING_CHANGED.contains(&outcome) && !gone.is_empty() && self.fault != Fault::Elsewhere {
            wrong.push(format!("3. it is told as `{outcome}`, and {} is gone", gone.join(", ")));
        }
        wrong
    }

    /// 3: the document says what is true.
    fn judge_words(&self, run: &Run) -> Vec<String> {
        let (outcome, now) = (run.word("outcome"), self.secrets());
        let mut wrong = Vec::new();
        if NOTHING_CHANGED.contains(&outcome) {
            let rotation = run.word("rotation_id");
            let ours = |secret: &&PasswordCredential| !rotation.is_empty() && name(secret).contains(rotation);
            wrong.extend(now.values().filter(ours).map(|ours| format!("{} is accepted", ours.key_id)));
        }
        let back = run.list("removed").into_iter().filter(|id| now.contains_key(id));
        wrong.extend(back.map(|id| format!("{id} is told to be removed")));
        if outcome == "rotated" {
            match saved(run) {
                None => wrong.push("nothing is told to be saved".to_owned()),
                Some(id) if self.held.contains(&id) => {}
                Some(id) => wrong.push(format!("the record never held {id}")),
            }
            if !run.outcome["error"].is_null() {
                wrong.push("an error is told".to_owned());
            }
            let planned = run.planned_removals();
            let left = planned.iter().filter(|id| now.contains_key(*id) && !self.may_stay(run, id));
            wrong.extend(left.map(|id| format!("{id} was to be removed, and is left")));
            let retained = run.outcome["retained"].to_string();
            let protected = self.app.protected.iter().filter(|_| self.app.retire == Retire::All);
            let expected = planned.iter().chain(protected);
            let unnamed = expected.filter(|id| now.contains_key(*id) && !retained.contains(*id));
            wrong.extend(unnamed.map(|id| format!("{id} is left, and not told")));
        }
        wrong.into_iter().map(|wrong| format!("3. it is told as `{outcome}`, but {wrong}")).collect()
    }

    /// Whether a rotation that succeeds may leave what it planned to remove: when nobody could prove the new
    /// secret, or a record names the old one by then.
    fn may_stay(&self, run: &Run, id: &str) -> bool {
        run.word("proof") != "verified"
            || self.app.protected.iter().any(|kept| kept == id)
            || AppCast::held_in(&self.world.saved()).key_id == id
    }

    /// Of 2: what others saved to the record meanwhile is still there, unless it was read and replaced.
    fn judge_others_rotation(&self, run: &Run) -> Option<String> {
        let deeds = self.world.others.deeds();
        let held = AppCast::held_in(&self.world.saved()).key_id;
        let lost = match (&deeds.rotated, deeds.run.as_ref().and_then(saved)) {
            (Some((theirs, _)), _) => *theirs != held,
            (None, Some(theirs)) => theirs != held && saved(run) != Some(held),
            (None, None) => false,
        };
        lost.then(|| "2. what somebody else had saved to the record is overwritten".to_owned())
    }

    fn is_open(&self, stray: &PasswordCredential) -> bool {
        let journals = self.world.journals();
        journals.iter().flat_map(|journal| journal.open()).any(|id| name(stray).contains(id))
    }

    fn strays(&self) -> Vec<PasswordCredential> {
        self.secrets().into_values().filter(|secret| self.is_stray(secret)).collect()
    }

    /// Whether one of ours made it, and the record never held it.
    fn is_stray(&self, secret: &PasswordCredential) -> bool {
        let is_known = self.app.protected.contains(&secret.key_id) || self.held.contains(&secret.key_id);
        name(secret).starts_with("pamrun-") && !is_known
    }
}

/// The id of the secret that a run says it saved.
fn saved(run: &Run) -> Option<String> {
    let updates = run.outcome["updates"].as_array().filter(|_| run.outcome["saved"] == true)?;
    let id = updates.iter().find(|update| update["label"] == AppCast::WRITTEN[0])?;
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
