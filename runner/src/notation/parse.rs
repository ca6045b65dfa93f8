//! `[keeper://] record / selector [/ name [index] [property]]`, as all of Keeper's tools write it.

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::model::Place;

/// What a notation may begin with, in capitals or not.
const PREFIX: &str = "keeper://";
/// What a backslash makes an ordinary character of.
const ESCAPED: [char; 4] = ['/', '[', ']', '\\'];
/// How long the UID of a record is: 16 bytes in base64.
const UID: usize = 22;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Names one value of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notation {
    /// The UID of the record, or its title.
    pub record: String,
    /// What of the record.
    pub part: Part,
}

/// What of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Its type.
    Type,
    /// Its title.
    Title,
    /// Its notes.
    Notes,
    /// A field.
    Field {
        /// Where it stands.
        place: Place,
        /// Its label, or its type.
        name: String,
        /// Which of its values.
        pick: Pick,
        /// Which part of a value that has parts.
        property: Option<String>,
    },
    /// The content of an attached file, by name, title or UID.
    File(String),
}

/// Which of a field's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// The first; there is no index.
    First,
    /// All of them: `[]`.
    All,
    /// One of them, counted from 0: `[n]`.
    One(usize),
}

/// What is wrong with a notation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotationError {
    /// It has no slash, and is not the base64 form of one that has.
    #[error("this is no notation: write RECORD/field/NAME, or RECORD/file/NAME")]
    NotNotation,
    /// A backslash stands before an ordinary character, or at the end.
    #[error("a backslash stands before /, [, ] or \\ only; write \\\\ for the backslash itself")]
    Escape,
    /// Nothing stands before the first slash.
    #[error("the record is missing: write its UID or title before the first slash")]
    NoRecord,
    /// Nothing stands after it.
    #[error("it does not say what of the record: write {SELECTORS} after its name")]
    NoSelector,
    /// Something else stands after it.
    #[error(
        "`{found}` is nothing that a record has: write {SELECTORS} (and \\/ for a slash in the record's title)"
    )]
    Selector {
        /// What.
        found: String,
    },
    /// A field or file has no name.
    #[error("`{selector}` needs a name after it, as in RECORD/{selector}/NAME")]
    NoName {
        /// The selector.
        selector: String,
    },
    /// Something stands after what needs nothing.
    #[error("nothing may stand after `{selector}`")]
    TakesNothing {
        /// The selector.
        selector: String,
    },
    /// Something is wrong with the brackets.
    #[error("an index stands in brackets, as in phone[0][number]; write \\[ for a bracket in a name")]
    Brackets,
    /// The first index is no number.
    #[error(
        "the first index is [n], counted from 0, or [] for all values; a property comes second, as in name[0][first]"
    )]
    NotNumeric,
    /// A file has an index.
    #[error("a file takes no index; write \\[ for a bracket in its name")]
    FileIndex,
}

const SELECTORS: &str = "/field/NAME, /custom_field/NAME, /file/NAME, /type, /title or /notes";

impl Notation {
    /// Parses a notation, in plain text or the base64 form of it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, NotationError> {
        let text = text.trim();
        let decoded;
        let text = if text.contains('/') {
            text
        } else {
            decoded = plain(text).ok_or(NotationError::NotNotation)?;
            decoded.as_str()
        };
        let (record, rest) = section(without_prefix(text), '/')?;
        if record.is_empty() {
            return Err(NotationError::NoRecord);
        }
        let rest = rest.strip_prefix('/').filter(|rest| !rest.is_empty()).ok_or(NotationError::NoSelector)?;
        // A slash at the end is a slash too many, which Keeper's tools let pass.
        let (selector, name) = rest.split_once('/').unwrap_or((rest, ""));
        let word = selector.to_ascii_lowercase();
        let part = match word.as_str() {
            "type" | "title" | "notes" if !name.is_empty() => {
                return Err(NotationError::TakesNothing { selector: word });
            }
            "type" => Part::Type,
            "title" => Part::Title,
            "notes" => Part::Notes,
            "field" | "custom_field" | "file" => named(&word, name)?,
            _ => return Err(NotationError::Selector { found: selector.to_owned() }),
        };
        Ok(Self { record, part })
    }

    /// Tells whether the record may be named by its UID. It may still be a title that looks like one.
    #[must_use]
    pub fn may_be_uid(&self) -> bool {
        let is_of_uid = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_');
        self.record.len() == UID && self.record.bytes().all(is_of_uid)
    }
}

/// Parses what follows `field`, `custom_field` or `file`.
fn named(selector: &str, text: &str) -> Result<Part, NotationError> {
    let (name, rest) = section(text, '[')?;
    if name.is_empty() {
        return Err(NotationError::NoName { selector: selector.to_owned() });
    }
    let place = match selector {
        "file" if rest.is_empty() => return Ok(Part::File(name)),
        "file" => return Err(NotationError::FileIndex),
        "field" => Place::Standard,
        _ => Place::Custom,
    };
    let (first, rest) = index(rest)?;
    let (second, rest) = index(rest)?;
    if !rest.is_empty() {
        return Err(NotationError::Brackets);
    }
    let pick = match first.as_deref() {
        None => Pick::First,
        Some("") => Pick::All,
        Some(digits) if digits.bytes().all(|c| c.is_ascii_digit()) => {
            // So large a number is out of range in any case.
            Pick::One(digits.parse().unwrap_or(usize::MAX))
        }
        Some(_) => return Err(NotationError::NotNumeric),
    };
    // An empty second index asks for the whole value.
    Ok(Part::Field { place, name, pick, property: second.filter(|property| !property.is_empty()) })
}

/// Reads what stands between brackets, if something is left, and returns what follows.
fn index(text: &str) -> Result<(Option<String>, &str), NotationError> {
    if text.is_empty() {
        return Ok((None, text));
    }
    let inside = text.strip_prefix('[').ok_or(NotationError::Brackets)?;
    let (index, rest) = section(inside, ']')?;
    let rest = rest.strip_prefix(']').ok_or(NotationError::Brackets)?;
    let (before_bracket, _) = section(inside, '[')?;
    // A bracket inside of brackets is a slip.
    if before_bracket.len() < index.len() {
        return Err(NotationError::Brackets);
    }
    Ok((Some(index), rest))
}

/// Reads up to a character that is not escaped; returns what was read, without escapes, and the
/// rest, which begins with that character or is empty.
fn section(text: &str, end: char) -> Result<(String, &str), NotationError> {
    let mut read = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => {
                let next = characters.next().map(|(_, next)| next).filter(|next| ESCAPED.contains(next));
                read.push(next.ok_or(NotationError::Escape)?);
            }
            _ if character == end => return Ok((read, text.get(at..).unwrap_or_default())),
            _ => read.push(character),
        }
    }
    Ok((read, ""))
}

fn without_prefix(text: &str) -> &str {
    match text.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) => rest,
        _ => text,
    }
}

/// Decodes the base64 form, which configuration files use that cannot hold some character.
fn plain(text: &str) -> Option<String> {
    String::from_utf8(BASE64.decode(text).ok()?).ok().filter(|text| text.contains('/'))
}
