//! Everything that a rotation works with, made of its settings.

use std::rc::Rc;
use std::sync::Arc;

use super::attach::{Attached, Surroundings, vault};
use super::fault::Fault;
use super::prepare::{First, Order, Preparation};
use super::random::random;
use super::terms::Terms;
use crate::catalog::PluginFile;
use crate::cli::{ExecSettings, PluginConfig, Resolve, StateFolder};
use crate::harness::Recording;
use crate::model::RecordUid;
use crate::policy::Operator;
use crate::report::PluginInfo;
use crate::rotation::{Clock, Interrupt, Journal, Parts, Plugin, Prepare, Vault};
use crate::secret::Redactor;

/// A plugin, its vault, and what it is given and allowed.
pub(super) struct Stage {
    /// Who the plugin is.
    pub(super) info: PluginInfo,
    pub(super) terms: Rc<Terms>,
    /// The program that runs a script, as `--interpreter` takes it.
    pub(super) interpreter: Option<String>,
    plugin: Box<dyn Plugin>,
    vault: Option<Box<dyn Vault>>,
    preparation: Rc<Preparation>,
    prepare: Box<Prepare<'static>>,
    redactor: Redactor,
    warnings: Vec<String>,
    recording: Option<Arc<Recording>>,
}

impl Stage {
    /// Loads the file and makes all that goes with it; who it is goes into `plugin` as soon as it
    /// is known.
    ///
    /// # Errors
    /// What is wrong with plugin, settings or machine. Nothing has begun then.
    pub(super) async fn set(
        file: &PluginFile,
        settings: &ExecSettings,
        order: Order,
        state: &StateFolder,
        redactor: &Redactor,
        plugin: &mut Option<PluginInfo>,
    ) -> Result<Self, Fault> {
        // Made first: it reads what the machine trusts while the plugin is loaded.
        let vault = vault(settings)?;
        let recording = settings.record.as_ref().map(|_| Arc::new(Recording::default()));
        let recorder = recording.clone().map(|recording| recording as _);
        let surroundings = Surroundings { settings, state, redactor, recorder };
        let attached = surroundings.attach(file, order.line.clone(), plugin).await?;
        let Attached { info, terms, plugin, interpreter, warning } = attached;
        let terms = Rc::new(terms);
        let config = settings.for_plugin(&file.digest.to_string());
        let preparation = Rc::new(Preparation {
            terms: Rc::clone(&terms),
            order,
            operator: operator(settings, config),
            sets: settings.settings.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
            config: config.map(PluginConfig::settings).transpose()?.unwrap_or_default(),
            locked: config.map(|config| config.lock.clone()).unwrap_or_default(),
            allow_managed: settings.allow_managed,
            redactor: redactor.clone(),
            warnings: Vec::new().into(),
            first: None.into(),
        });
        let mut warnings = override_warnings(settings);
        warnings.extend(warning);
        Ok(Self {
            info,
            terms,
            interpreter,
            plugin,
            vault,
            prepare: Box::new({
                let preparation = Rc::clone(&preparation);
                move |records| preparation.prepare(records)
            }),
            preparation,
            redactor: redactor.clone(),
            warnings,
            recording,
        })
    }

    /// Lends it all to the engine.
    pub(super) fn parts<'a>(
        &'a mut self,
        journal: &'a mut dyn Journal,
        clock: &'a dyn Clock,
        interrupt: &'a dyn Interrupt,
    ) -> Parts<'a> {
        Parts {
            plugin: self.plugin.as_mut(),
            vault: self.vault.as_deref_mut().map(|vault| vault as _),
            journal,
            clock,
            prepare: &*self.prepare,
            secrets: &self.redactor,
            random: &random,
            interrupt,
        }
    }

    /// What was sent, and what the plugin was given first; where that was to be noted.
    pub(super) fn recorded(&self) -> Option<(&Recording, First)> {
        Some((self.recording.as_deref()?, self.preparation.first.take()?))
    }

    /// Finds out which of these records the vault does not have. One that cannot be asked is left
    /// to tell so itself.
    pub(super) async fn lacks(&mut self, uids: &[RecordUid]) -> Vec<RecordUid> {
        let found = match &mut self.vault {
            Some(vault) => vault.get(uids).await,
            None => Ok(Vec::new()),
        };
        let Ok(found) = found else { return Vec::new() };
        uids.iter().filter(|uid| found.iter().all(|record| record.uid != **uid)).cloned().collect()
    }

    /// What an operator should know of plugin, settings and vault, so far.
    pub(super) fn warnings(&self) -> Vec<String> {
        let of_vault = self.vault.as_ref().map_or_else(Vec::new, |vault| vault.warnings().to_vec());
        [self.warnings.clone(), of_vault, self.preparation.warnings.borrow().clone()].concat()
    }
}

/// What the operator allows this file: what is allowed to all plugins, and to this digest.
fn operator(settings: &ExecSettings, config: Option<&PluginConfig>) -> Operator {
    let mut allow_hosts = settings.allow_hosts.clone();
    allow_hosts.extend(config.iter().flat_map(|config| config.allow_hosts.iter().cloned()));
    Operator { allow_hosts, allow_private: settings.allow_private.clone() }
}

fn override_warnings(settings: &ExecSettings) -> Vec<String> {
    let line = |Resolve { host, port, address }: &Resolve| {
        format!("--resolve sends {host}:{port} to {address}, not to where its name leads")
    };
    settings.resolve.iter().map(line).collect()
}
