//! Everything that a rotation works with, made of its settings.

use super::attach::vault;
use super::equip::{Equipped, Source};
use super::fault::Fault;
use super::prepare::First;
use super::random::random;
use super::settle::Missing;
use crate::cli::{ExecSettings, Resolve};
use crate::harness::Recording;
use crate::model::RecordUid;
use crate::report::PluginInfo;
use crate::rotation::{Clock, Deliverer, Interrupt, Journal, Parts, Plugin, Prepare, Stop, Vault};
use crate::secret::Redactor;
use crate::system::SHORTCOMINGS;

/// The plugin that rotates, those that deliver, and the vault.
pub(super) struct Stage {
    pub(super) rotating: Equipped,
    pub(super) delivering: Vec<Delivering>,
    vault: Option<Box<dyn Vault>>,
    redactor: Redactor,
    warnings: Vec<String>,
}

/// A plugin that delivers.
pub(super) struct Delivering {
    /// Its name, which no other one here has.
    pub(super) name: String,
    plugin: Result<Equipped, Absent>,
}

/// What stands where a plugin should be that cannot be had: it says why, whenever it is asked.
struct Absent {
    plugin: Missing,
    prepare: Box<Prepare<'static>>,
}

impl Stage {
    /// Makes the vault and the plugin; who that is goes into `info` as soon as it is known.
    ///
    /// # Errors
    /// What is wrong with plugin, settings or machine. Nothing has begun then.
    pub(super) async fn set(source: Source<'_>, info: &mut Option<PluginInfo>) -> Result<Self, Fault> {
        // Made first: it reads what the machine trusts while the plugin is loaded.
        let vault = vault(source.settings)?;
        Ok(Self {
            rotating: Equipped::of(source, info).await?,
            delivering: Vec::new(),
            vault,
            redactor: source.redactor.clone(),
            warnings: [shortcomings(), override_warnings(source.settings)].concat(),
        })
    }

    /// Adds a plugin that delivers, and returns the name that it goes by here.
    pub(super) fn add(&mut self, plugin: Equipped) -> String {
        let own = &plugin.info.name;
        let count = self.delivering.iter().filter(|other| other.is(own)).count();
        let name = if count == 0 { own.clone() } else { format!("{own}#{}", count + 1) };
        self.delivering.push(Delivering { name: name.clone(), plugin: Ok(plugin) });
        name
    }

    /// Adds one by the name that it went by when the rotation began, or why it cannot be had.
    pub(super) fn add_again(&mut self, name: String, plugin: Result<Equipped, Stop>) {
        let plugin = plugin.map_err(|stop| {
            let prepare: Box<Prepare<'static>> = Box::new(move |_| Err(stop.clone()));
            Absent { plugin: Missing, prepare }
        });
        self.delivering.push(Delivering { name, plugin });
    }

    /// Lends it all to the engine.
    pub(super) fn parts<'a>(
        &'a mut self,
        journal: &'a mut dyn Journal,
        clock: &'a dyn Clock,
        interrupt: &'a dyn Interrupt,
    ) -> Parts<'a> {
        Parts {
            plugin: self.rotating.plugin.as_mut(),
            deliverers: self.delivering.iter_mut().map(Delivering::deliverer).collect(),
            vault: self.vault.as_deref_mut().map(|vault| vault as _),
            journal,
            clock,
            prepare: &*self.rotating.prepare,
            secrets: &self.redactor,
            random: &random,
            interrupt,
        }
    }

    /// What was sent, and what the plugin was given first; where that was to be noted.
    pub(super) fn recorded(&self) -> Option<(&Recording, First)> {
        self.rotating.recorded()
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

    /// Whether records are needed that are attached to the target's scripts.
    pub(super) fn wants_attached(&self) -> bool {
        let delivering = self.delivering.iter().filter_map(|one| one.plugin.as_ref().ok());
        delivering.chain([&self.rotating]).any(|plugin| plugin.terms.wants_attached())
    }

    /// What an operator should know of plugins, settings and vault, so far.
    pub(super) fn warnings(&self) -> Vec<String> {
        let of_vault = self.vault.as_ref().map_or_else(Vec::new, |vault| vault.warnings().to_vec());
        let mut warnings = [self.warnings.clone(), of_vault, self.rotating.warnings()].concat();
        for Delivering { name, plugin } in &self.delivering {
            let own = plugin.as_ref().map(Equipped::warnings).unwrap_or_default();
            warnings.extend(own.iter().map(|warning| format!("{name}: {warning}")));
        }
        warnings
    }
}

impl Delivering {
    fn is(&self, own_name: &str) -> bool {
        self.plugin.as_ref().is_ok_and(|plugin| plugin.info.name == own_name)
    }

    fn deliverer(&mut self) -> Deliverer<'_> {
        let (plugin, prepare): (&mut dyn Plugin, &Prepare<'_>) = match &mut self.plugin {
            Ok(plugin) => (plugin.plugin.as_mut(), &*plugin.prepare),
            Err(absent) => (&mut absent.plugin, &*absent.prepare),
        };
        Deliverer { name: &self.name, plugin, prepare }
    }
}

fn shortcomings() -> Vec<String> {
    SHORTCOMINGS.iter().map(|shortcoming| (*shortcoming).to_owned()).collect()
}

fn override_warnings(settings: &ExecSettings) -> Vec<String> {
    let line = |Resolve { host, port, address }: &Resolve| {
        format!("--resolve sends {host}:{port} to {address}, not to where its name leads")
    };
    settings.resolve.iter().map(line).collect()
}
