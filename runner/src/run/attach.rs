//! Turns a file into a plugin that can be called, and settings into a vault.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use http::Uri;
use pamrun_contract::manifest::Manifest;

use super::fault::Fault;
use super::purpose::Purpose;
use super::terms::Terms;
use crate::catalog::{PluginFile, packed};
use crate::cli::{CliError, ExecSettings, KeeperChoice, Resolve, Runtime, StateFolder, VaultChoice};
use crate::limits::Limits;
use crate::model::Strategy;
use crate::report::{Console, Message, PluginInfo};
use crate::rotation::{LogLevel, LogLine, Plugin, Vault};
use crate::script::{self, Confinement, Line, Options, Script, WorkFolders, is_saas_plugin};
use crate::secret::{Redactor, Secret};
use crate::vault::{FileVault, KsmConfig, KsmOptions, KsmProxy, KsmVault, Reader};
use crate::wasm::{Gate, NetworkOptions, Packed, Recorder};

/// A plugin, and on what terms it runs.
pub(super) struct Attached {
    /// Who it is.
    pub(super) info: PluginInfo,
    pub(super) terms: Terms,
    pub(super) plugin: Box<dyn Plugin>,
    /// The program that runs a script, as `--interpreter` takes it.
    pub(super) interpreter: Option<String>,
    /// What an operator should know of how it was loaded.
    pub(super) warning: Option<String>,
    /// Makes it ready to be called, once it is known that it may be; with what an operator should know of
    /// that.
    pub(super) load: Option<Load>,
}

/// Makes a plugin ready to be called; a second time costs nothing.
pub(super) type Load = Rc<dyn Fn() -> Result<Option<String>, Fault>>;

/// What a plugin is attached with, whatever runs it.
pub(super) struct Surroundings<'a> {
    pub(super) settings: &'a ExecSettings,
    pub(super) state: &'a StateFolder,
    pub(super) redactor: &'a Redactor,
    pub(super) purpose: Purpose,
    /// Who takes note of what is sent, if anybody does.
    pub(super) recorder: Option<Arc<dyn Recorder>>,
}

