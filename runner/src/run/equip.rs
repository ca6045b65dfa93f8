//! A plugin with all that goes with it: what it is given, and what it is allowed.

use std::rc::Rc;
use std::sync::Arc;

use super::attach::{Attached, Surroundings};
use super::fault::Fault;
use super::prepare::{First, Order, Preparation};
use super::purpose::Purpose;
use super::terms::Terms;
use crate::catalog::PluginFile;
use crate::cli::{ExecSettings, PluginConfig, StateFolder};
use crate::deliver::FileDelivery;
use crate::harness::Recording;
use crate::policy::Operator;
use crate::report::PluginInfo;
use crate::rotation::{Plugin, Prepare};
use crate::secret::Redactor;

/// What a plugin is equipped from.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    /// Its file; none for what is built in.
    pub(super) file: Option<&'a PluginFile>,
    pub(super) settings: &'a ExecSettings,
    pub(super) order: &'a Order,
    pub(super) state: &'a StateFolder,
    pub(super) redactor: &'a Redactor,
    pub(super) purpose: Purpose,
}

/// A plugin that is ready.
pub(super) struct Equipped {
    /// Who it is.
    pub(super) info: PluginInfo,
    pub(super) terms: Rc<Terms>,
    /// The program that runs a script, as `--interpreter` takes it.
    pub(super) interpreter: Option<String>,
    pub(super) plugin: Box<dyn Plugin>,
    pub(super) prepare: Box<Prepare<'static>>,
    preparation: Rc<Preparation>,
    warning: Option<String>,
    recording: Option<Arc<Recording>>,
}

impl Equipped {
    /// Loads it and makes all that goes with it; who it is goes into `info` as soon as it is known.
    ///
    /// # Errors
    /// What is wrong with plugin, settings or machine. Nothing has begun then.
    pub(super) async fn of(source: Source<'_>, info: &mut Option<PluginInfo>) -> Result<Self, Fault> {
        let Source { file, settings, order, state, redactor, purpose } = source;
        let is_recorded = settings.record.is_some() && purpose != Purpose::Deliver;
        let recording = is_recorded.then(|| Arc::new(Recording::default()));
        let Attached { info, terms, plugin, interpreter, warning, load } = match file {
            Some(file) => {
                let recorder = recording.clone().map(|recording| recording as _);
                let surroundings = Surroundings { settings, state, redactor, purpose, recorder };
                surroundings.attach(file, order.line.clone(), info).await?
            }
            None => built_in(),
        };
        let terms = Rc::new(terms);
        let config = settings.for_plugin(&info.digest);
        let locked = match file {
            Some(_) => config.map(|config| config.lock.clone()).unwrap_or_default(),
            // Who may edit a record must not choose which file of this machine is written.
            None => terms.setting_keys(),
        };
        let preparation = Rc::new(Preparation {
            terms: Rc::clone(&terms),
            order: order.clone(),
            operator: operator(settings, config),
            option: if purpose == Purpose::Deliver { "--deliver" } else { "--set" },
            sets: settings.settings.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
            config: config.map(PluginConfig::settings).transpose()?.unwrap_or_default(),
            locked,
            allow_managed: settings.allow_managed,
            redactor: redactor.clone(),
            warnings: Vec::new().into(),
            first: None.into(),
            load,
        });
        let prepare = Box::new({
            let preparation = Rc::clone(&preparation);
            move |records: &[_]| preparation.prepare(records)
        });
        Ok(Self { info, terms, interpreter, plugin, prepare, preparation, warning, recording })
    }

    /// What was sent, and what it was given first; where that was to be noted.
    pub(super) fn recorded(&self) -> Option<(&Recording, First)> {
        Some((self.recording.as_deref()?, self.preparation.first.take()?))
    }

    /// What an operator should know of plugin and settings, so far.
    pub(super) fn warnings(&self) -> Vec<String> {
        self.warning.iter().cloned().chain(self.preparation.warnings.borrow().clone()).collect()
    }
}

fn built_in() -> Attached {
    let built_in = FileDelivery::built_in();
    Attached {
        info: PluginInfo::built_in(built_in.name),
        terms: Terms::BuiltIn(built_in),
        plugin: Box::new(FileDelivery),
        interpreter: None,
        warning: None,
        load: None,
    }
}

/// What the operator allows this file: what is allowed to all plugins, and to this digest.
fn operator(settings: &ExecSettings, config: Option<&PluginConfig>) -> Operator {
    let mut allow_hosts = settings.allow_hosts.clone();
    allow_hosts.extend(config.iter().flat_map(|config| config.allow_hosts.iter().cloned()));
    Operator { allow_hosts, allow_private: settings.allow_private.clone() }
}
