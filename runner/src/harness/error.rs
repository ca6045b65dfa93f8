//! What is wrong with a case file.

use std::path::PathBuf;

/// What is wrong with a case file, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{}: {problem}", .path.display(), .line.map(|line| format!(", line {line}")).unwrap_or_default())]
pub struct CaseError {
    /// The file, or the folder that has none.
    pub path: PathBuf,
    /// The line, from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong, and what to do.
    pub problem: String,
}

impl CaseError {
    pub(super) fn new(path: impl Into<PathBuf>, problem: impl Into<String>) -> Self {
        Self { path: path.into(), line: None, problem: problem.into() }
    }
}

/// The line of a place in a text, from 1.
pub(super) fn line_at(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

/// A parser's message, with the nearest known word where it speaks of an unknown one.
pub(super) fn with_nearest(message: &str) -> String {
    let mut words = message.split('`').skip(1).step_by(2);
    let is_about_a_word = message.starts_with("unknown field") || message.starts_with("unknown variant");
    let (true, Some(written)) = (is_about_a_word, words.next()) else { return message.to_owned() };
    let likeness = |known: &str| strsim::jaro_winkler(written, known);
    let nearest = words.max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    match nearest.filter(|known| likeness(known) > 0.7) {
        Some(nearest) => format!("unknown key `{written}`; did you mean `{nearest}`?"),
        None => message.replacen("unknown field", "unknown key", 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_answered_with_the_nearest_one() {
        let message = "unknown field `outcom`, expected one of `exit`, `outcome`, `proof`";
        assert_eq!(with_nearest(message), "unknown key `outcom`; did you mean `outcome`?");
        let message = "unknown field `zzz`, expected `exit` or `proof`";
        assert_eq!(with_nearest(message), "unknown key `zzz`, expected `exit` or `proof`");
        assert_eq!(with_nearest("invalid type: integer `7`"), "invalid type: integer `7`");
    }

    #[test]
    fn lines_are_counted_from_one() {
        assert_eq!((line_at("a\nb\n", 0), line_at("a\nb\n", 2)), (1, 2));
    }
}
