//! `pamrun exec`: one rotation, told in one document on stdout, and to people on stderr.

use std::io;
use std::time::Instant;

use jiff::Timestamp;

use super::fault::Fault;
use super::guard;
use super::rotate::rotate;
use crate::cli::{ExecArgs, Format};
use crate::journal::FileJournal;
use crate::model::StepName;
use crate::report::{
    Audit, Console, Document, Message, PluginInfo, Report, print, render_json, render_text,
    stdout_is_terminal, stdout_takes_colour,
};
use crate::rotation::{Entry, ErrorInfo, Journal, Outcome, OutcomeKind};
use crate::secret::Redactor;

/// What the document says besides the outcome, and where else it is told; known bit by bit.
pub(super) struct Subject {
    began: Instant,
    pub(super) began_at: Timestamp,
    pub(super) rotation_id: Option<String>,
    pub(super) record_uid: Option<String>,
    pub(super) plugin: Option<PluginInfo>,
    pub(super) format: Format,
    pub(super) audit: Option<Audit>,
    pub(super) dry_run: bool,
    reveal: bool,
}

impl Subject {
    fn new(format: Format, reveal: bool) -> Self {
        Self {
            began: Instant::now(),
            began_at: Timestamp::now(),
            rotation_id: None,
            record_uid: None,
            plugin: None,
            format,
            audit: None,
            dry_run: false,
            reveal,
        }
    }

    /// One of a look at a record, which nobody is told of here.
    pub(super) fn of_dry_run(record_uid: String) -> Self {
        Self { record_uid: Some(record_uid), dry_run: true, ..Self::new(Format::Json, false) }
    }

    /// The journal's entries of this rotation.
    fn entries(&self, journal: Option<&FileJournal>) -> Vec<Entry> {
        let id = self.rotation_id.as_deref().unwrap_or_default();
        journal.map(|journal| journal.entries(id).into_iter().cloned().collect()).unwrap_or_default()
    }
}

/// Runs one rotation, prints its document, and returns the exit code.
pub(super) fn exec(args: ExecArgs) -> u8 {
    let redactor = Redactor::default();
    // A mistake in the settings is told in the form that was asked for, too.
    let format = if args.format.as_deref() == Some("text") { Format::Text } else { Format::Json };
    let mut subject = Subject::new(format, args.reveal);
    let mut journal = None;

    let outcome = match guard::catch(|| rotate(args, &mut subject, &mut journal, &redactor)) {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(fault)) => fault.into_outcome(),
        Err(place) => panicked(&place, &subject.entries(journal.as_ref())),
    };
    let exit_code = end(&mut subject, outcome, journal.as_mut(), &redactor);
    if let Some(journal) = journal {
        journal.finish();
    }
    exit_code
}

/// Prints the document of a command line that makes no sense; the parser has told people already.
pub(super) fn refuse_usage(problem: &str) -> u8 {
    let hint = "see `pamrun exec --help`".to_owned();
    let outcome = Fault::invalid("usage", problem, Some(hint)).into_outcome();
    // Who cannot read the document still has the exit code and stderr.
    let _ = print_document(&Subject::new(Format::Json, false), &outcome, &Redactor::default());
    outcome.kind.exit_code()
}

/// Says how it ended, and returns the exit code.
fn end(
    subject: &mut Subject,
    mut outcome: Outcome,
    journal: Option<&mut FileJournal>,
    redactor: &Redactor,
) -> u8 {
    let redact = |text: &str| redactor.redact(text);
    let console = Console::new(&redact);
    let printed = print_document(subject, &outcome, redactor);
    let entries = subject.entries(journal.as_deref());
    let is_handing_over = entries.contains(&Entry::HandingOver);
    if let Some(journal) = journal.filter(|_| is_handing_over && printed.is_ok()) {
        let id = subject.rotation_id.as_deref().unwrap_or_default();
        if let Err(error) = journal.append(id, Entry::HandedOver) {
            // The values are out; what remains is an entry that the next run asks about.
            console.say(Message::Warning(&format!("the journal could not close this rotation: {error}")));
        }
    }
    // Who reads the text on the same screen need not read it twice.
    let is_told =
        printed.is_ok() && subject.format == Format::Text && stdout_is_terminal() && console.is_terminal();
    if !is_told {
        tell(&console, &outcome);
    }
    if let Err(error) = printed {
        console.say(Message::Error(&format!("the outcome could not be written to stdout: {error}")));
        if is_handing_over {
            // Nobody can know how much of the only copy arrived.
            outcome.kind = OutcomeKind::Uncertain;
            console.say(Message::Hint(&not_handed_over(&entries)));
        } else {
            console.say(Message::Hint(&format!("the rotation ended as `{}`", outcome.kind.word())));
        }
    }
    note(subject, &outcome, redactor, &console);
    outcome.kind.exit_code()
}

fn tell(console: &Console<'_>, outcome: &Outcome) {
    for warning in &outcome.warnings {
        console.say(Message::Warning(warning));
    }
    if let Some(error) = &outcome.error {
        console.say(Message::Error(&with_step(error)));
        if let Some(hint) = &error.hint {
            console.say(Message::Hint(hint));
        }
    }
}

