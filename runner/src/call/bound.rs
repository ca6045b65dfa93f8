//! What holds later steps to the target that preflight looked at.

use std::collections::BTreeMap;
use std::sync::Arc;

use pamrun_contract::check::pinned;
use pamrun_contract::manifest::Effect;
use pamrun_contract::render::{Known, Values as _, render_text};
use pamrun_contract::value::Value;

use super::chance::with_chance;
use super::permit::refused;
use super::session::Session;
use super::trouble::Trouble;
use super::values::{Params, View};
use super::way::Way;
use crate::model::{Carried, Failure, FailureKind};
use crate::rotation::StepError;

impl Session {
    /// The target's identity, and what later steps are held to.
    pub(super) async fn bind(
        &mut self,
        way: &dyn Way,
        context: String,
    ) -> Result<(String, Carried), Trouble> {
        let manifest = Arc::clone(&self.manifest);
        for _ in 0..manifest.requests.len() {
            let params = Params::new();
            let now = way.now();
            let (missing, target) = {
                let view = View::new(self, &params, now);
                let target =
                    with_chance(|chance| render_text(&manifest, &manifest.target, &view, now, chance));
                (view.missing.take(), target)
            };
            if let Some(name) = missing.into_iter().next() {
                self.ask_for(way, "target", &name, 0).await?;
                continue;
            }
            let target = target.map_err(|error| refused(format!("`target`: {error}")))?;
            let target = target.to_text().map(|text| text.to_string()).unwrap_or_default();
            let carried = self.carried(way, context);
            return Ok((target, carried));
        }
        Err(refused("`target` refers to answers that do not stay".to_owned()))
    }

    fn carried(&self, way: &dyn Way, context: String) -> Carried {
        let params = Params::new();
        let view = View::new(self, &params, way.now());
        let mut pins = BTreeMap::new();
        for reference in pinned(&self.manifest) {
            if let Known::Value(value) = view.value(&reference)
                && !value.is_secret()
                && let Ok(json) = value.to_json()
            {
                pins.insert(reference.to_string(), json);
            }
        }
        Carried { context, known: self.shown_by.clone(), pinned: pins }
    }

    /// Whether a request with an effect leads to what preflight looked at.
    pub(super) fn is_pinned(&self, leading: &BTreeMap<String, Value>) -> Result<(), Trouble> {
        let other = leading.iter().find(|(name, value)| {
            self.pinned.get(*name).is_some_and(|pinned| pinned.to_json().ok() != value.to_json().ok())
        });
        let Some((name, _)) = other else { return Ok(()) };
        let kind = if self.has_written { FailureKind::Uncertain } else { FailureKind::Conflict };
        Err(Trouble::Ended(StepError::Failure(Failure {
            kind,
            code: "target-changed".to_owned(),
            message: format!(
                "{{{name}}} is another one than preflight looked at, so the target may be another one"
            ),
            fix: Some("see who changes the record or the target, and rotate again".to_owned()),
        })))
    }

    /// Whether the manifest can make or change anything of that effect.
    pub(super) fn declares(&self, effect: Effect) -> bool {
        self.manifest.requests.values().any(|request| request.effect == effect)
    }
}
