//! Writes a value so that its reader takes it as it is: bare where that can be, and else in quotes that
//! change nothing.

use zeroize::Zeroizing;

use super::Dialect;

/// The longest line that Docker's reader takes, in bytes, its end included.
const DOCKER_LINE: usize = 64 * 1024;
/// The largest dotenv report that GitLab takes, in bytes.
pub const GITLAB_FILE: usize = 5 * 1024;
/// What stands at the end of a value of several lines, where that can be chosen.
const END: &str = "PAMRUN_EOF";

/// Why a value cannot stand in such a file. Never quotes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value {why}, which {} cannot take as it is; put it into a file of its own", dialect.reader())]
pub struct Unfit {
    dialect: Dialect,
    why: Why,
}

/// What is in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Why {
    #[error("has a null character")]
    Null,
    #[error("has several lines")]
    Lines,
    #[error("has a carriage return")]
    CarriageReturn,
    #[error("has a control character")]
    Control,
    #[error("has a character that stands for none")]
    NoCharacter,
    #[error("has a blank")]
    Blank,
    #[error("has `${{` and `}}`, whatever its quotes,")]
    Reference,
    #[error("has quotes, backslashes or dollar signs in a mix that no quotes keep for all")]
    Mix,
    #[error("is too long")]
    Length,
}

/// What follows a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Written {
    /// `=` and this.
    Equals(Zeroizing<String>),
    /// `<<`, and this up to the line that ends it.
    Heredoc(Zeroizing<String>),
}

impl Written {
    /// The operator, and what follows it.
    pub(super) fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::Equals(text) => ("=", text),
            Self::Heredoc(text) => ("<<", text),
        }
    }
}

/// Makes the line, or the lines, that set a key; without a line's end.
///
/// # Errors
/// Why the value cannot stand there.
pub fn line(dialect: Dialect, key: &str, value: &str) -> Result<Zeroizing<String>, Unfit> {
    let written = write(dialect, key, value, "")?;
    let (operator, text) = written.parts();
    Ok([key, operator, text].concat().into())
}

/// Writes a value; `old` is what stood there, whose quotes are kept where they can be.
pub(super) fn write(dialect: Dialect, key: &str, value: &str, old: &str) -> Result<Written, Unfit> {
    let unfit = |why| Unfit { dialect, why };
    let length = key.len() + 1 + value.len() + 1;
    let refused = match dialect {
        Dialect::Dotenv => for_dotenv(value),
        Dialect::Docker if length > DOCKER_LINE => Some(Why::Length),
        Dialect::Docker => for_docker(value),
        Dialect::Github => for_github(value),
        Dialect::Gitlab if length > GITLAB_FILE => Some(Why::Length),
        Dialect::Gitlab => for_gitlab(value),
        Dialect::Systemd => for_systemd(value),
        Dialect::Shell => None,
    };
    if value.contains('\0') {
        return Err(unfit(Why::Null));
    }
    if let Some(why) = refused {
        return Err(unfit(why));
    }
    match dialect {
        Dialect::Github if value.contains('\n') => return Ok(Written::Heredoc(heredoc(value))),
        _ if dialect.is_literal() => return Ok(Written::Equals(value.to_owned().into())),
        _ => {}
    }
    let old_quote =
        old.chars().next().filter(|quote| dialect == Dialect::Dotenv && ['"', '\''].contains(quote));
    let text = match (dialect, is_plain(value)) {
        // Without quotes a comment after it would pass for the value.
        (Dialect::Dotenv, true) if value.is_empty() => in_quotes('\'', value),
        (_, true) => old_quote.map_or_else(|| value.to_owned().into(), |quote| in_quotes(quote, value)),
        (Dialect::Dotenv, false) => quoted_for_all(value).ok_or(unfit(Why::Mix))?,
        (Dialect::Systemd, false) => quoted_for_systemd(value),
        _ => quoted_for_shell(value),
    };
    Ok(Written::Equals(text))
}

