//! What an answer means, and all that is taken of it.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::answer::alternative::{Alternative, Status};
use crate::answer::document::{Look, Scope};
use crate::answer::items::Item;
use crate::answer::known::Known;
use crate::answer::lists::{Lists, Rows};
use crate::answer::output::{FreshFor, Kept, Output};
use crate::answer::pending::{Pending, Poll};
use crate::answer::place::Place;
use crate::answer::received::Answer;
use crate::answer::retry_after::retry_after;
use crate::answer::take::{Leaks, Miss, Taken, one_id, take_output};
use crate::answer::typed::Shown;
use crate::given::Given;
use crate::value::Value;

/// What stands for a secret in an error of the service.
const MASK: &str = "********";

/// All that a request says of its answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Takes {
    /// Whether the request changes something.
    pub is_effect: bool,
    /// What the plugin sees.
    pub outputs: BTreeMap<String, Output>,
    /// What the host keeps.
    pub secrets: BTreeMap<String, Kept>,
    /// What the plugin sees of a rejection; all of it may be missing.
    pub errors: BTreeMap<String, Output>,
    /// Where the id is of what was made.
    pub id: Option<Place>,
    /// Where the target's credentials are.
    pub lists: Option<Lists>,
    /// The successes; none are `2xx`.
    pub success: Vec<Alternative>,
    /// The rejections, if they are not the usual ones.
    pub rejects: Option<Vec<Alternative>>,
    /// What says that it is not over.
    pub pending: Option<Pending>,
    /// How long what was taken stays fresh.
    pub fresh_for: Option<FreshFor>,
}

/// What is known when an answer arrives.
#[derive(Clone, Copy)]
pub struct Seeing<'a> {
    /// What references stand for.
    pub given: &'a dyn Given,
    /// The secrets so far.
    pub known: &'a Known,
    /// The time.
    pub now: Timestamp,
}

/// What an answer means.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// It succeeded, and this was taken of it.
    Success(Box<Taken>),
    /// The service says that it did nothing.
    Rejected(Rejection),
    /// It goes on; this is asked next.
    Pending(Poll),
    /// A read's answer says neither.
    Unavailable {
        /// What it says all the same.
        rejection: Rejection,
        /// Why it is no success.
        why: String,
    },
    /// An effect's answer says neither: it may have been done.
    Uncertain {
        /// Why it is no success.
        why: String,
        /// The id of what was made, where it says that.
        id: Option<Value>,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// It succeeded, and an output has a secret in it: the step ends.
    Leak {
        /// The output's name, as keys lead to it: `outputs.roles`.
        output: String,
        /// The id of what was made.
        id: Option<Value>,
    },
}

/// What the plugin sees of an answer that is no success.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejection {
    /// The status.
    pub status: u16,
    /// What the service says, without secrets.
    pub errors: BTreeMap<String, Shown>,
    /// How long it asks to wait.
    pub retry_after: Option<Duration>,
}

impl Takes {
    /// Judges the answer to a request.
    #[must_use]
    pub fn judge(&self, answer: &Answer, seeing: &Seeing<'_>) -> Verdict {
        self.judge_after(answer, seeing, None)
    }

    /// Judges the answer to a poll as the answer to the request that goes on.
    ///
    /// A refusal may be of the poll and not of what it asks for: too many polls, or a token that has ended. So
    /// of an effect only what the manifest itself says rejects, and no whole class of statuses.
    #[must_use]
    pub fn judge_poll(&self, answer: &Answer, seeing: &Seeing<'_>, last: &Poll) -> Verdict {
        self.judge_after(answer, seeing, Some(last))
    }

    fn judge_after(&self, answer: &Answer, seeing: &Seeing<'_>, last: Option<&Poll>) -> Verdict {
        let scope = Scope::Answer(answer);
        let is_page = answer.is_page();
        if !is_page
            && let Some(pending) = &self.pending
            && pending.holds(answer.status(), scope, seeing.given)
        {
            return match pending.poll(scope, seeing.given, last) {
                Ok(poll) => Verdict::Pending(poll),
                Err(why) => self.unclear(answer, seeing, &why),
            };
        }
        if !is_page && self.is_success(answer, seeing) {
            return match self.take(answer, seeing) {
                Ok(taken) => Verdict::Success(Box::new(taken)),
                Err(Miss::Leak(output)) => Verdict::Leak { output, id: self.id_of(answer, seeing) },
                Err(Miss::Unreadable(why)) => self.unclear(answer, seeing, &why),
            };
        }
        if !self.is_rejection(answer, seeing, last.is_some()) {
            let why = if is_page { "is a page for people" } else { "is neither a success nor a rejection" };
            return self.unclear(answer, seeing, why);
        }
        if self.is_effect && self.holds_what_was_made(answer, seeing) {
            return self.unclear(answer, seeing, "is a rejection that holds what was to be made");
        }
        Verdict::Rejected(self.rejection(answer, seeing))
    }

