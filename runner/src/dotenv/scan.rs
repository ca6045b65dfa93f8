//! Finds what sets a key in such a file, as its reader would.

use std::ops::Range;

use super::{Dialect, is_key};

/// The mark that some editors put before the text of a file. It is part of no key.
pub(super) const BYTE_ORDER_MARK: char = '\u{feff}';

/// What sets a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Assignment<'t> {
    pub(super) key: &'t str,
    /// Where the operator stands: `=` or `<<`.
    pub(super) operator: usize,
    /// Where the value stands, with its quotes; nothing when these do not end.
    pub(super) value: Option<Range<usize>>,
    /// Whether readers may differ in where it ends.
    pub(super) is_unclear: bool,
}

/// Finds all assignments, in order; after one that does not end there are none.
pub(super) fn assignments(text: &str, dialect: Dialect) -> Vec<Assignment<'_>> {
    let mut found = Vec::new();
    let mut at = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len_utf8() } else { 0 };
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let line = rest.split('\n').next().unwrap_or_default();
        let Some(Start { key, operator, is_heredoc, value }) = start(line, dialect) else {
            at += line.len() + 1;
            continue;
        };
        let start = at + value;
        let rest = text.get(start..).unwrap_or_default();
        let length = if is_heredoc { of_heredoc(rest) } else { length(rest, dialect) };
        let value = length.map(|length| start..start + length);
        let after = value.as_ref().and_then(|value| text.get(value.end..)).unwrap_or_default();
        let after = after.split('\n').next().unwrap_or_default();
        let written = value.clone().and_then(|value| text.get(value)).unwrap_or_default();
        found.push(Assignment {
            key,
            operator: at + operator,
            is_unclear: is_unclear(written, after, dialect),
            value: value.clone(),
        });
        let Some(value) = value else { break };
        // A value in quotes may span lines.
        at = value.end + after.len() + 1;
    }
    found
}

/// The beginning of an assignment, within its line.
struct Start<'l> {
    key: &'l str,
    operator: usize,
    is_heredoc: bool,
    value: usize,
}

/// Reads the key of a line; nothing when the line sets none.
fn start(line: &str, dialect: Dialect) -> Option<Start<'_>> {
    let equals = line.find('=');
    let heredoc =
        line.find("<<").filter(|at| dialect == Dialect::Github && equals.is_none_or(|equals| *at < equals));
    if let Some(operator) = heredoc {
        let key = line.get(..operator).filter(|key| is_key(key))?;
        return Some(Start { key, operator, is_heredoc: true, value: operator + 2 });
    }
    let operator = equals?;
    let (left, right) = (line.get(..operator)?, line.get(operator + 1..)?);
    let key = match dialect {
        Dialect::Github => left,
        Dialect::Docker => left.trim_start(),
        Dialect::Gitlab | Dialect::Systemd => left.trim(),
        // With a blank before the sign it is a command.
        Dialect::Shell => without_export(left.trim_start()),
        Dialect::Dotenv => unquoted(without_export(left.trim())),
    };
    let rest = right.trim_start_matches([' ', '\t']);
    let is_empty = rest.trim_end().is_empty() || (dialect == Dialect::Dotenv && rest.starts_with('#'));
    let has_blanks = matches!(dialect, Dialect::Dotenv | Dialect::Systemd) && !is_empty;
    // An empty value, with a comment or without, ends where it begins.
    let blanks = if has_blanks { right.len() - rest.len() } else { 0 };
    is_key(key).then_some(Start { key, operator, is_heredoc: false, value: operator + 1 + blanks })
}

fn without_export(key: &str) -> &str {
    match key.strip_prefix("export") {
        Some(rest) if rest.starts_with([' ', '\t']) => rest.trim_start(),
        _ => key,
    }
}

fn unquoted(key: &str) -> &str {
    let inner = ['"', '\''].iter().find_map(|quote| key.strip_prefix(*quote)?.strip_suffix(*quote));
    inner.unwrap_or(key)
}

