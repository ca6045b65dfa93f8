//! What is known in the course of one rotation, of one plugin.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use pamrun_contract::account::{Account, Shown};
use pamrun_contract::answer::Known;
use pamrun_contract::manifest::{Manifest, Strategy};
use pamrun_contract::value::Value;

use super::store::Answers;
use crate::model::{Carried, InputGroup, Plan, Request, Setting, SettingValue, StepName, Update};
use crate::secret::{Redactor, Secret};

/// The host's side of a plugin: it lives from preflight to commit, and is made anew by whoever takes up a
/// rotation again.
pub struct Session {
    pub(super) manifest: Arc<Manifest>,
    pub(super) redactor: Redactor,
    /// What the plugin must not see.
    pub(super) known: Known,
    pub(super) answers: Answers,
    pub(super) account: Account,
    pub(super) step: Step,
    pub(super) inputs: Vec<InputGroup>,
    pub(super) settings: BTreeMap<String, Value>,
    pub(super) proposed: Option<Value>,
    pub(super) deliver: Vec<Update>,
    /// The id of the credential that is delivered.
    pub(super) delivered_id: Option<String>,
    /// The returned fields, once rotate is done.
    pub(super) new: BTreeMap<String, Value>,
    /// The texts that the plugin was shown: no part of them is a secret.
    pub(super) open: BTreeSet<String>,
    /// The credentials that listings showed, by id, as they were shown last.
    pub(super) listed: BTreeMap<String, super::trouble::Item>,
    /// Which request showed each of them last.
    pub(super) shown_by: BTreeMap<String, String>,
    /// What later steps are held to; empty before preflight has ended.
    pub(super) pinned: BTreeMap<String, Value>,
    /// Lines for people about what calls came to.
    pub(super) remarks: Vec<String>,
    /// Whether an effect was written in this rotation.
    pub(super) has_written: bool,
}

/// What is known of the step that is under way.
#[derive(Default)]
pub(super) struct Step {
    pub(super) name: Option<StepName>,
    pub(super) rotation_id: String,
    pub(super) marker: String,
    /// The id that the journal has for what this rotation made.
    pub(super) handle: Option<String>,
    /// How many effects were sent before.
    pub(super) effects_before: usize,
    /// Whether an effect of it was written.
    pub(super) has_written: bool,
    /// The ids that listings of this step showed.
    pub(super) shown: BTreeSet<String>,
    /// What an answer that was no clear success says that it made.
    pub(super) made_unclearly: Option<String>,
    /// How long the service asked to wait, the last time that it did.
    pub(super) asked: Option<std::time::Duration>,
    /// Why the last call got no answer that can be used.
    pub(super) silence: Option<String>,
}

/// What a step is begun with.
pub struct Begin<'a> {
    /// Which step.
    pub step: StepName,
    /// What it is given.
    pub request: &'a Request,
    /// What preflight found; none in preflight.
    pub plan: Option<&'a Plan>,
    /// The new values, where they are there.
    pub updates: &'a [Update],
    /// The id of the new credential, where it is known.
    pub handle: Option<&'a str>,
}

impl Session {
    /// Begins one.
    #[must_use]
    pub fn new(manifest: Arc<Manifest>, redactor: Redactor) -> Self {
        Self {
            manifest,
            redactor,
            known: Known::default(),
            answers: Answers::default(),
            account: Account::new(),
            step: Step::default(),
            inputs: Vec::new(),
            settings: BTreeMap::new(),
            proposed: None,
            deliver: Vec::new(),
            delivered_id: None,
            new: BTreeMap::new(),
            open: BTreeSet::new(),
            listed: BTreeMap::new(),
            shown_by: BTreeMap::new(),
            pinned: BTreeMap::new(),
            remarks: Vec::new(),
            has_written: false,
        }
    }

