//! What is made of fresh records before each look at the target: the plugin's request and grant.

use std::cell::RefCell;
use std::rc::Rc;

use super::attach::Load;
use super::fault::Fault;
use super::terms::Terms;
use crate::cli::SetValue;
use crate::model::{Finding, Level, Record, RecordUid, Request, ReturnedField, Update};
use crate::params::Params;
use crate::policy::{Deny, Operator};
use crate::request::{self, Sources};
use crate::rotation::{Prepared, Stop};
use crate::script::Line;
use crate::secret::{Redactor, Secret};
use crate::text::quoted;
use crate::vault::{UpdateError, apply};

/// What is to be rotated, and with what: what the gateway says besides the records themselves.
#[derive(Debug, Clone)]
pub(super) struct Order {
    /// What a script reads first.
    pub(super) line: Line,
    pub(super) record_uid: RecordUid,
    pub(super) provider_uid: Option<RecordUid>,
    pub(super) new_password: Option<Secret>,
    pub(super) old_password: Option<Secret>,
}

impl From<&Params> for Order {
    fn from(params: &Params) -> Self {
        Self {
            line: Line::Piped(params.raw.clone()),
            record_uid: params.user_record_uid.clone(),
            provider_uid: params.provider_record_uid.clone(),
            new_password: params.new_password.clone(),
            old_password: params.old_password.clone(),
        }
    }
}

/// What stays the same, however often the records are read.
pub(super) struct Preparation {
    pub(super) terms: Rc<Terms>,
    pub(super) order: Order,
    pub(super) operator: Operator,
    /// The option that gives `sets`.
    pub(super) option: &'static str,
    /// `--set`, or what stands behind the plugin in `--deliver`.
    pub(super) sets: Vec<(String, SetValue)>,
    /// `[[plugin]] settings` of the configuration file.
    pub(super) config: Vec<(String, SetValue)>,
    pub(super) locked: Vec<String>,
    /// Whether a record may be rotated that is flagged as managed elsewhere.
    pub(super) allow_managed: bool,
    pub(super) redactor: Redactor,
    /// What an operator should know, each once.
    pub(super) warnings: RefCell<Vec<String>>,
    /// What the plugin was given first.
    pub(super) first: RefCell<Option<First>>,
    /// Makes the plugin ready, once it is known that it may be called.
    pub(super) load: Option<Load>,
}

/// What a plugin was given first.
pub(super) struct First {
    pub(super) request: Request,
    /// The fields of the target's record that it may replace, and their values.
    pub(super) replaced: Vec<(String, String)>,
}

impl Preparation {
    /// Makes request and grant of the records, and teaches the redactor all their secrets.
    ///
    /// # Errors
    /// `failed` for a record that is managed elsewhere, `invalid` with everything that is wrong with
    /// settings and records, or `refused` with every host that is not allowed.
    pub(super) fn prepare(&self, records: &[Record]) -> Result<Prepared, Stop> {
        let target = records.iter().find(|record| record.uid == self.order.record_uid);
        if !self.allow_managed && target.is_some_and(Record::is_managed) {
            return Err(Fault::managed(&self.order.record_uid).into_stop("get"));
        }
        let request::Prepared { request, secrets, warnings } = self
            .terms
            .request(&self.sources(records))
            .map_err(|error| Fault::from(error).into_stop("settings"))?;
        for secret in &secrets {
            self.redactor.learn(secret);
        }
        for warning in warnings {
            let mut known = self.warnings.borrow_mut();
            if !known.contains(&warning) {
                known.push(warning);
            }
        }
        let grant = self
            .terms
            .grant(&request.settings, &self.operator)
            .map_err(|denials| Fault::refused(&denials).into_stop("grant"))?;
        if let Some(load) = &self.load
            && let Some(warning) = load().map_err(|fault| fault.into_stop("load"))?
        {
            let mut known = self.warnings.borrow_mut();
            if !known.contains(&warning) {
                known.push(warning);
            }
        }
        if let Some(target) = target {
            let mut first = self.first.borrow_mut();
            first.get_or_insert_with(|| First {
                request: request.clone(),
                replaced: self.replaced_in(target),
            });
        }
        let grant = Box::new(move |step, removals| grant.for_step(step, removals));
        let findings = target.map(|target| self.misfits(target)).unwrap_or_default();
        Ok(Prepared { request, grant, findings })
    }

    /// The fields that are there, and cannot hold what the plugin returns, or of which nobody knows which is
    /// meant. It shows when a value is put into a copy of them.
    fn misfits(&self, target: &Record) -> Vec<Finding> {
        let misfit = |field: &ReturnedField| {
            let there = target.field_in(field.place, &field.label, &field.kind)?;
            let (kind, label) = (field.kind.clone(), field.label.clone());
            let is_same = there.kind.is_empty() || there.kind == kind;
            // Which is a text, a number and a date.
            let update = Update { label, place: field.place, kind, values: vec![Secret::new("0")] };
            let wrong = apply(&mut target.clone().json, &[update]).err()?;
            let (code, fix) = match wrong {
                UpdateError::Ambiguous(_) => {
                    ("field-twice", "give one of the two another label, or remove it".to_owned())
                }
                _ if is_same => return None,
                _ => {
                    let label = quoted(&field.label);
                    (
                        "field-type",
                        format!("remove the field {label}, or make it one of type `{}`", field.kind),
                    )
                }
            };
            Some(Finding {
                level: Level::Error,
                code: code.to_owned(),
                message: format!("the record \"{}\" ({}): {wrong}", target.title(), target.uid),
                fix: Some(fix),
            })
        };
        self.terms.returns().iter().filter_map(misfit).collect()
    }

    /// The fields that the plugin may return, as they are now.
    fn replaced_in(&self, target: &Record) -> Vec<(String, String)> {
        let value = |label: &str| target.field(label)?.values.first()?.as_str().map(str::to_owned);
        let returns = self.terms.returns().into_iter();
        returns.filter_map(|field| value(&field.label).map(|value| (field.label, value))).collect()
    }

    /// The hosts that the plugin asks for and that the operator does not allow.
    pub(super) fn hosts_to_allow(&self, records: &[Record]) -> Vec<String> {
        let Ok(prepared) = self.terms.request(&self.sources(records)) else { return Vec::new() };
        let denials = self.terms.grant(&prepared.request.settings, &self.operator).err();
        let host = |deny| match deny {
            Deny::HostNotAllowed { host } => Some(host),
            _ => None,
        };
        denials.into_iter().flatten().filter_map(host).collect()
    }

    fn sources<'a>(&'a self, records: &'a [Record]) -> Sources<'a> {
        Sources {
            target_uid: &self.order.record_uid,
            provider_uid: self.order.provider_uid.as_deref(),
            records,
            option: self.option,
            sets: &self.sets,
            config: &self.config,
            locked: &self.locked,
            new_password: self.order.new_password.as_ref(),
            old_password: self.order.old_password.as_ref(),
        }
    }
}
