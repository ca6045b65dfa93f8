//! The new values that a script had in hand, whatever came of it.

use crate::model::{KnownField, Place, Request, Role, Update, is_secret_kind};
use crate::rotation::{UNREAD_ANSWER, clean};
use crate::secret::{Redactor, Secret};

use super::suspects::Suspects;

/// The longest label that is kept whole, in characters.
const LABEL: usize = 200;

/// New values, and what else may be secret where they stood.
#[derive(Default)]
pub(super) struct InHand {
    updates: Vec<Update>,
    secrets: Vec<Secret>,
}

impl InHand {
    /// Adds a new value.
    pub(super) fn add(&mut self, update: Update) {
        let label = clean(&update.label, LABEL);
        self.updates.push(Update { label, ..update });
    }

    /// Adds the text of what may hold new values.
    pub(super) fn add_unread(&mut self, text: &str, suspects: &Suspects) {
        self.secrets.extend(suspects.secrets());
        let (label, kind) = (UNREAD_ANSWER.to_owned(), "secret".to_owned());
        self.updates.push(Update { label, place: Place::Custom, kind, values: vec![Secret::new(text)] });
    }

    /// Adds those of another answer.
    pub(super) fn add_all(&mut self, other: Self) {
        self.updates.extend(other.updates);
        self.secrets.extend(other.secrets);
    }

    /// Settles which of the values are secret, as the engine will, and lets nobody print those.
    pub(super) fn learn(&mut self, handle: &str, request: Option<&Request>, redactor: &Redactor) {
        for update in &mut self.updates {
            if let Some(request) = request {
                settle(update, handle, request);
            }
            update.secrets().iter().for_each(|secret| redactor.learn(secret));
        }
        self.secrets.iter().for_each(|secret| redactor.learn(secret));
    }

    /// The new values.
    pub(super) fn into_updates(self) -> Vec<Update> {
        self.updates
    }
}

/// Settles whether an update is secret, as the engine will once the answer is taken in.
fn settle(update: &mut Update, handle: &str, request: &Request) {
    let target = request.records.iter().find(|record| record.role == Role::Target);
    let fields = target.into_iter().flat_map(|target| &target.fields);
    let mut named = fields.filter(|field| field.place == update.place && field.label == update.label);
    let field = named.clone().find(|field| is_secret_kind(&field.kind)).or_else(|| named.next());
    let field = field.map(|field| KnownField { kind: &field.kind, is_screened: false });
    update.settle(field, None, handle);
}
