//! Finds what a notation names among the records of a vault.

use std::borrow::Cow;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::one_time::{self, OneTimeError};
use super::{Notation, Part, Pick};
use crate::model::{FieldView, Place, SharedRecord};
use crate::secret::Secret;
use crate::text::{near_miss, quoted};

/// The type of the fields that one-time codes are made of.
const ONE_TIME_CODE: &str = "oneTimeCode";
/// The property of such a field that is the URL itself.
const URL: &str = "url";

/// What a notation names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A text.
    Text(Secret),
    /// An attached file, by its UID.
    File(String),
}

/// Why a notation names nothing, or not one thing. Never quotes a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// No record has that UID or title.
    #[error(
        "no record has the UID or title {}, or it is not shared with the application of the vault{hint}",
        quoted(record)
    )]
    NoRecord {
        /// The UID or title.
        record: String,
        /// Which one may have been meant.
        hint: String,
    },
    /// Several records have that title.
    #[error("{} records have the title {}; name one by its UID: {}", uids.len(), quoted(record), uids.join(", "))]
    ManyRecords {
        /// The title.
        record: String,
        /// Their UIDs.
        uids: Vec<String>,
    },
    /// It has no such field.
    #[error("the record has no {} {}{}", place_word(*place), quoted(name), listed(name, known))]
    NoField {
        /// Where it was looked for.
        place: Place,
        /// The label or type.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// It has several such fields.
    #[error("{count} {}s of the record have the label or type {}; name one by a label that no other has", place_word(*place), quoted(name))]
    ManyFields {
        /// Where they stand.
        place: Place,
        /// The label or type.
        name: String,
        /// How many.
        count: usize,
    },
    /// The field has no value there.
    #[error("there is no value [{index}]: the field has {count}, counted from 0")]
    OutOfRange {
        /// The index.
        index: usize,
        /// How many values there are.
        count: usize,
    },
    /// The value has no such part.
    #[error("the value has no property `{property}`")]
    NoProperty {
        /// The property.
        property: String,
    },
    /// There is no value.
    #[error("it is empty in the record")]
    Empty,
    /// There is no one-time code.
    #[error(transparent)]
    OneTime(#[from] OneTimeError),
    /// The record has no such file.
    #[error("the record has no attached file {}{}", quoted(name), listed(name, known))]
    NoFile {
        /// Its name, title or UID.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The record has several such files.
    #[error("several attached files have the name or title {}; name one by its UID: {}", quoted(name), uids.join(", "))]
    ManyFiles {
        /// The name or title.
        name: String,
        /// Their UIDs.
        uids: Vec<String>,
    },
}

impl Notation {
    /// Finds what is named, at a time since 1970, which one-time codes depend on.
    ///
    /// # Errors
    /// Why nothing is, or not one thing.
    pub fn resolve(&self, records: &[SharedRecord], now: Duration) -> Result<Found, ResolveError> {
        let shared = self.find(records)?;
        let json = &shared.record.json;
        let text = |key| filled(json.get(key)).ok_or(ResolveError::Empty).map(Found::Text);
        match &self.part {
            Part::Type => text("type"),
            Part::Title => text("title"),
            Part::Notes => text("notes"),
            Part::File(name) => file(shared, name),
            Part::Field { place, name, pick, property } => {
                let field = field(shared, *place, name)?;
                value(field, *pick, property.as_deref(), now).map(Found::Text)
            }
        }
    }

    /// Finds the record: by UID, and only where none has it, by title.
    fn find<'a>(&self, records: &'a [SharedRecord]) -> Result<&'a SharedRecord, ResolveError> {
        if let Some(shared) = records.iter().find(|shared| shared.record.uid == self.record) {
            return Ok(shared);
        }
        let titled: Vec<_> = records.iter().filter(|shared| shared.record.title() == self.record).collect();
        match titled.as_slice() {
            [] => {
                let known = records.iter().map(|shared| shared.record.title());
                let hint = near_miss(&self.record, known).unwrap_or_default();
                Err(ResolveError::NoRecord { record: self.record.clone(), hint })
            }
            [shared] => Ok(shared),
            many => {
                let uids = many.iter().map(|shared| shared.record.uid.clone()).collect();
                Err(ResolveError::ManyRecords { record: self.record.clone(), uids })
            }
        }
    }
}

/// Finds the field. Where several fit, Keeper's own tools differ: the Azure DevOps extension takes
/// the first, others refuse, and so do we, since the order of fields means nothing to people.
fn field<'a>(shared: &'a SharedRecord, place: Place, name: &str) -> Result<FieldView<'a>, ResolveError> {
    let fields: Vec<_> = shared.record.fields().filter(|field| field.place == place).collect();
    let mut fits = fields.iter().filter(|field| field.kind == name || field.label == name);
    match (fits.next(), fits.count()) {
        (Some(field), 0) => Ok(*field),
        (Some(_), others) => {
            Err(ResolveError::ManyFields { place, name: name.to_owned(), count: others + 1 })
        }
        (None, _) => {
            let known = fields.iter().map(|field| field.label.to_owned()).collect();
            Err(ResolveError::NoField { place, name: name.to_owned(), known })
        }
    }
}

