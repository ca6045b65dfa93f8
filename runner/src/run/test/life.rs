//! One process in the world of a case: it settles what an earlier one left, and rotates.

use std::cell::RefCell;
use std::convert::Infallible;
use std::path::Path;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::runtime::Builder;

use super::players::{Players, Role};
use super::program::Program;
use crate::cli::SetValue;
use crate::harness::{
    Case, MemoryJournal, MemoryVault, Played, ProcessClock, ProgramEntry, Reach, Service, StandIn, Witness,
    World, follow, params, serve,
};
use crate::limits::Limits;
use crate::model::Record;
use crate::params::{Params, encode};
use crate::policy::Operator;
use crate::report::{PluginInfo, Report};
use crate::rotation::{
    Deliverer, Job, LogLine, Outcome, OutcomeKind, Parts, Patience, Plugin, Uninterrupted, Vault, settle,
};
use crate::run::block_on::block_on_with;
use crate::run::fault::Fault;
use crate::run::prepare::{Order, Preparation};
use crate::run::random::random;
use crate::run::rotate::{job, run};
use crate::run::terms::Terms;
use crate::script::{Line, WorkFolders};
use crate::secret::{Redactor, Secret};
use crate::wasm::Gate;

/// What a process is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// It rotates, after it has settled what is left.
    Rotate,
    /// The same, and what settled well is called once more at the end.
    RotateAndAskAgain,
    /// It settles what is left, and waits for that as long as it may.
    Settle,
}

/// One script at a time: when it ends, all that this process has started is ended with it.
static SCRIPTS: Mutex<()> = Mutex::new(());

/// The variable that tells a script where the service is.
const SERVICE: &str = "PAMRUN_TEST_SERVICE";

/// A plugin or script of a case, ready for one rotation.
struct Attached<'a> {
    plugin: Witness<'a>,
    terms: Rc<Terms>,
    info: PluginInfo,
    /// The option that would give it its settings, and what that would give.
    option: &'static str,
    sets: Vec<(String, SetValue)>,
}

/// What plugins are attached with.
#[derive(Clone, Copy)]
struct Surroundings<'a> {
    limits: &'a Limits,
    params: &'a Params,
    redactor: &'a Redactor,
    /// Where scripts work.
    folder: &'a Path,
}

/// A process of a case.
pub(super) struct Life<'a> {
    pub(super) case: &'a Case,
    pub(super) players: &'a Players,
    pub(super) world: &'a Arc<World>,
}