    /// The manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Begins a step.
    pub fn begin(&mut self, begin: &Begin<'_>) {
        let Begin { step, request, plan, updates, handle } = *begin;
        self.take_inputs(request);
        self.step = Step {
            name: Some(step),
            rotation_id: request.rotation_id.clone(),
            marker: request.marker.clone(),
            handle: handle.map(str::to_owned),
            effects_before: self.account.count(),
            ..Step::default()
        };
        match step {
            StepName::Preflight => self.pinned.clear(),
            StepName::Rotate => self.account.begin_try(),
            // What a consumer took in rotate is proven by that.
            StepName::Verify if self.manifest.strategy == Strategy::Deliver => {}
            StepName::Verify => self.account.begin_verify(),
            StepName::Commit | StepName::Rollback => {}
        }
        if let Some(plan) = plan {
            let carried = &plan.carried;
            if self.shown_by.is_empty() {
                self.take_up(carried);
            }
            self.pinned =
                carried.pinned.iter().map(|(name, json)| (name.clone(), Value::json(json.clone()))).collect();
        }
        self.open.extend([request.rotation_id.clone(), request.marker.clone()]);
        self.open.extend(handle.into_iter().chain(self.delivered_id.as_deref()).map(str::to_owned));
        self.open.extend(plan.into_iter().flat_map(|plan| &plan.removes).map(|listed| listed.id.clone()));
        let delivered = self.deliver.iter().filter(|update| !update.is_secret());
        self.open.extend(delivered.flat_map(|update| &update.values).map(|value| value.expose().to_owned()));
        for update in updates {
            let [value] = update.values.as_slice() else { continue };
            let value = Value::text(value.expose()).with_secrecy(update.is_secret());
            self.keep_secret(&value);
            self.new.insert(update.label.clone(), value);
        }
    }

    /// What an earlier process saw of the service counts as seen.
    fn take_up(&mut self, carried: &Carried) {
        for request in carried.known.values().collect::<BTreeSet<_>>() {
            let ids = carried.known.iter().filter(|(_, by)| *by == request);
            let shown: Vec<Shown<'_>> = ids.map(|(id, _)| Shown { id, is_disabled: false }).collect();
            self.account.known(request, &shown);
        }
        self.shown_by.clone_from(&carried.known);
    }

    fn take_inputs(&mut self, request: &Request) {
        self.answers.forget_what_used(&changed(&self.inputs, &request.inputs));
        self.inputs.clone_from(&request.inputs);
        self.settings =
            request.settings.iter().map(|Setting { key, value }| (key.clone(), of_setting(value))).collect();
        self.proposed = request.proposed.as_ref().map(|value| Value::text(value.expose()).secret());
        self.deliver.clone_from(&request.deliver);
        self.delivered_id.clone_from(&request.delivered_id);
        let inputs = self.inputs.iter().flat_map(|group| &group.values).map(|(_, value)| value.clone());
        let delivered = self.deliver.iter().filter(|update| update.is_secret());
        let delivered =
            delivered.flat_map(|update| &update.values).map(|value| Value::text(value.expose()).secret());
        let values: Vec<Value> = inputs
            .chain(self.settings.values().cloned())
            .chain(self.proposed.clone())
            .chain(delivered)
            .collect();
        for value in &values {
            self.keep_secret(value);
            if !value.is_secret() {
                self.open.extend(value.to_text().ok().map(|text| text.to_string()));
            }
        }
    }

    /// Learns a form in which a secret is sent. A part of what is kept whole may be open all the same: the
    /// name of a group whose values are not.
    pub(super) fn keep_form(&self, form: &str) {
        if !self.open.iter().any(|open| open.contains(form)) {
            self.redactor.learn(&Secret::new(form));
        }
    }

    /// Learns a value that neither the plugin nor anybody else may see, if it is one.
    pub(super) fn keep_secret(&mut self, value: &Value) {
        if !value.is_secret() {
            return;
        }
        self.known.add(value);
        if let Ok(text) = value.to_text() {
            self.redactor.learn(&Secret::new(text.as_str()));
        }
    }
}

/// The references to inputs whose values are others now.
fn changed(before: &[InputGroup], now: &[InputGroup]) -> BTreeSet<String> {
    let flat = |groups: &[InputGroup]| -> BTreeMap<String, Value> {
        let values = groups.iter().flat_map(|group| {
            group.values.iter().map(move |(key, value)| (format!("{}.{key}", group.name), value.clone()))
        });
        values.collect()
    };
    let (before, now) = (flat(before), flat(now));
    let names: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    names.into_iter().filter(|name| before.get(*name) != now.get(*name)).cloned().collect()
}

fn of_setting(value: &SettingValue) -> Value {
    match value {
        SettingValue::Text(text) => Value::text(text.as_str()),
        SettingValue::Secret(secret) => Value::text(secret.expose()).secret(),
        SettingValue::Integer(number) => Value::integer(*number),
        SettingValue::Flag(flag) => Value::flag(*flag),
        SettingValue::Duration(ms) => Value::text(format!("{ms}ms")),
    }
}
