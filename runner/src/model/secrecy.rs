//! Which values must not be seen: decided here, once, for masks, the redactor, test cases and everything
//! else that shows or keeps texts.
//!
//! A field is secret where its type says so, its label, or the screen that Keeper puts before it: any of
//! them suffices. So does what an answer says of a new value, or a manifest: see [`Update::settle`].

use serde_json::Value;

use super::{FieldView, Update, milliseconds, wipe};
use crate::secret::Secret;

/// What fields of a type hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// Nothing that must not be seen, unless a part of it is called like a secret.
    Open,
    /// A secret as a whole.
    Secret,
    /// Objects of which these parts are secret.
    Parts(&'static [&'static str]),
}

/// The types of Keeper's fields, and those that our own test cases and manifests use. What is not listed
/// is secret: it may be a misspelt one.
fn holds(kind: &str) -> Option<Holds> {
    Some(match kind {
        "address"
        | "addressRef"
        | "birthDate"
        | "cardRef"
        | "checkbox"
        | "databaseType"
        | "date"
        | "directoryType"
        | "dropdown"
        | "email"
        | "expirationDate"
        | "fileRef"
        | "groupNumber"
        | "host"
        | "isSSIDHidden"
        | "login"
        | "multiline"
        | "name"
        | "pamHostname"
        | "pamRemoteBrowserSettings"
        | "pamResources"
        | "pamSettings"
        | "phone"
        | "rbiUrl"
        | "recordRef"
        | "schedule"
        | "script"
        | "text"
        | "url"
        | "wifiEncryption" => Holds::Open,
        "accountNumber"
        | "appFiller"
        | "licenseNumber"
        | "note"
        | "oneTimeCode"
        | "password"
        | "pinCode"
        | "secret"
        | "trafficEncryptionKey"
        | "trafficEncryptionSeed" => Holds::Secret,
        "bankAccount" => Holds::Parts(&["accountNumber", "routingNumber"]),
        "keyPair" | "passkey" => Holds::Parts(&["privateKey"]),
        "paymentCard" => Holds::Parts(&["cardNumber", "cardSecurityCode"]),
        "securityQuestion" => Holds::Parts(&["answer"]),
        _ => return None,
    })
}

/// Whether a field of this type holds what must not be seen, in whole or in part.
#[must_use]
pub fn is_secret_kind(kind: &str) -> bool {
    holds(kind).unwrap_or(Holds::Secret) != Holds::Open
}

/// Whether Keeper is known to hide what fields of this type hold, in whole or in part.
#[must_use]
pub fn is_hidden_kind(kind: &str) -> bool {
    holds(kind).is_some_and(|holds| holds != Holds::Open)
}

/// Words that a name of a secret ends with.
const WORDS: [&str; 13] = [
    "password",
    "passwords",
    "passwd",
    "passphrase",
    "passcode",
    "pass",
    "pwd",
    "pin",
    "secret",
    "secrets",
    "token",
    "tokens",
    "totp",
];
/// Ends of words that were written together.
const ENDS: [&str; 7] =
    ["password", "passphrase", "secret", "apikey", "privatekey", "secretkey", "authtoken"];
/// What makes a `key` one that opens something; `public`, `partition` and `primary` do not.
const KEYS: [&str; 15] = [
    "account",
    "api",
    "encryption",
    "licence",
    "license",
    "master",
    "pem",
    "private",
    "recovery",
    "secret",
    "shared",
    "signing",
    "storage",
    "subscription",
    "webhook",
];
/// What may follow the word, and means the same value.
const FORMS: [&str; 10] =
    ["base64", "b64", "current", "encoded", "new", "old", "plain", "plaintext", "text", "value"];

/// Whether a label, or the key of a part, is the name of a secret: `Client Secret`, `apiKey2`,
/// `auth_token`; and not `client_secret_id` or `Private Key Type`, which speak of one.
#[must_use]
pub fn says_secret(label: &str) -> bool {
    let words = words(label);
    let from_last = words.iter().rev().map(String::as_str).skip_while(|word| FORMS.contains(word));
    match from_last.collect::<Vec<_>>().as_slice() {
        ["key" | "keys", "access", which, ..] | ["key" | "keys", which, ..] => KEYS.contains(which),
        ["string", "connection", ..] => true,
        [last, ..] => WORDS.contains(last) || ENDS.iter().any(|end| last.ends_with(end)),
        [] => false,
    }
}