/// Libraries for Python replace `${NAME}` in every value, whatever its quotes, and carriage returns in all
/// of the file.
fn for_dotenv(value: &str) -> Option<Why> {
    let is_reference = || value.split_once("${").is_some_and(|(_, rest)| rest.contains('}'));
    if value.contains('\r') {
        Some(Why::CarriageReturn)
    } else if value.chars().any(is_odd_control) {
        Some(Why::Control)
    } else {
        is_reference().then_some(Why::Reference)
    }
}

fn for_docker(value: &str) -> Option<Why> {
    if value.contains('\n') {
        Some(Why::Lines)
    } else {
        // The reader takes it for the first half of the line's end.
        value.ends_with('\r').then_some(Why::CarriageReturn)
    }
}

/// On Windows the agent takes a carriage return at the end for the first half of the line's end.
fn for_github(value: &str) -> Option<Why> {
    value.ends_with('\r').then_some(Why::CarriageReturn)
}

fn for_gitlab(value: &str) -> Option<Why> {
    if value.contains(['\n', '\r']) {
        Some(Why::Lines)
    } else if value.chars().any(char::is_whitespace) {
        Some(Why::Blank)
    } else {
        value.chars().any(char::is_control).then_some(Why::Control)
    }
}

/// systemd checks each value: `env_value_is_valid` and `utf8_is_valid`.
fn for_systemd(value: &str) -> Option<Why> {
    let is_none = |c: char| matches!(u32::from(c), 0xFDD0..=0xFDEF) || u32::from(c) & 0xFFFE == 0xFFFE;
    if value.contains('\r') {
        Some(Why::CarriageReturn)
    } else if value.chars().any(is_odd_control) {
        Some(Why::Control)
    } else {
        value.chars().any(is_none).then_some(Why::NoCharacter)
    }
}

/// Whether it is an ASCII control character other than a tab and a line's end.
fn is_odd_control(c: char) -> bool {
    c.is_ascii_control() && !['\t', '\n'].contains(&c)
}

/// Whether a value needs no quotes anywhere. A tilde at its beginning, or after a colon, is a shell's home.
fn is_plain(value: &str) -> bool {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "_-.~:/@%+,=^".contains(c);
    let is_home = value.starts_with(['~', '=']) || value.contains(":~") || value.contains("=~");
    value.chars().all(is_safe) && !is_home
}

fn in_quotes(quote: char, value: &str) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(value.len() + 2));
    text.push(quote);
    text.push_str(value);
    text.push(quote);
    text
}

/// The quotes that all libraries and a shell read alike, if there are any.
fn quoted_for_all(value: &str) -> Option<Zeroizing<String>> {
    // Some take a pair of backslashes, or one before the quote, for one character.
    if !value.contains('\'') && !value.contains(r"\\") && !value.ends_with('\\') {
        Some(in_quotes('\'', value))
    } else if !value.contains(['"', '$', '\\', '`', '!']) {
        Some(in_quotes('"', value))
    } else {
        None
    }
}

/// Within double quotes a backslash stands before what would mean something; older versions read one within
/// single quotes, too.
fn quoted_for_systemd(value: &str) -> Zeroizing<String> {
    if !value.contains(['\'', '\\']) {
        return in_quotes('\'', value);
    }
    let mut text = Zeroizing::new(String::with_capacity(value.len() * 2 + 2));
    text.push('"');
    for character in value.chars() {
        if ['"', '\\', '`', '$'].contains(&character) {
            text.push('\\');
        }
        text.push(character);
    }
    text.push('"');
    text
}

/// Within single quotes nothing has a meaning but they themselves.
fn quoted_for_shell(value: &str) -> Zeroizing<String> {
    let quotes = value.matches('\'').count();
    let mut text = Zeroizing::new(String::with_capacity(value.len() + 3 * quotes + 2));
    text.push('\'');
    for character in value.chars() {
        match character {
            '\'' => text.push_str("'\\''"),
            other => text.push(other),
        }
    }
    text.push('\'');
    text
}

/// The value between two lines that it cannot hold.
fn heredoc(value: &str) -> Zeroizing<String> {
    let ends = (0_u32..).map(|number| if number == 0 { END.to_owned() } else { format!("{END}_{number}") });
    let end = ends.into_iter().find(|end| !value.contains(end)).unwrap_or_default();
    [&end, "\n", value, "\n", &end].concat().into()
}
