//! `pamrun exec`: one rotation, from the gateway's line to the outcome document.

use std::io::stdin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use super::clock::SystemClock;
use super::fault::Fault;
use super::guard;
use super::prepare::Preparation;
use crate::catalog::PluginFile;
use crate::cli::{
    CliError, ExecArgs, ExecSettings, Format, PluginConfig, StateFolder, VaultChoice, process_environment,
};
use crate::journal::MemoryJournal;
use crate::model::{Manifest, Strategy};
use crate::params::Params;
use crate::policy::Operator;
use crate::report::{
    Console, Message, PluginInfo, Report, print, render_json, render_text, stdin_is_terminal,
    stdout_is_terminal,
};
use crate::request::{check_manifest, wanted_uids};
use crate::rotation::{
    Entry, ErrorInfo, Job, Journal, Outcome, OutcomeKind, Parts, StepTiming, Vault, rotate_overlap,
};
use crate::secret::Redactor;
use crate::vault::FileVault;
use crate::wasm::{Gate, LogLevel, NetworkOptions, Resolve, Runtime};

/// What the document says besides the outcome; known bit by bit.
#[derive(Default)]
struct Subject {
    rotation_id: Option<String>,
    record_uid: Option<String>,
    plugin: Option<PluginInfo>,
    reveal: bool,
    format: Format,
}

/// Runs one rotation, prints its document, and returns the exit code.
pub(super) fn exec(args: ExecArgs) -> u8 {
    let redactor = Redactor::default();
    let redact = |text: &str| redactor.redact(text);
    let console = Console::new(&redact);
    let mut subject = Subject { reveal: args.reveal, ..Subject::default() };
    let mut journal = MemoryJournal::default();

    let ended = guard::catch(|| rotate(args, &mut subject, &mut journal, &redactor));
    let mut outcome = match ended {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(fault)) => Outcome::of_error(fault.kind, fault.info(None)),
        Err(place) => panicked(&place, &journal),
    };
    if let Err(error) = print_document(&subject, &outcome, &redactor) {
        console.say(Message::Error(&format!("the outcome could not be written to stdout: {error}")));
        if journal.entries().contains(&Entry::HandingOver) {
            // Nobody can know how much of the only copy arrived.
            outcome.kind = OutcomeKind::Uncertain;
        }
    } else if journal.entries().contains(&Entry::HandingOver) {
        // In memory it cannot fail, and nothing would be done about it: the values are out.
        let _ = journal.append(Entry::HandedOver);
    }
    for warning in &outcome.warnings {
        console.say(Message::Warning(warning));
    }
    if let Some(error) = &outcome.error {
        console.say(Message::Error(&error.message));
        if let Some(hint) = &error.hint {
            console.say(Message::Hint(hint));
        }
    }
    outcome.kind.exit_code()
}

/// A bug of ours. Whether the target may have changed, the journal knows.
fn panicked(place: &str, journal: &MemoryJournal) -> Outcome {
    let tried = journal.entries().iter().find_map(|entry| match entry {
        Entry::Try { marker, .. } => Some(marker),
        _ => None,
    });
    let error = ErrorInfo {
        code: "panic".to_owned(),
        step: None,
        message: format!("pamrun itself failed, at {place}: this is a bug"),
        hint: tried.map(|marker| {
            format!("a credential named {marker} may exist at the service: compare it with the record, and remove it if the record does not hold it")
        }),
    };
    let kind = if tried.is_some() { OutcomeKind::Uncertain } else { OutcomeKind::Internal };
    Outcome::of_error(kind, error)
}

fn print_document(subject: &Subject, outcome: &Outcome, redactor: &Redactor) -> std::io::Result<()> {
    let report = Report {
        rotation_id: subject.rotation_id.as_deref(),
        record_uid: subject.record_uid.as_deref(),
        plugin: subject.plugin.as_ref(),
        reveal: subject.reveal,
    };
    let document = report.document(outcome, &|text| redactor.redact(text));
    let at_terminal = stdout_is_terminal();
    print(&match subject.format {
        Format::Json => render_json(&document, at_terminal)?,
        Format::Text => render_text(&document, at_terminal),
    })
}

