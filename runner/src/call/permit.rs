//! Which request may be sent in which step, and what it may retire.

use pamrun_contract::manifest::{Effect, Parameter, Request, Strategy};
use pamrun_contract::nearest::mend;

use super::session::Session;
use super::trouble::Trouble;
use super::values::Params;
use super::way::Way;
use crate::model::StepName;
use crate::policy::{Deny, excerpt};
use crate::rotation::is_marker_of_rotation;

impl Session {
    /// Judges a call before anything is written; `Err` says why it is not sent.
    pub(super) fn permit(
        &self,
        way: &dyn Way,
        name: &str,
        request: &Request,
        params: &Params,
    ) -> Result<(), Trouble> {
        let step = self.step.name.unwrap_or(StepName::Preflight);
        given(name, request, params)?;
        let effect = request.effect;
        let is_of_step = match effect {
            Effect::Reads => true,
            Effect::Creates => step == StepName::Rotate && self.manifest.strategy == Strategy::Overlap,
            Effect::Updates => {
                let is_step = matches!(step, StepName::Rotate | StepName::Rollback);
                is_step && self.manifest.strategy == Strategy::InPlace
            }
            Effect::Disables | Effect::Deletes => matches!(step, StepName::Commit | StepName::Rollback),
            Effect::Delivers => step == StepName::Rotate && self.manifest.strategy == Strategy::Deliver,
        };
        if !is_of_step {
            let steps = match effect {
                Effect::Disables | Effect::Deletes => {
                    "commit and rollback, once the new credential is saved or is to be undone"
                }
                Effect::Updates => "rotate and rollback",
                _ => "rotate",
            };
            let why = format!("`{name}` {effect}, and {step} may not: it is for {steps}");
            return Err(Trouble::Refused(Deny::NotInStep(why)));
        }
        if effect.retires() {
            let id = request.credentials().find_map(|param| params.get(param)?.to_text().ok());
            let id = id.unwrap_or_default();
            self.may_retire(way, step, &id)?;
        }
        Ok(())
    }

    /// In rollback only what is ours: the journaled id, unless the service shows it under another name, or
    /// what a listing shows under this rotation's marker.
    fn may_retire(&self, way: &dyn Way, step: StepName, id: &str) -> Result<(), Trouble> {
        if step == StepName::Rollback {
            let label = self.listed.get(id).map(|item| item.label.as_deref());
            let is_journaled = self.step.handle.as_deref() == Some(id);
            let has_marker = |label: &str| is_marker_of_rotation(label, &self.step.marker);
            let is_ours = match label {
                Some(Some(label)) => has_marker(label),
                Some(None) | None => is_journaled,
            };
            if !is_ours {
                return Err(Trouble::Refused(Deny::Removal { step, id: excerpt(id) }));
            }
        }
        way.allows_removal(id).map_err(Trouble::Refused)
    }
}

/// Whether the plugin gives what it may, and nothing else.
fn given(name: &str, request: &Request, params: &Params) -> Result<(), Trouble> {
    for param in params.keys() {
        match request.params.get(param) {
            Some(Parameter::Answer) => {
                let why = format!("`{param}` of `{name}` is given by `pending` alone");
                return Err(refused(why));
            }
            Some(_) => {}
            None => {
                let mend = mend(param, request.params.keys().map(String::as_str));
                let why = format!("`{name}` has no parameter `{}`; {mend}", excerpt(param));
                return Err(Trouble::Refused(Deny::NotDeclared(why)));
            }
        }
    }
    Ok(())
}

/// A call that breaks the manifest: the plugin may tell it as it likes, the operator is told this.
pub(super) fn refused(why: String) -> Trouble {
    Trouble::Refused(Deny::Form(why))
}
