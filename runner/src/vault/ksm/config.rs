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
            server_key_id: match keys.is_missing("serverPublicKeyId") {
                true => None,
                false => Some(keys.text("serverPublicKeyId")?),
            },
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
