//! What every step is given.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::{Failure, Update};

/// Why a plugin sees a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// It is the record that is rotated.
    Target,
    /// It is attached to the script.
    Attached,
    /// It is the PAM configuration.
    Provider,
}

/// One field of a record.
#[derive(Clone, PartialEq, Eq)]
pub struct Field {
    /// Its label; where it has none, its type.
    pub label: String,
    /// Its type; empty where only the gateway's params knew the field.
    pub kind: String,
    /// Its values. What is not a string is JSON text.
    pub values: Vec<String>,
}

/// One record, cut down to the fields that the manifest names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its UID.
    pub uid: String,
    /// Its title, for messages to people.
    pub title: String,
    /// Why the plugin sees it.
    pub role: Role,
    /// The fields that the manifest names and the record has.
    pub fields: Vec<Field>,
}

impl Record {
    /// Finds the first value of a field; nothing when the field is missing or empty.
    #[must_use]
    pub fn get(&self, label: &str) -> Option<&str> {
        let field = self.fields.iter().find(|field| field.label == label)?;
        field.values.first().map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Returns the first value of a field.
    ///
    /// # Errors
    /// `field-missing` when the field is missing or empty.
    pub fn text(&self, label: &str) -> Result<&str, Failure> {
        self.get(label).ok_or_else(|| {
            let message =
                format!("the record \"{}\" ({}) has no value in its field {label}", self.title, self.uid);
            Failure::invalid("field-missing", message)
        })
    }

    /// Tells whether all these fields have a value.
    #[must_use]
    pub fn has(&self, labels: &[&str]) -> bool {
        labels.iter().all(|label| self.get(label).is_some())
    }
}

/// The value of a setting, checked against the manifest.
#[derive(Debug, Clone, PartialEq)]
pub enum SettingValue {
    /// A text, a URL, a secret, or one of several values.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// Yes or no.
    Flag(bool),
    /// A duration.
    Duration(Duration),
}

/// What every step is given.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Request {
    /// The id of this rotation, the same in all its steps.
    pub rotation_id: String,
    /// What to write into whatever name the service lets a plugin choose.
    pub marker: String,
    /// The number of the try, from 1; 0 in the preflight of a dry run, which no try will follow.
    pub attempt: u32,
    /// The record that is rotated.
    pub target: Record,
    /// The other records that the manifest asks for, in the order of asking.
    pub others: Vec<Record>,
    /// The settings that have a value, by key.
    pub settings: Vec<(String, SettingValue)>,
    /// The value to set, when it is already known: in-place rotations only.
    pub proposed: Option<String>,
    /// What a consumer is to receive: plugins of strategy `deliver` only.
    pub deliver: Vec<Update>,
}

impl Request {
    /// Finds the first record besides the target that has a value in all these fields.
    #[must_use]
    pub fn record_with(&self, labels: &[&str]) -> Option<&Record> {
        self.others.iter().find(|record| record.has(labels))
    }

    /// Tells whether this is a dry run: only looked at, and no try will follow. Preflight may then look at
    /// more than a rotation needs, to predict how one would go.
    #[must_use]
    pub fn is_dry_run(&self) -> bool {
        self.attempt == 0
    }

    /// Tells whether a name at the service is the marker of any try of this rotation.
    #[must_use]
    pub fn made_this(&self, name: &str) -> bool {
        let tries = self.marker.rsplit_once('.').map_or(self.marker.as_str(), |(rotation, _)| rotation);
        name.rsplit_once('.')
            .is_some_and(|(rotation, number)| rotation == tries && number.parse::<u32>().is_ok())
    }

    /// Returns a setting of type text, multiline, secret, url or enum.
    ///
    /// # Errors
    /// `setting-missing` when it has no value.
    pub fn setting_text(&self, key: &str) -> Result<&str, Failure> {
        match self.setting(key)? {
            SettingValue::Text(text) => Ok(text),
            other => Err(other.misread(key)),
        }
    }

    /// Returns what the word of a setting of type enum stands for.
    ///
    /// # Errors
    /// `setting-missing` when it has no value, `setting-out-of-range` when the word is none of these.
    pub fn setting_choice<T: Copy>(&self, key: &str, choices: &[(&str, T)]) -> Result<T, Failure> {
        let value = self.setting_text(key)?;
        choices.iter().find(|(word, _)| *word == value).map(|(_, meaning)| *meaning).ok_or_else(|| {
            let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
            let message = format!("the setting {key} is {value}, and must be one of {}", words.join(", "));
            Failure::invalid("setting-out-of-range", message)
        })
    }

    /// Returns a setting of type int.
    ///
    /// # Errors
    /// `setting-missing` when it has no value.
    pub fn setting_int(&self, key: &str) -> Result<i64, Failure> {
        match self.setting(key)? {
            SettingValue::Integer(number) => Ok(*number),
            other => Err(other.misread(key)),
        }
    }

    /// Returns a setting of type number.
    ///
    /// # Errors
    /// `setting-missing` when it has no value.
    pub fn setting_number(&self, key: &str) -> Result<f64, Failure> {
        match self.setting(key)? {
            SettingValue::Number(number) => Ok(*number),
            other => Err(other.misread(key)),
        }
    }

