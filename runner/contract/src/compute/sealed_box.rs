//! Sealed boxes: libsodium's `crypto_box_seal`.

use crypto_box::PublicKey;
use crypto_box::aead::rand_core;

use super::SealedBox;
use crate::random::Random;
use crate::value::Value;

pub(super) fn seal(sealed: &SealedBox<Value>, random: &mut dyn Random) -> Result<Value, String> {
    let key = sealed.key.to_bytes().map_err(|error| format!("its key {error}"))?;
    let key = PublicKey::from_slice(&key).map_err(|_| {
        format!(
            "its key has {} bytes, not 32; a key that is base64 needs the filter `base64-decode`",
            key.len()
        )
    })?;
    let text = sealed.text.to_bytes().map_err(|error| format!("its text {error}"))?;
    let sealed = key.seal(&mut Source(random), &text).map_err(|_| "its text is too long".to_owned())?;
    Ok(Value::bytes(sealed))
}

/// Random bytes as this crate asks for them.
struct Source<'a>(&'a mut dyn Random);

impl rand_core::RngCore for Source<'_> {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl rand_core::CryptoRng for Source<'_> {}
