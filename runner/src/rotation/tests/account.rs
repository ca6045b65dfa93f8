//! An account at the service that accepts one password, and the good plugin that replaces it.

use std::time::Duration;

use super::fakes::{broken, fine, told};
use super::faults::{Ending, StepFault};
use super::world::{APP, State, Version, World};
use crate::model::{Carried, Credential, Place, Plan, Proof, Removed, StepName, Undone, Update};
use crate::rotation::*;
use crate::secret::Secret;

/// The account, and what the gateway has to do with it.
#[derive(Debug, Clone, Default)]
pub struct Account {
    /// Whether it is the account that is rotated.
    pub is_rotated: bool,
    /// The one password that works.
    pub accepts: String,
    /// Passwords on their way to the service.
    pub arriving: Vec<(Duration, String)>,
    /// What the gateway proposes, and what that replaces.
    pub proposed: Option<String>,
    pub replaced: Option<String>,
    /// Whether the gateway has overwritten the only password that works, which no hidden field
    /// kept: none stood there, or somebody had set it by hand while one did.
    pub is_overwritten: bool,
    /// How often the password was changed.
    pub changes: usize,
}

impl Account {
    /// The hidden field of another gateway that has found out what works.
    pub fn taken_over(&self) -> String {
        let Self { accepts, .. } = self;
        format!(r#"{{"new":"theirs","old":"{accepts}","rotation_id":"elsewhere","until":9000000000}}"#)
    }

    /// What preflight notes for the later steps: from when the password is that works.
    fn noted(&self) -> String {
        format!("as of change {}", self.changes)
    }

    pub fn catch_up(&mut self, now: Duration) {
        self.arriving.sort_by_key(|(at, _)| *at);
        while self.arriving.first().is_some_and(|(at, _)| *at <= now) {
            let (_, password) = self.arriving.remove(0);
            self.accepts = password;
            self.changes += 1;
        }
    }
}

impl Version {
    /// What the hidden field holds under a key.
    pub fn pending(&self, key: &str) -> Option<String> {
        let pending: serde_json::Value = serde_json::from_str(&self.pending).ok()?;
        Some(pending.get(key)?.as_str()?.to_owned())
    }

    /// Tells whether the record holds the password, as current or as pending value.
    pub fn knows(&self, password: &str) -> bool {
        let pending = ["new", "old"].map(|key| self.pending(key));
        self.password == password || pending.iter().flatten().any(|pending| pending == password)
    }
}

impl State {
    /// Notes what an update of ours must never do.
    pub fn judge_update(&mut self, updates: &[Update]) {
        let proposed = self.account.proposed.clone();
        let password = updates.iter().find(|update| update.label == "password");
        if let (Some(proposed), Some(update)) = (proposed, password)
            && update.values[0].expose() != proposed
        {
            self.breach("a password was saved that the gateway did not propose");
        }
    }

    /// Notes what a new version of the record does to what is known of the password.
    pub fn judge_password(&mut self, next: &Version) {
        if !self.account.is_rotated {
            return;
        }
        let account = &self.account;
        if !self.version().pending.is_empty() && next.pending.is_empty() && !account.arriving.is_empty() {
            self.breach("the hidden field was dropped while a write was on its way");
        }
        // The gateway does not ask whether anybody still needs what it overwrites.
        let is_proposed = Some(&next.password) == self.account.proposed.as_ref();
        let by_gateway = is_proposed && next.pending == self.version().pending;
        self.account.is_overwritten =
            !next.knows(&self.account.accepts) && (by_gateway || self.account.is_overwritten);
    }

    /// Lets somebody change the record.
    pub fn edit(&mut self, change: impl FnOnce(&mut Version)) {
        let mut next = self.version().clone();
        change(&mut next);
        next.revision += 1;
        self.land(next);
    }

    /// Lets somebody see to it that the record is about the account whose password it holds.
    pub fn put_the_target_right(&mut self) {
        let id = self.version().pending("rotation_id");
        let open = self.open_rotations().into_iter().find(|open| Some(&open.rotation_id) == id.as_ref());
        if let Some(intent) = open.as_ref().and_then(OpenRotation::intent) {
            let app = if intent.plan.target == APP { APP } else { "app-2" };
            self.edit(|version| version.app = app);
        }
    }

    /// Whether a step is given what preflight noted before anything was changed.
    fn judge_note(&mut self, step: StepName, call: &Call<'_>, plan: &Plan) {
        let intent = self.entries_of(&call.request.rotation_id).into_iter().find_map(|entry| match entry {
            Entry::Intent(intent) => Some(intent.plan.carried.context.clone()),
            _ => None,
        });
        let given = &plan.carried.context;
        if let Some(noted) = intent.filter(|noted| noted != given) {
            self.breach(format!("{step} was given the note {given:?}, and {noted:?} is the first one"));
        }
    }

