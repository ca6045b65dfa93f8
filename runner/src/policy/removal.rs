//! What a step may remove.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::Deny;
use super::deny::excerpt;
use crate::model::StepName;

/// What a step may remove.
///
/// An id is *granted* exactly as it stands: there are services whose ids differ in case only. It is
/// *protected* by its letters and digits alone, in any case, since services also accept ids
/// in other spellings: `{3F2A-…}` for `3f2a…`.
#[derive(Clone, Default)]
pub enum Removals {
    /// Nothing.
    #[default]
    Nothing,
    /// Exactly these ids, any number of times: commit.
    Exactly(BTreeSet<String>),
    /// Strays of this rotation: rollback. At most `tries` different ids over all calls that share
    /// `taken`, and never one of `never`.
    Strays {
        /// How many tries of rotate there were.
        tries: usize,
        /// Ids that the plan or a record names.
        never: BTreeSet<String>,
        /// The ids removed so far.
        taken: Arc<Mutex<BTreeSet<String>>>,
    },
}

impl Removals {
    /// Judges a removal; one of a stray is counted from here on, whether or not it succeeds.
    pub(super) fn judge(&self, step: StepName, id: &str) -> Result<(), Deny> {
        let granted = match self {
            Self::Nothing => false,
            Self::Exactly(ids) => ids.contains(id),
            Self::Strays { tries, never, taken } => {
                let spelled = spelling(id);
                let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
                let granted = !spelled.is_empty()
                    && never.iter().all(|other| spelling(other) != spelled)
                    && (taken.contains(id) || taken.len() < *tries);
                if granted {
                    taken.insert(id.to_owned());
                }
                granted
            }
        };
        if granted { Ok(()) } else { Err(Deny::Removal { step, id: excerpt(id) }) }
    }
}

impl fmt::Debug for Removals {
    /// Shows no id that must be spared: they are values of records, and may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("Nothing"),
            Self::Exactly(ids) => f.debug_tuple("Exactly").field(ids).finish(),
            Self::Strays { tries, .. } => {
                f.debug_struct("Strays").field("tries", tries).finish_non_exhaustive()
            }
        }
    }
}

/// An id's letters and digits, in one case: equal for all spellings that services accept of it.
#[must_use]
pub fn spelling(id: &str) -> String {
    // First to upper case: some lower-case letters, such as the long s, share theirs.
    id.to_uppercase().to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(ids: &[&str]) -> BTreeSet<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    fn strays(tries: usize, never: &[&str]) -> Removals {
        Removals::Strays { tries, never: set(never), taken: Arc::default() }
    }

    fn granted(removals: &Removals, id: &str) -> bool {
        removals.judge(StepName::Rollback, id).is_ok()
    }

    #[test]
    fn commit_removes_what_it_was_handed_and_any_number_of_times() {
        let removals = Removals::Exactly(set(&["k1", "k2"]));
        assert!(granted(&removals, "k1") && granted(&removals, "k2") && granted(&removals, "k1"));
        for other in ["k3", "K1", "k1 ", "", "{k1}"] {
            assert!(!granted(&removals, other), "{other}");
        }
    }

    #[test]
    fn rollback_removes_one_id_per_try_over_all_calls() {
        let removals = strays(2, &[]);
        let later_call = removals.clone();
        assert!(granted(&removals, "k1") && granted(&removals, "k1"));
        assert!(granted(&later_call, "k2"));
        assert!(!granted(&removals, "k3"));
        assert!(granted(&removals, "k2"), "what was begun may be repeated");
    }

    #[test]
    fn rollback_spares_what_the_plan_or_a_record_names_in_any_spelling() {
        let removals = strays(9, &["3f2a-b1"]);
        for spelled in ["3f2a-b1", "3F2A-B1", "{3f2a-b1}", "3f2ab1", " 3f2a-b1"] {
            assert!(!granted(&removals, spelled), "{spelled}");
        }
        assert!(!granted(&removals, "") && !granted(&removals, "{}"));
        assert!(granted(&removals, "3f2a-b2"));
    }

    #[test]
    fn the_values_of_records_show_in_no_debug_print() {
        let grant = crate::policy::Grant::default().for_step(StepName::Rollback, strays(3, &["hunter2"]));
        let shown = format!("{grant:?}");
        assert!(shown.contains("tries: 3") && !shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn a_refused_id_takes_no_place() {
        let removals = strays(1, &["old"]);
        assert!(!granted(&removals, "old"));
        assert!(granted(&removals, "new"));
    }
}
