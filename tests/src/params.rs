//! The gateway's line: JSON in base64, its records again JSON in base64.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

/// What the gateway pipes.
#[derive(Debug, Clone, Default)]
pub struct Params {
    /// The PAM configuration.
    pub provider: String,
    /// The PAM resource.
    pub resource: String,
    /// The PAM User record that is rotated.
    pub user_record: String,
    /// The password that the gateway made.
    pub new_password: String,
    /// The password that it replaced.
    pub old_password: String,
    /// The login.
    pub user: String,
    /// The records, flattened.
    pub records: Vec<Value>,
}

impl Params {
    /// The line's JSON, before the outer base64.
    pub fn json(&self) -> Value {
        json!({
            "providerRecordUid": self.provider,
            "resourceRecordUid": self.resource,
            "userRecordUid": self.user_record,
            "newPassword": self.new_password,
            "oldPassword": self.old_password,
            "user": self.user,
            "records": BASE64_STANDARD.encode(Value::from(self.records.clone()).to_string()),
        })
    }

    /// The line, with its end.
    pub fn line(&self) -> Vec<u8> {
        line_of(&self.json())
    }
}

/// Encodes any JSON as the gateway encodes its own.
pub fn line_of(json: &Value) -> Vec<u8> {
    (BASE64_STANDARD.encode(json.to_string()) + "\n").into_bytes()
}
