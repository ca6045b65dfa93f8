//! What the engine is told of a step: the plugin's judgement, as far as it is one, and what the host knows.

use std::time::Duration;

use pamrun_contract::account::State;
use pamrun_contract::manifest::{Effect, Strategy};

use super::session::Session;
use super::trouble::Trouble;
use super::way::Way;
use crate::model::{
    Credential, Failure, FailureKind, Finding, Listed, Plan, Proof, Removed, Role, Slots, Undone, Update,
};
use crate::rotation::{Change, StepError, is_marker_of_rotation};

/// What a plugin says that preflight found.
#[derive(Debug, Clone, Default)]
pub struct Planned {
    /// What will be made, in words.
    pub creates: String,
    /// The ids that commit is to remove.
    pub removes: Vec<String>,
    /// How many credentials there are, and may be.
    pub slots: Option<Slots>,
    /// Its note to later steps.
    pub context: String,
    /// What an operator should know.
    pub findings: Vec<Finding>,
}

/// What a plugin says that rotate made.
#[derive(Debug, Clone, Default)]
pub struct Rotated {
    /// The id of it.
    pub id: Option<String>,
    /// The fields that the manifest leaves to it.
    pub returns: Vec<(String, String)>,
    /// When it ends.
    pub expires: Option<String>,
}

impl Session {
    /// Makes the plan of what preflight found, with the target and what the host saw.
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn plan(&mut self, way: &dyn Way, planned: Planned) -> Result<Plan, StepError> {
        let Planned { creates, removes, slots, context, findings } = planned;
        let (target, carried) = self.bind(way, context).await.map_err(stopped)?;
        self.judge_proposed(way)?;
        let removes = removes.into_iter().map(|id| self.planned(id)).collect::<Result<Vec<_>, _>>()?;
        let is_disabled = |listed: &Listed| self.listed.get(&listed.id).is_some_and(|item| item.disabled);
        let full = slots.and_then(|slots| slots.full(&target, removes.iter().any(is_disabled)));
        full.map_or(Ok(()), |failure| Err(StepError::Failure(failure)))?;
        Ok(Plan { target, creates, removes, findings, carried })
    }

    /// An id that commit may remove: one that a listing showed, and, unless the manifest says otherwise, that
    /// the record names.
    fn planned(&self, id: String) -> Result<Listed, StepError> {
        let Some(item) = self.listed.get(&id) else {
            let why = "the plugin's plan removes an id that no listing of preflight shows; plan what a request with `lists` gave";
            return Err(StepError::Contract(why.to_owned()));
        };
        let is_named = || {
            let own = self.inputs.iter().filter(|group| group.role == Role::Target);
            let mut values = own.flat_map(|group| &group.values);
            values.any(|(_, value)| value.to_text().is_ok_and(|text| *text == id))
        };
        if self.manifest.removes.is_none() && !is_named() {
            let why = format!(
                "the plugin's plan removes {id}, which the record does not name; only with `removes = \"listed\"` in its manifest may it remove others"
            );
            return Err(StepError::Contract(why));
        }
        let expires = item.expires.clone();
        Ok(Listed { label: item.label.clone().unwrap_or_default(), expires, id })
    }

    /// Makes the credential of what rotate made.
    ///
    /// # Errors
    /// What contradicts what the host knows.
    pub fn credential(&mut self, way: &dyn Way, rotated: Rotated) -> Result<Credential, StepError> {
        let Rotated { id, returns, expires } = rotated;
        let handle = match self.manifest.strategy {
            Strategy::Overlap => {
                let Some(made) = self.account.made().map(str::to_owned) else {
                    let why = "the plugin says that rotate is done, and no request of it created anything; call one that creates, or return a failure";
                    return Err(StepError::Contract(why.to_owned()));
                };
                if id.is_some_and(|id| id != made) {
                    let why = "the plugin returned another id than the one that was created; return the `id` of that answer";
                    return Err(StepError::Contract(why.to_owned()));
                }
                made
            }
            Strategy::InPlace => {
                self.must_have(Effect::Updates)?;
                id.unwrap_or_else(|| self.step.rotation_id.clone())
            }
            Strategy::Deliver => id.unwrap_or_else(|| self.step.rotation_id.clone()),
        };
        let updates = self.returned(way, &returns)?;
        self.step.handle = Some(handle.clone());
        Ok(Credential { handle, updates, expires })
    }

