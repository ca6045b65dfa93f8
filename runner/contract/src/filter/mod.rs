//! Filters: pure functions from a value to a value, `{admin.key|rsa-public|sha256|base64}`.

mod encode;
mod json;
mod key;
mod pick;
mod sql;
mod text;
mod time;
mod token;

use std::fmt;
use std::str::FromStr;

use crate::path::Path;
use crate::value::{Kind, NotText, Value};

/// A filter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Filter {
    /// Standard base64 with padding, of bytes or of a text's UTF-8.
    Base64,
    /// The bytes of base64 in either alphabet, with padding or without.
    Base64Decode,
    /// The SHA-256 of bytes or of a text's UTF-8, as bytes.
    Sha256,
    /// The value as compact JSON text.
    Json,
    /// `at:POINTER`: a part of JSON, or of a text that is JSON.
    At(Path),
    /// The claims of a JWT. Nobody verifies them.
    Jwt,
    /// The keys of an object.
    Keys,
    /// What follows the last `/`.
    LastSegment,
    /// `before:TEXT`: what stands before the first such text; all, where there is none.
    Before(String),
    /// `after:TEXT`: what follows the first such text; nothing, where there is none.
    After(String),
    /// The public key of a private one, as SPKI DER.
    RsaPublic,
    /// `pem:LABEL`: bytes as PEM.
    Pem(String),
    /// The text as a quoted SQL name.
    SqlName,
    /// The text as an SQL text literal.
    SqlText,
    /// The text in upper case.
    Upper,
    /// The text in lower case.
    Lower,
    /// A time as seconds since 1970.
    Epoch,
    /// A time's day in UTC, `2026-11-29`.
    Date,
}

/// Filters without an argument.
const PLAIN: [(&str, Filter); 14] = [
    ("base64", Filter::Base64),
    ("base64-decode", Filter::Base64Decode),
    ("sha256", Filter::Sha256),
    ("json", Filter::Json),
    ("jwt", Filter::Jwt),
    ("keys", Filter::Keys),
    ("last-segment", Filter::LastSegment),
    ("rsa-public", Filter::RsaPublic),
    ("sql-name", Filter::SqlName),
    ("sql-text", Filter::SqlText),
    ("upper", Filter::Upper),
    ("lower", Filter::Lower),
    ("epoch", Filter::Epoch),
    ("date", Filter::Date),
];

/// A filter could not read its value, of which the message says nothing but what it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the filter `{filter}` cannot read its value: it {reason}")]
pub struct FilterError {
    filter: String,
    reason: Reason,
}

impl FilterError {
    /// The filter's name.
    #[must_use]
    pub fn filter(&self) -> &str {
        &self.filter
    }
}

/// What is wrong with a value, without the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reason {
    Is(&'static str),
    Kind(Kind),
    Shape(NotText),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(what) => f.write_str(what),
            Self::Kind(kind) => write!(f, "is {kind}"),
            Self::Shape(error) => error.fmt(f),
        }
    }
}

impl From<&'static str> for Reason {
    fn from(what: &'static str) -> Self {
        Self::Is(what)
    }
}

impl From<NotText> for Reason {
    fn from(error: NotText) -> Self {
        Self::Shape(error)
    }
}

