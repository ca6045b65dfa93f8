//! A Keeper Secrets Manager configuration: what of it is needed, checked before anything is sent.
//!
//! It is read by us, and not by Keeper's client, which rejects keys that it does not know, numbers,
//! a byte order mark and a line end, and which rewrites the file that it reads.

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use keeper_secrets_manager_core::config_keys::ConfigKeys;
use keeper_secrets_manager_core::crypto::CryptoUtils;
use keeper_secrets_manager_core::{InMemoryKeyValueStorage, KSMRError, KeyValueStorage, KvStoreType};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::model::wipe;
use crate::secret::Secret;
use crate::text::{Mishap, mishap};

/// What a bound configuration holds in any case.
const REQUIRED: [&str; 4] = ["hostname", "clientId", "privateKey", "appKey"];
/// The one-time token that a configuration begins with.
const TOKEN: &str = "clientKey";
/// How the tokens that an administrator copies from Keeper begin.
const REGIONS: [&str; 7] = ["US:", "EU:", "AU:", "GOV:", "JP:", "CA:", "IL5:"];

const ANY_PADDING: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);

/// What is wrong with a configuration. Never says what stands in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KsmConfigError {
    /// There is nothing in it.
    #[error("is empty")]
    Empty,
    /// It cannot be parsed.
    #[error("is neither a JSON object nor the base64 form of one")]
    NotJson,
    /// Something else arrived.
    #[error("{0}")]
    NotArrived(Mishap),
    /// It is what a configuration is made of.
    #[error(
        "is a one-time token and not a configuration: redeem it once with Keeper's `ksm` tool, and use what that makes"
    )]
    Token,
    /// A key has a value that is no text.
    #[error("cannot be used: the value of `{key}` is no text")]
    NotText {
        /// The key.
        key: &'static str,
    },
    /// Keys are missing.
    #[error("is not complete: it lacks {}; export the device's configuration again", missing.join(", "))]
    Partial {
        /// The missing keys.
        missing: Vec<&'static str>,
    },
    /// Its token was never redeemed.
    #[error(
        "is not bound to a device yet: its one-time token was never redeemed; do so with Keeper's `ksm` tool first"
    )]
    Unbound,
    /// A key is no key.
    #[error("cannot be used: `{key}` is not {expected} in base64; was the text cut or changed?")]
    BadKey {
        /// The key.
        key: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// The host has a port, which Keeper's client would drop without a word.
    #[error("cannot be used: `hostname` must be a host name or a region, without a port")]
    Hostname,
}

impl KsmConfigError {
    /// Returns a stable kebab-case word for the outcome document.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty | Self::NotJson | Self::NotText { .. } | Self::BadKey { .. } | Self::Hostname => {
                "vault-config-malformed"
            }
            Self::Partial { .. } => "vault-config-partial",
            Self::NotArrived(_) => "vault-config-not-arrived",
            Self::Token | Self::Unbound => "vault-config-unbound",
        }
    }
}

/// What it takes to read and save records: who this device is, and its keys. What else stands in a
/// configuration is left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KsmConfig {
    hostname: String,
    client_id: Secret,
    private_key: Secret,
    app_key: Secret,
    server_key_id: Option<String>,
    server_key: Option<String>,
}

impl KsmConfig {
    /// Reads a configuration: JSON, or the base64 form of it, with or without byte order mark and
    /// line ends. Keys are brought into the spelling that Keeper's client wants.
    ///
    /// # Errors
    /// What is wrong with it, or which keys it lacks.
    pub fn parse(text: &Secret) -> Result<Self, KsmConfigError> {
        let keys = Keys(object(text.expose().trim_start_matches('\u{feff}').trim())?);
        let missing: Vec<_> = REQUIRED.into_iter().filter(|key| keys.is_missing(key)).collect();
        if !missing.is_empty() {
            let is_unbound =
                !keys.is_missing(TOKEN) && missing.iter().any(|key| matches!(*key, "clientId" | "appKey"));
            return Err(if is_unbound {
                KsmConfigError::Unbound
            } else {
                KsmConfigError::Partial { missing }
            });
        }
        let hostname = keys.text("hostname")?;
        // Keeper's client would connect to the usual port of the host, whatever this says.
        if hostname.trim_start_matches("https://").contains([':', '@', ' ']) {
            return Err(KsmConfigError::Hostname);
        }
        let private_key = keys.bytes("privateKey", "a P-256 private key in PKCS#8 form", |_| true)?;
        let private_key = Secret::new(BASE64_STANDARD.encode(&*private_key));
        if CryptoUtils::der_base64_private_key_to_private_key(private_key.expose()).is_err() {
            let expected = "a P-256 private key in PKCS#8 form";
            return Err(KsmConfigError::BadKey { key: "privateKey", expected });
        }
        let app_key = keys.bytes("appKey", "a key of 32 bytes", |bytes| bytes.len() == 32)?;
        let server_key_id =
            if keys.is_missing("serverPublicKeyId") { None } else { Some(keys.text("serverPublicKeyId")?) };
        let server_key = if keys.is_missing("serverPublicKey") {
            None
        } else {
            let is_point = |bytes: &[u8]| bytes.len() == 65 && bytes.first() == Some(&4);
            Some(keys.bytes("serverPublicKey", "an uncompressed P-256 point of 65 bytes", is_point)?)
        };
        Ok(Self {
            hostname,
            client_id: Secret::new(keys.text("clientId")?),
            private_key,
            app_key: Secret::new(BASE64_STANDARD.encode(&*app_key)),
            server_key_id,
            server_key: server_key.map(|key| BASE64_URL_SAFE_NO_PAD.encode(&*key)),
        })
    }

