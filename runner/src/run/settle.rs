//! Settles what interrupted rotations left, each with what it was begun with.

use std::io::stdin;
use std::path::Path;
use std::time::{Duration, Instant};

use super::attach::vault;
use super::destinations::refuse_own;
use super::equip::{Equipped, Source};
use super::fault::Fault;
use super::prepare::Order;
use super::purpose::Purpose;
use super::random::random;
use super::setup::{DeliverySetup, Now, Setup};
use super::stage::Stage;
use crate::catalog::PluginFile;
use crate::cli::{OwnFiles, StateFolder, process_environment};
use crate::journal::{FileJournal, Left};
use crate::limits::Limits;
use crate::model::{Credential, Plan, Proof, Record, RecordUid, Removed, Undone};
use crate::params::{Params, ParamsError};
use crate::report::{Audit, PluginInfo, RotationEntry, stdin_is_terminal};
use crate::rotation::{
    Call, Clock, Interrupt, Job, Journal, OpenRotation, Parts, Patience, Plugin, Settlement, StepError,
    StepResult, Stop, Trace, settle,
};
use crate::script::Line;
use crate::secret::{Redactor, Secret};

/// What all settling of one run goes by.
pub(super) struct Settler<'a> {
    pub(super) state: &'a StateFolder,
    pub(super) now: Now,
    pub(super) redactor: &'a Redactor,
    pub(super) clock: &'a dyn Clock,
    pub(super) interrupt: &'a dyn Interrupt,
    pub(super) patience: Patience,
    /// Where the records are from that the vault lacks.
    pub(super) others: Others,
    /// What the gateway proposes by now: then no other value ends up in the record.
    pub(super) proposed: Option<Secret>,
    /// Where it is noted what became of each.
    pub(super) audit: Option<&'a mut Audit>,
}

/// Where records come from that the vault lacks.
pub(super) enum Others {
    /// They are here.
    Given(Vec<Record>),
    /// They are read from stdin, once they are needed.
    Stdin,
}

/// What became of a rotation, as the engine says it and as it is told.
pub(super) struct Settled {
    pub(super) settlement: Settlement,
    pub(super) entry: RotationEntry,
}