    fn must_have(&self, effect: Effect) -> Result<(), StepError> {
        let is_done = self.account.since(self.step.effects_before).any(|state| state == State::Done);
        if is_done || !self.declares(effect) {
            return Ok(());
        }
        let why = "the plugin says that rotate is done, and no request of it changed anything";
        Err(StepError::Contract(why.to_owned()))
    }

    /// What verify proved.
    #[must_use]
    pub fn proof(&self, proof: Proof) -> Proof {
        match proof {
            Proof::Verified if !self.account.is_verified(true) => Proof::Unproven(
                "the plugin calls it verified, but no request that carries the new credential, and takes anything of its answer, succeeded"
                    .to_owned(),
            ),
            proof => proof,
        }
    }

    /// What became of what commit was to remove: what the host saw, and not what the plugin says.
    #[must_use]
    pub fn removed(&self, ids: impl IntoIterator<Item = String>) -> Vec<Removed> {
        ids.into_iter().map(|id| Removed { gone: self.is_gone(&id), id }).collect()
    }

    /// What rollback found of this rotation.
    #[must_use]
    pub fn undone(&self, said: &[String]) -> Undone {
        let is_ours = |id: &&String| {
            let label = self.listed.get(*id).and_then(|item| item.label.as_deref());
            label.is_some_and(|label| is_marker_of_rotation(label, &self.step.marker))
                || self.step.handle.as_deref() == Some(id.as_str())
        };
        let mut seen: Vec<String> = self.step.shown.iter().filter(is_ours).cloned().collect();
        let gone_of_said = said.iter().filter(is_ours);
        for id in gone_of_said.chain(&self.step.handle) {
            if !seen.contains(id) && self.is_gone(id) {
                seen.push(id.clone());
            }
        }
        let gone = seen.iter().filter(|id| self.is_gone(id)).cloned().collect();
        Undone { seen, gone }
    }

    /// Whether a listing showed anything in this step.
    #[must_use]
    pub fn has_listed(&self) -> bool {
        !self.step.shown.is_empty()
    }

    fn is_gone(&self, id: &str) -> bool {
        self.account.is_retired(id, Effect::Deletes) || self.account.is_gone(id)
    }

    /// Whether the step may have changed its target.
    #[must_use]
    pub fn change(&self) -> Change {
        let states: Vec<State> = self.account.since(self.step.effects_before).collect();
        if states.iter().any(|state| *state != State::NotDone) {
            Change::Possible
        } else if self.step.has_written {
            Change::Refused
        } else {
            Change::None
        }
    }

    /// Whether an effect of the step is open: then it is uncertain, whatever the plugin says.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.account.since(self.step.effects_before).any(|state| state == State::Open)
    }

    /// The id of what this try made, whatever became of the step; also of an answer that was no clear success.
    #[must_use]
    pub fn made(&self) -> Option<&str> {
        let is_overlap = self.manifest.strategy == Strategy::Overlap;
        self.account.made().or(self.step.made_unclearly.as_deref()).filter(|_| is_overlap)
    }

    /// The new values that a step has in hand which failed after it made something.
    pub fn in_hand(&mut self, way: &dyn Way) -> Vec<Update> {
        if self.account.made().is_none() {
            return Vec::new();
        }
        self.returned(way, &[]).unwrap_or_default()
    }
}

/// How a step ends that a call stopped.
fn stopped(trouble: Trouble) -> StepError {
    let failure = |kind, code: &str, message: String| {
        StepError::Failure(Failure { kind, code: code.to_owned(), message, fix: None })
    };
    match trouble {
        Trouble::Ended(error) => error,
        Trouble::Refused(deny) => StepError::Refused(deny),
        Trouble::Uncertain(why) => failure(FailureKind::Uncertain, "answer-lost", why),
        Trouble::Rejected(rejection) => failure(
            FailureKind::Denied,
            "rejected",
            format!("the service refused `{}` with status {}", rejection.request, rejection.status),
        ),
        Trouble::Unavailable(rejection) => failure(
            FailureKind::Unavailable { retry_after: rejection.retry_after.map(seconds) },
            "unavailable",
            format!("`{}` got no answer that can be used", rejection.request),
        ),
    }
}

/// Whole seconds, rounded up.
pub(crate) fn seconds(duration: Duration) -> u32 {
    let up = u64::from(duration.subsec_nanos() > 0);
    u32::try_from(duration.as_secs().saturating_add(up)).unwrap_or(u32::MAX)
}
