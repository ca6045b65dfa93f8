//! The chain of one rotation: settings, params, plugin, request and grant, engine.

use std::io::stdin;
use std::time::Instant;

use serde_json::Value;

use super::ask_for;
use super::attach::{attach, vault};
use super::block_on::block_on;
use super::clock::SystemClock;
use super::exec::Subject;
use super::fault::Fault;
use super::prepare::Preparation;
use super::random::random;
use crate::catalog::PluginFile;
use crate::cli::{
    AuditChoice, CliError, ExecArgs, ExecSettings, PluginConfig, StateFolder, VaultChoice,
    process_environment,
};
use crate::journal::FileJournal;
use crate::model::Manifest;
use crate::params::Params;
use crate::policy::Operator;
use crate::report::{Audit, AuditTarget, stdout_is_discarded};
use crate::request::wanted_uids;
use crate::rotation::{Job, Outcome, OutcomeKind, Parts, StepTiming, Uninterrupted, rotate_overlap};
use crate::secret::Redactor;
use crate::wasm::{Gate, NetworkOptions, Resolve};

/// Rotates once. What is found out on the way about whom it is for goes into `subject`, and every
/// secret into `redactor`, so that both are of use however it ends.
///
/// # Errors
/// What is wrong with usage, input, plugin or machine. Nothing has begun then.
pub(super) fn rotate(
    args: ExecArgs,
    subject: &mut Subject,
    journal: &mut Option<FileJournal>,
    redactor: &Redactor,
) -> Result<Outcome, Fault> {
    let started = Instant::now();
    let settings = ExecSettings::gather(args, &process_environment)?;
    subject.format = settings.format;
    subject.dry_run = settings.dry_run;
    subject.audit = settings.audit.as_ref().map(open_audit).transpose()?;
    if settings.vault == VaultChoice::None && !settings.dry_run && stdout_is_discarded() {
        return Err(Fault::output_discarded());
    }
    let state = StateFolder::open(&settings.state_dir)?;
    let journal = journal.insert(FileJournal::new(&state)?);

    ask_for("the gateway's line, as `pamrun params encode` makes one,");
    let params = Params::read(stdin().lock(), &settings.limits)?;
    params.new_password.iter().chain(&params.old_password).for_each(|password| redactor.learn(password));
    subject.record_uid = Some(params.user_record_uid.clone());

    // Made first: both read what the machine trusts while the plugin is loaded.
    let mut vault = vault(&settings)?;
    let gate = Gate::new(network(&settings)?, &settings.limits)?;
    let file = PluginFile::read(&settings.plugin, settings.limits.plugin)?;
    let attached = attach(&file, &settings, &state, gate, redactor, subject)?;
    let (manifest, mut plugin) = (attached.manifest, attached.plugin);
    let load_time = StepTiming { name: "load".to_owned(), elapsed: started.elapsed(), requests: 0 };

    let job = job(&settings, &params, &manifest);
    subject.rotation_id = Some(job.rotation_id.clone());
    let config = settings.for_plugin(&file.digest.to_string());
    journal.set_plugin(file);
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
    let parts = Parts {
        plugin: plugin.as_mut(),
        vault: vault.as_deref_mut().map(|vault| vault as _),
        journal,
        clock: &SystemClock::start(),
        prepare: &|records| preparation.prepare(records),
        secrets: redactor,
        random: &random,
        interrupt: &Uninterrupted,
    };
    let mut outcome = block_on(rotate_overlap(&job, parts))?;

    outcome.steps.insert(0, load_time);
    let warnings = [
        params.warnings(),
        override_warnings(&settings),
        attached.warning.into_iter().collect(),
        vault.as_ref().map_or_else(Vec::new, |vault| vault.warnings().to_vec()),
        preparation.warnings.take(),
    ];
    outcome.warnings.splice(0..0, warnings.into_iter().flatten());
    if vault.is_none() {
        outcome.warnings.extend(nothing_removed(&outcome));
    }
    Ok(outcome)
}

fn job(settings: &ExecSettings, params: &Params, manifest: &Manifest) -> Job {
    let params_records = params.records();
    let others = params_records.iter().map(|record| record.uid.as_str());
    let wanted = wanted_uids(
        &params.user_record_uid,
        others.chain(params.resource_record_uid.as_deref()),
        params.provider_record_uid.as_deref(),
    );
    Job {
        record_uid: params.user_record_uid.clone(),
        rotation_id: uuid::Uuid::new_v4().to_string(),
        wanted,
        params_records,
        returns: manifest.returns.clone(),
        limits: settings.limits.clone(),
        proposed: params.new_password.clone(),
        replaced: params.old_password.clone(),
        setup: Value::Null,
        dry_run: settings.dry_run,
    }
}

/// Opened before anything is changed: what is changed is to be seen.
fn open_audit(choice: &AuditChoice) -> Result<Audit, Fault> {
    let (target, place) = match choice {
        AuditChoice::Syslog => (AuditTarget::Syslog, "the system's log".to_owned()),
        AuditChoice::File(path) => (AuditTarget::File(path.clone()), path.display().to_string()),
    };
    Audit::open(&target).map_err(|error| Fault::audit_unwritable(&place, &error))
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
    let line = |entry: &crate::cli::Resolve| {
        let crate::cli::Resolve { host, port, address } = entry;
        format!("--resolve sends {host}:{port} to {address}, not to where its name leads")
    };
    settings.resolve.iter().map(line).collect()
}

/// The plan lists what a vault would let us remove; without one that stays.
fn nothing_removed(outcome: &Outcome) -> Option<String> {
    let has_plan = outcome.plan.as_ref().is_some_and(|plan| !plan.removes.is_empty());
    (has_plan && matches!(outcome.kind, OutcomeKind::Rotated | OutcomeKind::Planned)).then(|| {
        "with the vault `none` nothing is removed: what the plan lists stays until a later rotation or \
         until somebody removes it"
            .to_owned()
    })
}
