//! `pamrun doctor`: looks for what would make a rotation fail, and changes nothing.

mod machine;
mod patient;
mod script;

use super::clock::SystemClock;
use super::destinations::check_deliveries;
use super::exec::Subject;
use super::fault::Fault;
use super::prepare::Order;
use super::rotate::{Given, perform};
use super::show;
use crate::cli::{DoctorArgs, ExecSettings, Format, StateFolder, process_environment};
use crate::journal::FileJournal;
use crate::model::{Finding, Level};
use crate::params::Params;
use crate::report::{Diagnosis, render_json, stdout_is_terminal, stdout_takes_colour};
use crate::rotation::Outcome;
use crate::script::Line;
use crate::secret::Redactor;
use patient::Patient;
use script::Rotator;

/// What is looked at, in this order; those from the fourth on only where a record is named.
const CHECKS: [&str; 7] =
    ["settings", "state folder", "certificates", "vault", "record", "script", "preflight"];
const WITHOUT_RECORD: usize = 4;

/// What was looked at and can be gone on with.
struct Checked<T> {
    value: T,
    /// What it is, in words.
    detail: String,
    findings: Vec<Finding>,
}

/// What a check comes to: all that was found where nothing can be gone on with.
type Check<T> = Result<Checked<T>, Vec<Finding>>;

/// Carries it out, and returns the exit code.
pub(super) fn doctor(args: DoctorArgs) -> Result<u8, Fault> {
    let (format, strict) = (args.format, args.strict);
    let checks = if args.record.is_some() { CHECKS.len() } else { WITHOUT_RECORD };
    let mut visit = Visit { diagnosis: Diagnosis::new(args.record.clone()), redactor: Redactor::default() };
    // What could not be looked at is told by the checks that are missing.
    let _ = visit.examine(args);
    let Visit { mut diagnosis, .. } = visit;
    let made = diagnosis.checks.len();
    CHECKS.iter().take(checks).skip(made).for_each(|name| diagnosis.skip(name));
    diagnosis.judge(strict);
    show(&match format {
        Format::Json => render_json(&diagnosis, stdout_is_terminal()).map_err(Fault::unrenderable)?,
        Format::Text => diagnosis.render(stdout_takes_colour()),
    })?;
    Ok(u8::from(!diagnosis.healthy))
}

/// One look at everything.
struct Visit {
    diagnosis: Diagnosis,
    redactor: Redactor,
}

impl Visit {
    /// Makes one check after the other, until one leaves nothing to go on with.
    fn examine(&mut self, args: DoctorArgs) -> Option<()> {
        let settings = self.note(machine::settings(&args))?;
        let state = self.note(machine::state_folder(&settings));
        self.note(machine::certificates(&settings));
        let mut vault = self.note(machine::vault(&settings))?;

        let uid = args.record.clone()?;
        let patient = self.note(patient::examine(&vault.records, &uid, args.provider.as_deref()))?;
        let found = script::find(args, &patient.record, vault.reader.as_mut(), settings.limits.plugin);
        let rotator = self.note(found)?;
        let (state, journal) = state?;
        self.preflight(&rotator, &patient, &state, journal);
        Some(())
    }

    /// Adds a check.
    fn note<T>(&mut self, check: Check<T>) -> Option<T> {
        let name = CHECKS.get(self.diagnosis.checks.len()).copied().unwrap_or_default();
        let redact = |text: &str| self.redactor.redact(text);
        let (value, detail, findings) = match check {
            Ok(Checked { value, detail, findings }) => (Some(value), detail, findings),
            Err(findings) => (None, String::new(), findings),
        };
        self.diagnosis.add(name, &detail, &findings, &redact);
        value
    }

    /// Has the plugin look at what it would rotate.
    fn preflight(
        &mut self,
        rotator: &Rotator,
        patient: &Patient,
        state: &StateFolder,
        mut journal: FileJournal,
    ) {
        let uid = &patient.record.record.uid;
        let mut subject = Subject::of_dry_run(uid.clone());
        let outcome = self.outcome(rotator, patient, state, &mut journal, &mut subject);
        let outcome = outcome.unwrap_or_else(Fault::into_outcome);
        let plan = outcome.plan.as_ref();
        let target = plan.map(|plan| plan.target.clone()).unwrap_or_default();
        let checked = Checked { value: (), detail: target, findings: findings(&outcome) };
        self.note(Ok(checked));
        let redact = |text: &str| self.redactor.redact(text);
        self.diagnosis.plans(subject.plugin, plan, &redact);
    }

    fn outcome(
        &self,
        Rotator { exec, file, .. }: &Rotator,
        patient: &Patient,
        state: &StateFolder,
        journal: &mut FileJournal,
        subject: &mut Subject,
    ) -> Result<Outcome, Fault> {
        let clock = SystemClock::start();
        let settings = ExecSettings::gather(exec.clone(), &process_environment)?;
        check_deliveries(&settings)?;
        let record = &patient.record.record;
        let params = Params::of_record(&record.uid, patient.provider_uid.as_deref(), &settings.limits)?;
        let order = Order { line: Line::Made { resource_uid: None }, ..Order::from(&params) };
        let given = Given { settings: &settings, params: &params, order: &order, file, state };
        perform(given, &clock, subject, journal, &self.redactor)
    }
}

/// Everything that a dry run has to say, with codes.
fn findings(outcome: &Outcome) -> Vec<Finding> {
    let mut findings = outcome.findings.clone();
    if let Some(error) = &outcome.error {
        let is_told = |finding: &Finding| finding.code == error.code && finding.message == error.message;
        if !findings.iter().any(is_told) {
            findings.push(Finding {
                level: Level::Error,
                code: error.code.clone(),
                message: error.message.clone(),
                fix: error.hint.clone(),
            });
        }
    }
    for warning in &outcome.warnings {
        if findings.iter().all(|finding| finding.to_string() != *warning) {
            findings.push(finding(Level::Warning, "note", warning.clone(), None));
        }
    }
    findings
}

fn finding(level: Level, code: &str, message: impl Into<String>, fix: Option<String>) -> Finding {
    Finding { level, code: code.to_owned(), message: message.into(), fix }
}

impl From<Fault> for Vec<Finding> {
    fn from(Fault { code, message, hint, .. }: Fault) -> Self {
        vec![finding(Level::Error, code, message, hint)]
    }
}
