//! Values that must not be seen: how they are held, and how they are kept out of what is said.
//!
//! In: secret strings. Out: nothing, unless [`Secret::expose`] is called. Touches: nothing.

mod redactor;
mod values;
mod views;

pub use redactor::Redactor;

use secrecy::{ExposeSecret, SecretSlice, SecretString};

/// Holds a secret string: wiped on drop, unreadable in `Debug`, never serialized.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes the text into custody.
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// Hands the text out. Call it only where the value leaves for its one destination.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Secret {}

/// Holds secret bytes: wiped on drop, unreadable in `Debug`, never serialized.
#[derive(Clone)]
pub struct SecretBytes(SecretSlice<u8>);

impl SecretBytes {
    /// Takes the bytes into custody.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(SecretSlice::from(bytes))
    }

    /// Hands the bytes out. Call it only where they leave for their one destination.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }
}

impl std::fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}