fn file(shared: &SharedRecord, name: &str) -> Result<Found, ResolveError> {
    let fits: Vec<_> = shared
        .attachments
        .iter()
        .filter(|file| [&file.uid, &file.name, &file.title].into_iter().any(|known| known == name))
        .collect();
    match fits.as_slice() {
        [] => {
            let known = shared.attachments.iter().map(|file| file.name.clone()).collect();
            Err(ResolveError::NoFile { name: name.to_owned(), known })
        }
        [file] => Ok(Found::File(file.uid.clone())),
        many => {
            let uids = many.iter().map(|file| file.uid.clone()).collect();
            Err(ResolveError::ManyFiles { name: name.to_owned(), uids })
        }
    }
}

/// Takes the value out of a field: the first, that of an index, or all as a JSON list.
fn value(
    field: FieldView<'_>,
    pick: Pick,
    property: Option<&str>,
    now: Duration,
) -> Result<Secret, ResolveError> {
    let count = field.values.len();
    let index = match pick {
        Pick::One(index) if index >= count => return Err(ResolveError::OutOfRange { index, count }),
        Pick::One(index) => index,
        Pick::First => 0,
        Pick::All => {
            let parts = field.values.iter().map(|value| part(field.kind, value, property, now));
            // Not every name has a `middle`: those that have none are passed over.
            let has_it = |part: &Result<_, _>| !matches!(part, Err(ResolveError::NoProperty { .. }));
            let mut parts = parts.filter(has_it).collect::<Result<Vec<_>, _>>()?;
            return match property {
                Some(property) if parts.is_empty() && count > 0 => {
                    Err(ResolveError::NoProperty { property: property.to_owned() })
                }
                _ if parts.iter().all(|part| is_nothing(part)) => Err(ResolveError::Empty),
                property => {
                    parts.retain(|part| property.is_none() || !is_nothing(part));
                    json(&parts).ok_or(ResolveError::Empty)
                }
            };
        }
    };
    let value = field.values.get(index).ok_or(ResolveError::Empty)?;
    filled(Some(&*part(field.kind, value, property, now)?)).ok_or(ResolveError::Empty)
}

/// Takes the part of one value that is asked for.
///
/// Of a one-time code, Keeper's clients hand out the URL that codes are made of, and so does the
/// Azure DevOps extension, although its page promises a code. A pipeline is given the code; the
/// URL, which outlives every pipeline, goes out as the property `url` only.
fn part<'a>(
    kind: &str,
    value: &'a Value,
    property: Option<&str>,
    now: Duration,
) -> Result<Cow<'a, Value>, ResolveError> {
    let is_code = kind == ONE_TIME_CODE && value.is_string();
    match property {
        None if is_code => {
            let url = value.as_str().filter(|url| !url.is_empty()).ok_or(ResolveError::Empty)?;
            Ok(Cow::Owned(one_time::code(url, now)?.expose().into()))
        }
        Some(URL) if is_code => Ok(Cow::Borrowed(value)),
        None => Ok(Cow::Borrowed(value)),
        Some(property) => {
            let part = value.get(property).map(Cow::Borrowed);
            part.ok_or_else(|| ResolveError::NoProperty { property: property.to_owned() })
        }
    }
}

/// A value as a text: a string as it is, anything else as JSON; nothing when there is nothing.
fn filled(value: Option<&Value>) -> Option<Secret> {
    match value.filter(|value| !is_nothing(value))? {
        Value::String(text) => Some(Secret::new(text.as_str())),
        other => json(other),
    }
}

/// Whether a value, or every part of it, is empty: what a form leaves behind that nobody filled in.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.iter().all(is_nothing),
        Value::Object(parts) => parts.values().all(is_nothing),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn json(value: &impl Serialize) -> Option<Secret> {
    serde_json::to_string(value).ok().map(Secret::new)
}

fn place_word(place: Place) -> &'static str {
    match place {
        Place::Standard => "field",
        Place::Custom => "custom field",
    }
}

/// Lists what there is, for somebody who has mistyped one of them.
fn listed(name: &str, known: &[String]) -> String {
    if known.is_empty() {
        return "; it has none at all".to_owned();
    }
    let all: Vec<_> = known.iter().map(|known| quoted(known)).collect();
    let hint = near_miss(name, known.iter().map(String::as_str)).unwrap_or_default();
    format!("; it has {}{hint}", all.join(", "))
}
