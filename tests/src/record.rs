//! Vault records, as Keeper keeps them and as the gateway flattens them.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// Where a record can be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// In the vault and in the params.
    Everywhere,
    /// The vault lacks it.
    ParamsOnly,
    /// The params lack it.
    VaultOnly,
}

/// One record.
#[derive(Debug, Clone)]
pub struct Record {
    /// Its UID.
    pub uid: String,
    /// Where it can be found.
    pub shown: Shown,
    /// Keeper's record JSON, with `uid` and `revision`.
    pub json: Value,
}

impl Record {
    /// A record of some type, without fields.
    pub fn new(kind: &str, title: &str) -> Self {
        let uid = BASE64_URL_SAFE_NO_PAD.encode(Uuid::new_v4().as_bytes());
        let json =
            json!({"uid": uid, "revision": 7, "type": kind, "title": title, "fields": [], "custom": []});
        Self { uid, shown: Shown::Everywhere, json }
    }

    /// A PAM User record, with things in it that nobody here knows and that must survive.
    pub fn pam_user(title: &str) -> Self {
        let mut record = Self::new("pamUser", title)
            .standard("login", "", "svc-payroll")
            .standard("password", "", &crate::canary::random_text(24))
            .standard("text", "distinguishedName", "CN=Ünïcode,DC=example,DC=test")
            .text("Private Key Type", "rsa-ssh");
        record.json["notes"] = "Zeile eins\nZeile zwei".into();
        record.json["x-unknown"] = json!({"kept": [1, 2.5, null, {"deep": true}]});
        record.push(
            "fields",
            json!({"type": "checkbox", "label": "managed", "value": [false], "required": false}),
        );
        record.push(
            "custom",
            json!({"type": "text", "label": "many", "value": ["a", "b"], "privacyScreen": false}),
        );
        record
    }

    /// A PAM configuration for Azure: Keeper keeps all its ids as secrets.
    pub fn pam_azure_configuration(client_id: &str, client_secret: &str, tenant_id: &str) -> Self {
        Self::new("pamAzureConfiguration", "Azure (PAM configuration)")
            .standard("text", "azureId", "corp")
            .standard("secret", "clientId", client_id)
            .standard("secret", "clientSecret", client_secret)
            .standard("secret", "subscriptionId", &Uuid::new_v4().to_string())
            .standard("secret", "tenantId", tenant_id)
    }

    /// With a field of the record type.
    #[must_use]
    pub fn standard(mut self, kind: &str, label: &str, value: &str) -> Self {
        let mut field = json!({"type": kind, "value": [value]});
        if !label.is_empty() {
            field["label"] = label.into();
        }
        self.push("fields", field);
        self
    }

    /// With a custom text field.
    #[must_use]
    pub fn text(mut self, label: &str, value: &str) -> Self {
        self.push("custom", json!({"type": "text", "label": label, "value": [value]}));
        self
    }

    /// With a hidden custom field.
    #[must_use]
    pub fn hidden(mut self, label: &str, value: &str) -> Self {
        self.push("custom", json!({"type": "secret", "label": label, "value": [value]}));
        self
    }

    /// Adds a rotation script with another record as its rotation credential.
    #[must_use]
    pub fn script(mut self, credential: &Self) -> Self {
        let script = json!({"fileRef": "", "command": "pamrun exec", "recordRef": [credential.uid]});
        self.push("fields", json!({"type": "script", "label": "rotationScripts", "value": [script]}));
        self
    }

    /// The same, but for where it can be found.
    #[must_use]
    pub fn shown(mut self, shown: Shown) -> Self {
        self.shown = shown;
        self
    }

    fn push(&mut self, place: &str, field: Value) {
        self.json[place].as_array_mut().unwrap().push(field);
    }

    /// The record as the gateway flattens it: one key per field, single values unwrapped.
    pub fn flattened(&self) -> Value {
        let mut flat = Map::from_iter([("uid".into(), self.uid.clone().into())]);
        flat.insert("title".into(), self.json["title"].clone());
        // Scripts are left out.
        for field in fields(&self.json).filter(|field| field["type"] != "script") {
            let key = field["label"].as_str().or(field["type"].as_str()).unwrap();
            let value = match field["value"].as_array().unwrap().as_slice() {
                [single] => single.clone(),
                many => many.into(),
            };
            let mut numbered = key.to_owned();
            for number in 1.. {
                if !flat.contains_key(&numbered) {
                    break;
                }
                numbered = format!("{key}{number}");
            }
            flat.insert(numbered, value);
        }
        Value::Object(flat)
    }

    /// Every hidden value, with the name of its place.
    pub fn secrets(&self) -> Vec<(String, String)> {
        let hidden = |field: &&Value| ["secret", "password"].contains(&field["type"].as_str().unwrap());
        let place = |field: &Value| {
            format!("{} of {}", field["label"].as_str().unwrap_or("password"), self.json["title"])
        };
        let values = |field: &Value| field["value"].as_array().cloned().unwrap_or_default();
        fields(&self.json)
            .filter(hidden)
            .flat_map(|field| values(field).into_iter().map(move |value| (place(field), value)))
            .filter_map(|(place, value)| Some((place, value.as_str()?.to_owned())))
            .collect()
    }
}

/// All fields of a record's JSON, those of its type first.
pub fn fields(record: &Value) -> impl Iterator<Item = &Value> {
    ["fields", "custom"].into_iter().filter_map(|place| record[place].as_array()).flatten()
}

/// The first value of the field with this label (or type, where it has no label); null without.
pub fn value<'a>(record: &'a Value, label: &str) -> &'a Value {
    let named = |field: &&Value| field["label"].as_str().or(field["type"].as_str()) == Some(label);
    fields(record).find(named).map_or(&Value::Null, |field| &field["value"][0])
}

/// The same as text; empty when it is none.
pub fn text(record: &Value, label: &str) -> String {
    value(record, label).as_str().unwrap_or_default().to_owned()
}

/// Sets the first value of a field that is there.
pub fn set(record: &mut Value, label: &str, value: &str) {
    for place in ["fields", "custom"] {
        for field in record[place].as_array_mut().into_iter().flatten() {
            if field["label"].as_str().or(field["type"].as_str()) == Some(label) {
                field["value"] = json!([value]);
            }
        }
    }
}
