//! `pamrun plugin check`: everything that keeps a file from running here, at once.

use pamrun_contract::manifest::CONTRACT;

use super::block_on::block_on;
use super::fault::Fault;
use super::manifest::{is_source, manifest};
use super::show;
use crate::catalog::PluginFile;
use crate::cli::Format;
use crate::limits::Limits;
use crate::model::{Manifest, StepName};
use crate::report::{
    Check, Console, FileForm, Message, RequestAsk, StepAsk, render_json, stdout_is_terminal,
};
use crate::request::{RequestError, advise, check_manifest, counts_as_change, is_for};
use crate::rotation::OutcomeKind;
use crate::script::{Options, Script, ScriptError, WorkFolders, is_saas_plugin};
use crate::secret::Redactor;
use crate::wasm::{DescribeError, Inspection, LoadError, Runtime, check_component, look_into};

/// Checks a WebAssembly file, says what was found, and returns the exit code.
pub(super) fn check_wasm(file: &PluginFile, format: Format) -> Result<u8, Fault> {
    let mut check = Check::new(file.digest, file.bytes.len());
    match look_into(&file.bytes) {
        Ok(inspection) => {
            check.form = Some(form(&inspection));
            check.interface = inspection.interface().map(str::to_owned);
            if let Some(manifest) = describe(file, &inspection, &mut check)? {
                judge(&manifest, &mut check);
            }
        }
        Err(error) => check.add(error.code(), told(file, &error)),
    }
    tell(&check, format)
}

/// Checks a packed plugin, or a manifest alone; nothing of it is compiled or run.
pub(super) fn check_packed(file: &PluginFile, format: Format) -> Result<u8, Fault> {
    let mut check = Check::new(file.digest, file.bytes.len());
    check.form = Some(if is_source(file) { FileForm::Manifest } else { FileForm::Packed });
    check.interface = Some(CONTRACT.to_owned());
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
    if !is_source(file) {
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
            check.steps = steps.iter().map(|name| StepAsk { name: *name, requests: Vec::new() }).collect();
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

pub(super) fn form(inspection: &Inspection) -> FileForm {
    if inspection.core_module { FileForm::CoreModule } else { FileForm::Component }
}

/// Asks the plugin what it is, if it can be asked at all.
fn describe(
    file: &PluginFile,
    inspection: &Inspection,
    check: &mut Check,
) -> Result<Option<Manifest>, Fault> {
    let problems = inspection.problems();
    for problem in &problems {
        check.add(problem.code(), told(file, problem));
    }
    let runtime = Runtime::new(&Limits::default(), None).map_err(|error| Fault::unfit(&file.path, &error))?;
    let loaded = match problems.as_slice() {
        [] => runtime.load(&file.bytes, &file.digest.to_string()),
        // What it imports too much need not keep it from saying what it is.
        [LoadError::NotGranted { .. }] if !inspection.core_module => {
            runtime.load_with_gaps(&file.bytes, inspection)
        }
        _ => return Ok(None),
    };
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(error @ (LoadError::Engine(_) | LoadError::TooSlow { .. })) => {
            return Err(Fault::unfit(&file.path, &error));
        }
        Err(error) => {
            check.add(error.code(), told(file, &error));
            return Ok(None);
        }
    };
    match block_on(loaded.describe())? {
        Ok(manifest) => Ok(Some(manifest)),
        // What it calls to describe itself may be just what nobody provides.
        Err(DescribeError::Stopped(_)) if !problems.is_empty() => Ok(None),
        Err(error) => {
            let fault = Fault::from(error);
            check.add(fault.code, fault.message);
            Ok(None)
        }
    }
}

fn told(file: &PluginFile, error: &LoadError) -> String {
    format!("{}: {error}", file.path.display())
}

fn judge(manifest: &Manifest, check: &mut Check) {
    check.name = Some(manifest.name.clone());
    check.version = Some(manifest.version.clone());
    match check_manifest(manifest) {
        Ok(()) => check.warnings = advise(manifest),
        Err(RequestError::Manifest(problems)) => {
            for problem in problems.iter() {
                check.add("manifest-invalid", format!("the plugin's manifest: {problem}"));
            }
        }
        Err(error) => check.add(error.code(), error.to_string()),
    }
    check.steps = StepName::ALL.map(|step| StepAsk { name: step, requests: requests(manifest, step) }).into();
}

fn requests(manifest: &Manifest, step: StepName) -> Vec<RequestAsk> {
    let asked = manifest.requests.iter().filter(|rule| is_for(rule, step));
    let ask = asked.map(|rule| RequestAsk {
        method: rule.method.clone(),
        host: rule.host.clone(),
        path: rule.path.clone(),
        changes: counts_as_change(manifest, rule),
        removes: rule.removes.clone(),
    });
    ask.collect()
}

fn tell(check: &Check, format: Format) -> Result<u8, Fault> {
    match format {
        Format::Json => show(&render_json(check, stdout_is_terminal()).map_err(Fault::unrenderable)?)?,
        Format::Text if check.fits => show(&check.render())?,
        // People are told the problems below, and there is nothing else to show.
        Format::Text => {}
    }
    let console = Console::plain();
    check.warnings.iter().for_each(|warning| console.say(Message::Warning(warning)));
    check.problems.iter().for_each(|problem| console.say(Message::Error(&problem.message)));
    Ok(if check.fits { 0 } else { OutcomeKind::Invalid.exit_code() })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::catalog::Digest;

    fn manifest(strategy: &str, requests: &Value) -> Manifest {
        serde_json::from_value(json!({
            "name": "key", "version": "0.1.0", "strategy": strategy,
            "records": [{"role": "target", "fields": []}],
            "returns": [{"label": "key", "place": "custom", "type": "secret"}],
            "hosts": ["https://a.test"], "requests": requests,
        }))
        .unwrap()
    }

    fn judged(manifest: &Manifest) -> Check {
        let mut check = Check::new(Digest::of(b""), 0);
        judge(manifest, &mut check);
        check
    }

    #[test]
    fn all_that_is_wrong_with_a_manifest_is_told_and_advice_only_on_a_sound_one() {
        let rule = json!({"steps": ["all"], "method": "POST", "host": "a.test", "path": "/keys"});
        let mut manifest = manifest("overlap", &json!([rule]));
        let sound = judged(&manifest);
        assert!(sound.fits && !sound.warnings.is_empty());
        manifest.name = "A Key".to_owned();
        manifest.version = "1".to_owned();
        let check = judged(&manifest);
        assert_eq!((check.fits, check.problems.len(), check.warnings.len()), (false, 2, 0));
    }

    #[test]
    fn what_preflight_may_send_changes_nothing_and_what_rotate_alone_may_send_does() {
        let manifest = manifest(
            "overlap",
            &json!([
                {"steps": ["all"], "method": "POST", "host": "a.test", "path": "/token"},
                {"steps": ["rotate"], "method": "POST", "host": "a.test", "path": "/keys"},
            ]),
        );
        let check = judged(&manifest);
        let asks = |at: usize| {
            check.steps[at].requests.iter().map(|ask| (ask.path.as_str(), ask.changes)).collect::<Vec<_>>()
        };
        assert_eq!((asks(0), asks(1)), (vec![("/token", false)], vec![("/token", false), ("/keys", true)]));
    }
}