    /// Returns a setting of type bool.
    ///
    /// # Errors
    /// `setting-missing` when it has no value.
    pub fn setting_flag(&self, key: &str) -> Result<bool, Failure> {
        match self.setting(key)? {
            SettingValue::Flag(flag) => Ok(*flag),
            other => Err(other.misread(key)),
        }
    }

    /// Returns a setting of type duration.
    ///
    /// # Errors
    /// `setting-missing` when it has no value.
    pub fn setting_duration(&self, key: &str) -> Result<Duration, Failure> {
        match self.setting(key)? {
            SettingValue::Duration(duration) => Ok(*duration),
            other => Err(other.misread(key)),
        }
    }

    fn setting(&self, key: &str) -> Result<&SettingValue, Failure> {
        let found = self.settings.iter().find(|(name, _)| name == key);
        found
            .map(|(_, value)| value)
            .ok_or_else(|| Failure::invalid("setting-missing", format!("the setting {key} has no value")))
    }
}

impl SettingValue {
    fn misread(&self, key: &str) -> Failure {
        let kind = match self {
            Self::Text(_) => "text",
            Self::Integer(_) => "a whole number",
            Self::Number(_) => "a number",
            Self::Flag(_) => "yes or no",
            Self::Duration(_) => "a duration",
        };
        let message = format!("the plugin misreads its own setting {key}, which is {kind}");
        Failure::invalid("setting-misread", message)
    }
}

// Values may be secrets and never show in `Debug`.
impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} × [hidden]", self.label, self.values.len())
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("marker", &self.marker)
            .field("target", &self.target)
            .field("others", &self.others)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::request;
    use crate::{FailureKind, Manifest, SettingSchema, Strategy};

    fn manifest() -> Manifest {
        Manifest::new("test", "1.0.0", Strategy::Overlap)
            .setting(SettingSchema::int("days", "").default(30))
            .setting(SettingSchema::duration("pause", "").default("250ms"))
            .setting(SettingSchema::text("unset", ""))
    }

    #[test]
    fn the_marker_of_any_try_of_this_rotation_is_recognised_and_no_other() {
        let mut request = request(&manifest());
        request.marker = "pamrun-hash-id.2".to_owned();
        for ours in ["pamrun-hash-id.1", "pamrun-hash-id.2", "pamrun-hash-id.11"] {
            assert!(request.made_this(ours), "{ours}");
        }
        for other in
            ["pamrun-hash-id", "pamrun-hash-id.", "pamrun-hash-id2.1", "pamrun-hash-id.1 copy", "id.1", ""]
        {
            assert!(!request.made_this(other), "{other}");
        }
    }

    #[test]
    fn a_dry_run_is_told_by_a_number_of_tries_that_no_try_has() {
        let mut request = request(&manifest());
        assert!(!request.is_dry_run());
        request.attempt = 0;
        assert!(request.is_dry_run());
    }

    #[test]
    fn an_empty_field_counts_as_missing() {
        let request = request(&manifest()).with_target(&[("empty", ""), ("full", "x")]);
        assert_eq!(request.target.get("full"), Some("x"));
        assert_eq!(request.target.get("empty"), None);
        assert_eq!(request.target.text("empty").unwrap_err().code, "field-missing");
    }

    #[test]
    fn the_first_record_that_has_all_fields_is_found() {
        let request = request(&manifest())
            .with_record(Role::Attached, "half", &[("a", "1")])
            .with_record(Role::Attached, "whole", &[("a", "1"), ("b", "2")])
            .with_record(Role::Provider, "later", &[("a", "1"), ("b", "2")]);
        assert_eq!(request.record_with(&["a", "b"]).map(|record| record.uid.as_str()), Some("whole"));
        assert_eq!(request.record_with(&["a", "c"]), None);
    }

    #[test]
    fn settings_are_read_by_their_type_and_defaults_come_from_the_manifest() {
        let request = request(&manifest());
        assert_eq!(request.setting_int("days"), Ok(30));
        assert_eq!(request.setting_duration("pause"), Ok(Duration::from_millis(250)));
        assert_eq!(request.setting_text("unset").unwrap_err().code, "setting-missing");
        assert_eq!(request.setting_text("days").unwrap_err().kind, FailureKind::Invalid);
    }

    #[test]
    fn a_word_of_a_setting_is_read_as_what_it_stands_for() {
        let request = request(&manifest()).with_setting("mode", SettingValue::Text("deep".to_owned()));
        assert_eq!(request.setting_choice("mode", &[("flat", 1), ("deep", 2)]), Ok(2));
        let failure = request.setting_choice("mode", &[("flat", 1)]).unwrap_err();
        assert_eq!(failure.code, "setting-out-of-range");
    }

    #[test]
    fn values_do_not_show_in_debug() {
        let request = request(&manifest()).with_target(&[("key", "canary")]);
        let update = Update::secret("key", "canary");
        assert!(!format!("{request:?} {:?} {update:?}", request.target).contains("canary"));
    }
}
