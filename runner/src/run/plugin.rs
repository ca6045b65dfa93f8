//! `pamrun plugin`: looks into plugin files.

use std::path::Path;

use super::block_on::block_on;
use super::fault::Fault;
use super::show;
use crate::catalog::PluginFile;
use crate::cli::PluginCommand;
use crate::limits::Limits;
use crate::model::{Manifest, Strategy};
use crate::report::PluginSheet;
use crate::request::check_manifest;
use crate::wasm::{Inspection, Runtime, inspect};

/// Carries it out.
pub(super) fn plugin(command: &PluginCommand) -> Result<(), Fault> {
    match command {
        PluginCommand::Inspect { file } => {
            let (file, inspection, manifest) = open(file)?;
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
        PluginCommand::Check { file } => {
            let (file, _, manifest) = open(file)?;
            check(&manifest)?;
            show(&format!("{} {} fits this pamrun\n{}", manifest.name, manifest.version, file.digest))
        }
    }
}

/// Tells whether `exec` would run a plugin with this manifest.
pub(super) fn check(manifest: &Manifest) -> Result<(), Fault> {
    check_manifest(manifest)?;
    if manifest.strategy != Strategy::Deliver {
        return Ok(());
    }
    let message = format!(
        "{} delivers a value instead of rotating one, and this version of pamrun runs no such plugins",
        manifest.name
    );
    Err(Fault::invalid("strategy-unknown", message, None))
}

/// Reads, compiles and asks the plugin what it is.
fn open(path: &Path) -> Result<(PluginFile, Inspection, Manifest), Fault> {
    let limits = Limits::default();
    let file = PluginFile::read(path, limits.plugin)?;
    let unfit = |error| Fault::unfit(path, &error);
    let inspection = inspect(&file.bytes).map_err(unfit)?;
    let runtime = Runtime::new(&limits, None).map_err(unfit)?;
    let loaded = runtime.load(&file.bytes, &file.digest.to_string()).map_err(unfit)?;
    let manifest = block_on(loaded.describe())??;
    Ok((file, inspection, manifest))
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