    /// Makes the store that Keeper's client works on: in memory, so that nothing is written back.
    pub(super) fn store(&self) -> Result<KvStoreType, KSMRError> {
        let mut store = KvStoreType::InMemory(InMemoryKeyValueStorage::new(None)?);
        let mut set = |key, value: &str| store.set(key, value.to_owned()).map(drop);
        set(ConfigKeys::KeyHostname, &self.hostname)?;
        set(ConfigKeys::KeyClientId, self.client_id.expose())?;
        set(ConfigKeys::KeyPrivateKey, self.private_key.expose())?;
        set(ConfigKeys::KeyAppKey, self.app_key.expose())?;
        if let Some(id) = &self.server_key_id {
            set(ConfigKeys::KeyServerPublicKeyId, id)?;
        }
        if let Some(key) = &self.server_key {
            set(ConfigKeys::KeyServerPublicKey, key)?;
        }
        Ok(store)
    }
}

/// The object that the text is, or is the base64 form of.
fn object(text: &str) -> Result<Map<String, Value>, KsmConfigError> {
    if text.is_empty() {
        return Err(KsmConfigError::Empty);
    }
    if let Some(mishap) = mishap(text) {
        return Err(KsmConfigError::NotArrived(mishap));
    }
    if REGIONS.iter().any(|region| text.starts_with(region)) {
        return Err(KsmConfigError::Token);
    }
    let decoded;
    let json = if text.starts_with('{') {
        text.as_bytes()
    } else {
        // Broken into lines, as mail and some tools do.
        let joined = Zeroizing::new(text.split_ascii_whitespace().collect::<String>());
        decoded = decode(&joined).ok_or(KsmConfigError::NotJson)?;
        decoded.trim_ascii()
    };
    match serde_json::from_slice(json) {
        Ok(Value::Object(keys)) => Ok(keys),
        _ => Err(KsmConfigError::NotJson),
    }
}

/// Decodes base64 of either alphabet, padded or not.
fn decode(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let alphabet = if text.contains(['-', '_']) { &URL_SAFE } else { &STANDARD };
    GeneralPurpose::new(alphabet, ANY_PADDING).decode(text).ok().map(Zeroizing::new)
}

/// The keys of a configuration, wiped when they have been read.
struct Keys(Map<String, Value>);

impl Keys {
    fn is_missing(&self, key: &str) -> bool {
        match self.0.get(key) {
            None | Some(Value::Null) => true,
            Some(value) => value.as_str().is_some_and(|text| text.trim().is_empty()),
        }
    }

    /// The text of a key; a number counts as one, as some tools write key ids.
    fn text(&self, key: &'static str) -> Result<String, KsmConfigError> {
        match self.0.get(key) {
            Some(Value::String(text)) => Ok(text.trim().to_owned()),
            Some(Value::Number(number)) => Ok(number.to_string()),
            _ => Err(KsmConfigError::NotText { key }),
        }
    }

    fn bytes(
        &self,
        key: &'static str,
        expected: &'static str,
        fits: impl Fn(&[u8]) -> bool,
    ) -> Result<Zeroizing<Vec<u8>>, KsmConfigError> {
        let text = Zeroizing::new(self.text(key)?);
        decode(&text).filter(|bytes| fits(bytes)).ok_or(KsmConfigError::BadKey { key, expected })
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.0.values_mut().for_each(wipe);
    }
}

