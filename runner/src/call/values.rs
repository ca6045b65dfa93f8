//! What references stand for while a request is written.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use pamrun_contract::filter::apply_all;
use pamrun_contract::given::Given;
use pamrun_contract::render::{Known, Values};
use pamrun_contract::template::{Delivered, Expression, Reference};
use pamrun_contract::value::Value;

use super::deliver::{delivered_object, delivered_value};
use super::session::Session;
use super::store::{is_secret, member};

/// The parameters of a call.
pub type Params = BTreeMap<String, Value>;

/// The values of one request, and what was asked of them.
pub(super) struct View<'a> {
    pub(super) session: &'a Session,
    pub(super) params: &'a Params,
    pub(super) now: Timestamp,
    /// The names of answers that are not there.
    pub(super) missing: RefCell<BTreeSet<String>>,
    /// The references that were used: to inputs, and to answers by their names.
    pub(super) used: RefCell<BTreeSet<String>>,
    /// The names of answers of which a secret was used.
    pub(super) sent_secrets_of: RefCell<BTreeSet<String>>,
    /// The values that lead to the target, as they are now.
    pub(super) leading: RefCell<BTreeMap<String, Value>>,
    /// Whether a value was used that proves the new credential.
    pub(super) uses_new: Cell<bool>,
}

impl<'a> View<'a> {
    pub(super) fn new(session: &'a Session, params: &'a Params, now: Timestamp) -> Self {
        Self {
            session,
            params,
            now,
            missing: RefCell::default(),
            used: RefCell::default(),
            sent_secrets_of: RefCell::default(),
            leading: RefCell::default(),
            uses_new: Cell::new(false),
        }
    }

    /// Notes that a value is used which the service proves by taking it.
    fn proving(&self, value: Option<Value>) -> Option<Value> {
        self.uses_new.set(self.uses_new.get() || value.is_some());
        value
    }

    fn look(&self, reference: &Reference) -> Option<Value> {
        let session = self.session;
        match reference {
            Reference::Setting { key, name: None } => session.settings.get(key).cloned(),
            Reference::Setting { key, name: Some(name) } => {
                let choice = session.settings.get(key)?.to_text().ok()?;
                let carried = session.manifest.settings.get(key)?.carried_by(&choice, name)?;
                Some(Value::text(carried))
            }
            Reference::New(label) => {
                let value = session.new.get(label).cloned()?;
                if value.is_secret() { self.proving(Some(value)) } else { Some(value) }
            }
            Reference::Deliver(what) => match what {
                Delivered::Value => self.proving(delivered_value(session)),
                Delivered::Object => self.proving(delivered_object(session)),
                Delivered::IsSecret => delivered_value(session)?.is_secret().then(|| Value::flag(true)),
                Delivered::Id => session.delivered_id.as_deref().map(Value::text),
                Delivered::Expires => session
                    .deliver
                    .iter()
                    .find(|update| update.label == "expires")
                    .and_then(|update| update.values.first())
                    .map(|value| Value::text(value.expose())),
            },
            Reference::Proposed => self.proving(session.proposed.clone()),
            Reference::Marker => Some(Value::text(session.step.marker.as_str())),
            Reference::RotationId => Some(Value::text(session.step.rotation_id.as_str())),
            Reference::Random | Reference::Now(_) => None,
            Reference::Bare(name) => self.params.get(name).cloned(),
            Reference::Member(name, key) if session.manifest.inputs.contains_key(name) => {
                self.used.borrow_mut().insert(reference.to_string());
                let group = session.inputs.iter().find(|group| group.name == *name)?;
                group.value(key).cloned()
            }
            Reference::Member(name, key) => {
                self.used.borrow_mut().insert(name.clone());
                let Some(taken) = session.answers.get(name, self.now) else {
                    let pinned = session.pinned.get(&reference.to_string()).cloned();
                    if pinned.is_none() {
                        self.missing.borrow_mut().insert(name.clone());
                    }
                    return pinned;
                };
                if is_secret(taken, key) {
                    self.sent_secrets_of.borrow_mut().insert(name.clone());
                }
                member(taken, key)
            }
        }
    }
}

impl Values for View<'_> {
    fn value(&self, reference: &Reference) -> Known {
        let value = self.look(reference);
        let name = reference.to_string();
        if let Some(value) = &value
            && self.session.pinned.contains_key(&name)
        {
            self.leading.borrow_mut().insert(name, value.clone());
        }
        value.map_or(Known::Missing, Known::Value)
    }
}

/// In places and conditions of an answer.
impl Given for View<'_> {
    fn value(&self, reference: &str) -> Option<Value> {
        let expression: Expression = reference.parse().ok()?;
        let value = self.look(&expression.reference)?;
        apply_all(&expression.filters, value).ok()?
    }
}
