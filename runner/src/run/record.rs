//! `exec --record`: writes a test case of the run.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::exec::{Subject, document};
use super::fault::Fault;
use super::stage::Stage;
use crate::harness::{CASE_FILE, Story};
use crate::rotation::{Job, Outcome, marker};
use crate::secret::Redactor;
use crate::system::private;

/// Makes the folder of the case, in which none must be yet. Before anything is changed: what is done
/// is to be noted.
///
/// # Errors
/// When it cannot be made, or holds a case.
pub(super) fn prepare_folder(folder: &Path) -> Result<(), Fault> {
    let invalid = |problem: String| {
        let message = format!("--record {}: {problem}", folder.display());
        Fault::invalid("record-folder", message, None)
    };
    fs::create_dir_all(folder).map_err(|error| invalid(format!("the folder cannot be made: {error}")))?;
    if folder.join(CASE_FILE).exists() {
        return Err(invalid(format!("there is a {CASE_FILE} already; name a new folder")));
    }
    Ok(())
}

/// Writes the case.
///
/// # Errors
/// Why there is none, in a sentence.
pub(super) fn record(
    folder: &Path,
    plugin: &Path,
    stage: &Stage,
    job: &Job,
    outcome: &Outcome,
    subject: &Subject,
    redactor: &Redactor,
) -> Result<(), String> {
    let not = |problem: &str| format!("no test case of this run was written: {problem}");
    let (recording, mut first) = stage.recorded().ok_or_else(|| not("the plugin was given nothing"))?;
    first.request.marker = marker(&job.record_uid, &job.rotation_id, 1);
    let document = serde_json::to_value(document(subject, outcome, redactor)).unwrap_or_default();
    let made = outcome.updates.iter().filter(|update| update.is_secret());
    let made: Vec<_> = made
        .flat_map(|update| update.values.iter().map(|value| (update.label.clone(), value.clone())))
        .collect();
    let run = fs::canonicalize(plugin).map_err(|error| not(&error.to_string()))?;
    let story = Story {
        run: &run.display().to_string(),
        now: &subject.began_at.to_string(),
        request: &first.request,
        replaced: &first.replaced,
        proposed: job.proposed.as_ref(),
        document: &document,
        exit: outcome.kind.exit_code(),
        made: &made,
        redactor,
    };
    let case = recording.case(&story).map_err(|problem| not(&problem))?;
    if redactor.finds_secret_in(&case) {
        return Err(not("a secret would have stood in it"));
    }
    let text = format!("# Recorded by `pamrun exec --record`.\n\n{case}");
    write(&folder.join(CASE_FILE), &text).map_err(|error| not(&error.to_string()))
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    private(OpenOptions::new().write(true).create_new(true)).open(path)?.write_all(text.as_bytes())
}
