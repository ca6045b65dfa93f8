//! The new values that a script had in hand, whatever came of it.

use crate::model::{Place, Update};
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
        if update.is_secret() {
            self.secrets.extend(update.values.iter().cloned());
        }
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

    /// Lets nobody print what may be secret in it.
    pub(super) fn learn(&self, redactor: &Redactor) {
        self.secrets.iter().for_each(|secret| redactor.learn(secret));
    }

    /// The new values.
    pub(super) fn into_updates(self) -> Vec<Update> {
        self.updates
    }
}
