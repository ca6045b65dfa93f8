//! Finds live secret values in text, in plain and encoded form, and puts `[redacted]` there.
//!
//! Found are values of four characters and more: as they are, URL-encoded, escaped as in JSON, source
//! code or shells, in hexadecimal, and in base64 of either alphabet and alignment; also with one
//! escape upon another, and with base64 inside an escape or around it. Whatever is found is taken out whole, with the digits that it shares with
//! its neighbours, and values that overlap are taken out together: no part of one stays
//! beside the mark.
//!
//! A secret that is an ordinary word is taken out of ordinary sentences too. That makes a text worse
//! and betrays nothing; not to do it would.
//!
//! A value that is cut in two by the caller is not found: a text has to be whole.

use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock};

use super::Secret;
use super::values::Values;
use super::views;

const MARK: &str = "[redacted]";

/// Knows the live secret values of one run; clones share what they know. All of it is wiped
/// when the last clone is dropped.
#[derive(Clone, Default)]
pub struct Redactor(Arc<RwLock<Values>>);

impl Redactor {
    /// Learns a value that stays secret until the end of the run. Values of less than four
    /// characters are passed over, and so are `true`, `false` and `null`.
    pub fn learn(&self, secret: &Secret) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).add(secret.expose());
    }

    /// Returns the text with every known value, in any known encoding, replaced.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        let mut redacted = String::with_capacity(text.len());
        let mut rest = 0;
        for found in self.find(text) {
            redacted.push_str(text.get(rest..found.start).unwrap_or_default());
            redacted.push_str(MARK);
            rest = found.end;
        }
        redacted.push_str(text.get(rest..).unwrap_or_default());
        redacted
    }

    /// Tells whether the text holds a known value in any known encoding.
    #[must_use]
    pub fn finds_secret_in(&self, text: &str) -> bool {
        !self.find(text).is_empty()
    }

    /// The parts of the text that hold values, in order and apart from each other.
    fn find(&self, text: &str) -> Vec<Range<usize>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if known.is_empty() {
            return Vec::new();
        }
        let mut found: Vec<Range<usize>> = Vec::new();
        views::each(text, &mut |view| {
            let bytes = view.bytes();
            for at in 0..bytes.len() {
                let beginning = bytes.get(at..).unwrap_or_default();
                let length = known.longest_at(beginning);
                if length > 0 {
                    let place = view.place(at..at + length);
                    found.push(text.floor_char_boundary(place.start)..text.ceil_char_boundary(place.end));
                }
            }
        });
        found.sort_unstable_by_key(|place| place.start);
        found.dedup_by(|next, previous| {
            let overlaps = next.start <= previous.end;
            if overlaps {
                previous.end = previous.end.max(next.end);
            }
            overlaps
        });
        found
    }
}

#[cfg(test)]
#[path = "redactor_tests.rs"]
mod tests;
