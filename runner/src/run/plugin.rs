//! `pamrun plugin`: looks into plugin files.

use pamrun_contract::overview::overview;

use super::check::{check_plugin, check_script};
use super::fault::Fault;
use super::manifest::{is_source, manifest, problem, tell};
use super::pack::pack;
use super::render::render;
use super::show;
use crate::catalog::PluginFile;
use crate::cli::{Format, PluginArgs, PluginCommand, ScriptEnvironment};
use crate::limits::Limits;
use crate::report::{
    FileForm, InspectionDocument, MadeOf, OverviewSheet, ScriptSheet, ToolEntry, render_json,
    stdout_is_terminal,
};
use crate::script::{Options, Script, is_saas_plugin};
use crate::wasm::{Inspection, Tool, look_into};

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
    if file.is_wasm() || is_source(&file) {
        return inspect_plugin(&file, *format);
    }
    let script = Script::new(&file.path, &file.bytes, options(interpreter.clone()))?;
    inspect_script(&file, &script, *format)
}

fn check_file(PluginArgs { file, interpreter, format }: &PluginArgs) -> Result<u8, Fault> {
    let file = PluginFile::read(file, Limits::default().plugin)?;
    if file.is_wasm() || is_source(&file) {
        check_plugin(&file, *format)
    } else {
        check_script(&file, options(interpreter.clone()), *format)
    }
}

/// Of a plugin in the sandbox, and of its manifest alone, without compiling anything.
fn inspect_plugin(file: &PluginFile, format: Format) -> Result<u8, Fault> {
    let manifest = match manifest(file) {
        Ok(manifest) => manifest,
        Err(problems) => return Ok(tell(&problems)),
    };
    let inspection = file.is_wasm().then(|| look_into(&file.bytes)).transpose();
    let inspection = match inspection {
        Ok(inspection) => inspection,
        Err(error) => return Ok(tell(&[problem(error.code(), &file.path, &error)])),
    };
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
