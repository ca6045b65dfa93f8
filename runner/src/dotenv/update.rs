//! One key of such a file: found and set, with every other byte left as it is.

use zeroize::Zeroizing;

use super::scan::{Assignment, BYTE_ORDER_MARK, assignments};
use super::write::{GITLAB_FILE, Unfit, Written, write};
use super::{Dialect, is_key};

/// Why a text is not changed. Nothing of it is quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// The key cannot be one.
    #[error("a key has letters, digits and `_`, and begins with no digit")]
    Key,
    /// The key is there twice.
    #[error("the key is set more than once: which one counts depends on who reads it; leave one of them")]
    Repeated,
    /// A value in quotes, or of several lines, is cut short.
    #[error("a value has no end: the one that begins in line {0}")]
    Unended(usize),
    /// The line of the key says more.
    #[error("where the value of the key ends depends on who reads it: write it alone into line {0}")]
    Unclear(usize),
    /// The value cannot stand there.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// The file would be larger than its reader takes.
    #[error("the file would be larger than {GITLAB_FILE} bytes, which is the most that GitLab takes")]
    TooLarge,
}

/// Checks that a key could be set in a text.
///
/// # Errors
/// Why it could not, without a doubt.
pub fn check(text: &str, key: &str, dialect: Dialect) -> Result<(), SetError> {
    if !is_key(key) {
        return Err(SetError::Key);
    }
    find(text, key, dialect).map(drop)
}

/// Sets the key: in its place, or in a line of its own at the end.
///
/// # Errors
/// Why that cannot be done without a doubt.
pub fn set(text: &str, key: &str, value: &str, dialect: Dialect) -> Result<Zeroizing<String>, SetError> {
    check(text, key, dialect)?;
    let found = find(text, key, dialect)?.and_then(|found| Some((found.operator, found.value?)));
    let old = found.as_ref().and_then(|(_, value)| text.get(value.clone())).unwrap_or_default();
    let written = write(dialect, key, value, old)?;
    let changed = match found {
        None => appended(text, key, &written, dialect),
        Some((operator, value)) => {
            let was_heredoc = text.get(operator..).is_some_and(|old| old.starts_with('<'));
            let is_heredoc = matches!(written, Written::Heredoc(_));
            let after = text.get(value.end..).unwrap_or_default();
            let (sign, text_of_value) = written.parts();
            if was_heredoc == is_heredoc {
                let before = text.get(..value.start).unwrap_or_default();
                [before, text_of_value, after].concat().into()
            } else {
                let before = text.get(..operator).unwrap_or_default();
                [before, sign, text_of_value, after].concat().into()
            }
        }
    };
    let changed: Zeroizing<String> = changed;
    if dialect == Dialect::Gitlab && changed.len() > GITLAB_FILE {
        return Err(SetError::TooLarge);
    }
    Ok(changed)
}

/// Adds a line as the others end.
fn appended(text: &str, key: &str, written: &Written, dialect: Dialect) -> Zeroizing<String> {
    let has_returns = text.contains("\r\n") && dialect.drops_carriage_return();
    let end = if has_returns { "\r\n" } else { "\n" };
    let has_end = text.trim_start_matches(BYTE_ORDER_MARK).is_empty() || text.ends_with('\n');
    let gap = if has_end { "" } else { end };
    let (operator, value) = written.parts();
    [text, gap, key, operator, value, end].concat().into()
}

/// Finds what sets the key, if it is clear what does.
fn find<'t>(text: &'t str, key: &str, dialect: Dialect) -> Result<Option<Assignment<'t>>, SetError> {
    let line = |at: usize| text.get(..at).unwrap_or_default().matches('\n').count() + 1;
    let mut found = None;
    for assignment in assignments(text, dialect) {
        if assignment.value.is_none() {
            return Err(SetError::Unended(line(assignment.operator)));
        }
        if assignment.key != key {
            continue;
        }
        if found.is_some() {
            return Err(SetError::Repeated);
        }
        if assignment.is_unclear {
            return Err(SetError::Unclear(line(assignment.operator)));
        }
        found = Some(assignment);
    }
    Ok(found)
}
