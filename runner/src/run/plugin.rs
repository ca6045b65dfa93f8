//! `pamrun plugin`: looks into plugin files.

use super::block_on::block_on;
use super::fault::Fault;
use super::show;
use crate::catalog::PluginFile;
use crate::cli::{PluginCommand, ScriptEnvironment};
use crate::limits::Limits;
use crate::model::{Manifest, Strategy};
use crate::report::{PluginSheet, ScriptSheet};
use crate::request::check_manifest;
use crate::script::{Options, Script, is_saas_plugin};
use crate::wasm::{Inspection, Runtime, inspect};

/// Carries it out.
pub(super) fn plugin(command: &PluginCommand) -> Result<(), Fault> {
    let (PluginCommand::Inspect { file } | PluginCommand::Check { file }) = command;
    let file = PluginFile::read(file, Limits::default().plugin)?;
    if !file.is_wasm() {
        return script(command, &file);
    }
    match command {
        PluginCommand::Inspect { .. } => {
            let (inspection, manifest) = open(&file)?;
            let sheet = PluginSheet {
                manifest: &manifest,
                digest: file.digest,
                size: file.bytes.len(),
                core_module: inspection.core_module,
                made_by: made_by(&inspection),
                imports: &inspection.imports,
                exports: &inspection.exports,
            };
            show(&sheet.render())
        }
        PluginCommand::Check { .. } => {
            let (_, manifest) = open(&file)?;
            check(&manifest)?;
            show(&format!("{} {} fits this pamrun\n{}", manifest.name, manifest.version, file.digest))
        }
    }
}

/// The same for a script.
fn script(command: &PluginCommand, file: &PluginFile) -> Result<(), Fault> {
    let options = Options {
        interpreter: None,
        arguments: Vec::new(),
        environment: ScriptEnvironment::usual().variables,
        confinement: None,
        limits: Limits::default(),
    };
    let script = Script::new(&file.path, &file.bytes, options)?;
    let is_saas = is_saas_plugin(&file.bytes);
    let steps = script.declared().map(|declared| (declared.steps.as_slice(), declared.strategy));
    match command {
        PluginCommand::Inspect { .. } => show(
            &ScriptSheet {
                name: &script.name(),
                digest: file.digest,
                size: file.bytes.len(),
                run_by: &script.interpreter().unwrap_or_else(|| "itself".to_owned()),
                steps,
                is_saas,
            }
            .render(),
        ),
        PluginCommand::Check { .. } => {
            steps.map_or(Ok(()), |(_, strategy)| check_strategy(&script.name(), strategy))?;
            show(&format!("{} fits this pamrun\n{}", script.name(), file.digest))
        }
    }
}

/// Tells whether `exec` would run a plugin with this manifest.
pub(super) fn check(manifest: &Manifest) -> Result<(), Fault> {
    check_manifest(manifest)?;
    check_strategy(&manifest.name, manifest.strategy)
}

/// Tells whether `exec` can do what a plugin of this strategy needs.
pub(super) fn check_strategy(name: &str, strategy: Strategy) -> Result<(), Fault> {
    if strategy != Strategy::Deliver {
        return Ok(());
    }
    let message = format!(
        "{name} delivers a value instead of rotating one, and this version of pamrun runs no such plugins"
    );
    Err(Fault::invalid("strategy-unknown", message, None))
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

/// Our own SDK says all that matters; without it, the tools are what there is.
fn made_by(inspection: &Inspection) -> Vec<String> {
    match (&inspection.language, &inspection.sdk) {
        (Some(language), Some(sdk)) => vec![format!("{language} with pamrun's SDK {sdk}")],
        _ => inspection
            .tools
            .iter()
            .map(|tool| format!("{} {}", tool.name, tool.version).trim_end().to_owned())
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::wasm::Tool;

    fn manifest(strategy: &str) -> Manifest {
        serde_json::from_value(json!({
            "name": "key", "version": "0.1.0", "strategy": strategy,
            "records": [{"role": "target", "fields": []}],
            "returns": [{"label": "key", "place": "custom", "type": "secret"}],
            "hosts": [], "requests": [],
        }))
        .unwrap()
    }

    #[test]
    fn only_what_exec_can_run_fits() {
        check(&manifest("overlap")).unwrap();
        check(&manifest("in-place")).unwrap();
        let fault = check(&manifest("deliver")).unwrap_err();
        assert_eq!(fault.code, "strategy-unknown");
    }

    #[test]
    fn what_our_sdk_says_goes_before_the_tools() {
        let tool = Tool { part: "language".to_owned(), name: "C11".to_owned(), version: String::new() };
        let mut inspection = Inspection::default();
        inspection.tools.push(tool);
        assert_eq!(made_by(&inspection), ["C11"]);
        inspection.language = Some("rust".to_owned());
        inspection.sdk = Some("0.1.0".to_owned());
        assert_eq!(made_by(&inspection), ["rust with pamrun's SDK 0.1.0"]);
    }
}