#[cfg(test)]
mod tests {
    use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE};
    use pamrun_keeper_standin::Keeper;
    use serde_json::json;

    use super::*;

    fn bound() -> Value {
        serde_json::from_str(&Keeper::new().config()).unwrap()
    }

    fn parse(text: impl Into<String>) -> Result<KsmConfig, KsmConfigError> {
        KsmConfig::parse(&Secret::new(text))
    }

    fn with(key: &str, value: Value) -> Result<KsmConfig, KsmConfigError> {
        let mut config = bound();
        config[key] = value;
        parse(config.to_string())
    }

    #[test]
    fn json_and_its_base64_form_are_read_with_what_editors_and_shells_add() {
        let json = bound().to_string();
        let plain = parse(json.as_str()).unwrap();
        let padded = BASE64_STANDARD.encode(format!("{json}\n"));
        let (first, second) = padded.split_at(76);
        for text in [
            format!("\u{feff}{json}\r\n"),
            format!("  {json}\n\n"),
            padded.clone(),
            format!("{first}\n{second}\n"),
            BASE64_STANDARD_NO_PAD.encode(&json),
            BASE64_URL_SAFE.encode(&json),
        ] {
            assert_eq!(parse(text.as_str()).as_ref(), Ok(&plain), "{text}");
        }
    }

    #[test]
    fn what_keepers_client_would_stumble_over_is_left_out_or_brought_into_its_form() {
        let mut config = bound();
        let plain = parse(config.to_string()).unwrap();
        let text = |config: &Value, key: &str| config[key].as_str().unwrap().to_owned();
        config["serverPublicKey"] = format!("{}=", text(&config, "serverPublicKey")).into();
        config["appKey"] = text(&config, "appKey").trim_end_matches('=').into();
        config["privateKey"] = text(&config, "privateKey").replace('+', "-").replace('/', "_").into();
        config["serverPublicKeyId"] = json!(99);
        config["unknown"] = json!({"nested": [1]});
        config["bat"] = Value::Null;
        let store = parse(config.to_string()).map(|config| config.store().unwrap()).unwrap();
        assert!(matches!(store, KvStoreType::InMemory(_)), "a file would be written");
        assert_eq!(store.read_storage().unwrap(), plain.store().unwrap().read_storage().unwrap());
    }

    #[test]
    fn what_is_missing_is_named() {
        for key in REQUIRED {
            let expected = KsmConfigError::Partial { missing: vec![key] };
            assert_eq!(with(key, Value::Null), Err(expected.clone()));
            assert_eq!(with(key, json!(" ")), Err(expected.clone()));
            assert!(expected.to_string().contains(key));
        }
        let all = KsmConfigError::Partial { missing: REQUIRED.to_vec() };
        assert_eq!(parse("{}"), Err(all));
    }

    #[test]
    fn a_token_that_was_not_redeemed_is_no_configuration() {
        assert_eq!(parse("US:canary"), Err(KsmConfigError::Token));
        let mut config = bound();
        config["clientKey"] = "canary".into();
        assert!(parse(config.to_string()).is_ok(), "it was redeemed");
        for key in ["clientId", "appKey"] {
            let mut config = config.clone();
            config.as_object_mut().unwrap().remove(key);
            assert_eq!(parse(config.to_string()), Err(KsmConfigError::Unbound));
        }
    }

    #[test]
    fn what_is_no_configuration_is_told_and_never_quoted() {
        for (text, expected) in [
            ("", KsmConfigError::Empty),
            ("\u{feff} \n", KsmConfigError::Empty),
            ("{\"clientId\": \"canary", KsmConfigError::NotJson),
            ("/etc/canary.json", KsmConfigError::NotJson),
            ("[\"canary\"]", KsmConfigError::NotJson),
        ] {
            assert_eq!(parse(text), Err(expected), "{text}");
        }
        for (key, value) in [
            ("appKey", json!("canary")),
            ("appKey", json!("Y2FuYXJ5")),
            ("privateKey", json!("Y2FuYXJ5")),
            ("serverPublicKey", json!("Y2FuYXJ5")),
            ("clientId", json!(["canary"])),
            ("hostname", json!("canary.test:8443")),
            ("hostname", json!("http@canary.test")),
        ] {
            let error = with(key, value).unwrap_err();
            assert!(error.to_string().contains(key) && !error.to_string().contains("canary"), "{error}");
            assert_eq!(error.code(), "vault-config-malformed");
        }
    }

    #[test]
    fn n28_what_became_of_it_on_its_way_is_named_with_the_mend() {
        let json = bound().to_string();
        let base64 = BASE64_STANDARD.encode(&json);
        for (text, what) in [
            (format!("\"{base64}\""), "is in quotes"),
            (format!("'{json}'\n"), "is in quotes"),
            (json.replace('"', "\\\""), "a backslash before each"),
            (json.replace('"', ""), "has lost its quotes"),
            ("***".to_owned(), "is masked"),
            ("[MASKED]".to_owned(), "is masked"),
            ("$(KSM_CONFIG)".to_owned(), "the reference `$(KSM_CONFIG)`"),
            ("${KSM_CONFIG}".to_owned(), "the reference `${KSM_CONFIG}`"),
            ("$KSM_CONFIG".to_owned(), "the reference `$KSM_CONFIG`"),
            ("%KSM_CONFIG%".to_owned(), "the reference `%KSM_CONFIG%`"),
            ("{{ ksm_config }}".to_owned(), "the reference `{{ ksm_config }}`"),
        ] {
            let error = parse(text.as_str()).unwrap_err();
            assert_eq!(error.code(), "vault-config-not-arrived");
            assert!(error.to_string().contains(what), "{error}");
            assert!(!error.to_string().contains(&base64) && !error.to_string().contains(&json), "{error}");
        }
    }

    #[test]
    fn a_configuration_shows_none_of_its_keys() {
        let config = bound();
        let shown = format!("{:?}", parse(config.to_string()).unwrap());
        for key in ["clientId", "privateKey", "appKey"] {
            assert!(!shown.contains(config[key].as_str().unwrap()), "{key}");
        }
    }
}
