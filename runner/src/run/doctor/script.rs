//! What would rotate the record: the plugin that is named, or the record's own rotation script.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Check, Checked, finding};
use crate::catalog::PluginFile;
use crate::cli::{DoctorArgs, ExecArgs};
use crate::model::{Finding, Level, SharedRecord};
use crate::run::block_on::block_on;
use crate::run::fault::Fault;
use crate::run::problem;
use crate::vault::Reader;

/// Finds it; an attached file is fetched into `folder`, as the gateway does, at most `limit` bytes of it.
pub(super) fn find(
    args: DoctorArgs,
    shared: &SharedRecord,
    reader: &mut dyn Reader,
    folder: &Path,
    limit: usize,
) -> Check<(ExecArgs, PluginFile)> {
    let (exec, detail) = match args.plugin.clone() {
        Some(plugin) => {
            let detail = plugin.display().to_string();
            (args.exec(plugin), detail)
        }
        None => attached(&args, shared, reader, folder)?,
    };
    let file = PluginFile::read(&exec.plugin, limit).map_err(Fault::from)?;
    Ok(Checked { value: (exec, file), detail, findings: Vec::new() })
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
fn keep(place: &PathBuf, bytes: &[u8]) -> Result<(), Vec<Finding>> {
    fs::write(place, bytes).map_err(|error| {
        let message =
            format!("a copy of the attached file could not be kept at {}: {error}", place.display());
        vec![finding(Level::Error, "script-file-unwritable", message, None)]
    })
}
