//! The digest of a plugin: its only identity that proves something.

use std::fmt;
use std::str::FromStr;

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

/// A SHA-256 digest; written `sha256:` and 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest([u8; 32]);

/// A text that is no digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a digest is written sha256: and 64 hexadecimal digits, as `pamrun plugin inspect` prints it")]
pub struct DigestError;

impl Digest {
    /// Computes the digest of a file's bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut own = [0; 32];
        // Both are as long as a SHA-256.
        own.iter_mut().zip(digest(&SHA256, bytes).as_ref()).for_each(|(own, byte)| *own = *byte);
        Self(own)
    }

    /// The digits alone: fit for the name of a file.
    #[must_use]
    pub fn digits(&self) -> String {
        self.0.iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.digits())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let digits = text.strip_prefix("sha256:").ok_or(DigestError)?.as_bytes();
        let mut bytes = [0; 32];
        if digits.len() != 2 * bytes.len() {
            return Err(DigestError);
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = pair.iter().try_fold(0, |value, digit| {
                let digit = char::from(*digit).to_digit(16).ok_or(DigestError)?;
                u8::try_from(digit).map(|digit| value << 4 | digit).map_err(|_| DigestError)
            })?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Digest {
    type Error = DigestError;

    fn try_from(text: String) -> Result<Self, DigestError> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn a_digest_is_written_as_it_is_read() {
        let digest = Digest::of(b"");
        assert_eq!(digest.to_string(), EMPTY);
        assert_eq!(EMPTY.parse(), Ok(digest));
        assert_eq!(EMPTY.to_uppercase().replace("SHA256", "sha256").parse(), Ok(digest));
        let json = serde_json::to_string(&digest).unwrap();
        assert_eq!(json, format!("\"{EMPTY}\""));
        assert_eq!(serde_json::from_str::<Digest>(&json).unwrap(), digest);
    }

    #[test]
    fn what_is_no_digest_is_refused() {
        let hex = &EMPTY["sha256:".len()..];
        for text in
            ["", hex, &EMPTY[..70], &format!("{EMPTY}0"), &format!("sha512:{hex}"), &EMPTY.replace('e', "g")]
        {
            assert_eq!(text.parse::<Digest>(), Err(DigestError), "{text}");
        }
    }
}