/// Names the step, where it was the plugin that failed in it and the message does not say so.
fn with_step(ErrorInfo { step, message, .. }: &ErrorInfo) -> String {
    let failed_in = StepName::ALL.iter().map(|step| step.word()).find(|word| step.as_deref() == Some(word));
    match failed_in.filter(|word| !message.contains(&format!(" in {word}"))) {
        Some(word) => format!("in {word}: {message}"),
        None => message.clone(),
    }
}

fn not_handed_over(entries: &[Entry]) -> String {
    let made = entries.iter().rev().find_map(|entry| match entry {
        Entry::Made { handle, .. } => Some(format!("the new credential {handle}")),
        _ => None,
    });
    let made = made.unwrap_or_else(|| "a new credential".to_owned());
    format!(
        "{made} is valid, and what arrived of it may not be whole: if nobody saved it, remove it at the service and rotate again. `pamrun recover` names it until a record does"
    )
}

/// A bug of ours. Whether the target may have changed, the journal knows.
fn panicked(place: &str, entries: &[Entry]) -> Outcome {
    let fault = Fault::panicked(place);
    let hint = entries.iter().find_map(|entry| match entry {
        Entry::Intent(intent) if intent.strategy.is_none() => {
            Some("look at what the script changes, and whether it still goes with the record".to_owned())
        }
        Entry::Try { marker, .. } => Some(format!(
            "run `pamrun recover`, or the same again: either settles what is left. A credential named {marker} may exist at the service"
        )),
        _ => None,
    });
    let Some(hint) = hint else { return fault.into_outcome() };
    let error = ErrorInfo { hint: Some(hint), ..fault.info(None) };
    Outcome::of_error(OutcomeKind::Uncertain, error)
}

/// Notes the run for those who watch. By now it has happened, whether that can be noted or not.
fn note(subject: &mut Subject, outcome: &Outcome, redactor: &Redactor, console: &Console<'_>) {
    let document = document(subject, outcome, redactor);
    let (dry_run, elapsed) = (subject.dry_run, subject.began.elapsed());
    if let Some(Err(error)) = subject.audit.as_mut().map(|audit| audit.run(&document, dry_run, elapsed)) {
        console.say(Message::Warning(&format!("the audit line of this run could not be written: {error}")));
    }
}

pub(super) fn document(subject: &Subject, outcome: &Outcome, redactor: &Redactor) -> Document {
    let report = Report {
        rotation_id: subject.rotation_id.as_deref(),
        record_uid: subject.record_uid.as_deref(),
        plugin: subject.plugin.as_ref(),
        reveal: subject.reveal,
    };
    report.document(outcome, &|text| redactor.redact(text))
}

fn print_document(subject: &Subject, outcome: &Outcome, redactor: &Redactor) -> io::Result<()> {
    let document = document(subject, outcome, redactor);
    print(&match subject.format {
        Format::Json => render_json(&document, stdout_is_terminal())?,
        Format::Text => render_text(&document, stdout_takes_colour()),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::Plan;
    use crate::rotation::Intent;

    #[test]
    fn a_bug_before_the_first_try_has_changed_nothing() {
        let outcome = panicked("x.rs:1", &[]);
        assert_eq!((outcome.kind, outcome.kind.exit_code()), (OutcomeKind::Internal, 70));
        assert_eq!(outcome.error.unwrap().hint, None);
    }

    #[test]
    fn a_bug_after_a_try_is_uncertain_and_names_what_may_be_left() {
        let entry =
            Entry::Try { marker: "pamrun-r-1.1".to_owned(), at: Duration::ZERO, until: Duration::ZERO };
        let outcome = panicked("x.rs:1", &[entry]);
        assert_eq!(outcome.kind, OutcomeKind::Uncertain);
        let error = outcome.error.unwrap();
        assert_eq!(error.code, "panic");
        assert!(error.message.contains("x.rs:1") && error.hint.unwrap().contains("pamrun-r-1.1"));
    }

    #[test]
    fn a_bug_while_a_script_without_steps_runs_is_uncertain() {
        let plan = Plan::default();
        let intent = Intent {
            record_uid: "u1".to_owned(),
            strategy: None,
            plan,
            spared: Vec::new(),
            records: Vec::new(),
            consumers: Vec::new(),
            setup: serde_json::Value::Null,
        };
        let outcome = panicked("x.rs:1", &[Entry::Intent(Box::new(intent))]);
        assert_eq!(outcome.kind, OutcomeKind::Uncertain);
        assert!(outcome.error.unwrap().hint.unwrap().starts_with("look at what the script changes"));
    }

    #[test]
    fn who_did_not_get_a_credential_is_told_which_one() {
        let hint =
            not_handed_over(&[Entry::Made { handle: "k2".to_owned(), field: None }, Entry::HandingOver]);
        assert!(hint.starts_with("the new credential k2 is valid"), "{hint}");
    }
}
