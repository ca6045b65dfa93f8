//! RSA private keys, PKCS#8 PEM.

use pkcs8::EncodePrivateKey as _;
use pkcs8::der::SecretDocument;
use pkcs8::der::pem::LineEnding;
use rcgen::{PublicKeyData, SigningKey};
use ring::rand::SystemRandom;
use ring::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};

use crate::random::Random;
use crate::value::Value;

/// An RSA private key that can sign.
pub(crate) struct RsaKey(RsaKeyPair);

impl RsaKey {
    /// Reads one; the error says what the text is instead.
    pub(crate) fn from_pem(pem: &str) -> Result<Self, &'static str> {
        let (label, der) = SecretDocument::from_pem(pem.trim()).map_err(|_| NO_PEM)?;
        match label {
            "PRIVATE KEY" => {}
            "RSA PRIVATE KEY" => {
                return Err("is a PKCS#1 key, not PKCS#8; convert it with `openssl pkcs8 -topk8 -nocrypt`");
            }
            "ENCRYPTED PRIVATE KEY" => {
                return Err("is an encrypted key; decrypt it with `openssl pkcs8 -topk8 -nocrypt`");
            }
            _ => return Err(NO_PEM),
        }
        RsaKeyPair::from_pkcs8(der.as_bytes())
            .map(Self)
            .map_err(|_| "is no RSA key of 2048 to 4096 bits in PKCS#8")
    }

    /// Signs by RSASSA-PKCS1-v1_5 with SHA-256, whose result depends on key and message alone: ring's own
    /// randomness hides the timing.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, &'static str> {
        let mut signature = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| "is a key that cannot sign")?;
        Ok(signature)
    }

    /// The public key, SPKI DER.
    pub(crate) fn public(&self) -> Vec<u8> {
        self.subject_public_key_info()
    }
}

const NO_PEM: &str = "is no private key in PKCS#8 PEM, which begins with `-----BEGIN PRIVATE KEY-----`";

impl PublicKeyData for RsaKey {
    fn der_bytes(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA256
    }
}

impl SigningKey for RsaKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Self::sign(self, message).map_err(|_| rcgen::Error::RemoteKeyError)
    }
}

/// Makes an RSA key of 2048 bits: a secret text, PKCS#8 PEM. Takes some random kilobytes and up to a second.
///
/// # Errors
/// The random bytes are such that no key comes of them.
pub fn rsa_2048(random: &mut dyn Random) -> Result<Value, RsaKeyError> {
    let key = rsa::PrivateKey::new(&mut Source(random), 2048).map_err(|_| RsaKeyError)?;
    let pem = key.to_pkcs8_pem(LineEnding::LF).map_err(|_| RsaKeyError)?;
    // A key that could not sign would be found out only after it is registered.
    RsaKey::from_pem(&pem).map_err(|_| RsaKeyError)?;
    Ok(Value::text(pem.as_str()).secret())
}

/// No RSA key could be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no RSA key could be made of the random bytes that were given; run it again")]
pub struct RsaKeyError;

/// Random bytes as the makers of keys ask for them.
struct Source<'a>(&'a mut dyn Random);

impl rsa::rand_core::TryRng for Source<'_> {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl rsa::rand_core::TryCryptoRng for Source<'_> {}

#[cfg(test)]
pub(crate) mod tests;
