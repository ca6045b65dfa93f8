//! One process in the world of a case: it settles what an earlier one left, and rotates.

use std::cell::RefCell;
use std::convert::Infallible;
use std::ffi::OsString;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use serde_json::Value;
use tokio::runtime::Builder;

use super::program::Program;
use crate::cli::{ScriptEnvironment, SetValue};
use crate::harness::{
    Case, MemoryJournal, MemoryVault, Played, ProcessClock, Reach, Service, Witness, World, follow, params,
    serve,
};
use crate::limits::Limits;
use crate::model::Record;
use crate::params::{Params, encode};
use crate::policy::Operator;
use crate::report::{PluginInfo, Report};
use crate::rotation::{
    Job, LogLine, Outcome, OutcomeKind, Parts, Patience, Plugin, Uninterrupted, Vault, settle,
};
use crate::run::block_on::block_on_with;
use crate::run::fault::Fault;
use crate::run::prepare::{Order, Preparation};
use crate::run::random::random;
use crate::run::rotate::{job, run};
use crate::run::terms::Terms;
use crate::script::{Line, Options, Script, WorkFolders};
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

/// The variable that tells a script where the service is.
const SERVICE: &str = "PAMRUN_TEST_SERVICE";

/// What is under test, ready for one rotation.
struct Attached {
    plugin: Box<dyn Plugin>,
    terms: Terms,
    info: PluginInfo,
}

/// A process of a case.
pub(super) struct Life<'a> {
    pub(super) case: &'a Case,
    pub(super) program: &'a Program,
    pub(super) world: &'a Arc<World>,
}

impl Life<'_> {
    /// Lives; returns nothing when it died.
    ///
    /// # Errors
    /// What in the case makes no sense.
    pub(super) fn live(&self, purpose: Purpose) -> Result<Option<Played>, Fault> {
        let time = self.world.time.clone();
        let mut builder = Builder::new_current_thread();
        builder.enable_all();
        if self.program.reach() == Reach::BehindTheGate {
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
        let Attached { mut plugin, terms, info } =
            self.attach(&limits, &params, &redactor, take, folder.path())?;
        let terms = Rc::new(terms);
        let mut plugin = Witness::new(&mut *plugin, world);
        let (mut vault, mut journal) = (MemoryVault(Arc::clone(world)), MemoryJournal(Arc::clone(world)));

        let job = job(&limits, &params, &terms);
        let mut preparation = self.preparation(&terms, &params, &redactor).map_err(invalid)?;
        if self.case.setting.allow_hosts.is_none() {
            let records = vault.get(&job.wanted).await.unwrap_or_default();
            preparation.operator.allow_hosts = preparation.hosts_to_allow(&records);
        }
        let clock = ProcessClock::start(world.time.clone());
        let prepare = |records: &[Record]| preparation.prepare(records);
        let mut parts = Parts {
            plugin: &mut plugin,
            deliverers: Vec::new(),
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
            Outcome::new(OutcomeKind::Unchanged)
        } else {
            world.begin(&job.rotation_id);
            run(&terms, &job, parts).await
        };
        outcome.warnings.splice(0..0, earlier.into_iter().chain(preparation.warnings.take()));

        let refused = plugin.denials.iter().map(|deny| (deny.code().to_owned(), deny.to_string())).collect();
        let again =
            if purpose == Purpose::RotateAndAskAgain { again(world, &mut plugin).await } else { Vec::new() };
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

    fn preparation(
        &self,
        terms: &Rc<Terms>,
        params: &Params,
        redactor: &Redactor,
    ) -> Result<Preparation, String> {
        let setting = &self.case.setting;
        let sets = setting.settings.iter().map(|(key, value)| {
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
        Ok(Preparation {
            terms: Rc::clone(terms),
            order: Order::from(params),
            operator: Operator {
                allow_hosts: setting.allow_hosts.clone().unwrap_or_default(),
                allow_private: Vec::new(),
            },
            option: "--set",
            sets: sets.collect::<Result<_, String>>()?,
            config: Vec::new(),
            locked: Vec::new(),
            allow_managed: false,
            redactor: redactor.clone(),
            warnings: Vec::new().into(),
            first: None.into(),
        })
    }

    /// Makes a plugin of what is under test.
    fn attach(
        &self,
        limits: &Limits,
        params: &Params,
        redactor: &Redactor,
        log: Rc<dyn Fn(LogLine)>,
        folder: &Path,
    ) -> Result<Attached, Fault> {
        match self.program {
            Program::Plugin { loaded, manifest, info } => {
                let service = Arc::new(Service(Arc::clone(self.world)));
                let gate = Gate::to_peer(service, Arc::new(self.world.time.clone()), limits);
                let plugin = loaded.within(limits).instantiate(Arc::new(gate), redactor.clone(), log);
                let terms = Terms::Manifest(manifest.clone());
                Ok(Attached { plugin: Box::new(plugin), terms, info: info.clone() })
            }
            Program::Script(file) => {
                let setting = &self.case.setting;
                let mut environment = ScriptEnvironment::usual().variables;
                environment.extend(self.world.url().map(|url| (SERVICE.into(), url.into())));
                let options = Options {
                    interpreter: setting.interpreter.clone(),
                    arguments: setting.arguments.iter().map(OsString::from).collect(),
                    environment,
                    confinement: None,
                    limits: limits.clone(),
                };
                let script = Script::new(&file.path, &file.bytes, options)?;
                let info = PluginInfo::script(&script.name(), file.digest, false);
                let strategy = script.declared().map(|declared| declared.strategy);
                let line = Line::Piped(params.raw.clone());
                let plugin = script.instantiate(line, WorkFolders::open(folder)?, redactor.clone(), log)?;
                Ok(Attached { plugin: Box::new(plugin), terms: Terms::Script(strategy), info })
            }
        }
    }
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

/// Calls what settled once more; it must do well, and change nothing.
async fn again(world: &World, plugin: &mut Witness<'_>) -> Vec<String> {
    let before = world.snapshot();
    let mut wrong = plugin.again().await;
    wrong.extend(world.changes_since(&before));
    wrong.extend(world.forget_since(&before));
    wrong
}
