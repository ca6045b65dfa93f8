//! `pamrun plugin check`: everything that keeps a file from running here, at once.

use pamrun_contract::manifest::CONTRACT;

use super::block_on::block_on;
use super::fault::Fault;
use super::manifest::{is_source, manifest};
use super::show;
use crate::catalog::PluginFile;
use crate::cli::Format;
use crate::report::{Check, Console, FileForm, Message, render_json, stdout_is_terminal};
use crate::rotation::OutcomeKind;
use crate::script::{Options, Script, ScriptError, WorkFolders, is_saas_plugin};
use crate::secret::Redactor;
use crate::wasm::check_component;

/// Checks a plugin in the sandbox, or its manifest alone; nothing of it is compiled or run.
pub(super) fn check_plugin(file: &PluginFile, format: Format) -> Result<u8, Fault> {
    let mut check = Check::new(file.digest, file.bytes.len());
    check.form = Some(if is_source(file) { FileForm::Manifest } else { FileForm::Packed });
    check.contract = Some(CONTRACT.to_owned());
    match manifest(file) {
        Ok(manifest) => {
            check.name = Some(manifest.name);
            check.version = Some(manifest.version);
        }
        Err(problems) => {
            for problem in problems {
                check.add(&problem.code, problem.message);
            }
        }
    }
    // Of a file that cannot be read more cannot be said.
    let is_readable = !check.problems.iter().any(|it| matches!(it.code.as_str(), "not-wasm" | "damaged"));
    if !is_source(file) && is_readable {
        for error in check_component(&file.bytes).err().into_iter().flatten() {
            check.add(error.code(), format!("{}: {error}", file.path.display()));
        }
    }
    tell(&check, format)
}

/// Checks a script likewise. A SaaS plugin is loaded, as `exec` does it before a rotation.
pub(super) fn check_script(file: &PluginFile, options: Options, format: Format) -> Result<u8, Fault> {
    let mut check = Check::new(file.digest, file.bytes.len());
    let is_saas = is_saas_plugin(&file.bytes);
    check.form = Some(if is_saas { FileForm::SaasPlugin } else { FileForm::Script });
    check.name = file.path.file_name().map(|name| name.to_string_lossy().into_owned());
    let script =
        if is_saas { load_saas(file, options)? } else { Script::new(&file.path, &file.bytes, options) };
    match script {
        Ok(script) => {
            let steps = script.declared().map(|declared| declared.steps.as_slice()).unwrap_or_default();
            check.steps = steps.to_vec();
        }
        Err(error @ (ScriptError::Unfit { .. } | ScriptError::RequirementsMissing { .. })) => {
            check.add(error.code(), error.to_string());
        }
        Err(error) => return Err(error.into()),
    }
    tell(&check, format)
}

/// Loads a SaaS plugin in a folder that is gone afterwards, and asks it what it is.
fn load_saas(file: &PluginFile, options: Options) -> Result<Result<Script, ScriptError>, Fault> {
    let temporary = std::env::temp_dir();
    let folder = tempfile::tempdir_in(&temporary)
        .map_err(|source| ScriptError::Folder { path: temporary.clone(), source })?;
    let folders = WorkFolders::open(folder.path())?;
    let redactor = Redactor::default();
    let loaded = block_on(Script::saas(&file.path, &file.bytes, options, &folders, &redactor))?;
    Ok(loaded.map(|(script, _)| script))
}

fn tell(check: &Check, format: Format) -> Result<u8, Fault> {
    match format {
        Format::Json => show(&render_json(check, stdout_is_terminal()).map_err(Fault::unrenderable)?)?,
        Format::Text if check.fits => show(&check.render())?,
        // People are told the problems below, and there is nothing else to show.
        Format::Text => {}
    }
    let console = Console::plain();
    check.problems.iter().for_each(|problem| console.say(Message::Error(&problem.message)));
    Ok(if check.fits { 0 } else { OutcomeKind::Invalid.exit_code() })
}
