//! Turns a file into a plugin that can be called, and settings into a vault.

use std::rc::Rc;
use std::sync::Arc;

use super::fault::Fault;
use super::plugin::check;
use crate::catalog::PluginFile;
use crate::cli::{ExecSettings, KeeperChoice, StateFolder, VaultChoice};
use crate::model::Manifest;
use crate::report::{Console, Message, PluginInfo};
use crate::rotation::{Plugin, Vault};
use crate::secret::{Redactor, Secret};
use crate::vault::{FileVault, KsmConfig, KsmOptions, KsmProxy, KsmVault};
use crate::wasm::{Gate, LogLevel, LogLine, Runtime};

/// A plugin, and what it says of itself.
pub(super) struct Attached {
    pub(super) manifest: Manifest,
    pub(super) plugin: Box<dyn Plugin>,
    /// What an operator should know of how it was loaded.
    pub(super) warning: Option<String>,
}

/// Loads the file; who it is goes into `info` as soon as it is known.
///
/// # Errors
/// What keeps the file from being run.
pub(super) async fn attach(
    file: &PluginFile,
    settings: &ExecSettings,
    state: &StateFolder,
    gate: Gate,
    redactor: &Redactor,
    info: &mut Option<PluginInfo>,
) -> Result<Attached, Fault> {
    let unfit = |error| Fault::unfit(&file.path, &error);
    let runtime = Runtime::new(&settings.limits, Some(state.folder("cache")?.path())).map_err(unfit)?;
    let loaded = runtime.load(&file.bytes, &file.digest.to_string()).map_err(unfit)?;
    let manifest = loaded.describe().await?;
    *info = Some(PluginInfo::wasm(&manifest.name, &manifest.version, file.digest));
    check(&manifest)?;
    let plugin = loaded.instantiate(Arc::new(gate), redactor.clone(), log(&manifest, redactor));
    let warning = loaded.warning().map(ToString::to_string);
    Ok(Attached { manifest, plugin: Box::new(plugin), warning })
}

/// Makes the vault that was chosen; none where the caller saves what we print.
///
/// # Errors
/// What is wrong with its configuration, or with the way to it.
pub(super) fn vault(settings: &ExecSettings) -> Result<Option<Box<dyn Vault>>, Fault> {
    Ok(match &settings.vault {
        VaultChoice::Ksm(keeper) => Some(Box::new(keeper_vault(keeper, settings)?)),
        VaultChoice::File(path) => Some(Box::new(FileVault::new(path))),
        VaultChoice::None => None,
    })
}

fn keeper_vault(keeper: &KeeperChoice, settings: &ExecSettings) -> Result<KsmVault, Fault> {
    let config = KsmConfig::parse(&keeper.config).map_err(|error| {
        let message = format!("the configuration of the vault, {}, {error}", keeper.place);
        Fault::invalid(error.code(), message, None)
    })?;
    let named = settings.proxy.as_ref().map(|proxy| (Secret::new(proxy.to_string()), None));
    let ambient = || keeper.proxy.clone().map(|proxy| (proxy, keeper.no_proxy.clone()));
    let proxy = named.or_else(ambient).map(|(url, except)| KsmProxy { url, except });
    let options = KsmOptions { ca_file: settings.ca_pem()?, proxy };
    let warnings = keeper.warning.iter().cloned().collect();
    KsmVault::new(config, &options, &settings.limits, warnings)
        .map_err(|error| Fault::invalid("network-options", error.to_string(), None))
}

/// Where a plugin's log goes: to people, once its step has ended. What is of use to its author
/// only is left out.
fn log(manifest: &Manifest, redactor: &Redactor) -> Rc<dyn Fn(LogLine)> {
    let (name, redactor) = (manifest.name.clone(), redactor.clone());
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
