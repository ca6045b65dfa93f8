//! The chain of one rotation: settings, params, plugin, request and grant, engine.

use std::io::stdin;
use std::path::PathBuf;
use std::rc::Rc;

use serde_json::Value;

use super::ask_for;
use super::audit::open_audit;
use super::block_on::block_on;
use super::clock::SystemClock;
use super::destinations::check_deliveries;
use super::earlier::Earlier;
use super::equip::{Equipped, Source};
use super::exec::Subject;
use super::fault::Fault;
use super::prepare::Order;
use super::purpose::Purpose;
use super::record::{prepare_folder, record};
use super::settle::{Others, Settler};
use super::setup::{Began, DeliverySetup, Now, Setup};
use super::signals::Signals;
use super::stage::Stage;
use super::terms::Terms;
use crate::catalog::{Digest, PluginFile};
use crate::cli::{DeliveredBy, ExecArgs, ExecSettings, StateFolder, VaultChoice, process_environment};
use crate::journal::{FileJournal, left_open};
use crate::limits::Limits;
use crate::model::{Listed, Strategy};
use crate::params::Params;
use crate::report::stdout_is_discarded;
use crate::request::wanted_uids;
use crate::rotation::{
    Clock, Job, Journal, Outcome, OutcomeKind, Parts, Patience, StepTiming, rotate_in_place, rotate_overlap,
    run_once,
};
use crate::secret::Redactor;

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
    let clock = SystemClock::start();
    let settings = ExecSettings::gather(args, &process_environment)?;
    subject.format = settings.format;
    subject.dry_run = settings.dry_run;
    check_deliveries(&settings)?;
    subject.audit = settings.audit.as_ref().map(open_audit).transpose()?;
    if settings.vault == VaultChoice::None && !settings.dry_run && stdout_is_discarded() {
        return Err(Fault::output_discarded());
    }
    if let Some(folder) = &settings.record {
        prepare_folder(folder)?;
    }
    let state_folder = StateFolder::open(&settings.state_dir)?;
    let journal = journal.insert(FileJournal::new(&state_folder)?);

    ask_for("the gateway's line, as `pamrun params encode` makes one,");
    let params = Params::read(stdin().lock(), &settings.limits)?;
    params.new_password.iter().chain(&params.old_password).for_each(|password| redactor.learn(password));
    subject.record_uid = Some(params.user_record_uid.clone());

    let file = PluginFile::read(&settings.plugin, settings.limits.plugin)?;
    let order = Order::from(&params);
    let given =
        Given { settings: &settings, params: &params, order: &order, file: &file, state: &state_folder };
    perform(given, &clock, subject, journal, redactor)
}

/// What a rotation is made of.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) settings: &'a ExecSettings,
    pub(super) params: &'a Params,
    pub(super) order: &'a Order,
    pub(super) file: &'a PluginFile,
    pub(super) state: &'a StateFolder,
}

/// Rotates, or only looks, as the settings say.
///
/// # Errors
/// What is wrong with plugin, settings or machine. Nothing has begun then.
pub(super) fn perform(
    given: Given<'_>,
    clock: &SystemClock,
    subject: &mut Subject,
    journal: &mut FileJournal,
    redactor: &Redactor,
) -> Result<Outcome, Fault> {
    let Given { settings, params, order, file, state } = given;
    let purpose = Purpose::Rotate { is_delivered: !settings.deliveries.is_empty() };
    let source = Source { file: Some(file), settings, order, state, redactor, purpose };
    let mut stage = block_on(Stage::set(source, &mut subject.plugin))??;
    let mut setup = Setup::new(settings, file.digest, began(&stage.rotating), params)?;
    let mut files = vec![file.clone()];
    setup.deliveries = block_on(add_deliveries(&mut stage, source, &mut files, params))??;
    let load_time = StepTiming { name: "load".to_owned(), elapsed: clock.elapsed(), requests: 0 };

    let job = Job {
        plugin: stage.rotating.info.name.clone(),
        setup: setup.to_value()?,
        dry_run: settings.dry_run,
        wants_attached: stage.wants_attached(),
        ..job(&settings.limits, params, &stage.rotating.terms)
    };
    subject.rotation_id = Some(job.rotation_id.clone());
    journal.set_plugins(files);
    let signals = Signals::listen();
    let (mut outcome, earlier) = block_on(async {
        let earlier = if settings.dry_run {
            Earlier::named(left_open(state, &job.record_uid))
        } else {
            let now = Now::new(settings);
            let others = Others::Given(job.params_records.clone());
            let patience = Patience::OneLook;
            let interrupt = &signals;
            let proposed = job.proposed.clone();
            let audit = subject.audit.as_mut();
            let mut settler =
                Settler { state, now, redactor, clock, interrupt, patience, others, proposed, audit };
            Earlier::settled(journal, &job.record_uid, &mut settler).await
        };
        let terms = Rc::clone(&stage.rotating.terms);
        (run(&terms, &job, stage.parts(journal, clock, &signals)).await, earlier)
    })?;

    outcome.steps.insert(0, load_time);
    point_to_recovery(&mut outcome, &job, journal);
    earlier.findings.into_iter().for_each(|finding| outcome.find(finding));
    let warnings = [params.warnings(), stage.warnings(), earlier.warnings];
    outcome.warnings.splice(0..0, warnings.into_iter().flatten());
    let is_left = |listed: &Listed| !outcome.removed.contains(&listed.id);
    outcome.retained.extend(earlier.retained.into_iter().filter(is_left));
    if let Some(folder) = &settings.record {
        outcome
            .warnings
            .extend(record(folder, &settings.plugin, &stage, &job, &outcome, subject, redactor).err());
    }
    if settings.vault == VaultChoice::None {
        outcome.warnings.extend(nothing_removed(&outcome));
    }
    Ok(outcome)
}

