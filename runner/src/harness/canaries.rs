//! Fresh secrets: in every run of a case others, so that none can be known beforehand, and each
//! can be found again wherever it turns up.

use std::collections::BTreeMap;

use crate::secret::{Redactor, Secret};

/// The secrets of one world, by the names that the case gives them.
#[derive(Default)]
pub struct Canaries {
    by_name: BTreeMap<String, Secret>,
    /// All that there ever were, with their names.
    all: Vec<(String, Secret)>,
    finder: Redactor,
}

impl Canaries {
    /// The value of a secret; made when it is asked for first.
    pub(super) fn get(&mut self, name: &str) -> String {
        match self.by_name.get(name) {
            Some(secret) => secret.expose().to_owned(),
            None => self.renew(name),
        }
    }

    /// Makes another value of a secret.
    pub(super) fn renew(&mut self, name: &str) -> String {
        // With characters that forms, JSON and shells have to escape; and fit for a password.
        let value = format!("Canary~{}+/=&%", uuid::Uuid::new_v4().simple());
        self.add(name, &value);
        value
    }

    /// Takes a secret that somebody else made.
    pub(super) fn add(&mut self, name: &str, value: &str) {
        let secret = Secret::new(value);
        self.finder.learn(&secret);
        self.by_name.insert(name.to_owned(), secret.clone());
        self.all.push((name.to_owned(), secret));
    }

    /// Tells whether a text holds one, in any encoding.
    #[must_use]
    pub fn are_in(&self, text: &str) -> bool {
        self.finder.finds_secret_in(text)
    }

    /// Puts names in the places of values, for people.
    #[must_use]
    pub fn named(&self, text: &str) -> String {
        let mut named = text.to_owned();
        for (name, secret) in self.all.iter().rev() {
            named = named.replace(secret.expose(), &format!("{{secret:{name}}}"));
        }
        self.finder.redact(&named)
    }
}
