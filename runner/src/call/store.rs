//! The answers that references refer to.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use pamrun_contract::answer::Taken;
use pamrun_contract::value::Value;

/// The last answer of each name.
#[derive(Default)]
pub(super) struct Answers(BTreeMap<String, Held>);

/// An answer, and what it was asked with.
pub(super) struct Held {
    pub(super) taken: Taken,
    /// From when on it is stale.
    pub(super) until: Option<Timestamp>,
    /// The references that its request used: to inputs, and to other answers by their names.
    pub(super) used: BTreeSet<String>,
}

impl Answers {
    /// The answer of a name, if it is fresh.
    pub(super) fn get(&self, name: &str, now: Timestamp) -> Option<&Taken> {
        let held = self.0.get(name)?;
        held.until.is_none_or(|until| now < until).then_some(&held.taken)
    }

    pub(super) fn put(&mut self, name: &str, held: Held) {
        self.0.insert(name.to_owned(), held);
    }

    pub(super) fn drop(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// Drops what was asked with any of these, and what was asked with that.
    pub(super) fn forget_what_used(&mut self, references: &BTreeSet<String>) {
        let mut gone = references.clone();
        while !gone.is_empty() {
            let stale: BTreeSet<String> = self
                .0
                .iter()
                .filter(|(_, held)| !held.used.is_disjoint(&gone))
                .map(|(name, _)| name.clone())
                .collect();
            self.0.retain(|name, _| !stale.contains(name));
            gone = stale;
        }
    }
}

/// Whether an answer holds a name as a secret.
pub(super) fn is_secret(taken: &Taken, key: &str) -> bool {
    !taken.outputs.contains_key(key) && taken.secrets.contains_key(key)
}

/// What an answer holds under a name: an output, a secret, or the id of what was made.
pub(super) fn member(taken: &Taken, key: &str) -> Option<Value> {
    let id = || taken.id.clone().filter(|_| key == "id");
    taken.outputs.get(key).or_else(|| taken.secrets.get(key)).cloned().or_else(id)
}
