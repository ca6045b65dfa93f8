//! The four promises, judged by what service, vault and state folder hold; never by what pamrun
//! believes.

mod app;
mod user;

use std::fmt;

use serde_json::Value;

use self::app::AppJudge;
use self::user::UserJudge;
use super::fault::Fault;
use super::world::{AppCast, Cast, World};
use crate::gateway::Run;
use crate::record::fields;

/// The exit code of every outcome.
const EXITS: [(&str, i32); 9] = [
    ("rotated", 0),
    ("planned", 0),
    ("ran", 0),
    ("failed", 1),
    ("invalid", 2),
    ("refused", 3),
    ("limit", 4),
    ("uncertain", 5),
    ("internal", 70),
];
/// The outcomes that say that nothing is changed.
pub(super) const NOTHING_CHANGED: [&str; 5] = ["failed", "invalid", "refused", "limit", "internal"];

/// Which run was the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// The one that was disturbed.
    Disturbed,
    /// The one after it, with which nothing interferes.
    Next,
    /// `pamrun recover`, when nothing can be on its way any more.
    Recovery,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Disturbed => "after the run",
            Self::Next => "after the next run",
            Self::Recovery => "after `pamrun recover`",
        })
    }
}

/// Judges the runs of one case, one after the other.
pub(super) struct Judge<'a> {
    /// What was promised and not kept.
    pub violations: Vec<String>,
    world: &'a World,
    fault: Fault,
    subject: Box<dyn SubjectJudge + 'a>,
}

/// Judges what depends on what is rotated.
trait SubjectJudge {
    /// Looks at what a run left, while something may still be on its way; returns what is wrong.
    fn see(&mut self) -> Vec<String>;

    /// Returns what is wrong after a run.
    fn judge(&mut self, stage: Stage, run: &Run) -> Vec<String>;
}

impl<'a> Judge<'a> {
    pub fn new(world: &'a World, fault: Fault) -> Self {
        let subject: Box<dyn SubjectJudge> = match &world.cast {
            Cast::App(app) => Box::new(AppJudge::new(world, app, fault)),
            Cast::User(user) => Box::new(UserJudge::new(world, user)),
        };
        Self { violations: Vec::new(), world, fault, subject }
    }

    /// Looks at what a run left, while something may still be on its way.
    pub fn see(&mut self) {
        for wrong in self.subject.see() {
            self.violations.push(format!("at its end: {wrong}"));
        }
    }

    /// Judges what there is after a run.
    pub fn judge(&mut self, stage: Stage, run: &Run) {
        let mut wrong = match stage {
            Stage::Disturbed if run.is_cut_short() && !self.fault.ends_it() => {
                vec!["a signal ended it, and not ours".to_owned()]
            }
            Stage::Disturbed => Vec::new(),
            Stage::Next => self.judge_next(run),
            Stage::Recovery => self.judge_recovery(run),
        };
        if stage != Stage::Recovery && !run.is_cut_short() {
            let outcome = run.word("outcome");
            if !EXITS.iter().any(|(known, exit)| *known == outcome && Some(*exit) == run.exit) {
                wrong.push(format!("3. `{outcome}` came with {:?}", run.exit));
            }
        }
        wrong.extend(self.subject.judge(stage, run));
        if self.world.scenario.delivers {
            wrong.extend(self.judge_consumers(stage));
        }
        wrong.extend(self.judge_surroundings(run));
        self.violations.extend(wrong.into_iter().map(|wrong| format!("{stage}: {wrong}")));
    }

    fn judge_next(&self, run: &Run) -> Vec<String> {
        let (outcome, exit) = if self.world.scenario.succeeds() { ("rotated", 0) } else { ("failed", 1) };
        if (run.word("outcome"), run.exit) == (outcome, Some(exit)) {
            return Vec::new();
        }
        let code = run.outcome["error"]["code"].as_str().unwrap_or("no error");
        vec![format!("it ended as `{}` ({code}), not as `{outcome}`", run.word("outcome"))]
    }

    fn judge_recovery(&self, run: &Run) -> Vec<String> {
        let mut wrong = Vec::new();
        if run.exit != Some(0) {
            wrong.push(format!("it ended with {:?}", run.exit));
        }
        for journal in self.world.journals() {
            wrong.extend(journal.open().iter().map(|open| format!("2. rotation {open} is still open")));
        }
        wrong
    }

    /// Each consumer holds what works, and what the record does once all is over.
    fn judge_consumers(&self, stage: Stage) -> Vec<String> {
        let Cast::App(app) = &self.world.cast else { return Vec::new() };
        let accepted = app.secrets(self.world);
        let works = |held: &String| accepted.values().any(|secret| secret.value == *held);
        // Two gateways at once hand over in no order; the next rotation puts that right.
        let is_race = stage == Stage::Disturbed && self.fault == Fault::Elsewhere;
        let current = AppCast::held_in(&self.world.saved()).value;
        let mut wrong = Vec::new();
        for (held, who) in self.world.handed_on().iter().zip(["the Key Vault", "the variable group"]) {
            if !works(held) && !is_race {
                wrong.push(format!("2. {who} holds a secret that is gone"));
            } else if stage != Stage::Disturbed && *held != current {
                wrong.push(format!("1. {who} does not hold what the record does"));
            }
        }
        if !self.world.consumers_are_whole() {
            wrong.push("2. what is not ours in the variable group has changed".to_owned());
        }
        wrong
    }

    /// Of 2 and 4: what is not ours is as it was, and no secret stands where none may.
    fn judge_surroundings(&self, run: &Run) -> Vec<String> {
        let world = self.world;
        let mut wrong = Vec::new();
        let record = others_part(world.saved(), world.written());
        let mut expected = others_part(world.record.json.clone(), world.written());
        if let Some(title) = world.others.deeds().title {
            expected["title"] = title.into();
        }
        if record != expected {
            wrong.push("2. what we do not write into the record has changed".to_owned());
        }
        wrong.extend(world.leak(run).map(|leak| format!("4. {leak}")));
        wrong.extend(world.breaches().iter().map(|breach| format!("no client may send this: {breach}")));
        wrong
    }
}

/// The field in which a run keeps what it could neither save nor undo.
const RESCUED: &str = "pamrun_rescued";

/// A record without what a rotation writes.
fn others_part(mut record: Value, written: &[&str]) -> Value {
    let ours = |field: &Value| {
        let name = field["label"].as_str().or(field["type"].as_str());
        name.is_some_and(|name| written.contains(&name) || name == RESCUED)
    };
    let kept: Vec<Value> = fields(&record).filter(|field| !ours(field)).cloned().collect();
    record["fields"] = Value::Null;
    record["custom"] = kept.into();
    record["revision"] = Value::Null;
    record
}