/// The chain: settings, params, plugin, request and grant, rotation.
fn rotate(
    args: ExecArgs,
    subject: &mut Subject,
    journal: &mut MemoryJournal,
    redactor: &Redactor,
) -> Result<Outcome, Fault> {
    let started = Instant::now();
    let settings = ExecSettings::gather(args, &process_environment)?;
    subject.format = settings.format;
    let state = StateFolder::open(&settings.state_dir)?;

    let params = read_params(&settings, redactor)?;
    subject.record_uid = Some(params.user_record_uid.clone());

    // Made first: it reads what the machine trusts while the plugin is loaded.
    let gate = Gate::new(network(&settings)?, &settings.limits)?;
    let file = PluginFile::read(&settings.plugin, settings.limits.plugin)?;
    let runtime = Runtime::new(&settings.limits, Some(state.cache()?.path()))?;
    let loaded = runtime.load(&file.bytes, &file.digest.to_string())?;
    let tokio = async_runtime()?;
    let manifest = tokio.block_on(loaded.describe())?;
    subject.plugin = Some(PluginInfo::wasm(&manifest.name, &manifest.version, file.digest));
    check(&manifest)?;
    let load_time = StepTiming { name: "load".to_owned(), elapsed: started.elapsed(), requests: 0 };

    let rotation_id = uuid::Uuid::new_v4().to_string();
    subject.rotation_id = Some(rotation_id.clone());
    let config = settings.for_plugin(&file.digest.to_string());
    let preparation = Preparation {
        manifest: &manifest,
        params: &params,
        operator: operator(&settings, config),
        sets: settings.settings.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
        config: config.map(PluginConfig::settings).transpose()?.unwrap_or_default(),
        locked: config.map_or(&[], |config| &config.lock),
        redactor,
        warnings: Vec::new().into(),
    };
    let mut plugin = loaded.instantiate(Arc::new(gate), redactor.clone(), plugin_log(&manifest, redactor));
    let mut vault = match &settings.vault {
        VaultChoice::File(path) => Some(FileVault::new(path)),
        VaultChoice::None => None,
    };
    let params_records = params.records();
    let others = params_records.iter().map(|record| record.uid.as_str());
    let resource = params.resource_record_uid.as_deref();
    let job = Job {
        record_uid: params.user_record_uid.clone(),
        rotation_id,
        wanted: wanted_uids(
            &params.user_record_uid,
            others.chain(resource),
            params.provider_record_uid.as_deref(),
        ),
        params_records: params_records.clone(),
        returns: manifest.returns.clone(),
        limits: settings.limits.clone(),
        dry_run: settings.dry_run,
    };
    let parts = Parts {
        plugin: &mut plugin,
        vault: vault.as_mut().map(|vault| -> &mut dyn Vault { vault }),
        journal,
        clock: &SystemClock::start(),
        prepare: &|records| preparation.prepare(records),
        secrets: redactor,
    };
    let mut outcome = tokio.block_on(rotate_overlap(&job, parts));

    outcome.steps.insert(0, load_time);
    let warnings = [
        params.warnings(),
        override_warnings(&settings),
        loaded.warning().map(ToString::to_string).into_iter().collect(),
        vault.as_ref().map_or_else(Vec::new, |vault| vault.warnings().to_vec()),
        preparation.warnings.take(),
    ];
    outcome.warnings.splice(0..0, warnings.into_iter().flatten());
    Ok(outcome)
}

fn read_params(settings: &ExecSettings, redactor: &Redactor) -> Result<Params, Fault> {
    if stdin_is_terminal() {
        let redact = |text: &str| text.to_owned();
        Console::new(&redact)
            .say(Message::Hint("waiting for the gateway's line on stdin; `pamrun params encode` makes one"));
    }
    let params = Params::read(stdin().lock(), &settings.limits)?;
    for password in params.new_password.iter().chain(&params.old_password) {
        redactor.learn(password);
    }
    Ok(params)
}

/// One thread: a rotation waits for the network, one request after the other.
pub(super) fn async_runtime() -> Result<tokio::runtime::Runtime, Fault> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| Fault {
        kind: OutcomeKind::Internal,
        ..Fault::invalid(
            "async-runtime",
            format!("the system gives no way to wait for events: {error}"),
            None,
        )
    })
}

fn check(manifest: &Manifest) -> Result<(), Fault> {
    check_manifest(manifest)?;
    if manifest.strategy != Strategy::Overlap {
        let message = format!(
            "{} is not an `overlap` plugin, and this version of pamrun runs no other ones",
            manifest.name
        );
        return Err(Fault::invalid("strategy-unknown", message, None));
    }
    Ok(())
}

/// What the operator allows this file: what is allowed to all plugins, and to this digest.
fn operator(settings: &ExecSettings, config: Option<&PluginConfig>) -> Operator {
    let mut allow_hosts = settings.allow_hosts.clone();
    allow_hosts.extend(config.iter().flat_map(|config| config.allow_hosts.iter().cloned()));
    Operator { allow_hosts, allow_private: settings.allow_private.clone() }
}

fn network(settings: &ExecSettings) -> Result<NetworkOptions, CliError> {
    let resolve = settings.resolve.iter().map(|entry| Resolve {
        host: entry.host.clone(),
        port: entry.port,
        address: entry.address,
    });
    Ok(NetworkOptions {
        ca_file: settings.ca_pem()?,
        resolve: resolve.collect(),
        proxy: settings.proxy.clone(),
    })
}

fn override_warnings(settings: &ExecSettings) -> Vec<String> {
    let entries = settings.resolve.iter();
    let line = |entry: &crate::cli::Resolve| {
        format!(
            "--resolve sends {}:{} to {}, not to where its name leads",
            entry.host, entry.port, entry.address
        )
    };
    entries.map(line).collect()
}

/// Where a plugin's log goes: to people, once its step has ended. What is of use to its author
/// only is left out.
fn plugin_log(manifest: &Manifest, redactor: &Redactor) -> Rc<dyn Fn(crate::wasm::LogLine)> {
    let (name, redactor) = (manifest.name.clone(), redactor.clone());
    Rc::new(move |line| {
        let level = match line.level {
            LogLevel::Debug => return,
            LogLevel::Info => "info",
            LogLevel::Warn => "warn",
        };
        let redact = |text: &str| redactor.redact(text);
        Console::new(&redact).say(Message::Plugin { name: &name, level, text: &line.text });
    })
}
