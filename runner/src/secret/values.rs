//! The values that are searched for.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::ops::Bound::{Included, Unbounded};

use zeroize::Zeroizing;

use super::Secret;

/// Shorter values are not searched: they would shred every text, and guard nothing.
const SHORTEST: usize = 4;

/// Lines of a value that stand for themselves have at least this length.
const SHORTEST_LINE: usize = 16;

/// A set of values, ordered by their bytes, in which the longest that a text begins with is found by
/// bisection. An automaton would be faster on long texts, but keep copies of the values that
/// cannot be wiped, at many times their size.
#[derive(Default)]
pub(super) struct Values {
    sorted: BTreeSet<Value>,
    beginnings: Beginnings,
}

struct Value(Secret);

impl Values {
    /// Adds a value, in each of the forms in which it is searched: without blanks around it; where
    /// it has several lines, with either line ending; and its longer lines, one by one, since a PEM
    /// key is a secret line by line. What frames a PEM text is public, and so are JSON's
    /// constants, which a field of a secret type may hold too.
    pub(super) fn add(&mut self, text: &str) {
        let text = text.trim();
        if text.contains('\n') {
            let unix = Zeroizing::new(text.replace("\r\n", "\n"));
            self.add_form(&Zeroizing::new(unix.replace('\n', "\r\n")));
            self.add_form(&unix);
        }
        self.add_form(text);
        // Keys are often kept on one line, with `\n` in two characters.
        for line in text.lines().flat_map(|line| line.split("\\n")).map(str::trim) {
            if line.chars().count() >= SHORTEST_LINE && !line.starts_with("-----") {
                self.add_form(line);
            }
        }
    }

    fn add_form(&mut self, text: &str) {
        let says_nothing = ["true", "false", "null"].iter().any(|word| text.eq_ignore_ascii_case(word));
        if !says_nothing && text.chars().count() >= SHORTEST {
            self.beginnings.add(text.as_bytes());
            self.sorted.insert(Value(Secret::new(text)));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// The length of the longest value that the bytes begin with, or 0.
    pub(super) fn longest_at(&self, bytes: &[u8]) -> usize {
        if !self.beginnings.may_have(bytes) {
            return 0;
        }
        let mut beginning = bytes;
        while let Some(value) = self.sorted.range::<[u8], _>((Unbounded, Included(beginning))).next_back() {
            let value: &[u8] = value.borrow();
            let common = value.iter().zip(beginning).take_while(|(own, other)| own == other).count();
            if common == value.len() {
                return common;
            }
            // Whatever else the bytes begin with is no longer than this.
            beginning = beginning.get(..common).unwrap_or_default();
        }
        0
    }
}

/// Tells at once, of nearly every place in a text, that no value begins there.
#[derive(Default)]
struct Beginnings(Vec<bool>);

impl Beginnings {
    fn add(&mut self, value: &[u8]) {
        self.0.resize(1 << 16, false);
        if let Some(seen) = Self::slot(value).and_then(|slot| self.0.get_mut(slot)) {
            *seen = true;
        }
    }

    fn may_have(&self, bytes: &[u8]) -> bool {
        Self::slot(bytes).and_then(|slot| self.0.get(slot)).is_some_and(|seen| *seen)
    }

    /// Spreads the first four bytes over the table, by the golden ratio.
    fn slot(bytes: &[u8]) -> Option<usize> {
        let beginning = u32::from_le_bytes(*bytes.first_chunk()?);
        usize::try_from(beginning.wrapping_mul(0x9e37_79b1) >> 16).ok()
    }
}

impl Borrow<[u8]> for Value {
    fn borrow(&self) -> &[u8] {
        self.0.expose().as_bytes()
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.expose().cmp(other.0.expose())
    }
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Value {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_longest_value_at_a_place_is_found(
            values in prop::collection::vec("[ab]{4,9}", 0..12),
            text in "[ab]{0,12}",
        ) {
            let mut set = Values::default();
            for value in &values {
                set.add(value);
            }
            let longest = values.iter().filter(|value| text.starts_with(*value)).map(String::len).max();
            prop_assert_eq!(set.longest_at(text.as_bytes()), longest.unwrap_or(0));
        }
    }
}
