//! `pamrun plugin`: looks into plugin files.

use super::block_on::block_on;
use super::check::{check_script, check_wasm, form};
use super::fault::Fault;
use super::show;
use crate::catalog::PluginFile;
use crate::cli::{Format, PluginArgs, PluginCommand, ScriptEnvironment};
use crate::limits::Limits;
use crate::model::Manifest;
use crate::report::{
    InspectionDocument, PluginSheet, ScriptSheet, ToolEntry, render_json, stdout_is_terminal,
};
use crate::script::{Options, Script, is_saas_plugin};
use crate::wasm::{Inspection, Runtime, inspect};

/// Carries it out, and returns the exit code.
pub(super) fn plugin(command: &PluginCommand) -> Result<u8, Fault> {
    let (PluginCommand::Inspect(args) | PluginCommand::Check(args)) = command;
    let PluginArgs { file, interpreter, format } = args;
    let file = PluginFile::read(file, Limits::default().plugin)?;
    let options = || options(interpreter.clone());
    match command {
        PluginCommand::Inspect(_) if file.is_wasm() => inspect_wasm(&file, *format),
        PluginCommand::Inspect(_) => {
            inspect_script(&file, &Script::new(&file.path, &file.bytes, options())?, *format)
        }
        PluginCommand::Check(_) if file.is_wasm() => check_wasm(&file, *format),
        PluginCommand::Check(_) => check_script(&file, options(), *format),
    }
}

fn inspect_wasm(file: &PluginFile, format: Format) -> Result<u8, Fault> {
    let (inspection, manifest) = open(file)?;
    let tools = inspection.tools.iter().map(|tool| ToolEntry {
        part: tool.part.clone(),
        name: tool.name.clone(),
        version: tool.version.clone(),
    });
    let sheet = PluginSheet {
        manifest: &manifest,
        digest: file.digest,
        size: file.bytes.len(),
        form: form(&inspection),
        interface: inspection.interface(),
        language: inspection.language.as_deref(),
        sdk: inspection.sdk.as_deref(),
        tools: tools.collect(),
        imports: &inspection.imports,
        exports: &inspection.exports,
    };
    print(format, || sheet.render(), || InspectionDocument::from(&sheet))
}

fn inspect_script(file: &PluginFile, script: &Script, format: Format) -> Result<u8, Fault> {
    let sheet = ScriptSheet {
        name: &script.name(),
        digest: file.digest,
        size: file.bytes.len(),
        run_by: &script.interpreter().unwrap_or_else(|| "itself".to_owned()),
        steps: script.declared().map(|declared| (declared.steps.as_slice(), declared.strategy)),
        is_saas: is_saas_plugin(&file.bytes),
    };
    print(format, || sheet.render(), || InspectionDocument::from(&sheet))
}

fn print(
    format: Format,
    text: impl FnOnce() -> String,
    document: impl FnOnce() -> InspectionDocument,
) -> Result<u8, Fault> {
    show(&match format {
        Format::Text => text(),
        Format::Json => render_json(&document(), stdout_is_terminal()).map_err(Fault::unrenderable)?,
    })?;
    Ok(0)
}

/// How a script is run that is only looked at.
fn options(interpreter: Option<String>) -> Options {
    Options {
        interpreter,
        arguments: Vec::new(),
        environment: ScriptEnvironment::usual().variables,
        confinement: None,
        limits: Limits::default(),
    }
}

/// Compiles the plugin, and asks it what it is.
fn open(file: &PluginFile) -> Result<(Inspection, Manifest), Fault> {
    let limits = Limits::default();
    let unfit = |error| Fault::unfit(&file.path, &error);
    let inspection = inspect(&file.bytes).map_err(unfit)?;
    let runtime = Runtime::new(&limits, None).map_err(unfit)?;
    let loaded = runtime.load(&file.bytes, &file.digest.to_string()).map_err(unfit)?;
    let manifest = block_on(loaded.describe())??;
    Ok((inspection, manifest))
}
