//! One process in the world of a case: it settles what an earlier one left, and rotates.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use serde_json::Value;
use tokio::runtime::Builder;

use super::program::Program;
use crate::cli::SetValue;
use crate::harness::{
    Case, MemoryJournal, MemoryVault, Played, ProcessClock, Service, Witness, World, params,
};
use crate::limits::Limits;
use crate::params::{Params, encode};
use crate::policy::Operator;
use crate::report::Report;
use crate::rotation::{Interrupt, Job, Outcome, Parts, Patience, Uninterrupted, Vault, settle};
use crate::run::block_on::block_on_with;
use crate::run::fault::Fault;
use crate::run::prepare::{Order, Preparation};
use crate::run::random::random;
use crate::run::rotate::{job, run};
use crate::run::terms::Terms;
use crate::secret::{Redactor, Secret};
use crate::wasm::Gate;

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
    pub(super) fn live(&self, asks_again: bool) -> Result<Option<Played>, Fault> {
        let time = self.world.time.clone();
        let mut builder = Builder::new_current_thread();
        // When nobody has anything to do but wait, time passes.
        builder.enable_all().on_thread_park(move || time.pass());
        block_on_with(&mut builder, async {
            tokio::select! {
                biased;
                () = self.world.death() => Ok(None),
                played = self.run(asks_again) => played.map(Some),
            }
        })?
    }

    async fn run(&self, asks_again: bool) -> Result<Played, Fault> {
        let world = self.world;
        let invalid = |problem: String| Fault::invalid("case", problem, None);
        let limits = self.limits().map_err(invalid)?;
        let line = encode(&params(world).map_err(invalid)?);
        let params = Params::parse(line.as_bytes(), &limits)?;
        let redactor = Redactor::default();
        params.new_password.iter().chain(&params.old_password).for_each(|password| redactor.learn(password));
        let log = Rc::new(RefCell::new(Vec::new()));
        let mut plugin = {
            let gate =
                Gate::to_peer(Arc::new(Service(Arc::clone(world))), Arc::new(world.time.clone()), &limits);
            let log = Rc::clone(&log);
            let take = Rc::new(move |line: crate::rotation::LogLine| log.borrow_mut().push(line.text));
            self.program.loaded.within(&limits).instantiate(Arc::new(gate), redactor.clone(), take)
        };
        let mut plugin = Witness::new(&mut plugin);
        let (mut vault, mut journal) = (MemoryVault(Arc::clone(world)), MemoryJournal(Arc::clone(world)));

        let terms = Rc::new(Terms::Manifest(Box::new(self.program.manifest.clone())));
        let job = job(&limits, &params, &terms);
        let mut preparation = self.preparation(&terms, &params, &redactor).map_err(invalid)?;
        if self.case.setting.allow_hosts.is_none() {
            let records = vault.get(&job.wanted).await.unwrap_or_default();
            preparation.operator.allow_hosts = preparation.hosts_to_allow(&records);
        }
        let clock = ProcessClock::start(world.time.clone());
        let prepare = |records: &[crate::model::Record]| preparation.prepare(records);
        let mut parts = Parts {
            plugin: &mut plugin,
            vault: Some(&mut vault),
            journal: &mut journal,
            clock: &clock,
            prepare: &prepare,
            secrets: &redactor,
            random: &random,
            interrupt: &Uninterrupted as &dyn Interrupt,
        };
        let mut earlier = Vec::new();
        for open in parts.journal.open_rotations() {
            let job = Job {
                record_uid: world.target.clone(),
                rotation_id: open.rotation_id.clone(),
                ..job.clone()
            };
            let settlement = settle(&job, parts.lend(), &open, Patience::OneLook).await;
            earlier.push(settlement.summary());
            earlier.extend(settlement.warnings);
        }
        world.begin(&job.rotation_id);
        let mut outcome = run(&terms, &job, parts).await;
        outcome.warnings.splice(0..0, earlier.into_iter().chain(preparation.warnings.take()));

        let refused = plugin.denials.iter().map(|deny| (deny.code().to_owned(), deny.to_string())).collect();
        let again = if asks_again { again(world, &mut plugin).await } else { Vec::new() };
        let log = log.take();
        Ok(Played {
            document: self.document(&outcome, &job, &redactor),
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
            sets: sets.collect::<Result<_, String>>()?,
            config: Vec::new(),
            locked: Vec::new(),
            allow_managed: false,
            redactor: redactor.clone(),
            warnings: Vec::new().into(),
        })
    }

    fn document(&self, outcome: &Outcome, job: &Job, redactor: &Redactor) -> Value {
        let report = Report {
            rotation_id: Some(&job.rotation_id),
            record_uid: Some(&job.record_uid),
            plugin: Some(&self.program.info),
            reveal: false,
        };
        let document = report.document(outcome, &|text| redactor.redact(text));
        serde_json::to_value(document).unwrap_or_default()
    }
}

/// Calls what settled once more; it must do well, and change nothing.
async fn again(world: &World, plugin: &mut Witness<'_>) -> Vec<String> {
    let before = world.snapshot();
    let mut wrong = plugin.again().await;
    wrong.extend(world.changes_since(&before));
    wrong.extend(world.forget_since(&before));
    wrong
}