impl Life<'_> {
    /// Lives; returns nothing when it died.
    ///
    /// # Errors
    /// What in the case makes no sense.
    pub(super) fn live(&self, purpose: Purpose) -> Result<Option<Played>, Fault> {
        let is_script = self.players.reach() == Reach::Loopback;
        let _turn = is_script.then(|| SCRIPTS.lock().unwrap_or_else(PoisonError::into_inner));
        let time = self.world.time.clone();
        let mut builder = Builder::new_current_thread();
        builder.enable_all();
        if !is_script {
            // When nobody has anything to do but wait, time passes.
            builder.on_thread_park(move || time.pass());
        }
        block_on_with(&mut builder, async {
            tokio::select! {
                biased;
                () = self.world.death() => Ok(None),
                never = self.serve() => match never {},
                played = self.run(purpose) => played.map(|played| (!self.world.is_dead()).then_some(played)),
            }
        })?
    }

    /// Keeps the service up for a script.
    async fn serve(&self) -> Infallible {
        if let Some(listener) = self.world.listener() {
            tokio::join!(serve(Arc::clone(self.world), listener), follow(self.world.time.clone()));
        }
        std::future::pending().await
    }

    async fn run(&self, purpose: Purpose) -> Result<Played, Fault> {
        let world = self.world;
        let invalid = |problem: String| Fault::invalid("case", problem, None);
        let limits = self.limits().map_err(invalid)?;
        let line = encode(&params(world).map_err(invalid)?);
        let params = Params::parse(line.as_bytes(), &limits)?;
        let redactor = Redactor::default();
        params.new_password.iter().chain(&params.old_password).for_each(|password| redactor.learn(password));
        let log = Rc::new(RefCell::new(Vec::new()));
        let folder =
            tempfile::tempdir().map_err(|error| invalid(format!("no folder for a script: {error}")))?;
        let take = {
            let log = Rc::clone(&log);
            Rc::new(move |line: LogLine| log.borrow_mut().push(line.text))
        };
        let stage =
            Surroundings { limits: &limits, params: &params, redactor: &redactor, folder: folder.path() };
        let mut rotating = match &self.players.rotating {
            Some(role) => self.attach(role, "--set", &stage, Rc::clone(&take) as _)?,
            None => self.stand_in().map_err(invalid)?,
        };
        let deliver = |role| self.attach(role, "--deliver", &stage, Rc::clone(&take) as _);
        let mut delivering =
            self.players.delivering.iter().map(deliver).collect::<Result<Vec<_>, Fault>>()?;
        let (mut vault, mut journal) = (MemoryVault(Arc::clone(world)), MemoryJournal(Arc::clone(world)));

        let job = Job {
            plugin: rotating.info.name.clone(),
            wants_attached: delivering.iter().chain([&rotating]).any(|one| one.terms.wants_attached()),
            ..job(&limits, &params, &rotating.terms)
        };
        let records = match self.case.setting.allow_hosts {
            None => vault.get(&job.wanted).await.unwrap_or_default(),
            Some(_) => Vec::new(),
        };
        let order = Order::from(&params);
        let prepared = |one: &Attached<'_>| self.preparation(one, &order, &redactor, &records);
        let preparation = prepared(&rotating);
        let preparations: Vec<_> = delivering.iter().map(prepared).collect();
        let functions: Vec<_> =
            preparations.iter().map(|one| |records: &[Record]| one.prepare(records)).collect();
        let names = unique_names(&delivering);
        let deliverers = delivering.iter_mut().zip(&functions).zip(&names);
        let deliverers =
            deliverers.map(|((one, prepare), name)| Deliverer { name, plugin: &mut one.plugin, prepare });
        let clock = ProcessClock::start(world.time.clone());
        let prepare = |records: &[Record]| preparation.prepare(records);
        let terms = Rc::clone(&rotating.terms);
        let mut parts = Parts {
            plugin: &mut rotating.plugin,
            deliverers: deliverers.collect(),
            vault: Some(&mut vault),
            journal: &mut journal,
            clock: &clock,
            prepare: &prepare,
            secrets: &redactor,
            random: &random,
            interrupt: &Uninterrupted,
        };
        let mut earlier = Vec::new();
        let patience = if purpose == Purpose::Settle { Patience::UntilProven } else { Patience::OneLook };
        for open in parts.journal.open_rotations() {
            let job = Job {
                record_uid: world.target.clone(),
                rotation_id: open.rotation_id.clone(),
                ..job.clone()
            };
            let settlement = settle(&job, parts.lend(), &open, patience).await;
            earlier.push(settlement.summary());
            earlier.extend(settlement.warnings);
        }
        let mut outcome = if purpose == Purpose::Settle {
            // Of its own, it begins nothing.
            Outcome::new(OutcomeKind::Planned)
        } else {
            world.begin(&job.rotation_id);
            run(&terms, &job, parts).await
        };
        let warnings = earlier.into_iter().chain(preparation.warnings.take());
        let of_deliverers = names.iter().zip(&preparations).flat_map(|(name, one)| {
            one.warnings.take().into_iter().map(move |warning| format!("{name}: {warning}"))
        });
        outcome.warnings.splice(0..0, warnings.chain(of_deliverers));

        let info = rotating.info.clone();
        let mut plugins: Vec<_> = delivering.into_iter().chain([rotating]).map(|one| one.plugin).collect();
        let denials = plugins.iter().flat_map(|plugin| &plugin.denials);
        let refused = denials.map(|deny| (deny.code().to_owned(), deny.to_string())).collect();
        let again =
            if purpose == Purpose::RotateAndAskAgain { again(world, &mut plugins).await } else { Vec::new() };
        let log = log.take();
        Ok(Played {
            document: document(&info, &outcome, &job, &redactor),
            exit: outcome.kind.exit_code(),
            log,
            refused,
            again,
        })
    }

    fn limits(&self) -> Result<Limits, String> {
        let mut limits = Limits::default();
        for (key, value) in &self.case.setting.limits {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            limits.set(key, &text).map_err(|error| format!("`{key}` under [limits]: `{text}` {error}"))?;
        }
        Ok(limits)
    }

    /// What `--set`, or `--deliver`, would give.
    fn sets(&self, entry: &ProgramEntry) -> Result<Vec<(String, SetValue)>, String> {
        let sets = entry.settings.iter().map(|(key, value)| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let filled = Secret::new(self.world.expand(&text)?);
            // A secret setting must come from a file, and this one does.
            let is_secret = text.contains("{secret:");
            let value = if is_secret {
                SetValue::File(self.case.path.clone(), filled)
            } else {
                SetValue::Text(filled)
            };
            Ok((key.clone(), value))
        });
        sets.collect()
    }

    /// Makes what goes with a plugin. What its manifest asks for is allowed, where the case does not say
    /// otherwise; `records` tell of which hosts its settings speak.
    fn preparation(
        &self,
        attached: &Attached<'_>,
        order: &Order,
        redactor: &Redactor,
        records: &[Record],
    ) -> Preparation {
        let allow_hosts = self.case.setting.allow_hosts.clone();
        let mut preparation = Preparation {
            terms: Rc::clone(&attached.terms),
            order: order.clone(),
            operator: Operator { allow_hosts: Vec::new(), allow_private: Vec::new() },
            option: attached.option,
            sets: attached.sets.clone(),
            config: Vec::new(),
            locked: Vec::new(),
            allow_managed: false,
            redactor: redactor.clone(),
            warnings: Vec::new().into(),
            first: None.into(),
            load: None,
        };
        preparation.operator.allow_hosts = allow_hosts.unwrap_or_else(|| preparation.hosts_to_allow(records));
        preparation
    }

    /// Makes what stands in for a plugin that rotates.
    fn stand_in(&self) -> Result<Attached<'_>, String> {
        let stand_in = StandIn::new(self.world)?;
        let built_in = stand_in.built_in();
        Ok(Attached {
            info: PluginInfo::built_in(built_in.name),
            plugin: Witness::new(Box::new(stand_in), self.world),
            terms: Rc::new(Terms::BuiltIn(built_in)),
            option: "--set",
            sets: Vec::new(),
        })
    }

    /// Makes a plugin of a role.
    fn attach(
        &self,
        role: &Role,
        option: &'static str,
        surroundings: &Surroundings<'_>,
        log: Rc<dyn Fn(LogLine)>,
    ) -> Result<Attached<'_>, Fault> {
        let Surroundings { limits, params, redactor, folder } = *surroundings;
        let (plugin, terms, info): (Box<dyn Plugin>, _, _) = match &*role.program {
            Program::Plugin { packed, info } => {
                let service = Arc::new(Service(Arc::clone(self.world)));
                let gate = Gate::to_peer(service, Arc::new(self.world.time.clone()), limits);
                let plugin = packed.instantiate(limits, Arc::new(gate), redactor.clone(), log);
                (Box::new(plugin), Terms::Declared(Arc::clone(packed.manifest())), info.clone())
            }
            Program::Script(file) => {
                let service = self.world.url().map(|url| (SERVICE.into(), url.into()));
                let script = role.script(file, limits, service)?;
                let info = PluginInfo::script(&script.name(), file.digest, false);
                let strategy = script.declared().map(|declared| declared.strategy);
                let line = Line::Piped(params.raw.clone());
                let plugin = script.instantiate(line, WorkFolders::open(folder)?, redactor.clone(), log)?;
                (Box::new(plugin), Terms::Script(strategy), info)
            }
        };
        let sets = self.sets(&role.entry).map_err(|problem| Fault::invalid("case", problem, None))?;
        Ok(Attached { plugin: Witness::new(plugin, self.world), terms: Rc::new(terms), info, option, sets })
    }
}

