//! What a plugin's answers must keep to before anything is built on them.

use std::collections::BTreeSet;

use super::Job;
use super::marker::is_marker_of_another;
use super::records::{has_id, names, same_id};
use crate::model::{Credential, KnownField, Listed, Place, Plan, Record, ReturnedField, Update};
use crate::secret::{Redactor, Secret};
use crate::text::quoted;

/// The live secrets of a run, as far as the engine needs them.
pub trait Secrets {
    /// Learns a value that stays secret until the end of the run.
    fn learn(&self, secret: &Secret);
    /// Tells whether the text holds a known secret, in any encoding.
    fn finds_secret_in(&self, text: &str) -> bool;
}

impl Secrets for Redactor {
    fn learn(&self, secret: &Secret) {
        Self::learn(self, secret);
    }

    fn finds_secret_in(&self, text: &str) -> bool {
        Self::finds_secret_in(self, text)
    }
}

/// Judges a plan.
///
/// # Errors
/// What is wrong with it: no target, an entry without an id, or a secret in it.
pub(super) fn judge_plan(plan: &Plan, secrets: &dyn Secrets) -> Result<(), &'static str> {
    if plan.target.trim().is_empty() {
        return Err("the plugin's plan names no target");
    }
    if plan.removes.iter().any(|listed| listed.id.trim().is_empty()) {
        return Err("the plugin's plan lists a credential without an id");
    }
    let listed = plan.removes.iter().flat_map(|listed| {
        [Some(&listed.id), Some(&listed.label), listed.expires.as_ref()].into_iter().flatten()
    });
    let found = plan.findings.iter().flat_map(|finding| {
        [Some(&finding.code), Some(&finding.message), finding.fix.as_ref()].into_iter().flatten()
    });
    let own = [&plan.target, &plan.creates, &plan.carried.context];
    let mut texts = own.into_iter().chain(found).chain(listed);
    if texts.any(|text| secrets.finds_secret_in(text)) {
        return Err("the plugin's plan contains a secret; it must hold only what may be journaled");
    }
    Ok(())
}

/// A credential that the plugin planned to remove and that stays, with the reason.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Spared {
    pub(super) listed: Listed,
    pub(super) why: String,
}

/// Takes out of the plan what is not this rotation's to remove: what another record at hand
/// names, and what a rotation of another record made. What is listed twice stays once.
pub(super) fn spare(plan: &mut Plan, record_uid: &str, records: &[Record]) -> Vec<Spared> {
    let mut removes: Vec<Listed> = Vec::new();
    let mut spared = Vec::new();
    for listed in std::mem::take(&mut plan.removes) {
        if removes.iter().any(|known| same_id(&known.id, &listed.id)) {
            continue;
        }
        let mut others = records.iter().filter(|record| record.uid != record_uid);
        let why = if let Some(other) = others.find(|record| names(record, &listed.id)) {
            format!("record {} names it", other.uid)
        } else if is_marker_of_another(&listed.label, record_uid) {
            "a rotation of another record made it".to_owned()
        } else {
            removes.push(listed);
            continue;
        };
        spared.push(Spared { listed, why });
    }
    plan.removes = removes;
    spared
}

/// Settles which of an answer's values are secret, before anything prints, learns or saves them.
pub(super) fn settle(credential: &mut Credential, target: &Record, job: &Job) {
    let Credential { handle, updates, .. } = credential;
    for update in updates {
        let field = target.field_in(update.place, &update.label, &update.kind);
        let field = field.map(|field| KnownField { kind: field.kind, is_screened: field.is_screened });
        let is_it =
            |returned: &&ReturnedField| returned.label == update.label && returned.place == update.place;
        let returned = job.returns.iter().find(is_it).map(|returned| returned.kind.as_str());
        update.settle(field, returned, handle);
    }
}

/// Takes note of what a new credential's values are, secret or not, and judges its handle.
/// `taken` are the ids that the plan or a record names.
///
/// # Errors
/// What is wrong with it: empty, not new, or secret.
pub(super) fn judge_handle(
    credential: &Credential,
    taken: &BTreeSet<String>,
    secrets: &dyn Secrets,
) -> Result<(), &'static str> {
    let secret = credential.updates.iter().filter(|update| update.is_secret());
    secret.flat_map(Update::secrets).for_each(|value| secrets.learn(&value));

    let handle = &credential.handle;
    if handle.trim().is_empty() {
        Err("the plugin returned no handle for the new credential")
    } else if has_id(taken, handle) {
        Err("the plugin returned the handle of a credential that was there before")
    } else if secrets.finds_secret_in(handle) {
        Err("the plugin returned a handle that contains a secret; a handle is journaled")
    } else {
        Ok(())
    }
}

/// Judges which fields a new credential would have us save.
///
/// # Errors
/// What is wrong with it: as for [`judge_fields`], or that the record could not tell which credential
/// it holds.
pub(super) fn judge_updates(credential: &Credential, job: &Job) -> Result<(), String> {
    judge_fields(&credential.updates, job)?;
    let holds_handle = |values: &[Secret]| matches!(values, [only] if only.expose() == credential.handle);
    match credential.updates.iter().filter(|update| holds_handle(&update.values)).count() {
        1 => Ok(()),
        count => {
            Err(format!("the plugin returned {count} updates whose value is the handle, and it must be one"))
        }
    }
}

/// Judges which fields would be saved.
///
/// # Errors
/// What is wrong with them: a field that may not be returned, or one named twice.
pub(super) fn judge_fields(updates: &[Update], job: &Job) -> Result<(), String> {
    for (at, update) in updates.iter().enumerate() {
        let field = |label: &str, place| label == update.label && place == update.place;
        // A type that says secret is nobody's but the settled one.
        let named = |returned: &ReturnedField| {
            field(&returned.label, returned.place) && (returned.kind == update.kind || update.is_secret())
        };
        let is_free = job.any_custom && update.place == Place::Custom;
        if !is_free && !job.returns.iter().any(named) {
            let (label, place, kind) = (&update.label, update.place.word(), &update.kind);
            let rule = if job.any_custom {
                "a script may return custom fields only".to_owned()
            } else {
                format!(
                    "its manifest does not list that under `returns`; add \
                     {{\"label\":\"{label}\",\"place\":\"{place}\",\"type\":\"{kind}\"}} there, or do not \
                     return it"
                )
            };
            return Err(format!(
                "the plugin returned the {place} field {} of type `{kind}`, but {rule}",
                quoted(label)
            ));
        }
        if updates.iter().take(at).any(|earlier| field(&earlier.label, earlier.place)) {
            return Err(format!("the plugin returned the field {} twice", quoted(&update.label)));
        }
    }
    Ok(())
}