impl Filter {
    /// Reads one as it is written between bars.
    ///
    /// # Errors
    /// There is no such filter, or its argument is wrong; the text says what to write.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some((_, filter)) = PLAIN.iter().find(|(name, _)| *name == text) {
            return Ok(filter.clone());
        }
        match text.split_once(':') {
            Some(("at", pointer)) if !pointer.is_empty() => {
                let path = Path::pointer(pointer).map_err(|error| format!("the filter `at`: {error}"))?;
                if path.references().next().is_some() {
                    return Err(
                        "the filter `at` takes no settings; pick them in the place before it".to_owned()
                    );
                }
                if path.stars() > 1 {
                    return Err("the filter `at` makes one list; keep one `*`".to_owned());
                }
                Ok(Self::At(path))
            }
            Some(("pem", label)) => key::label(label).map(Self::Pem),
            Some(("before", mark)) if !mark.is_empty() => Ok(Self::Before(mark.to_owned())),
            Some(("after", mark)) if !mark.is_empty() => Ok(Self::After(mark.to_owned())),
            _ if matches!(text, "at" | "at:" | "pem" | "before" | "before:" | "after" | "after:") => {
                Err(format!("the filter `{}` lacks its argument; write `{0}:…`", text.trim_end_matches(':')))
            }
            _ => Err(unknown(text)),
        }
    }

    /// Its name, without argument.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::At(_) => "at",
            Self::Pem(_) => "pem",
            Self::Before(_) => "before",
            Self::After(_) => "after",
            plain => PLAIN.iter().find(|(_, filter)| filter == plain).map_or("", |(name, _)| name),
        }
    }

    /// What it makes of a value of this kind.
    ///
    /// # Errors
    /// It cannot read such values; the text says what it reads.
    pub fn output(&self, input: Kind) -> Result<Kind, String> {
        use Kind::{Any, Bool, Bytes, List, Number, Object, Text};
        let (reads, makes): (&[Kind], Kind) = match self {
            Self::Base64Decode | Self::RsaPublic => (&[Text, Bytes], Bytes),
            Self::Sha256 => (&[Text, Bytes, Number, Bool], Bytes),
            Self::Json => (&[Text, Bytes, Number, Bool, Kind::Null, List, Object], Text),
            Self::At(path) => (&[Text, Bytes, List, Object], if path.stars() == 0 { Any } else { List }),
            Self::Jwt => (&[Text, Bytes], Object),
            Self::Keys => (&[Text, Bytes, Object], List),
            Self::Base64
            | Self::Pem(_)
            | Self::LastSegment
            | Self::Before(_)
            | Self::After(_)
            | Self::SqlName
            | Self::SqlText
            | Self::Upper
            | Self::Lower => (&[Text, Bytes, Number, Bool], Text),
            Self::Epoch => (&[Text, Bytes, Number], Number),
            Self::Date => (&[Text, Bytes, Number], Text),
        };
        if input == Any || reads.contains(&input) {
            return Ok(makes);
        }
        Err(format!("the filter `{}` cannot read {input}; it reads {}", self.name(), reads_as_text(reads)))
    }

    /// Whether what it makes of a secret is one.
    #[must_use]
    pub fn keeps_secrecy(&self) -> bool {
        !matches!(self, Self::RsaPublic | Self::Jwt)
    }

    /// Whether it may stand behind a place in an answer.
    #[must_use]
    pub fn reads_answers(&self) -> bool {
        matches!(self, Self::At(_) | Self::Jwt | Self::Keys | Self::LastSegment | Self::Base64Decode)
    }

    /// What it makes of a value; none where the value has no such part.
    ///
    /// # Errors
    /// It cannot read the value.
    pub fn apply(&self, value: &Value) -> Result<Option<Value>, FilterError> {
        if self.output(value.kind()).is_err() {
            return Err(FilterError { filter: self.to_string(), reason: Reason::Kind(value.kind()) });
        }
        let made = match self {
            Self::Base64 => encode::base64(value).map(Some),
            Self::Base64Decode => encode::base64_decode(value).map(Some),
            Self::Sha256 => encode::sha256(value).map(Some),
            Self::Json => json::text(value).map(Some),
            Self::At(path) => pick::at(path, value),
            Self::Jwt => token::claims(value).map(Some),
            Self::Keys => pick::keys(value).map(Some),
            Self::LastSegment => text::last_segment(value).map(Some),
            Self::Before(mark) => text::before(mark, value).map(Some),
            Self::After(mark) => text::after(mark, value).map(Some),
            Self::RsaPublic => key::rsa_public(value).map(Some),
            Self::Pem(label) => key::pem(label, value).map(Some),
            Self::SqlName => sql::name(value).map(Some),
            Self::SqlText => sql::text(value).map(Some),
            Self::Upper => text::upper(value).map(Some),
            Self::Lower => text::lower(value).map(Some),
            Self::Epoch => time::epoch(value).map(Some),
            Self::Date => time::date(value).map(Some),
        };
        let secret = value.is_secret() && self.keeps_secrecy();
        made.map(|made| made.map(|made| made.with_secrecy(secret)))
            .map_err(|reason| FilterError { filter: self.to_string(), reason })
    }
}

/// What a chain of filters makes of a value; none where a part is lacking.
///
/// # Errors
/// The first filter that cannot read what it is given.
pub fn apply_all(filters: &[Filter], value: Value) -> Result<Option<Value>, FilterError> {
    filters.iter().try_fold(Some(value), |value, filter| match value {
        Some(value) => filter.apply(&value),
        None => Ok(None),
    })
}

/// What a chain of filters makes of a kind.
///
/// # Errors
/// The first filter that cannot read what it would be given.
pub fn output_of_all(filters: &[Filter], kind: Kind) -> Result<Kind, String> {
    filters.iter().try_fold(kind, |kind, filter| filter.output(kind))
}

fn unknown(text: &str) -> String {
    let names: Vec<String> = PLAIN
        .iter()
        .map(|(name, _)| format!("`{name}`"))
        .chain(["at:POINTER", "pem:LABEL", "before:TEXT", "after:TEXT"].map(|name| format!("`{name}`")))
        .collect();
    format!("there is no filter `{text}`; there are {}", names.join(", "))
}

fn reads_as_text(kinds: &[Kind]) -> String {
    kinds.iter().map(|kind| kind.article()).collect::<Vec<_>>().join(", ")
}

impl FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::parse(text)
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(path) => write!(f, "at:{path}"),
            Self::Pem(label) => write!(f, "pem:{label}"),
            Self::Before(mark) => write!(f, "before:{mark}"),
            Self::After(mark) => write!(f, "after:{mark}"),
            plain => f.write_str(plain.name()),
        }
    }
}

#[cfg(test)]
mod tests;
