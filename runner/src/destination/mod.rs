//! Where the values of secret queries go: variables of a pipeline, a document on stdout, files.
//!
//! In: `NOTATION > DESTINATION`, and the values that were found. Out: text for stdout. Touches: the
//! files that destinations name, and their folders; those that GitHub's runner names.

mod file;
mod github;
mod mask;
mod pipeline;
mod problem;
mod query;
mod reserved;
mod rules;

pub(crate) use file::list;
pub use file::{Files, PlaceError, WriteError};
pub use github::RunnerFile;
pub use problem::{Place, Problem};
pub use query::{Destination, Query, QueryError, parse_lines};
pub use rules::{ValueError, check_all, check_names, check_value};

use serde_json::Value;
use zeroize::Zeroizing;

use crate::cli::Handover;
use crate::dotenv::{Dialect, line};
use crate::secret::Secret;

/// Writes the values that have names, in the form that was asked for; nothing where that form has
/// nothing to say on stdout. [`check_value`] let all of them pass.
#[must_use]
pub fn render(to: Handover, values: &[(&Destination, &Secret)]) -> Option<Zeroizing<String>> {
    let lines = |line: &dyn Fn(&Destination, &str) -> Option<Zeroizing<String>>| {
        let lines: Vec<_> = values.iter().filter_map(|(place, value)| line(place, value.expose())).collect();
        (!lines.is_empty()).then(|| {
            let lines: Vec<&str> = lines.iter().map(|line| line.as_str()).collect();
            Zeroizing::new(lines.join("\n"))
        })
    };
    match to {
        Handover::AzurePipelines { .. } => lines(&pipeline::commands),
        Handover::Lines(Dialect::Github) => lines(&|_, value| {
            let masks = github::masks(value);
            let masks = masks.trim_end();
            (!masks.is_empty()).then(|| Zeroizing::new(masks.to_owned()))
        }),
        Handover::Lines(dialect) => {
            lines(&|destination, value| line(dialect, destination.name()?, value).ok())
        }
        Handover::Json => Some(json(values)),
    }
}

fn json(values: &[(&Destination, &Secret)]) -> Zeroizing<String> {
    let quote = |text: &str| Zeroizing::new(Value::from(text).to_string());
    let entries: Vec<_> = values
        .iter()
        .filter_map(|(place, value)| {
            Some(Zeroizing::new(format!("{}:{}", *quote(place.name()?), *quote(value.expose()))))
        })
        .collect();
    let entries: Vec<&str> = entries.iter().map(|entry| entry.as_str()).collect();
    Zeroizing::new(format!("{{{}}}", entries.join(",")))
}

#[cfg(test)]
mod tests;
