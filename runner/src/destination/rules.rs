//! What a form of output cannot take: checked before anything is written.

use super::query::is_of_environment;
use super::{Destination, Problem, Query, reserved};
use crate::cli::Handover;
use crate::dotenv::{Dialect, GITLAB_FILE, Unfit, line};
use crate::secret::Secret;

/// Why a value cannot go where it was asked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// The pipeline's agent refuses it, and then repeats the whole command in its log.
    #[error(
        "the value has several lines, which the agent of Azure Pipelines refuses of a secret variable: write > file:PATH, or set the pipeline's variable SYSTEM_UNSAFEALLOWMULTILINESECRET to true"
    )]
    Lines,
    /// No environment can have it.
    #[error("the value has a null character, which no environment can hold: write > file:PATH")]
    Null,
    /// Its reader cannot take it.
    #[error("{0} (> file:PATH)")]
    Unfit(#[from] Unfit),
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
        if let Handover::Lines(dialect) = to
            && !can_stand(dialect, &query.destination, name)
        {
            let wrong = format!("`{name}` cannot stand in a file of variables: use letters, digits and _");
            problems.push(Problem::new(query.place, &wrong));
        }
        if let Some(reason) = reserved::reason(to, name) {
            problems.push(Problem::new(
                query.place,
                &format!("`{name}` is reserved: {reason}; use another name"),
            ));
        }
    }
    problems
}

/// Whether a name may stand there. An output of GitHub Actions is no variable of an environment.
fn can_stand(dialect: Dialect, destination: &Destination, name: &str) -> bool {
    let is_output = dialect == Dialect::Github && matches!(destination, Destination::Output(_));
    is_of_environment(name) || (is_output && !name.contains('.'))
}

/// Tells whether two variables would be the same one.
fn collide(to: Handover, one: &Destination, other: &Destination) -> bool {
    let (Some(name), Some(other_name)) = (one.name(), other.name()) else { return false };
    match to {
        // Agents do not mind case, and keep what a step hands out apart from what a job has.
        Handover::AzurePipelines { .. } | Handover::Lines(Dialect::Github) => {
            let is_output = |place: &Destination| matches!(place, Destination::Output(_));
            is_output(one) == is_output(other) && name.eq_ignore_ascii_case(other_name)
        }
        Handover::Json | Handover::Lines(_) => name == other_name,
    }
}

/// Checks that a value can go where it was asked to.
///
/// # Errors
/// Why it cannot.
pub fn check_value(to: Handover, destination: &Destination, value: &Secret) -> Result<(), ValueError> {
    let Some(name) = destination.name() else { return Ok(()) };
    let has = |characters: &[char]| value.expose().contains(characters);
    match to {
        Handover::AzurePipelines { multiline: false } if has(&['\n', '\r']) => Err(ValueError::Lines),
        Handover::AzurePipelines { .. } if has(&['\0']) => Err(ValueError::Null),
        Handover::Lines(dialect) => Ok(line(dialect, name, value.expose()).map(drop)?),
        _ => Ok(()),
    }
}

/// Checks what the variables come to together; returns what is wrong.
#[must_use]
pub fn check_all(to: Handover, values: &[(&Destination, &Secret)]) -> Option<String> {
    let bytes = |(destination, value): &(&Destination, &Secret)| {
        let name = destination.name()?;
        Some(name.len() + value.expose().len() + 2)
    };
    let all: usize = values.iter().filter_map(bytes).sum();
    (to == Handover::Lines(Dialect::Gitlab) && all > GITLAB_FILE).then(|| {
        format!("all variables together are {all} bytes, and GitLab takes a report of {GITLAB_FILE} at most")
    })
}
