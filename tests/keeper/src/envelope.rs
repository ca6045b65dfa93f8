//! What a request is wrapped in, and its answer.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use p256::SecretKey;
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{DerSignature, VerifyingKey};
use serde_json::Value;

use crate::crypto::{self, Key};

/// A request, decrypted.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// The request's JSON.
    pub payload: Value,
    transmission_key: Key,
    signature: DerSignature,
    signed: Vec<u8>,
}

impl Envelope {
    /// Decrypts a request; the error says what is wrong with it.
    pub fn open(server: &SecretKey, headers: &HeaderMap, body: &[u8]) -> Result<Self, &'static str> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let wrapped = header("TransmissionKey").and_then(decode).ok_or("no TransmissionKey")?;
        let transmission_key =
            crypto::unwrap(server, &wrapped).ok_or("a TransmissionKey for another server")?;
        let plain = crypto::open(&transmission_key, body).ok_or("a body in another key")?;
        let payload = serde_json::from_slice(&plain).map_err(|_| "a body that is not JSON")?;
        // A URL with a user in it makes one client send a second Authorization header.
        let mut signatures = headers.get_all(AUTHORIZATION).iter().filter_map(|value| value.to_str().ok());
        let signature = signatures.find_map(|value| decode(value.strip_prefix("Signature ")?));
        let signature =
            signature.and_then(|der| DerSignature::from_bytes(&der).ok()).ok_or("no signature")?;
        Ok(Self { payload, transmission_key, signature, signed: [&wrapped, body].concat() })
    }

    /// Whether the holder of this key signed it.
    pub fn is_signed_by(&self, key: &VerifyingKey) -> bool {
        key.verify(&self.signed, &self.signature).is_ok()
    }

    /// Encrypts the answer, so that only the one who asked can read it.
    pub fn seal(&self, answer: &[u8]) -> Vec<u8> {
        crypto::seal(&self.transmission_key, answer)
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64_STANDARD.decode(text).ok()
}