/// The words of a label in lower case, also where only capitals part them; without numbers, which tell
/// fields of one name apart.
fn words(label: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut characters = label.chars().peekable();
    let mut previous = ' ';
    while let Some(character) = characters.next() {
        let begins = character.is_uppercase()
            && (previous.is_lowercase()
                || previous.is_uppercase() && characters.peek().is_some_and(|next| next.is_lowercase()));
        if begins || !character.is_alphanumeric() {
            words.push(String::new());
        }
        if let (true, Some(word)) = (character.is_alphanumeric(), words.last_mut()) {
            word.extend(character.to_lowercase());
        }
        previous = character;
    }
    let without_number = |word: &String| match word.as_str() {
        "base64" | "b64" => word.clone(),
        word => word.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned(),
    };
    words.iter().map(without_number).filter(|word| !word.is_empty()).collect()
}

impl FieldView<'_> {
    /// The texts in it that must not be seen. Where only the params knew the field, its label alone can
    /// tell.
    #[must_use]
    pub fn secrets(&self) -> Vec<Secret> {
        let mut secrets = Vec::new();
        let all = self.is_screened || says_secret(self.label);
        let holds = match self.kind {
            _ if all => Holds::Secret,
            "" => Holds::Open,
            kind => holds(kind).unwrap_or(Holds::Secret),
        };
        self.values.iter().for_each(|value| collect(value, holds, &mut secrets));
        secrets
    }
}

/// Collects the secret texts of a value, those within lists and objects too: each may show alone.
fn collect(value: &Value, holds: Holds, secrets: &mut Vec<Secret>) {
    match (value, holds) {
        (Value::Array(list), _) => list.iter().for_each(|value| collect(value, holds, secrets)),
        (Value::Object(map), _) => {
            for (key, value) in map {
                let is_secret = match holds {
                    Holds::Secret => true,
                    Holds::Open => says_secret(key),
                    Holds::Parts(parts) => parts.contains(&key.as_str()) || says_secret(key),
                };
                collect(value, if is_secret { Holds::Secret } else { Holds::Open }, secrets);
            }
        }
        // A value that ought to be an object, and is none: nobody knows which part it is.
        (Value::String(text), Holds::Secret | Holds::Parts(_)) => {
            secrets.extend(seed(text).map(Secret::new));
            secrets.push(Secret::new(text.as_str()));
        }
        (Value::Number(number), Holds::Secret | Holds::Parts(_)) => {
            secrets.push(Secret::new(number.to_string()));
        }
        _ => {}
    }
}

/// What one-time codes are made of, in the URL of a field for them.
fn seed(url: &str) -> Option<&str> {
    let (_, query) = url.strip_prefix("otpauth://")?.split_once('?')?;
    query.split('&').find_map(|pair| pair.strip_prefix("secret="))
}

/// What a record says of the field that an update is for.
#[derive(Debug, Clone, Copy)]
pub struct KnownField<'a> {
    /// Its type.
    pub kind: &'a str,
    /// Whether Keeper hides its value, whatever its type.
    pub is_screened: bool,
}

