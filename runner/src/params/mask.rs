//! Shows params to people.

use serde_json::Value;

use super::Params;

/// What stands where a value is not shown.
const MASK: &str = "********";

impl Params {
    /// Returns the params as plain JSON with every value masked that may be a secret: of a record
    /// all but `uid` and `title`, and of the rest all that is not known to be public.
    #[must_use]
    pub fn masked(&self) -> Value {
        let mut json = self.json.0.clone();
        for (key, value) in json.as_object_mut().into_iter().flatten() {
            match key.as_str() {
                "userRecordUid" | "providerRecordUid" | "resourceRecordUid" | "user" => {}
                "records" => {
                    let records = value.as_array_mut().into_iter().flatten();
                    for (key, value) in records.filter_map(Value::as_object_mut).flatten() {
                        if !(matches!(key.as_str(), "uid" | "title") && value.is_string()) {
                            mask(value);
                        }
                    }
                }
                _ => mask(value),
            }
        }
        json
    }

    /// Returns the params as plain JSON, secrets included.
    #[must_use]
    pub fn revealed(&self) -> Value {
        self.json.0.clone()
    }
}

/// That nothing is there is no secret, and worth knowing.
fn mask(value: &mut Value) {
    if !value.is_null() {
        *value = Value::String(MASK.to_owned());
    }
}
