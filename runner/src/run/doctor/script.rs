//! What would rotate the record: the plugin that is named, or the record's own rotation script.

use std::path::Path;
use std::{fs, io};

use serde_json::Value;
use tempfile::TempDir;

use super::{Check, Checked, finding};
use crate::catalog::PluginFile;
use crate::cli::{DoctorArgs, ExecArgs};
use crate::model::{Finding, Level, SharedRecord};
use crate::run::block_on::block_on;
use crate::run::fault::Fault;
use crate::run::problem;
use crate::vault::Reader;

/// What would rotate the record, and how.
pub(super) struct Rotator {
    pub(super) exec: ExecArgs,
    pub(super) file: PluginFile,
    /// Where the copy of an attached file is, as long as it is needed.
    _folder: Option<TempDir>,
}

/// Finds it; an attached file is fetched, as the gateway does, at most `limit` bytes of it.
pub(super) fn find(
    args: DoctorArgs,
    shared: &SharedRecord,
    reader: &mut dyn Reader,
    limit: usize,
) -> Check<Rotator> {
    let (exec, detail, folder) = if let Some(plugin) = args.plugin.clone() {
        let detail = plugin.display().to_string();
        (args.exec(plugin), detail, None)
    } else {
        let folder = tempfile::tempdir().map_err(|error| uncopied(&std::env::temp_dir(), &error))?;
        let (exec, detail) = attached(&args, shared, reader, folder.path())?;
        (exec, detail, Some(folder))
    };
    let file = PluginFile::read(&exec.plugin, limit).map_err(Fault::from)?;
    Ok(Checked { value: Rotator { exec, file, _folder: folder }, detail, findings: Vec::new() })
}

/// The first rotation script whose command is ours.
fn attached(
    args: &DoctorArgs,
    shared: &SharedRecord,
    reader: &mut dyn Reader,
    folder: &Path,
) -> Result<(ExecArgs, String), Vec<Finding>> {
    let who = format!("\"{}\" ({})", shared.record.title(), shared.record.uid);
    let fields = shared.record.fields().filter(|field| field.kind == "script");
    for script in fields.flat_map(|field| field.values) {
        let text = |key: &str| script.get(key).and_then(Value::as_str).unwrap_or_default();
        let (command, uid) = (text("command"), text("fileRef"));
        let file = shared.attachments.iter().find(|file| file.uid == uid);
        let name = file.and_then(|file| Path::new(&file.name).file_name()).unwrap_or_default();
        let place = folder.join(name);
        let exec = match args.clone().exec_as(command, &place) {
            Ok(exec) => exec,
            Err(None) => continue,
            Err(Some(stop)) => {
                let why = problem(&stop);
                let message = format!("the script command of {who}, `{command}`, is wrong: {why}");
                let fix = "mend the command in the record's rotation script".to_owned();
                return Err(vec![finding(Level::Error, "script-command", message, Some(fix))]);
            }
        };
        let Some(file) = file else {
            let message = format!(
                "the file of the rotation script of {who}, whose command is `{command}`, is not there"
            );
            let fix = "attach the plugin's file to the record's rotation script again".to_owned();
            return Err(vec![finding(Level::Error, "script-file-missing", message, Some(fix))]);
        };
        let bytes = block_on(reader.fetch(&file.uid))?.map_err(Fault::from)?;
        keep(&place, bytes.expose())?;
        return Ok((exec, format!("{}, attached with the command `{command}`", file.name)));
    }
    let message = format!("the record {who} has no rotation script whose command is `pamrun exec`");
    let fix =
        "attach the plugin's file with that script command, or name the plugin behind the options".to_owned();
    Err(vec![finding(Level::Error, "no-script", message, Some(fix))])
}

#[expect(clippy::disallowed_methods, reason = "the copy is the doctor's own")]
fn keep(place: &Path, bytes: &[u8]) -> Result<(), Vec<Finding>> {
    fs::write(place, bytes).map_err(|error| uncopied(place, &error))
}

fn uncopied(place: &Path, error: &io::Error) -> Vec<Finding> {
    let message = format!("a copy of the attached file could not be kept at {}: {error}", place.display());
    let fix = "let the user that pamrun runs as write there, or name another folder with TMPDIR".to_owned();
    vec![finding(Level::Error, "script-file-unwritable", message, Some(fix))]
}
