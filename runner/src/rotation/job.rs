//! What a rotation is asked to do, and what it works with.

use serde_json::Value;

use super::{Clock, Interrupt, Journal, Plugin, Random, Secrets, Stop, Vault};
use crate::limits::Limits;
use crate::model::{Finding, Record, RecordUid, Request, ReturnedField, StepName};
use crate::policy::{Removals, StepGrant};
use crate::secret::Secret;

/// What is to be rotated.
#[derive(Debug, Clone)]
pub struct Job {
    /// The UID of the record that is rotated.
    pub record_uid: RecordUid,
    /// What the plugin or script is called.
    pub plugin: String,
    /// The id of the rotation: new for each, public, and fit for a credential's name.
    pub rotation_id: String,
    /// The records as the params had them; one that the vault lacks is used as it is here.
    pub params_records: Vec<Record>,
    /// The records to read from the vault.
    pub wanted: Vec<RecordUid>,
    /// Whether the records that are attached to the target's scripts are needed too, where nobody
    /// has named them.
    pub wants_attached: bool,
    /// The fields that the manifest lets the plugin return.
    pub returns: Vec<ReturnedField>,
    /// Whether it may return any custom field: a script has no manifest.
    pub any_custom: bool,
    /// The value to set, where somebody brings one: `in-place` only, and then no other value ever
    /// ends up in the record, since whoever brought it writes it there too.
    pub proposed: Option<Secret>,
    /// What `proposed` replaces: for when it stands in the record already.
    pub replaced: Option<Secret>,
    /// Of the table, the engine keeps `timeout`, `reserve` and `settle_window`.
    pub limits: Limits,
    /// How to bring back plugin, settings, vault and network, for the journal only.
    pub setup: Value,
    /// Stop after the plan.
    pub dry_run: bool,
}

impl Job {
    /// A job that rotates nothing: what is to be done with the record is known otherwise.
    #[must_use]
    pub fn of_record(uid: &str, limits: &Limits) -> Self {
        Self {
            record_uid: uid.to_owned(),
            plugin: String::new(),
            rotation_id: String::new(),
            params_records: Vec::new(),
            wanted: Vec::new(),
            wants_attached: false,
            returns: Vec::new(),
            any_custom: false,
            limits: limits.clone(),
            proposed: None,
            replaced: None,
            setup: Value::Null,
            dry_run: false,
        }
    }
}

/// What a plugin may do in a step, given what it may remove there.
pub type StepGrants = Box<dyn Fn(StepName, Removals) -> StepGrant>;

/// What is made of fresh records: what the plugin is given, and what it may do.
pub struct Prepared {
    /// What the plugin is given; the engine puts in rotation id, marker and attempt.
    pub request: Request,
    /// What it may do.
    pub grant: StepGrants,
    /// What was found in the records that an operator should know.
    pub findings: Vec<Finding>,
}

/// Makes request and grant of records; called again whenever they were read again. Fails as
/// `invalid` or `refused`, with all problems in one error.
pub type Prepare<'a> = dyn Fn(&[Record]) -> Result<Prepared, Stop> + 'a;

/// A plugin of strategy `deliver`, with its own request and grant.
pub struct Deliverer<'a> {
    /// Its name, which no other one of the rotation has.
    pub name: &'a str,
    /// The plugin.
    pub plugin: &'a mut dyn Plugin,
    /// Makes its request and grant of records.
    pub prepare: &'a Prepare<'a>,
}

impl Deliverer<'_> {
    fn lend(&mut self) -> Deliverer<'_> {
        Deliverer { name: self.name, plugin: &mut *self.plugin, prepare: self.prepare }
    }
}

/// What a rotation works with.
pub struct Parts<'a> {
    /// The plugin.
    pub plugin: &'a mut dyn Plugin,
    /// Who hands the new value to consumers, in this order.
    pub deliverers: Vec<Deliverer<'a>>,
    /// The vault; none when the caller takes the new values from the outcome and saves them.
    pub vault: Option<&'a mut dyn Vault>,
    /// The journal and its locks.
    pub journal: &'a mut dyn Journal,
    /// The clock.
    pub clock: &'a dyn Clock,
    /// Makes request and grant of records.
    pub prepare: &'a Prepare<'a>,
    /// The live secrets.
    pub secrets: &'a dyn Secrets,
    /// Randomness that nobody can guess.
    pub random: &'a Random<'a>,
    /// Whether it is to end before its time.
    pub interrupt: &'a dyn Interrupt,
}

impl Parts<'_> {
    /// Lends the parts: what an earlier rotation left is settled before the next one begins.
    pub fn lend(&mut self) -> Parts<'_> {
        Parts {
            plugin: &mut *self.plugin,
            deliverers: self.deliverers.iter_mut().map(Deliverer::lend).collect(),
            vault: self.vault.as_deref_mut().map(|vault| vault as _),
            journal: &mut *self.journal,
            clock: self.clock,
            prepare: self.prepare,
            secrets: self.secrets,
            random: self.random,
            interrupt: self.interrupt,
        }
    }
}
