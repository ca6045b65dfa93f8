//! What a form of output cannot take: checked before anything is written.

use super::query::is_of_environment;
use super::{Destination, Problem, Query};
use crate::cli::Handover;
use crate::secret::Secret;

/// Why a value cannot go where it was asked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// The pipeline's agent refuses it, and then repeats the whole command in its log.
    #[error(
        "the value has several lines, which the agent of Azure Pipelines refuses of a secret variable: write > file:PATH, or set the pipeline's variable SYSTEM_UNSAFEALLOWMULTILINESECRET to true"
    )]
    Lines,
    /// No shell can have it.
    #[error("the value has a null character, which no environment can hold: write > file:PATH")]
    Null,
}

/// Finds names that the form of output does not take, and those that are named twice.
#[must_use]
pub fn check_names(to: Handover, queries: &[Query]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (at, query) in queries.iter().enumerate() {
        let Some(name) = query.destination.name() else { continue };
        let earlier =
            queries.iter().take(at).find(|other| collide(to, &other.destination, &query.destination));
        if let Some(earlier) = earlier {
            let twice = format!("the variable {name} is what {} goes to already", earlier.place);
            problems.push(Problem::new(query.place, &twice));
        }
        if to == Handover::Dotenv && !is_of_environment(name) {
            let wrong = format!("`{name}` cannot stand in a .env file: use letters, digits and _");
            problems.push(Problem::new(query.place, &wrong));
        }
    }
    problems
}

/// Tells whether two variables would be the same one.
fn collide(to: Handover, one: &Destination, other: &Destination) -> bool {
    let (Some(name), Some(other_name)) = (one.name(), other.name()) else { return false };
    match to {
        // The agent does not mind case, and keeps what a step hands out apart from what a job has.
        Handover::AzurePipelines { .. } => {
            let is_output = |place: &Destination| matches!(place, Destination::Output(_));
            is_output(one) == is_output(other) && name.eq_ignore_ascii_case(other_name)
        }
        Handover::Json | Handover::Dotenv => name == other_name,
    }
}

/// Checks that a value can go where it was asked to.
///
/// # Errors
/// Why it cannot.
pub fn check_value(to: Handover, destination: &Destination, value: &Secret) -> Result<(), ValueError> {
    let has = |characters: &[char]| destination.name().is_some() && value.expose().contains(characters);
    match to {
        Handover::AzurePipelines { multiline: false } if has(&['\n', '\r']) => Err(ValueError::Lines),
        Handover::Dotenv | Handover::AzurePipelines { .. } if has(&['\0']) => Err(ValueError::Null),
        _ => Ok(()),
    }
}