impl Surroundings<'_> {
    /// Loads the file; who it is goes into `info` as soon as it is known. `line` is what a script
    /// reads first.
    ///
    /// # Errors
    /// What keeps the file from being run.
    pub(super) async fn attach(
        &self,
        file: &PluginFile,
        line: Line,
        info: &mut Option<PluginInfo>,
    ) -> Result<Attached, Fault> {
        match self.settings.runtime.unwrap_or_else(|| runtime_of(file)) {
            Runtime::Wasm => self.attach_wasm(file, info),
            Runtime::Script => self.attach_script(file, line, info),
            Runtime::Saas => self.attach_saas(file, line, info).await,
        }
    }

    /// A plugin in the sandbox: nothing of it is compiled before it may be run.
    fn attach_wasm(&self, file: &PluginFile, info: &mut Option<PluginInfo>) -> Result<Attached, Fault> {
        if let Some(option) = self.script_option() {
            return Err(Fault::for_scripts_only(&file.path, option));
        }
        let manifest = packed::read(&file.bytes).map_err(|error| Fault::unpacked(&file.path, &error))?;
        let who = info.insert(PluginInfo::wasm(&manifest.name, &manifest.version, file.digest)).clone();
        let limits = &self.settings.limits;
        let cache = self.state.folder("cache")?;
        let digest = file.digest.to_string();
        let packed = Packed::new(file.bytes.clone(), digest, manifest, limits, Some(cache.path()));
        let packed = Arc::new(packed);
        let terms = Terms::Declared(Arc::clone(packed.manifest()));
        self.purpose.check(&who.name, terms.strategy())?;
        if let Some(what) = not_yet(packed.manifest()) {
            let message = format!("{} {what}, which this version of pamrun does not do yet", who.name);
            return Err(Fault::invalid("not-yet", message, None));
        }
        let gate = Gate::new(network(self.settings)?, limits)?.recorded_by(self.recorder.clone());
        let log = log(&who.name, self.redactor);
        let plugin = packed.instantiate(limits, Arc::new(gate), self.redactor.clone(), log);
        let path = file.path.clone();
        let load: Load = Rc::new(move || {
            let warning = packed.load().map_err(|error| Fault::unfit(&path, &error))?;
            Ok(warning.map(ToString::to_string))
        });
        let plugin = Box::new(plugin);
        Ok(Attached { info: who, terms, plugin, interpreter: None, warning: None, load: Some(load) })
    }

    fn attach_script(
        &self,
        file: &PluginFile,
        line: Line,
        info: &mut Option<PluginInfo>,
    ) -> Result<Attached, Fault> {
        let script = Script::new(&file.path, &file.bytes, self.options(file))?;
        let (name, settings) = (self.name(), self.settings);
        let who = info.insert(PluginInfo::script(&name, file.digest, settings.confine)).clone();
        let strategy = script.declared().map(|declared| declared.strategy);
        self.purpose.check(&name, strategy)?;
        if strategy.is_none() && !settings.settings.is_empty() {
            return Err(Fault::settings_without_steps(&name));
        }
        self.attached(who, Terms::Script(strategy), script, line, self.work_folders()?)
    }

    async fn attach_saas(
        &self,
        file: &PluginFile,
        line: Line,
        info: &mut Option<PluginInfo>,
    ) -> Result<Attached, Fault> {
        self.purpose.check(&self.name(), Some(Strategy::InPlace))?;
        let who = PluginInfo::saas(&self.name(), file.digest, self.settings.confine);
        let who = info.insert(who).clone();
        let folders = self.work_folders()?;
        let options = self.options(file);
        let (script, plugin) =
            Script::saas(&file.path, &file.bytes, options, &folders, self.redactor).await?;
        self.attached(who, Terms::Saas(plugin), script, line, folders)
    }

    fn attached(
        &self,
        info: PluginInfo,
        terms: Terms,
        script: Script,
        line: Line,
        folders: WorkFolders,
    ) -> Result<Attached, Fault> {
        if self.settings.record.is_some() {
            let message = "--record is for plugins: what a script sends does not pass through pamrun";
            return Err(Fault::invalid("usage", message, None));
        }
        let interpreter = script.interpreter();
        let log = log(&info.name, self.redactor);
        let plugin = script.instantiate(line, folders, self.redactor.clone(), log)?;
        let warning = script::SHORTCOMING.map(str::to_owned);
        Ok(Attached { info, terms, plugin: Box::new(plugin), interpreter, warning, load: None })
    }

    /// The name of a script's file; a copy of it is called by its own name.
    fn name(&self) -> Cow<'_, str> {
        self.settings.plugin.file_name().unwrap_or("script".as_ref()).to_string_lossy()
    }

    fn work_folders(&self) -> Result<WorkFolders, Fault> {
        Ok(WorkFolders::open(self.state.folder("work")?.path())?)
    }

    /// How the settings say that this script is to be run.
    fn options(&self, file: &PluginFile) -> Options {
        let settings = self.settings;
        let granted = settings.for_plugin(&file.digest.to_string());
        let confinement = settings.confine.then(|| {
            granted.map_or_else(Confinement::default, |granted| Confinement {
                read: granted.read.clone(),
                write: granted.write.clone(),
                network: granted.network,
            })
        });
        settings.environment.secrets.iter().for_each(|secret| self.redactor.learn(secret));
        Options {
            interpreter: settings.interpreter.clone(),
            arguments: settings.arguments.clone(),
            environment: settings.environment.variables.clone(),
            confinement,
            limits: settings.limits.clone(),
        }
    }

    /// The first option that was given, and that means nothing to a plugin in the sandbox.
    fn script_option(&self) -> Option<&'static str> {
        let settings = self.settings;
        let options = [
            ("--interpreter", settings.interpreter.is_some()),
            ("what stands after --", !settings.arguments.is_empty()),
        ];
        options.into_iter().find_map(|(option, is_given)| is_given.then_some(option))
    }
}

/// What a manifest declares that rotations cannot do yet.
fn not_yet(manifest: &Manifest) -> Option<&'static str> {
    if !manifest.names {
        return Some("is for a service whose credentials have no names");
    }
    let makes_key = manifest.proposes.is_some() && manifest.strategy == Strategy::Overlap;
    makes_key.then_some("has the host make the key")
}

