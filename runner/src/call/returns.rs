//! The returned fields: what is saved to the record.

use std::sync::Arc;

use pamrun_contract::manifest::{Manifest, ReturnKind, Returned};
use pamrun_contract::render::render_text;
use pamrun_contract::value::Value;

use super::chance::with_chance;
use super::session::Session;
use super::values::{Params, View};
use super::way::Way;
use crate::model::{Place, ReturnedField, Update};
use crate::rotation::StepError;
use crate::secret::Secret;
use crate::text::quoted;

/// The fields that a manifest returns. One whose label is its type is the record type's own.
#[must_use]
pub fn returned_fields(manifest: &Manifest) -> Vec<ReturnedField> {
    manifest.returns.iter().map(field).collect()
}

fn field(returned: &Returned) -> ReturnedField {
    let kind = returned.kind.to_string();
    let is_own = returned.label == kind && returned.kind != ReturnKind::Text;
    let place = if is_own { Place::Standard } else { Place::Custom };
    ReturnedField { label: returned.label.clone(), place, kind }
}

impl Session {
    /// The new values: what the manifest takes of answers, and what the plugin gives as text.
    pub(super) fn returned(
        &mut self,
        way: &dyn Way,
        given: &[(String, String)],
    ) -> Result<Vec<Update>, StepError> {
        let manifest = Arc::clone(&self.manifest);
        let mut updates = Vec::new();
        for (label, _) in given {
            let known = manifest.returns.iter().find(|returned| returned.label == *label);
            if known.is_none_or(|returned| returned.value.is_some()) {
                let why = format!(
                    "the plugin gives the field {}, which its manifest does not leave to it; declare it in `returns` without a `value`, or do not return it",
                    quoted(label)
                );
                return Err(StepError::Contract(why));
            }
        }
        for returned in &manifest.returns {
            let value = match &returned.value {
                Some(template) => {
                    let params = Params::new();
                    let now = way.now();
                    let view = View::new(self, &params, now);
                    let value = with_chance(|chance| render_text(&manifest, template, &view, now, chance));
                    let value = value.map_err(|error| {
                        StepError::Contract(format!("the returned field `{}`: {error}", returned.label))
                    })?;
                    let is_there = value.to_text().is_ok_and(|text| !text.is_empty());
                    is_there.then_some(value)
                }
                None => given
                    .iter()
                    .find(|(label, _)| *label == returned.label)
                    .map(|(_, text)| Value::text(text.as_str())),
            };
            let Some(value) = value else {
                if returned.optional {
                    continue;
                }
                let why = format!(
                    "there is no value for the returned field `{}`, and its manifest does not call it optional",
                    returned.label
                );
                return Err(StepError::Contract(why));
            };
            let value = if returned.kind.is_secret() { value.secret() } else { value };
            self.keep_secret(&value);
            let text = value.to_text().map(|text| Secret::new(text.as_str())).map_err(|error| {
                StepError::Contract(format!("the returned field `{}` {error}", returned.label))
            })?;
            let ReturnedField { label, place, kind } = field(returned);
            updates.push(Update { label, place, kind, values: vec![text] });
            self.new.insert(returned.label.clone(), value);
        }
        Ok(updates)
    }
}