impl Update {
    /// Whether the value must be masked wherever it shows.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        is_secret_kind(&self.kind)
    }

    /// The texts in it that must not be seen.
    #[must_use]
    pub fn secrets(&self) -> Vec<Secret> {
        let Some(holds) =
            Some(holds(&self.kind).unwrap_or(Holds::Secret)).filter(|holds| *holds != Holds::Open)
        else {
            return Vec::new();
        };
        let mut secrets = self.values.clone();
        for value in &self.values {
            secrets.extend(seed(value.expose()).map(Secret::new));
            if let Ok(mut json @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(value.expose())
            {
                // What is secret as a whole may well name what is public, such as an id.
                let parts = if holds == Holds::Secret { Holds::Open } else { holds };
                collect(&json, parts, &mut secrets);
                wipe(&mut json);
            }
        }
        secrets
    }

    /// Settles the update's type, once and before anything is printed, learned or saved: by what the
    /// answer said, the record's `field` and the manifest's. If any of them says that it is secret, it
    /// is. Without a word of the answer it is the manifest's type, else that of the field, else secret.
    ///
    /// The new credential's `handle` is public by nature: no label makes a secret of it.
    ///
    /// Dates get the form in which Keeper keeps them.
    pub fn settle(&mut self, field: Option<KnownField<'_>>, returned: Option<&str>, handle: &str) {
        let kept = field.map(|field| field.kind).filter(|kind| !kind.is_empty());
        let answered = Some(self.kind.as_str()).filter(|kind| holds(kind).is_some());
        let is_handle = |value: &Secret| value.expose() == handle;
        let says = [answered, returned, kept];
        let is_secret = says.into_iter().flatten().any(is_secret_kind)
            || !self.kind.is_empty() && answered.is_none()
            || field.is_some_and(|field| field.is_screened)
            || says_secret(&self.label) && !self.values.iter().any(is_handle);
        let kind = says.into_iter().flatten().next().unwrap_or("secret");
        let kind = if is_secret && !is_secret_kind(kind) {
            [kept, returned].into_iter().flatten().find(|kind| is_secret_kind(kind)).unwrap_or("secret")
        } else {
            kind
        };
        let (kind, is_date) = (kind.to_owned(), super::DATES.contains(&kept.unwrap_or(kind)));
        self.kind = kind;
        for value in self.values.iter_mut().filter(|_| is_date) {
            if let Some(milliseconds) = milliseconds(value.expose()) {
                *value = Secret::new(milliseconds.to_string());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Place, Record};

    fn secrets(field: &Value) -> Vec<String> {
        let json = json!({"fields": [], "custom": [field]});
        let record = Record { uid: "r".into(), revision: Some(1), editable: true, json };
        let field = record.fields().next().unwrap();
        field.secrets().iter().map(|secret| secret.expose().to_owned()).collect()
    }

    #[test]
    fn n5_the_type_of_a_field_says_what_of_it_is_secret() {
        for (kind, value, expected) in [
            ("password", json!("p"), vec!["p"]),
            ("secret", json!({"a": ["x", 7]}), vec!["x", "7"]),
            ("note", json!("n"), vec!["n"]),
            ("pinCode", json!("1234"), vec!["1234"]),
            ("licenseNumber", json!("L-1"), vec!["L-1"]),
            ("accountNumber", json!("77"), vec!["77"]),
            (
                "oneTimeCode",
                json!("otpauth://totp/x?secret=SEED&digits=6"),
                vec!["SEED", "otpauth://totp/x?secret=SEED&digits=6"],
            ),
            ("keyPair", json!({"publicKey": "open", "privateKey": "PEM"}), vec!["PEM"]),
            ("passkey", json!({"username": "me", "privateKey": {"d": "k", "kty": "EC"}}), vec!["k", "EC"]),
            (
                "paymentCard",
                json!({"cardNumber": "41", "cardExpirationDate": "1/30", "cardSecurityCode": "9"}),
                vec!["41", "9"],
            ),
            (
                "bankAccount",
                json!({"accountType": "s", "routingNumber": "1", "accountNumber": 2}),
                vec!["1", "2"],
            ),
            ("securityQuestion", json!({"question": "q?", "answer": "a"}), vec!["a"]),
            ("securityQuestion", json!("odd"), vec!["odd"]),
            ("sceret", json!("s"), vec!["s"]),
            ("text", json!("t"), vec![]),
            ("login", json!("me"), vec![]),
            ("host", json!({"hostName": "h", "port": "22"}), vec![]),
            ("pamSettings", json!({"connection": {"password": "p", "port": 1}}), vec!["p"]),
            ("", json!("only the params know it"), vec![]),
        ] {
            assert_eq!(secrets(&json!({"type": kind, "label": "it", "value": [value]})), expected, "{kind}");
        }
    }

    #[test]
    fn n5_so_does_a_label_and_the_screen_before_a_field() {
        for label in [
            "password",
            "Client Secret",
            "clientSecret",
            "pamazureclientsecret",
            "api_key",
            "API Key 2",
            "privatePEMKey",
            "auth_token",
            "Service Account Token",
            "api_key_encoded",
            "secret access key",
            "Connection String",
            "newPassword2",
            "PIN",
        ] {
            assert!(says_secret(label), "{label}");
            assert_eq!(secrets(&json!({"type": "text", "label": label, "value": "v"})), ["v"], "{label}");
        }
        for label in [
            "client_secret_id",
            "Private Key Type",
            "access_key_id",
            "public key",
            "key",
            "jfrog_token_id",
            "secret_name",
            "expires",
            "Password expires",
            "login",
            "compass_bearing",
            "spin",
            "",
        ] {
            assert!(!says_secret(label), "{label}");
        }
        assert_eq!(
            secrets(&json!({"type": "text", "label": "it", "value": ["v"], "privacyScreen": true})),
            ["v"]
        );
        assert!(
            secrets(&json!({"type": "text", "label": "it", "value": ["v"], "privacyScreen": false}))
                .is_empty()
        );
    }

    fn settled(answered: &str, field: Option<&str>, returned: Option<&str>, label: &str) -> String {
        let values = vec![Secret::new("value")];
        let mut update =
            Update { label: label.to_owned(), place: Place::Custom, kind: answered.to_owned(), values };
        update.settle(field.map(|kind| KnownField { kind, is_screened: false }), returned, "handle");
        update.kind
    }

    #[test]
    fn n5_whoever_says_secret_is_right() {
        for (answered, field, returned, expected) in [
            ("text", None, None, "text"),
            ("text", Some("text"), Some("text"), "text"),
            ("text", Some("secret"), None, "secret"),
            ("text", Some("password"), None, "password"),
            ("text", Some("note"), Some("text"), "note"),
            ("text", Some("text"), Some("secret"), "secret"),
            ("secret", Some("text"), Some("text"), "secret"),
            ("text", Some(""), None, "text"),
            ("sceret", None, None, "secret"),
            ("sceret", Some("text"), None, "secret"),
            ("sceret", Some("text"), Some("text"), "secret"),
            ("", None, None, "secret"),
            ("", Some(""), None, "secret"),
            ("", Some("text"), None, "text"),
            ("", Some("password"), None, "password"),
            ("", None, Some("text"), "text"),
            ("", Some("unheard-of"), None, "unheard-of"),
        ] {
            assert_eq!(
                settled(answered, field, returned, "it"),
                expected,
                "{answered} {field:?} {returned:?}"
            );
        }
        assert_eq!(settled("text", Some("text"), Some("text"), "auth_token"), "secret");
    }

    #[test]
    fn n5_a_handle_is_public_whatever_its_field_is_called() {
        let values = vec![Secret::new("handle")];
        let mut update =
            Update { label: "api_key".to_owned(), place: Place::Custom, kind: "text".to_owned(), values };
        update.settle(None, None, "handle");
        assert_eq!(update.kind, "text");
        update.settle(Some(KnownField { kind: "text", is_screened: true }), None, "handle");
        assert_eq!(update.kind, "secret", "but not against what the vault says");
    }

    #[test]
    fn n5_the_private_part_of_a_new_value_is_a_secret_of_its_own() {
        let values = vec![Secret::new(r#"{"publicKey":"open","privateKey":"PEM"}"#)];
        let mut update =
            Update { label: "it".to_owned(), place: Place::Custom, kind: "keyPair".to_owned(), values };
        let secrets: Vec<_> = update.secrets().iter().map(|secret| secret.expose().to_owned()).collect();
        assert_eq!(secrets, [r#"{"publicKey":"open","privateKey":"PEM"}"#, "PEM"]);
        update.values = vec![Secret::new(r#"{"private_key":"PEM","client_id":"public"}"#)];
        update.kind = "secret".to_owned();
        let secrets: Vec<_> = update.secrets().iter().map(|secret| secret.expose().to_owned()).collect();
        assert_eq!(secrets, [r#"{"private_key":"PEM","client_id":"public"}"#, "PEM"]);
        update.kind = "text".to_owned();
        assert!(update.secrets().is_empty());
    }
}
