//! Turns a file into a plugin that can be called, and settings into a vault.

use std::rc::Rc;
use std::sync::Arc;

use super::fault::Fault;
use super::plugin::check;
use crate::catalog::PluginFile;
use crate::cli::{ExecSettings, StateFolder, VaultChoice};
use crate::model::Manifest;
use crate::report::{Console, Message, PluginInfo};
use crate::rotation::{Plugin, Vault};
use crate::secret::Redactor;
use crate::vault::FileVault;
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
pub(super) fn vault(settings: &ExecSettings) -> Option<Box<dyn Vault>> {
    match &settings.vault {
        VaultChoice::File(path) => Some(Box::new(FileVault::new(path))),
        VaultChoice::None => None,
    }
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