/// Adds the plugins that deliver, each read into `files`; returns what to journal of them.
async fn add_deliveries(
    stage: &mut Stage,
    source: Source<'_>,
    files: &mut Vec<PluginFile>,
    params: &Params,
) -> Result<Vec<DeliverySetup>, Fault> {
    let mut setups = Vec::new();
    for delivery in &source.settings.deliveries {
        let (path, file) = match &delivery.by {
            DeliveredBy::File => (PathBuf::new(), None),
            DeliveredBy::Plugin(path) => {
                (path.clone(), Some(PluginFile::read(path, source.settings.limits.plugin)?))
            }
        };
        let settings = source.settings.for_delivery(path, delivery.settings.clone());
        let purpose = Purpose::Deliver;
        let source = Source { file: file.as_ref(), settings: &settings, purpose, ..source };
        let plugin = Equipped::of(source, &mut None).await?;
        let digest = file.as_ref().map_or_else(|| Digest::of(b""), |file| file.digest);
        let setup = Setup::new(&settings, digest, began(&plugin), params)?;
        setups.push(DeliverySetup { name: stage.add(plugin), built_in: file.is_none(), setup });
        files.extend(file);
    }
    Ok(setups)
}

fn began(plugin: &Equipped) -> Began<'_> {
    let Equipped { terms, info, interpreter, .. } = plugin;
    Began { terms, info, interpreter: interpreter.as_deref() }
}

/// Runs the plugin as its terms say: here a strategy meets the engine that knows it.
pub(super) async fn run<'a>(terms: &Terms, job: &'a Job, parts: Parts<'a>) -> Outcome {
    match terms.strategy() {
        Some(Strategy::InPlace) => rotate_in_place(job, parts).await,
        // Nobody gets here with a plugin that only delivers.
        Some(Strategy::Overlap | Strategy::Deliver) => rotate_overlap(job, parts).await,
        None => run_once(job, parts).await,
    }
}

/// What is to be rotated, by what the gateway says; without what a setup needs.
pub(super) fn job(limits: &Limits, params: &Params, terms: &Terms) -> Job {
    let params_records = params.records();
    let others = params_records.iter().map(|record| record.uid.as_str());
    let wanted = wanted_uids(
        &params.user_record_uid,
        others.chain(params.resource_record_uid.as_deref()),
        params.provider_record_uid.as_deref(),
    );
    Job {
        record_uid: params.user_record_uid.clone(),
        plugin: String::new(),
        rotation_id: uuid::Uuid::new_v4().to_string(),
        wanted,
        wants_attached: terms.wants_attached(),
        params_records,
        returns: terms.returns(),
        any_custom: terms.any_custom(),
        limits: limits.clone(),
        proposed: params.new_password.clone(),
        replaced: params.old_password.clone(),
        setup: Value::Null,
        dry_run: false,
    }
}

/// A rotation that stays open is settled by whoever comes next; its own hint says what to do by hand.
fn point_to_recovery(outcome: &mut Outcome, job: &Job, journal: &FileJournal) {
    let is_open = journal.open_rotations().iter().any(|open| open.rotation_id == job.rotation_id);
    if let Some(error) = outcome.error.as_mut().filter(|_| is_open) {
        let by_hand = error.hint.take().map_or_else(String::new, |hint| format!("; by hand: {hint}"));
        error.hint = Some(format!("run `pamrun recover {}`, or the same again{by_hand}", job.record_uid));
    }
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