    /// Sets the proposed password, under a fault; returns the handle of the change.
    fn set_password(&mut self, step: StepName, call: &Call<'_>, plan: &Plan) -> StepResult<String> {
        self.enter(step, call);
        self.judge_note(step, call, plan);
        let entries = self.entries_of(&call.request.rotation_id);
        if !matches!(entries.last(), Some(Entry::Try { .. })) {
            self.breach(format!("{step} was called before it was journaled"));
        }
        let Some(password) = call.request.proposed.as_ref().map(|value| value.expose().to_owned()) else {
            self.breach(format!("{step} was not told the password"));
            return broken(Ending::Denied.error(), Change::None);
        };
        let key = if step == StepName::Rotate { "new" } else { "old" };
        let expected = self.version().pending(key);
        if expected.as_ref() != Some(&password) {
            self.breach(format!("{step} was told {password:?}, and the record holds {expected:?} as {key}"));
        }
        let fault = self.rotate.pop_front().unwrap_or_default();
        self.now += Duration::from_secs(fault.takes).min(call.budget);
        let lands = if fault.ending.is_none() { Some(0) } else { fault.lands };
        if let Some(after) = lands {
            self.account.arriving.push((self.now + Duration::from_secs(after), password));
        }
        self.catch_up();
        match fault.ending {
            Some(ending) => {
                let is_refused = lands.is_none() && !fault.is_possible && ending.promises_no_change();
                broken(ending.error(), if is_refused { Change::Refused } else { Change::Possible })
            }
            None => fine(format!("change-{}", self.account.changes)),
        }
    }

    fn look_at_account(&mut self, call: &Call<'_>) -> StepResult<Plan> {
        self.enter(StepName::Preflight, call);
        if let Some(StepFault::Ends(ending)) = self.preflight.pop_front() {
            return broken(ending.error(), Change::None);
        }
        self.here.planned_app = told(call, "application_object_id");
        fine(Plan {
            target: self.here.planned_app.clone(),
            creates: "a password".into(),
            removes: vec![],
            carried: Carried { context: self.account.noted(), ..Carried::default() },
            ..Plan::default()
        })
    }

    fn try_password(&mut self, call: &Call<'_>, plan: &Plan, credential: &Credential) -> StepResult<Proof> {
        self.enter(StepName::Verify, call);
        self.judge_note(StepName::Verify, call, plan);
        let right = credential.updates[0].values[0].expose() == self.account.accepts;
        match self.verify.pop_front().unwrap_or_default() {
            StepFault::Ends(ending) => broken(ending.error(), Change::None),
            StepFault::Unproven => fine(Proof::Unproven("no way to log in".into())),
            _ if right => fine(Proof::Verified),
            _ => broken(Ending::Wrong.error(), Change::None),
        }
    }
}

/// The plugin that replaces the password.
pub struct PasswordPlugin(pub World);

#[async_trait::async_trait(?Send)]
impl Plugin for PasswordPlugin {
    async fn preflight(&mut self, call: Call<'_>) -> StepResult<Plan> {
        self.0.act(|state| state.look_at_account(&call)).await
    }

    async fn rotate(&mut self, call: Call<'_>, plan: &Plan) -> StepResult<Credential> {
        let StepResult { result, trace } =
            self.0.act(|state| state.set_password(StepName::Rotate, &call, plan)).await;
        let values = call.request.proposed.iter().map(|value| Secret::new(value.expose())).collect();
        let update =
            Update { label: "password".into(), place: Place::Standard, kind: "password".into(), values };
        let credential = |handle| Credential { handle, updates: vec![update], expires: None };
        StepResult { result: result.map(credential), trace }
    }

    async fn verify(&mut self, call: Call<'_>, plan: &Plan, credential: &Credential) -> StepResult<Proof> {
        self.0.act(|state| state.try_password(&call, plan, credential)).await
    }

    async fn commit(&mut self, _call: Call<'_>, _plan: &Plan, _handle: &str) -> StepResult<Vec<Removed>> {
        self.0.0.borrow_mut().breach("an in-place rotation has nothing to commit");
        fine(Vec::new())
    }

    async fn rollback(&mut self, call: Call<'_>, plan: &Plan, _handle: Option<&str>) -> StepResult<Undone> {
        let StepResult { result, trace } =
            self.0.act(|state| state.set_password(StepName::Rollback, &call, plan)).await;
        StepResult { result: result.map(|id| Undone { seen: vec![id.clone()], gone: vec![id] }), trace }
    }
}
