//! Why the line cannot be used: what was wrong, where, and what to do; never what it says.

use std::fmt;
use std::io;

use crate::text::NotText;
use crate::units::format_size;

/// Which of the two nested encodings an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The line as a whole.
    Params,
    /// The value of its key `records`.
    Records,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Params => "the params",
            Self::Records => "`records` in the params",
        })
    }
}

/// Why the line cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParamsError {
    /// The input could not be read.
    #[error("the params cannot be read: {0}")]
    Unreadable(io::ErrorKind),
    /// There is no line, or only space in it.
    #[error("the params are empty")]
    Empty,
    /// The line is longer than the limit.
    #[error("the params are larger than {}", format_size(*.limit))]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// A character is not of the base64 alphabet.
    #[error("{part} are not base64: wrong character at position {position}")]
    NotBase64 {
        /// Which encoding.
        part: Part,
        /// Where, in characters from 1.
        position: usize,
    },
    /// The end is missing: base64 or JSON stops halfway.
    #[error("{part} stop in the middle: the end is missing")]
    CutShort {
        /// Which encoding.
        part: Part,
    },
    /// The JSON that params are to be made of is no text.
    #[error("the JSON {0}")]
    Undecodable(NotText),
    /// What was encoded is not UTF-8.
    #[error("{part} hold text that is not UTF-8, from byte {position} on")]
    NotUtf8 {
        /// Which encoding.
        part: Part,
        /// Where, in decoded bytes from 1.
        position: usize,
    },
    /// What was encoded is not JSON.
    #[error("{part} are not JSON: wrong at line {line}, column {column} of the decoded text")]
    NotJson {
        /// Which encoding.
        part: Part,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// The JSON is nested too deep.
    #[error("{part} are nested deeper than {limit} levels")]
    TooDeep {
        /// Which encoding.
        part: Part,
        /// The limit.
        limit: usize,
    },
    /// The JSON is not an object.
    #[error("the params are {found}, not a JSON object")]
    NotAnObject {
        /// What it is instead.
        found: &'static str,
    },
    /// `records` is no list.
    #[error("`records` in the params are {found}, not a list")]
    RecordsNotAList {
        /// What it is instead.
        found: &'static str,
    },
    /// One of the records is no object.
    #[error("record {number} of the params' `records` is {found}, not a JSON object")]
    RecordNotAnObject {
        /// Which one, from 1.
        number: usize,
        /// What it is instead.
        found: &'static str,
    },
    /// A key that is text is something else.
    #[error("`{key}` in the params is {found}, not a text")]
    NotText {
        /// The key.
        key: &'static str,
        /// What it is instead.
        found: &'static str,
    },
    /// It is not said which record is to be rotated.
    #[error("the params have no `userRecordUid`, so there is no record to rotate")]
    NoUserRecordUid,
}

impl ParamsError {
    /// Returns a stable kebab-case word for the outcome document.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "params-unreadable",
            Self::Empty => "params-empty",
            Self::TooLarge { .. } => "params-too-large",
            Self::NotBase64 { part: Part::Params, .. } => "params-not-base64",
            Self::NotBase64 { part: Part::Records, .. } => "records-not-base64",
            Self::CutShort { part: Part::Params } => "params-cut-short",
            Self::CutShort { part: Part::Records } => "records-cut-short",
            Self::Undecodable(_) => "input-not-text",
            Self::NotUtf8 { part: Part::Params, .. } => "params-not-utf8",
            Self::NotUtf8 { part: Part::Records, .. } => "records-not-utf8",
            Self::NotJson { part: Part::Params, .. } => "params-not-json",
            Self::NotJson { part: Part::Records, .. } => "records-not-json",
            Self::TooDeep { part: Part::Params, .. } => "params-too-deep",
            Self::TooDeep { part: Part::Records, .. } => "records-too-deep",
            Self::NotAnObject { .. } => "params-not-an-object",
            Self::RecordsNotAList { .. } => "records-not-a-list",
            Self::RecordNotAnObject { .. } => "record-not-an-object",
            Self::NotText { .. } => "params-wrong-type",
            Self::NoUserRecordUid => "no-user-record-uid",
        }
    }

    /// Returns what to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Undecodable(_) => "save the file in one of these encodings",
            Self::Unreadable(_) | Self::Empty => {
                "pipe the gateway's line to stdin; `pamrun params encode` makes one from plain JSON"
            }
            Self::TooLarge { .. } => "raise `params` under [limits] in the configuration file",
            Self::TooDeep { .. } => "raise `depth` under [limits] in the configuration file",
            Self::CutShort { .. } => {
                "pass the whole text on one line, without wrapping it (`base64 -w0`) or cutting its end"
            }
            Self::NoUserRecordUid => "attach the script to a PAM User record, or add `userRecordUid`",
            Self::NotBase64 { .. }
            | Self::NotUtf8 { .. }
            | Self::NotJson { .. }
            | Self::NotAnObject { .. }
            | Self::RecordsNotAList { .. }
            | Self::RecordNotAnObject { .. }
            | Self::NotText { .. } => {
                "pass the line on as the gateway pipes it; `pamrun params encode` makes one from plain JSON"
            }
        }
    }
}
