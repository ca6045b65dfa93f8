//! Finds live secret values in text, in plain and encoded form, and puts `[redacted]` there.

use super::Secret;

/// Knows the live secret values of one run; clones share what they know.
#[derive(Clone, Default)]
pub struct Redactor {}

impl Redactor {
    /// Learns a value that stays secret until the end of the run.
    pub fn learn(&self, _secret: &Secret) {
        todo!()
    }

    /// Learns a value that is taken for a secret until [`Self::settle`] says what it was:
    /// a string from an answer that `rotate` got.
    pub fn suspect(&self, _text: &str) {
        todo!()
    }

    /// Forgets the suspicion against exactly these values: `rotate` returned them as public.
    /// All other suspects become secrets.
    pub fn settle(&self, _public: &[&str]) {
        todo!()
    }

    /// Returns the text with every known value, in any known encoding, replaced.
    #[must_use]
    pub fn redact(&self, _text: &str) -> String {
        todo!()
    }

    /// Tells whether the text holds a known value in any known encoding.
    #[must_use]
    pub fn finds_secret_in(&self, _text: &str) -> bool {
        todo!()
    }
}
