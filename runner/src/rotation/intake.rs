//! What a plugin returned is guest data: it is measured, its texts for people are redacted, cut and
//! freed of control characters, and its ids must be plain. Runtimes let nothing past this.

use super::StepError;
use crate::limits::exceeded;
use crate::model::{Carried, Credential, Failure, Finding, Listed, Plan, Proof, Removed, Undone, Update};
use crate::secret::{Redactor, Secret};
pub use crate::text::clean;
use crate::text::is_harmful;

/// The longest text for people that is kept, in characters.
const TEXT: usize = 1000;
/// The longest id, in bytes.
const ID: usize = 1024;
/// The longest note that a plugin leaves to its later steps, in bytes.
const CONTEXT: usize = 16 * 1024;
/// The longest code of a failure or a finding, in bytes.
const CODE: usize = 64;

/// Takes in what one step returned, as its runtime decoded it.
pub struct Intake {
    redactor: Redactor,
    left: usize,
}

type Taken<T> = Result<T, StepError>;

impl Intake {
    /// An intake for at most `output` bytes.
    #[must_use]
    pub fn new(redactor: Redactor, output: usize) -> Self {
        Self { redactor, left: output }
    }

    /// Takes what preflight returned.
    ///
    /// # Errors
    /// As for all that is taken in: the limit `output`, or an id that is not plain.
    pub fn plan(&mut self, plan: Plan) -> Taken<Plan> {
        Ok(Plan {
            target: self.id("target", plan.target)?,
            creates: self.text(&plan.creates)?,
            removes: self.list(plan.removes, Self::listed)?,
            findings: self.list(plan.findings, Self::finding)?,
            carried: self.carried(plan.carried)?,
        })
    }

    fn carried(&mut self, carried: Carried) -> Taken<Carried> {
        self.measure(&carried.context)?;
        carried.known.keys().try_for_each(|id| self.measure(id))?;
        if carried.context.len() > CONTEXT {
            let why = format!(
                "the plugin's context is longer than {CONTEXT} bytes; a note of the few facts that later steps need is enough"
            );
            return Err(StepError::Contract(why));
        }
        Ok(carried)
    }

    fn finding(&mut self, finding: Finding) -> Taken<Finding> {
        Ok(Finding {
            level: finding.level,
            code: self.code(finding.code, "plugin-finding")?,
            message: self.text(&finding.message)?,
            fix: finding.fix.map(|fix| self.text(&fix)).transpose()?,
        })
    }

    fn listed(&mut self, listed: Listed) -> Taken<Listed> {
        Ok(Listed {
            id: self.id("id", listed.id)?,
            label: self.text(&listed.label)?,
            expires: listed.expires.map(|expires| self.text(&expires)).transpose()?,
        })
    }

    /// Takes what rotate returned.
    ///
    /// # Errors
    /// As [`Self::plan`].
    pub fn credential(&mut self, credential: Credential) -> Taken<Credential> {
        Ok(Credential {
            handle: self.id("handle", credential.handle)?,
            updates: self.updates(credential.updates)?,
            expires: credential.expires.map(|expires| self.text(&expires)).transpose()?,
        })
    }

    /// Takes new values of fields.
    ///
    /// # Errors
    /// As [`Self::plan`].
    pub fn updates(&mut self, updates: Vec<Update>) -> Taken<Vec<Update>> {
        self.list(updates, Self::update)
    }

    fn update(&mut self, update: Update) -> Taken<Update> {
        update.values.iter().map(Secret::expose).try_for_each(|value| self.measure(value))?;
        // An answer need not say the type.
        let kind = if update.kind.is_empty() { update.kind } else { self.id("type", update.kind)? };
        Ok(Update { label: self.id("label", update.label)?, kind, ..update })
    }

    /// Takes what verify returned.
    ///
    /// # Errors
    /// As [`Self::plan`].
    pub fn proof(&mut self, proof: Proof) -> Taken<Proof> {
        Ok(match proof {
            Proof::Verified => Proof::Verified,
            Proof::Unproven(reason) => Proof::Unproven(self.text(&reason)?),
        })
    }

    /// Takes what commit returned.
    ///
    /// # Errors
    /// As [`Self::plan`].
    pub fn removed(&mut self, removed: Vec<Removed>) -> Taken<Vec<Removed>> {
        self.list(removed, |intake, removed| {
            Ok(Removed { id: intake.id("id", removed.id)?, gone: removed.gone })
        })
    }

    /// Takes what rollback returned.
    ///
    /// # Errors
    /// As [`Self::plan`].
    pub fn undone(&mut self, undone: Undone) -> Taken<Undone> {
        Ok(Undone {
            seen: self.list(undone.seen, |intake, id| intake.id("id", id))?,
            gone: self.list(undone.gone, |intake, id| intake.id("id", id))?,
        })
    }

    /// Takes the reason why a step failed.
    ///
    /// # Errors
    /// As [`Self::plan`].
    pub fn failure(&mut self, failure: Failure) -> Taken<Failure> {
        Ok(Failure {
            kind: failure.kind,
            code: self.code(failure.code, "plugin-failure")?,
            message: self.text(&failure.message)?,
            fix: failure.fix.map(|fix| self.text(&fix)).transpose()?,
        })
    }

    /// A word in kebab-case; what is none must not get into an outcome document as one.
    fn code(&mut self, code: String, otherwise: &str) -> Taken<String> {
        self.measure(&code)?;
        let is_word = (1..=CODE).contains(&code.len())
            && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        let is_word = is_word && !self.redactor.finds_secret_in(&code);
        Ok(if is_word { code } else { otherwise.to_owned() })
    }

    /// A text for people.
    fn text(&mut self, text: &str) -> Taken<String> {
        self.measure(text)?;
        Ok(clean(&self.redactor.redact(text), TEXT))
    }

    /// A name that is compared, journaled and sent: it is taken as it is, or not at all.
    fn id(&mut self, what: &str, id: String) -> Taken<String> {
        self.measure(&id)?;
        let fault = if id.is_empty() {
            "empty"
        } else if id.len() > ID {
            "too long"
        } else if id.chars().any(is_harmful) {
            "not plain: it holds control characters"
        } else {
            return Ok(id);
        };
        Err(StepError::Contract(format!("the plugin returned a {what} that is {fault}")))
    }

    fn list<T, U>(&mut self, list: Vec<T>, mut each: impl FnMut(&mut Self, T) -> Taken<U>) -> Taken<Vec<U>> {
        list.into_iter().map(|item| each(self, item)).collect()
    }

    /// Counts a string, and what it costs to hold one: a list of a million empty ones is not small.
    fn measure(&mut self, text: &str) -> Taken<()> {
        self.left = self.left.checked_sub(text.len() + size_of::<String>()).ok_or_else(|| {
            let name = "output";
            let message = exceeded(name, "the plugin returned more from one step than it may");
            StepError::Limit { name, message }
        })?;
        Ok(())
    }
}
