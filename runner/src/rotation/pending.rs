//! The hidden field in which a record keeps what an `in-place` rotation is about to set, and what
//! it replaces, until service and record agree again: whatever the service accepts, the vault knows.

use std::time::Duration;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::Stop;
use super::records::text_in;
use crate::model::{Place, Record, Update, wipe};
use crate::secret::Secret;

const FIELD: &str = "pamrun_pending";

/// The value of the field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pending {
    /// What may be set at the service any time now. None when all is decided: then the service
    /// accepts `old`, and the record's own field holds something else.
    pub(super) new: Option<Secret>,
    /// What the service accepted before.
    pub(super) old: Option<Secret>,
    /// The rotation that wrote the field.
    pub(super) rotation_id: String,
    /// Until when that one may still be at work, or its writes on their way, as time since the
    /// Unix epoch in whole seconds.
    pub(super) until: Duration,
}

impl Pending {
    /// Reads the field, where the record has it.
    ///
    /// # Errors
    /// That the field holds something else.
    pub(super) fn of(record: &Record) -> Result<Option<Self>, Stop> {
        let Some(text) = text_in(record, Place::Custom, FIELD, "secret") else { return Ok(None) };
        Self::parse(&text).map(Some).ok_or_else(|| {
            let message = format!(
                "the field `{FIELD}` of record {} is none that pamrun wrote: it may hold the only value that works",
                record.uid
            );
            let mut stop = Stop::failed("get", "pending-malformed", message);
            stop.error.hint =
                Some(format!("put the value that works into the record, and remove the field `{FIELD}` by hand"));
            stop
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let mut json: Value = serde_json::from_str(text).ok()?;
        let secret = |key| json.get(key).and_then(Value::as_str).map(Secret::new);
        let (new, old) = (secret("new"), secret("old"));
        let rotation_id = json.get("rotation_id").and_then(Value::as_str).map(str::to_owned);
        let until = json.get("until").and_then(Value::as_u64).map(Duration::from_secs);
        wipe(&mut json);
        Some(Self { new, old, rotation_id: rotation_id?, until: until? })
    }

    /// The update that writes the field.
    pub(super) fn update(&self) -> Update {
        let mut json = json!({
            "new": self.new.as_ref().map(Secret::expose),
            "old": self.old.as_ref().map(Secret::expose),
            "rotation_id": self.rotation_id,
            "until": self.until.as_secs(),
        });
        let text = Zeroizing::new(json.to_string());
        wipe(&mut json);
        update(vec![Secret::new(text.as_str())])
    }

    /// The update that drops the field.
    pub(super) fn dropped() -> Update {
        update(Vec::new())
    }

    /// Tells whether nothing is on its way any more.
    pub(super) fn is_decided(&self) -> bool {
        self.new.is_none()
    }
}

fn update(values: Vec<Secret>) -> Update {
    Update { label: FIELD.to_owned(), place: Place::Custom, kind: "secret".to_owned(), values }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(value: &Value) -> Record {
        let json = json!({"custom": [{"type": "secret", "label": FIELD, "value": value}]});
        Record { uid: "r".into(), revision: Some(1), editable: true, json }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for new in [Some(Secret::new("n\"ew")), None] {
            let pending = Pending {
                new,
                old: Some(Secret::new("old")),
                rotation_id: "r1".into(),
                until: Duration::from_secs(1_800_000_001),
            };
            let update = pending.update();
            assert!(update.is_secret());
            let read = Pending::of(&record(&json!([update.values[0].expose()]))).unwrap().unwrap();
            assert_eq!(read, pending);
        }
    }

    #[test]
    fn a_field_that_is_missing_or_empty_is_none() {
        for value in [json!([]), json!([""]), json!([" "])] {
            assert_eq!(Pending::of(&record(&value)).unwrap(), None);
        }
    }

    #[test]
    fn a_field_that_holds_something_else_is_an_error_that_does_not_quote_it() {
        for text in ["hunter2", "{}", r#"{"new":"hunter2","old":null,"rotation_id":"r1"}"#] {
            let stop = Pending::of(&record(&json!([text]))).unwrap_err();
            assert_eq!(stop.error.code, "pending-malformed");
            assert!(!format!("{stop:?}").contains("hunter2"));
        }
    }
}
