//! `pamrun plugin`: looks into plugin files.

use super::exec::block_on;
use super::fault::Fault;
use crate::catalog::PluginFile;
use crate::cli::PluginCommand;
use crate::limits::Limits;
use crate::model::Manifest;
use crate::report::{PluginSheet, print};
use crate::request::check_manifest;
use crate::wasm::{Inspection, Runtime, inspect};

/// Carries it out.
pub(super) fn plugin(command: &PluginCommand) -> Result<(), Fault> {
    match command {
        PluginCommand::Inspect { file } => {
            let (file, inspection, manifest) = open(file)?;
            let made_by =
                inspection.tools.iter().map(|tool| format!("{} {}", tool.name, tool.version)).collect();
            let sheet = PluginSheet {
                manifest: &manifest,
                digest: file.digest,
                size: file.bytes.len(),
                core_module: inspection.core_module,
                language: inspection.language.as_deref(),
                sdk: inspection.sdk.as_deref(),
                made_by,
                imports: &inspection.imports,
                exports: &inspection.exports,
            };
            print(&sheet.render())?;
        }
        PluginCommand::Check { file } => {
            let (file, _, manifest) = open(file)?;
            check_manifest(&manifest)?;
            print(&format!("{} {} fits this pamrun\n{}", manifest.name, manifest.version, file.digest))?;
        }
    }
    Ok(())
}

/// Reads, compiles and asks the plugin what it is.
fn open(path: &std::path::Path) -> Result<(PluginFile, Inspection, Manifest), Fault> {
    let limits = Limits::default();
    let file = PluginFile::read(path, limits.plugin)?;
    let inspection = inspect(&file.bytes)?;
    let loaded = Runtime::new(&limits, None)?.load(&file.bytes, &file.digest.to_string())?;
    let manifest = block_on(loaded.describe())??;
    Ok((file, inspection, manifest))
}
