//! `pamrun plugin`: looks into plugin files.

use pamrun_contract::overview::overview;

use super::block_on::block_on;
use super::check::{check_packed, check_script, check_wasm, form};
use super::fault::Fault;
use super::manifest::{has_manifest, manifest, tell};
use super::pack::pack;
use super::render::render;
use super::show;
use crate::catalog::PluginFile;
use crate::cli::{Format, PluginArgs, PluginCommand, ScriptEnvironment};
use crate::limits::Limits;
use crate::model::Manifest;
use crate::report::{
    FileForm, InspectionDocument, MadeOf, OverviewSheet, PluginSheet, ScriptSheet, ToolEntry, render_json,
    stdout_is_terminal,
};
use crate::script::{Options, Script, is_saas_plugin};
use crate::wasm::{Inspection, Runtime, Tool, inspect, look_into};

/// Carries it out, and returns the exit code.
pub(super) fn plugin(command: &PluginCommand) -> Result<u8, Fault> {
    match command {
        PluginCommand::Pack(args) => pack(args),
        PluginCommand::Render(args) => render(args),
        PluginCommand::Inspect(args) => inspect_file(args),
        PluginCommand::Check(args) => check_file(args),
    }
}

fn inspect_file(PluginArgs { file, interpreter, format }: &PluginArgs) -> Result<u8, Fault> {
    let file = PluginFile::read(file, Limits::default().plugin)?;
    if has_manifest(&file) || is_unpacked(&file) {
        return inspect_manifest(&file, *format);
    }
    if file.is_wasm() {
        return inspect_wasm(&file, *format);
    }
    let script = Script::new(&file.path, &file.bytes, options(interpreter.clone()))?;
    inspect_script(&file, &script, *format)
}

fn check_file(PluginArgs { file, interpreter, format }: &PluginArgs) -> Result<u8, Fault> {
    let file = PluginFile::read(file, Limits::default().plugin)?;
    if has_manifest(&file) || is_unpacked(&file) {
        check_packed(&file, *format)
    } else if file.is_wasm() {
        check_wasm(&file, *format)
    } else {
        check_script(&file, options(interpreter.clone()), *format)
    }
}

/// Whether a file is a guest of contract 1.0 that nobody packed.
fn is_unpacked(file: &PluginFile) -> bool {
    look_into(&file.bytes)
        .is_ok_and(|inspection| inspection.interface().is_some_and(|version| version.starts_with("1.")))
}

/// Of a packed plugin, and of a manifest alone, without compiling anything.
fn inspect_manifest(file: &PluginFile, format: Format) -> Result<u8, Fault> {
    let manifest = match manifest(file) {
        Ok(manifest) => manifest,
        Err(problems) => return Ok(tell(&problems)),
    };
    let inspection = file.is_wasm().then(|| look_into(&file.bytes)).transpose();
    let inspection = inspection.map_err(|error| Fault::unfit(&file.path, &error))?;
    let overview = overview(&manifest);
    let sheet = OverviewSheet {
        overview: &overview,
        digest: file.digest,
        size: file.bytes.len(),
        form: if file.is_wasm() { FileForm::Packed } else { FileForm::Manifest },
        made_of: inspection.as_ref().map(|inspection| MadeOf {
            language: inspection.language.as_deref(),
            sdk: inspection.sdk.as_deref(),
            tools: tools(inspection),
            imports: &inspection.imports,
            exports: &inspection.exports,
        }),
    };
    print(format, || sheet.render(), || InspectionDocument::from(&sheet))
}

/// The programs that had a part in making a file.
fn tools(inspection: &Inspection) -> Vec<ToolEntry> {
    let entry = |tool: &Tool| ToolEntry {
        part: tool.part.clone(),
        name: tool.name.clone(),
        version: tool.version.clone(),
    };
    inspection.tools.iter().map(entry).collect()
}

fn inspect_wasm(file: &PluginFile, format: Format) -> Result<u8, Fault> {
    let (inspection, manifest) = open(file)?;
    let sheet = PluginSheet {
        manifest: &manifest,
        digest: file.digest,
        size: file.bytes.len(),
        form: form(&inspection),
        interface: inspection.interface(),
        language: inspection.language.as_deref(),
        sdk: inspection.sdk.as_deref(),
        tools: tools(&inspection),
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