impl Settler<'_> {
    /// How long a lock may be waited for.
    pub(super) fn time_for_locks(&self) -> Duration {
        let limits = &self.now.limits;
        limits.timeout.saturating_sub(limits.reserve).saturating_sub(self.clock.elapsed())
    }

    /// Settles a rotation of the record that the journal has locked.
    pub(super) async fn settle(&mut self, journal: &mut FileJournal, left: &Left) -> Settled {
        let began = Instant::now();
        let Left { since, rotation: open } = left;
        let mut plugin = None;
        let mut settlement = match self.stage(journal, open, &mut plugin).await {
            Ok((mut stage, job)) => {
                let parts = stage.parts(journal, self.clock, self.interrupt);
                let mut settlement = settle(&job, parts, open, self.patience).await;
                settlement.warnings.splice(0..0, stage.warnings());
                settlement
            }
            Err(fault) => self.settle_without(journal, open, &fault.into_stop("setup")).await,
        };
        let redact = |text: &str| self.redactor.redact(text);
        let mut entry =
            RotationEntry::listed(open, since, plugin, None, &redact).settled(&settlement, &redact);
        let noted = self.audit.as_mut().map(|audit| audit.settled(&entry, began.elapsed()));
        if let Some(Err(error)) = noted {
            let warning =
                format!("the audit line of rotation {} could not be written: {error}", open.rotation_id);
            entry.warnings.push(warning.clone());
            settlement.warnings.push(warning);
        }
        Settled { settlement, entry }
    }

    /// Brings back what the rotation was begun with.
    async fn stage(
        &mut self,
        journal: &FileJournal,
        open: &OpenRotation,
        plugin: &mut Option<PluginInfo>,
    ) -> Result<(Stage, Job), Fault> {
        let setup = Setup::of(open)?;
        *plugin = Some(setup.plugin_info());
        let settings = setup.settings(&self.now)?;
        let file = self.copy(journal, &setup)?;
        let purpose = Purpose::Rotate { is_delivered: !setup.deliveries.is_empty() };
        let (record_uid, records) =
            open.intent().map(|intent| (intent.record_uid.clone(), &intent.records[..])).unwrap_or_default();
        let order = Order {
            line: Line::Made { resource_uid: setup.resource_uid.clone() },
            record_uid,
            provider_uid: setup.provider_uid.clone(),
            new_password: None,
            old_password: None,
        };
        let source = Source {
            file: Some(&file),
            settings: &settings,
            order: &order,
            state: self.state,
            redactor: self.redactor,
            purpose,
        };
        let mut stage = Stage::set(source, plugin).await?;
        for delivery in &setup.deliveries {
            let own = settings.own_files(&process_environment);
            let again = self.equip(journal, delivery, &order, &own).await;
            stage.add_again(delivery.name.clone(), again.map_err(|fault| fault.into_stop("setup")));
        }
        let others = self.others(&mut stage, records).await?;
        let job = Job {
            plugin: stage.rotating.info.name.clone(),
            returns: stage.rotating.terms.returns(),
            any_custom: stage.rotating.terms.any_custom(),
            proposed: self.proposed.clone(),
            ..job(open, &settings.limits, others)
        };
        Ok((stage, job))
    }

    /// Brings back a plugin that delivers.
    async fn equip(
        &self,
        journal: &FileJournal,
        delivery: &DeliverySetup,
        order: &Order,
        own: &OwnFiles,
    ) -> Result<Equipped, Fault> {
        let settings = delivery.setup.settings(&self.now)?;
        if let Some(path) = settings.settings.get("path").filter(|_| delivery.built_in) {
            // What was free when the rotation began may be a file of this run.
            refuse_own(own, Path::new(path.secret().expose()))?;
        }
        let file = if delivery.built_in { None } else { Some(self.copy(journal, &delivery.setup)?) };
        let (state, redactor, purpose) = (self.state, self.redactor, Purpose::Deliver);
        let source = Source { file: file.as_ref(), settings: &settings, order, state, redactor, purpose };
        Equipped::of(source, &mut None).await
    }

    fn copy(&self, journal: &FileJournal, setup: &Setup) -> Result<PluginFile, Fault> {
        let copy = journal.copy(setup.digest, self.now.limits.plugin);
        copy.map_err(|error| Fault::invalid(error.code, error.message, None))
    }

    /// The records that the vault lacks, as far as they can be had.
    async fn others(&mut self, stage: &mut Stage, uids: &[RecordUid]) -> Result<Vec<Record>, Fault> {
        if matches!(self.others, Others::Stdin) && !stdin_is_terminal() && !stage.lacks(uids).await.is_empty()
        {
            let read = match Params::read(stdin().lock(), &self.now.limits) {
                Ok(params) => {
                    let passwords = params.new_password.iter().chain(&params.old_password);
                    passwords.for_each(|password| self.redactor.learn(password));
                    params.records()
                }
                Err(ParamsError::Empty) => Vec::new(),
                Err(error) => return Err(error.into()),
            };
            self.others = Others::Given(read);
        }
        Ok(match &self.others {
            Others::Given(records) => {
                records.iter().filter(|record| uids.contains(&record.uid)).cloned().collect()
            }
            Others::Stdin => Vec::new(),
        })
    }

    /// Settles what can be settled without the plugin, which cannot be had, as `stop` tells.
    async fn settle_without(
        &self,
        journal: &mut dyn Journal,
        open: &OpenRotation,
        stop: &Stop,
    ) -> Settlement {
        let settings = Setup::of(open).and_then(|setup| Ok(setup.settings(&self.now)?));
        let mut vault = settings.and_then(|settings| vault(&settings)).ok().flatten();
        let parts = Parts {
            plugin: &mut Missing,
            deliverers: Vec::new(),
            vault: vault.as_deref_mut().map(|vault| vault as _),
            journal,
            clock: self.clock,
            prepare: &|_| Err(stop.clone()),
            secrets: self.redactor,
            random: &random,
            interrupt: self.interrupt,
        };
        settle(&job(open, &self.now.limits, Vec::new()), parts, open, self.patience).await
    }
}

/// What the engine is told of an open rotation, besides what its journal says.
fn job(open: &OpenRotation, limits: &Limits, others: Vec<Record>) -> Job {
    let rotation_id = open.rotation_id.clone();
    Job { rotation_id, params_records: others, ..Job::of_record("", limits) }
}

/// Stands where a plugin should be that cannot be had. It is not called: what it would be called
/// with cannot be made either.
pub(super) struct Missing;

impl Missing {
    fn answer<T>() -> StepResult<T> {
        let error = StepError::Internal("the plugin that began is missing".to_owned());
        StepResult { result: Err(error), trace: Trace::default() }
    }
}

#[async_trait::async_trait(?Send)]
impl Plugin for Missing {
    async fn preflight(&mut self, _: Call<'_>) -> StepResult<Plan> {
        Self::answer()
    }

    async fn rotate(&mut self, _: Call<'_>, _: &Plan) -> StepResult<Credential> {
        Self::answer()
    }

    async fn verify(&mut self, _: Call<'_>, _: &Plan, _: &Credential) -> StepResult<Proof> {
        Self::answer()
    }

    async fn commit(&mut self, _: Call<'_>, _: &Plan, _: &str) -> StepResult<Vec<Removed>> {
        Self::answer()
    }

    async fn rollback(&mut self, _: Call<'_>, _: &Plan, _: Option<&str>) -> StepResult<Undone> {
        Self::answer()
    }
}