    fn is_success(&self, answer: &Answer, seeing: &Seeing<'_>) -> bool {
        let usual = [Alternative::of(Status::Class(2))];
        let success = if self.success.is_empty() { &usual } else { self.success.as_slice() };
        success.iter().any(|one| {
            one.as_success(self.is_effect).is_ok()
                && one.holds(answer.status(), Scope::Answer(answer), seeing.given)
        })
    }

    fn is_rejection(&self, answer: &Answer, seeing: &Seeing<'_>, is_poll: bool) -> bool {
        let status = answer.status();
        let Some(rejects) = &self.rejects else {
            let redirects = if self.is_effect { 307..=308 } else { 301..=308 };
            let is_usual = Status::Class(4).covers(status) || redirects.contains(&status);
            return is_usual && !(is_poll && self.is_effect);
        };
        rejects.iter().any(|one| {
            let is_said = !is_poll
                || !self.is_effect
                || !one.conditions.is_empty()
                || matches!(one.status, Status::Exactly(_));
            is_said
                && one.as_rejection(self.is_effect).is_ok()
                && one.holds(status, Scope::Answer(answer), seeing.given)
        })
    }

    /// Whether the id or a secret is there of what a rejection says was not made.
    fn holds_what_was_made(&self, answer: &Answer, seeing: &Seeing<'_>) -> bool {
        self.id.iter().chain(self.secrets.values().map(|kept| &kept.at)).any(|place| {
            let look = Scope::Answer(answer).look_at_all(place, seeing.given, None);
            look.is_ok_and(|rows| rows.into_iter().flatten().flatten().any(|value| !value.is_empty()))
        })
    }

    fn unclear(&self, answer: &Answer, seeing: &Seeing<'_>, why: &str) -> Verdict {
        let why = format!("the answer with status {} {why}", answer.status());
        if self.is_effect {
            let retry_after = retry_after(answer, seeing.now);
            return Verdict::Uncertain { why, id: self.id_of(answer, seeing), retry_after };
        }
        Verdict::Unavailable { rejection: self.rejection(answer, seeing), why }
    }

    /// The id of what was made, from whatever answer.
    fn id_of(&self, answer: &Answer, seeing: &Seeing<'_>) -> Option<Value> {
        self.id.as_ref().and_then(|place| one_id(Scope::Answer(answer), place, seeing.given).ok())
    }

    fn rejection(&self, answer: &Answer, seeing: &Seeing<'_>) -> Rejection {
        let scope = Scope::Answer(answer);
        let mut known = seeing.known.clone();
        for kept in self.secrets.values() {
            if let Ok(Look::One(Some(secret))) = scope.look(&kept.at, seeing.given) {
                known.add(&secret);
            }
        }
        let mut errors = BTreeMap::new();
        for (name, error) in &self.errors {
            // A filter that would cut a secret gives nothing; what is whole is masked.
            let Ok(Some(value)) = take_output(scope, error, seeing.given, &known, Leaks::Pass) else {
                continue;
            };
            let shown =
                if known.meets(&value) { Shown::Text(MASK.to_owned()) } else { error.r#type.show(&value) };
            errors.insert(name.clone(), shown);
        }
        Rejection { status: answer.status(), errors, retry_after: retry_after(answer, seeing.now) }
    }

    /// The outputs as the plugin sees them, in the order of their names; those that are missing are not there.
    pub fn show<'a>(&'a self, taken: &'a Taken) -> impl Iterator<Item = (&'a str, Shown)> {
        show(&self.outputs, &taken.outputs)
    }

    /// The same of an item.
    pub fn show_item<'a>(&'a self, item: &'a Item) -> impl Iterator<Item = (&'a str, Shown)> {
        let outputs = match &self.lists {
            Some(Lists { rows: Rows::Each(each), .. }) => Some(&each.outputs),
            _ => None,
        };
        outputs.into_iter().flat_map(|outputs| show(outputs, &item.outputs))
    }
}

fn show<'a>(
    outputs: &'a BTreeMap<String, Output>,
    values: &'a BTreeMap<String, Value>,
) -> impl Iterator<Item = (&'a str, Shown)> {
    values.iter().filter_map(|(name, value)| Some((name.as_str(), outputs.get(name)?.r#type.show(value))))
}

#[cfg(test)]
mod tests;
