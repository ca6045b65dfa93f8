//! The line that the gateway pipes to us.
//!
//! In: stdin's bytes. Out: [`Params`]. Touches the reader it is given, up to the first line end,
//! and nothing else.

mod encode;
mod error;
mod json;
mod mask;
mod transport;

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fmt;
use std::io::BufRead;

use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

pub use encode::{encode, encode_json};
pub use error::{ParamsError, Part};

use crate::limits::Limits;
use crate::model::{Record, RecordUid};
use crate::secret::{Secret, SecretBytes};
use json::Json;

/// What the gateway handed over, decoded and checked.
pub struct Params {
    /// The PAM User record that is rotated.
    pub user_record_uid: RecordUid,
    /// The PAM configuration, if there is one.
    pub provider_record_uid: Option<RecordUid>,
    /// The PAM resource, if there is one.
    pub resource_record_uid: Option<RecordUid>,
    /// The login of the PAM User.
    pub user: Option<String>,
    /// The password that the gateway wants to be set, if it made one.
    pub new_password: Option<Secret>,
    /// The password before that.
    pub old_password: Option<Secret>,
    /// The base64 line itself, without line end, BOM and surrounding spaces.
    pub line: Secret,
    /// The line as it came, byte for byte, with its end.
    pub raw: SecretBytes,
    /// Everything, unknown keys included, with `records` as a plain array of objects.
    json: Json,
}

impl Params {
    /// Reads one line, up to its end or the end of input, and parses it. What follows is not read
    /// on purpose: a gateway need not close the pipe.
    ///
    /// # Errors
    /// When it cannot be read, is larger than `limits.params`, or [`Self::parse`] refuses it.
    pub fn read(reader: impl BufRead, limits: &Limits) -> Result<Self, ParamsError> {
        let cap = u64::try_from(limits.params).unwrap_or(u64::MAX);
        let mut bytes = Zeroizing::new(Vec::new());
        reader
            .take(cap.saturating_add(1))
            .read_until(b'\n', &mut bytes)
            .map_err(|error| ParamsError::Unreadable(error.kind()))?;
        Self::parse(&bytes, limits)
    }

    /// Parses the first line of the bytes: base64 of a JSON object, in every form in which shells
    /// are known to deliver it (CRLF, BOM, UTF-16, unpadded or url-safe base64).
    ///
    /// # Errors
    /// What was wrong, and where; never with any of the content.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, ParamsError> {
        if bytes.len() > limits.params {
            return Err(ParamsError::TooLarge { limit: limits.params });
        }
        let raw = bytes.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
        let line = transport::first_line(raw)?;
        let Some(text) = transport::decode(&line, Part::Params)? else {
            return Err(ParamsError::Empty);
        };
        let mut json = Json::parse(&text, Part::Params, limits)?;
        let Value::Object(map) = &mut json.0 else {
            return Err(ParamsError::NotAnObject { found: json::kind(&json.0) });
        };
        if let Some(records) = map.get_mut("records") {
            unpack_records(records, limits)?;
        }
        Ok(Self {
            user_record_uid: text_of(map, "userRecordUid")?.ok_or(ParamsError::NoUserRecordUid)?,
            provider_record_uid: text_of(map, "providerRecordUid")?,
            resource_record_uid: text_of(map, "resourceRecordUid")?,
            user: text_of(map, "user")?,
            new_password: text_of(map, "newPassword")?.map(Secret::new),
            old_password: text_of(map, "oldPassword")?.map(Secret::new),
            line: Secret::new(String::from_utf8_lossy(&line)),
            raw: SecretBytes::new(raw.to_vec()),
            json,
        })
    }

    /// Params for a record of which no gateway spoke: without other records, and without passwords.
    ///
    /// # Errors
    /// When there is no UID.
    pub fn of_record(uid: &str, provider_uid: Option<&str>, limits: &Limits) -> Result<Self, ParamsError> {
        let json = json!({"userRecordUid": uid, "providerRecordUid": provider_uid, "records": []});
        Self::parse(encode(&json).as_bytes(), limits)
    }

    /// Returns the records, in the order of the line. A UID that comes twice is the same record
    /// attached twice: the first one counts. A record without a UID cannot be looked up in the
    /// vault or told from others, and is left out: see [`Self::warnings`].
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        let mut seen = HashSet::new();
        self.flat_records()
            .filter_map(|flat| Some((uid_of(flat)?, flat)))
            .filter(|(uid, _)| seen.insert(*uid))
            .map(|(uid, flat)| {
                let title = flat.get("title").and_then(Value::as_str).unwrap_or_default();
                let fields: Map<_, _> = flat
                    .iter()
                    .filter(|(key, _)| !matches!(key.as_str(), "uid" | "title"))
                    .map(|(key, value)| (key.clone(), value.clone()))
                    .collect();
                Record::from_params(uid, title, &fields)
            })
            .collect()
    }

    /// Returns what is odd about the line, and did not stop us.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.flat_records()
            .enumerate()
            .filter(|(_, flat)| uid_of(flat).is_none())
            .map(|(index, _)| format!("record {} in the params has no `uid` and is ignored", index + 1))
            .collect()
    }

    fn flat_records(&self) -> impl Iterator<Item = &Map<String, Value>> {
        let records = self.json.0.get("records").and_then(Value::as_array);
        records.into_iter().flatten().filter_map(Value::as_object)
    }
}

impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Params")
            .field("user_record_uid", &self.user_record_uid)
            .field("provider_record_uid", &self.provider_record_uid)
            .field("resource_record_uid", &self.resource_record_uid)
            .field("records", &self.records())
            .finish_non_exhaustive()
    }
}

fn uid_of(flat: &Map<String, Value>) -> Option<&str> {
    flat.get("uid").and_then(Value::as_str).filter(|uid| !uid.is_empty())
}

/// Replaces base64 text, null and nothing by the array of objects that is meant.
fn unpack_records(records: &mut Value, limits: &Limits) -> Result<(), ParamsError> {
    if let Value::String(text) = records {
        let text = Zeroizing::new(std::mem::take(text));
        *records = match transport::decode(text.as_bytes(), Part::Records)? {
            Some(bytes) => Json::parse(&bytes, Part::Records, limits)?.take(),
            None => Value::Null,
        };
    }
    match records {
        Value::Null => *records = Value::Array(Vec::new()),
        Value::Array(list) => {
            if let Some((index, record)) = list.iter().enumerate().find(|(_, record)| !record.is_object()) {
                return Err(ParamsError::RecordNotAnObject { number: index + 1, found: json::kind(record) });
            }
        }
        other => return Err(ParamsError::RecordsNotAList { found: json::kind(other) }),
    }
    Ok(())
}

/// Reads a key that the gateway fills with text, or leaves absent, null or empty.
fn text_of(map: &Map<String, Value>, key: &'static str) -> Result<Option<String>, ParamsError> {
    match map.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
        Some(other) => Err(ParamsError::NotText { key, found: json::kind(other) }),
    }
}
