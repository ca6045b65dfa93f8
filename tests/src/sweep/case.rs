//! Cases, of whatever kind: what a series plays and a judge has judged.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::path::Path;

use super::answer::Answered;
use super::disturbed::Disturbed;
use super::scenario::Scenario;

/// One case.
#[derive(Debug, Clone)]
pub enum Case {
    /// A rotation that something disturbs.
    Disturbed(Disturbed),
    /// A script that answers in an odd way.
    Answered(&'static Answered),
}

/// What came of a case.
#[derive(Debug)]
pub struct Verdict {
    /// What was promised and not kept.
    pub violations: Vec<String>,
    /// What the runs printed.
    pub story: String,
    /// Whether it came to its end. If not, nothing is known, and that counts as a violation.
    pub is_played: bool,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disturbed(disturbed) => disturbed.fmt(f),
            Self::Answered(answered) => answered.fmt(f),
        }
    }
}

impl Case {
    /// Lists all disturbances of a scenario.
    pub fn of(scenario: &'static Scenario) -> Vec<Self> {
        Disturbed::of(scenario).into_iter().map(Self::Disturbed).collect()
    }

    /// Lists all odd answers.
    pub fn odd_answers() -> Vec<Self> {
        Answered::ALL.iter().map(Self::Answered).collect()
    }

    /// Its row and its column in the table.
    pub fn cell(&self) -> (&'static str, &'static str) {
        match self {
            Self::Disturbed(disturbed) => (disturbed.fault.name(), disturbed.scenario.name),
            Self::Answered(_) => (Answered::ROW, Answered::COLUMN),
        }
    }

    /// Plays it with `binary`.
    pub fn play(&self, seed: u64, binary: &Path) -> Verdict {
        let play = || match self {
            Self::Disturbed(disturbed) => disturbed.play(seed, binary),
            Self::Answered(answered) => answered.play(binary),
        };
        std::panic::catch_unwind(AssertUnwindSafe(play)).unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            Verdict {
                violations: vec![format!("it could not be played: {}", text.unwrap_or_default())],
                story: String::new(),
                is_played: false,
            }
        })
    }
}
