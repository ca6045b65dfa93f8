//! What stands between braces: a reference, and the filters that its value passes.

use std::fmt;
use std::str::FromStr;

use crate::filter::Filter;
use crate::template::duration;

/// Words that name no group, request, parameter or computed value of a manifest's own.
pub const RESERVED: [&str; 8] =
    ["setting", "new", "deliver", "proposed", "marker", "rotation_id", "random", "now"];

/// What a value is taken from, as it is written; [`crate::manifest::Manifest::meaning`] knows what it means.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reference {
    /// `{setting.KEY}`, or `{setting.KEY.NAME}` of an enum whose choices carry values.
    Setting {
        /// The setting's key.
        key: String,
        /// The name of the value that a choice carries.
        name: Option<String>,
    },
    /// `{new.LABEL}`: a returned field.
    New(String),
    /// `{deliver.…}`.
    Deliver(Delivered),
    /// `{proposed}`: the key of our own, or the new value.
    Proposed,
    /// `{marker}`: the name of what this rotation makes.
    Marker,
    /// `{rotation_id}`.
    RotationId,
    /// `{random}`.
    Random,
    /// `{now}`, or as many seconds from now.
    Now(i64),
    /// `{NAME}`: a parameter, or a computed value.
    Bare(String),
    /// `{GROUP.KEY}` or `{REQUEST.OUTPUT}`.
    Member(String, String),
}

/// What is handed on by a plugin that delivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Delivered {
    /// The one field.
    Value,
    /// All fields, as one JSON object.
    Object,
    /// The new credential's id.
    Id,
    /// When the new credential ends.
    Expires,
    /// True where the one field is secret; missing where it is none.
    IsSecret,
}

impl Delivered {
    const NAMES: [(&'static str, Self); 5] = [
        ("value", Self::Value),
        ("object", Self::Object),
        ("id", Self::Id),
        ("expires", Self::Expires),
        ("is_secret", Self::IsSecret),
    ];
}

/// A reference and its filters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Expression {
    /// Where the value comes from.
    pub reference: Reference,
    /// What is made of it, in order.
    pub filters: Vec<Filter>,
    text: String,
}

impl Expression {
    /// A reference without filters.
    #[must_use]
    pub(crate) fn bare(reference: Reference) -> Self {
        Self { text: reference.to_string(), reference, filters: Vec::new() }
    }

    /// As it is written, without braces.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}}}", self.text)
    }
}

impl FromStr for Expression {
    type Err = String;

    /// Reads what stands between the braces.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.split('|');
        let reference = parts.next().unwrap_or_default().parse()?;
        let filters = parts.map(str::parse::<Filter>);
        Ok(Self { reference, filters: filters.collect::<Result<_, _>>()?, text: text.to_owned() })
    }
}

impl FromStr for Reference {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(seconds) = of_now(text) {
            return seconds.map(Self::Now);
        }
        let (first, rest) = match text.split_once('.') {
            Some((first, rest)) => (first, Some(rest)),
            None => (text, None),
        };
        match (first, rest) {
            ("proposed", None) => Ok(Self::Proposed),
            ("marker", None) => Ok(Self::Marker),
            ("rotation_id", None) => Ok(Self::RotationId),
            ("random", None) => Ok(Self::Random),
            ("setting", Some(rest)) => {
                let (key, name) = rest.split_once('.').map_or((rest, None), |(key, name)| (key, Some(name)));
                Ok(Self::Setting { key: identifier(key)?, name: name.map(identifier).transpose()? })
            }
            ("new", Some(label)) => identifier(label).map(Self::New),
            ("deliver", Some(rest)) => Delivered::NAMES
                .iter()
                .find(|(name, _)| *name == rest)
                .map(|(_, what)| Self::Deliver(*what))
                .ok_or_else(|| {
                    let mend = crate::nearest::mend(rest, Delivered::NAMES.map(|(name, _)| name));
                    format!("`deliver` has no `{rest}`; {mend}")
                }),
            ("setting" | "new" | "deliver", None) => {
                Err(format!("`{{{first}}}` lacks what of it is meant; write `{{{first}.…}}`"))
            }
            (name, None) => identifier(name).map(Self::Bare),
            (name, Some(key)) => Ok(Self::Member(identifier(name)?, identifier(key)?)),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setting { key, name: None } => write!(f, "setting.{key}"),
            Self::Setting { key, name: Some(name) } => write!(f, "setting.{key}.{name}"),
            Self::New(label) => write!(f, "new.{label}"),
            Self::Deliver(what) => {
                let name =
                    Delivered::NAMES.iter().find(|(_, known)| known == what).map_or("", |(name, _)| name);
                write!(f, "deliver.{name}")
            }
            Self::Proposed => f.write_str("proposed"),
            Self::Marker => f.write_str("marker"),
            Self::RotationId => f.write_str("rotation_id"),
            Self::Random => f.write_str("random"),
            Self::Now(0) => f.write_str("now"),
            Self::Now(seconds) => write!(f, "now{seconds:+}s"),
            Self::Bare(name) => f.write_str(name),
            Self::Member(name, key) => write!(f, "{name}.{key}"),
        }
    }
}

/// The seconds from now, where it is a time from now at all.
fn of_now(text: &str) -> Option<Result<i64, String>> {
    let rest = text.strip_prefix("now")?;
    let (sign, length) = match rest.chars().next() {
        None => return Some(Ok(0)),
        Some('+') => (1, rest.trim_start_matches('+')),
        Some('-') if rest.chars().nth(1).is_some_and(|c| c.is_ascii_digit()) => {
            (-1, rest.trim_start_matches('-'))
        }
        Some(_) => return None,
    };
    Some(match duration::milliseconds(length) {
        Some(ms) => i64::try_from(ms / 1000)
            .map(|seconds| sign * seconds)
            .map_err(|_| format!("`{text}` is too far away; stay within years")),
        None => Err(format!("`{length}` is no duration; write one such as `{{now+10m}}`")),
    })
}

/// Whether a word can be a name in a manifest: a letter or `_`, then letters, digits, `_` and `-`.
#[must_use]
pub fn is_identifier(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

fn identifier(text: &str) -> Result<String, String> {
    if is_identifier(text) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "`{text}` is no name; a reference is `{{NAME}}` or `{{NAME.KEY}}` without spaces, and `{{{{` is a brace"
    ))
}
