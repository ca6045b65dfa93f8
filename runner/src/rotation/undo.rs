//! Rollback: removes what this rotation made, and says that it is gone only when that is proven.
//!
//! Absence is not proof. Lists lag behind, and a slow write may land after its sender gave up: a
//! credential of ours is gone when it was seen and then removed, or when nothing of ours shows in
//! two looks in a row, the second of them once the settle window has passed.

use std::collections::BTreeSet;

use super::engine::{Engine, Ready, Tries};
use super::records::has_id;
use super::{Entry, Job, StepResult, Stop, Trouble, marker, marker_stem};
use crate::model::{Listed, StepName, Undone};

/// What is left of what this rotation made.
pub(super) enum Strays {
    /// What the last try made was seen, and all that was seen is removed.
    Removed,
    /// Nothing is there, and nothing can show up any more.
    Absent,
    /// It could not be proven, for this reason.
    Unproven(String),
}

impl Engine<'_> {
    /// Rolls back, after a failure that ends the rotation with `stop`; returns how it ends then.
    pub(super) async fn roll_back(&mut self, ready: &Ready, handle: Option<&str>, stop: Stop) -> Stop {
        let strays = self.remove_strays(ready, handle).await;
        self.after_removing(ready, strays, stop).await
    }

    /// How a rotation ends that failed with `stop`, given what is left of it.
    pub(super) async fn after_removing(&mut self, ready: &Ready, strays: Strays, stop: Stop) -> Stop {
        match strays {
            Strays::Removed | Strays::Absent => self.without_a_trace(stop),
            Strays::Unproven(why) => {
                let besides = format!("it is not known whether the new credential is gone: {why}");
                let Job { record_uid, rotation_id, .. } = self.job;
                let hint = what_to_look_for(record_uid, rotation_id, &ready.plan.target);
                self.keep_in_hand(stop.uncertain(&besides, hint)).await
            }
        }
    }

    /// How a rotation ends that failed with `stop` and left nothing behind.
    pub(super) fn without_a_trace(&mut self, stop: Stop) -> Stop {
        self.let_go();
        self.close(Entry::RolledBack);
        stop
    }

    /// Lists a credential of this rotation as left alive.
    pub(super) fn retain_stray(&mut self, id: &str) {
        let label = marker(&self.job.record_uid, &self.job.rotation_id, self.tries.count);
        self.retain(Listed { id: id.to_owned(), label, expires: None });
    }

    /// Has the plugin remove what this rotation made, until that is proven to be gone or there is
    /// no more to be done about it.
    pub(super) async fn remove_strays(&mut self, ready: &Ready, handle: Option<&str>) -> Strays {
        let given_up_at = self.clock.elapsed() + self.job.limits.settle_window;
        let Tries { settled_at, unsettled, .. } = self.tries;
        let mut sight = Sight::default();
        let mut missed = false;
        let mut retry = self.retry();
        let why = loop {
            let mut until_settled = None;
            let StepResult { result, trace } = self.roll_back_once(ready, handle).await;
            let (why, trouble) = match result {
                Ok(undone) => {
                    let shows = sight.add(undone, &ready.taken, &self.tries.settled);
                    let now = self.clock.elapsed();
                    if sight.shows_the_end(handle, unsettled) {
                        self.tries.settled.append(&mut sight.gone);
                        return Strays::Removed;
                    }
                    if shows {
                        missed = false;
                        let trouble = (now < given_up_at).then_some(Trouble::NotYet);
                        ("it was seen, and could not be removed".to_owned(), trouble)
                    } else if missed && now >= settled_at {
                        return Strays::Absent;
                    } else {
                        missed = true;
                        until_settled = Some(settled_at.saturating_sub(now)).filter(|left| !left.is_zero());
                        ("it was not seen, and may still show up".to_owned(), Some(Trouble::NotYet))
                    }
                }
                Err(error) => {
                    // What the host saw go is gone, however the step ended. Whether that is all of it, only its
                    // known id tells: the step may not have come to the others.
                    let shows = sight.add(trace.saw, &ready.taken, &self.tries.settled);
                    if !shows && handle.is_some() && sight.shows_the_end(handle, unsettled) {
                        self.tries.settled.append(&mut sight.gone);
                        return Strays::Removed;
                    }
                    (error.to_string(), error.trouble(StepName::Rollback))
                }
            };
            let spare = self.spare(StepName::Rollback);
            if !self.hold_on(&mut retry, trouble, until_settled.map_or(spare, |left| left.min(spare))).await {
                break why;
            }
        };
        sight.alive().for_each(|id| self.retain_stray(id));
        if let Some(handle) = handle.filter(|handle| !has_id(&sight.gone, handle)) {
            self.retain_stray(handle);
        }
        Strays::Unproven(why)
    }

    async fn roll_back_once(&mut self, ready: &Ready, handle: Option<&str>) -> StepResult<Undone> {
        let strays = self.strays(ready);
        let rollback = self.call(StepName::Rollback, &ready.prepared, strays, async |plugin, call| {
            plugin.rollback(call, &ready.plan, handle).await
        });
        rollback.await
    }
}

/// What to do by hand about a credential that may be left behind.
pub(super) fn what_to_look_for(record_uid: &str, rotation_id: &str, target: &str) -> String {
    format!(
        "look at {target} for credentials whose name begins with {} and remove those that record {record_uid} does not use",
        marker_stem(record_uid, rotation_id)
    )
}

/// What rollbacks saw of the last try.
#[derive(Default)]
struct Sight {
    seen: BTreeSet<String>,
    gone: BTreeSet<String>,
}

impl Sight {
    /// Adds what one rollback saw, but for what earlier tries made; tells whether any of it is
    /// alive. That something is gone which was never ours to remove (`taken`) is not believed.
    fn add(&mut self, undone: Undone, taken: &BTreeSet<String>, settled: &BTreeSet<String>) -> bool {
        let is_new = |id: &String| !has_id(settled, id);
        self.gone.extend(undone.gone.into_iter().filter(|id| is_new(id) && !has_id(taken, id)));
        let seen: BTreeSet<String> = undone.seen.into_iter().filter(is_new).collect();
        let shows = seen.iter().any(|id| !has_id(&self.gone, id));
        self.seen.extend(seen);
        shows
    }

    fn alive(&self) -> impl Iterator<Item = &str> {
        self.seen.iter().filter(|id| !has_id(&self.gone, id)).map(String::as_str)
    }

    /// Tells whether what the last try made was seen and is removed, and nothing else is left.
    fn shows_the_end(&self, handle: Option<&str>, unsettled: usize) -> bool {
        let removed = match handle {
            Some(handle) => has_id(&self.gone, handle),
            None => self.gone.len() >= unsettled,
        };
        removed && self.alive().next().is_none()
    }
}