/// The names that plugins go by in one rotation: of those that are called the same, the second has
/// `#2` behind it.
fn unique_names(attached: &[Attached<'_>]) -> Vec<String> {
    let own = || attached.iter().map(|one| &one.info.name);
    let name = |(at, name): (usize, &String)| match own().take(at).filter(|other| *other == name).count() {
        0 => name.clone(),
        count => format!("{name}#{}", count + 1),
    };
    own().enumerate().map(name).collect()
}

fn document(info: &PluginInfo, outcome: &Outcome, job: &Job, redactor: &Redactor) -> Value {
    let report = Report {
        rotation_id: Some(&job.rotation_id),
        record_uid: Some(&job.record_uid),
        plugin: Some(info),
        reveal: false,
    };
    let document = report.document(outcome, &|text| redactor.redact(text));
    serde_json::to_value(document).unwrap_or_default()
}

/// Calls what settled or delivered once more; it must do well, and change nothing.
async fn again(world: &World, plugins: &mut [Witness<'_>]) -> Vec<String> {
    let before = world.snapshot();
    let mut wrong = Vec::new();
    for plugin in plugins {
        wrong.extend(plugin.again().await);
    }
    wrong.extend(world.changes_since(&before));
    wrong.extend(world.forget_since(&before));
    wrong
}