/// How long the value is that a text begins with; nothing when it does not end.
fn length(text: &str, dialect: Dialect) -> Option<usize> {
    let line = text.split('\n').next().unwrap_or_default();
    let without_return = match line.strip_suffix('\r') {
        Some(line) if dialect.drops_carriage_return() => line,
        _ => line,
    };
    match dialect {
        Dialect::Docker => Some(without_return.len()),
        Dialect::Github => Some(line.len()),
        Dialect::Gitlab => Some(line.trim_end().len()),
        Dialect::Systemd => of_systemd(text),
        Dialect::Shell => of_word(text),
        Dialect::Dotenv if text.starts_with('\'') => single_quoted(text),
        Dialect::Dotenv if text.starts_with('"') => double_quoted(text),
        Dialect::Dotenv => {
            let mut comments = without_return.match_indices('#').map(|(at, _)| at);
            let before = |at: usize| line.get(..at).filter(|before| before.ends_with([' ', '\t']));
            Some(comments.find_map(before).unwrap_or(without_return).trim_end().len())
        }
    }
}

/// Up to a line that is the same as the first one.
fn of_heredoc(text: &str) -> Option<usize> {
    let (end, _) = text.split_once('\n').filter(|(end, _)| !end.is_empty())?;
    let mut at = end.len() + 1;
    for line in text.get(at..)?.split('\n') {
        if line == end {
            return Some(at + line.len());
        }
        at += line.len() + 1;
    }
    None
}

/// Text in single quotes. Some readers take a backslash for part of the text, and others for what keeps the
/// quote after it from ending that; so one ends it that ends the line, too.
fn single_quoted(text: &str) -> Option<usize> {
    let quotes = text.match_indices('\'').map(|(at, _)| at).skip(1);
    let ends = |at: &usize| {
        let before = text.get(..*at).unwrap_or_default();
        let escapes = before.len() - before.trim_end_matches('\\').len();
        let after = text.get(at + 1..).and_then(|after| after.split('\n').next()).unwrap_or_default();
        escapes % 2 == 0 || is_blank_or_comment(after)
    };
    quotes.into_iter().find(ends).map(|end| end + 1)
}

/// Text in double quotes, in which a backslash keeps the next one from ending it.
fn double_quoted(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    let end = text.char_indices().skip(1).find(|(_, character)| {
        let ends = *character == '"' && !is_escaped;
        is_escaped = *character == '\\' && !is_escaped;
        ends
    });
    end.map(|(end, _)| end + 1)
}

/// A word of a shell: several pieces, each in quotes or not.
fn of_word(text: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        at += match rest.chars().next() {
            Some('\'') => rest.get(1..)?.find('\'')? + 2,
            Some('"') => double_quoted(rest)?,
            Some('\\') => 1 + rest.get(1..)?.chars().next().map_or(0, char::len_utf8),
            Some(end) if " \t\n;&|<>()`".contains(end) => return Some(at),
            other => other.map_or(1, char::len_utf8),
        };
    }
    Some(text.len())
}

/// A value of systemd: quotes mean something before the first other character and after other quotes.
fn of_systemd(text: &str) -> Option<usize> {
    let mut at = 0;
    let mut is_bare = false;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        at += match rest.chars().next() {
            Some('\'') if !is_bare => rest.get(1..)?.find('\'')? + 2,
            Some('"') if !is_bare => double_quoted(rest)?,
            Some('\n') => break,
            Some('\\') => {
                is_bare = true;
                1 + rest.get(1..)?.chars().next().map_or(0, char::len_utf8)
            }
            other => {
                is_bare |= !other.is_some_and(char::is_whitespace);
                other.map_or(1, char::len_utf8)
            }
        };
    }
    Some(text.get(..at)?.trim_end().len())
}

/// Whether readers may differ in what a value is, by what stands after it in its line.
fn is_unclear(value: &str, after: &str, dialect: Dialect) -> bool {
    match dialect {
        Dialect::Dotenv if value.starts_with(['"', '\'']) => !is_blank_or_comment(after),
        Dialect::Shell => {
            let next = after.trim_start_matches([' ', '\t']);
            let is_comment = next.starts_with('#') && next.len() < after.len();
            !next.is_empty() && !next.starts_with(';') && !is_comment
        }
        _ => false,
    }
}

fn is_blank_or_comment(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || text.starts_with('#')
}