/// What runs a file, by what stands in it.
fn runtime_of(file: &PluginFile) -> Runtime {
    match file.is_wasm() {
        true => Runtime::Wasm,
        false if is_saas_plugin(&file.bytes) => Runtime::Saas,
        false => Runtime::Script,
    }
}

/// What the settings say of the way to the service.
///
/// # Errors
/// When the file of further certificate authorities cannot be read.
fn network(settings: &ExecSettings) -> Result<NetworkOptions, CliError> {
    let resolve = settings.resolve.iter().map(|Resolve { host, port, address }| crate::wasm::Resolve {
        host: host.clone(),
        port: *port,
        address: *address,
    });
    Ok(NetworkOptions {
        ca_file: settings.ca_pem()?,
        resolve: resolve.collect(),
        proxy: settings.proxy.clone(),
    })
}

/// Makes the vault that was chosen; none where the caller saves what we print.
///
/// # Errors
/// What is wrong with its configuration, or with the way to it.
pub(super) fn vault(settings: &ExecSettings) -> Result<Option<Box<dyn Vault>>, Fault> {
    vault_at(&settings.vault, settings.proxy.as_ref(), settings.ca_pem()?, &settings.limits)
}

/// Makes a vault, if there is to be one.
///
/// # Errors
/// What is wrong with its configuration, or with the way to it.
pub(super) fn vault_at(
    vault: &VaultChoice,
    proxy: Option<&Uri>,
    ca_file: Option<Vec<u8>>,
    limits: &Limits,
) -> Result<Option<Box<dyn Vault>>, Fault> {
    Ok(match vault {
        VaultChoice::Ksm(keeper) => Some(Box::new(keeper_vault(keeper, proxy, ca_file, limits)?)),
        VaultChoice::File(path) => Some(Box::new(FileVault::new(path))),
        VaultChoice::None => None,
    })
}

/// Makes the vault that is only read from.
///
/// # Errors
/// What is wrong with its configuration, or with the way to it.
pub(super) fn reader(
    vault: &VaultChoice,
    proxy: Option<&Uri>,
    ca_file: Option<Vec<u8>>,
    limits: &Limits,
) -> Result<Box<dyn Reader>, Fault> {
    match vault {
        VaultChoice::Ksm(keeper) => Ok(Box::new(keeper_vault(keeper, proxy, ca_file, limits)?)),
        VaultChoice::File(path) => Ok(Box::new(FileVault::new(path))),
        VaultChoice::None => Err(CliError::NothingToRead.into()),
    }
}

fn keeper_vault(
    keeper: &KeeperChoice,
    proxy: Option<&Uri>,
    ca_file: Option<Vec<u8>>,
    limits: &Limits,
) -> Result<KsmVault, Fault> {
    let config = KsmConfig::parse(&keeper.config).map_err(|error| {
        let message = format!("the configuration of the vault, {}, {error}", keeper.place);
        Fault::invalid(error.code(), message, None)
    })?;
    let named = proxy.map(|proxy| (Secret::new(proxy.to_string()), None));
    let ambient = || keeper.proxy.clone().map(|proxy| (proxy, keeper.no_proxy.clone()));
    let proxy = named.or_else(ambient).map(|(url, except)| KsmProxy { url, except });
    let options = KsmOptions { ca_file, proxy };
    let warnings = keeper.warning.iter().cloned().collect();
    KsmVault::new(config, &options, limits, warnings)
        .map_err(|error| Fault::invalid("network-options", error.to_string(), None))
}

/// Where a plugin's log goes: to people, once its step has ended. What is of use to its author
/// only is left out.
fn log(name: &str, redactor: &Redactor) -> Rc<dyn Fn(LogLine)> {
    let (name, redactor) = (name.to_owned(), redactor.clone());
    Rc::new(move |line| {
        let level = match line.level {
            LogLevel::Debug => return,
            LogLevel::Info => "info",
            LogLevel::Warn => "warn",
        };
        let redact = |text: &str| redactor.redact(text);
        Console::new(&redact).say(Message::Plugin { name: &name, level, text: &line.text });
    })
}
