//! One entry as one line: a checksum, a blank, and JSON. A line is whole or it does not count.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use twox_hash::XxHash64;

use crate::catalog::Digest;
use crate::rotation::Entry;

/// What this version writes, and the only thing that it reads.
const VERSION: u64 = 1;
/// How long a checksum is, in hexadecimal digits.
const CHECKSUM: usize = 16;

/// An entry, and what the journal has to know of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Line {
    version: u64,
    /// The rotation that it belongs to.
    pub(super) rotation_id: String,
    /// When it was written, in milliseconds since the Unix epoch.
    pub(super) at: u64,
    /// The plugin copies that the rotation needs from here on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) copies: Vec<Digest>,
    /// What it says.
    pub(super) what: Entry,
}

/// What is wrong with a line. Each message continues a sentence that begins with its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum LineError {
    /// It is not as it was written.
    #[error("is damaged: its checksum does not fit")]
    Damaged,
    /// It is as it was written, but not by this version.
    #[error("says what this version of pamrun does not know ({0})")]
    Unknown(String),
    /// It is no line of this journal.
    #[error("{0}")]
    Misplaced(String),
}

impl Line {
    pub(super) fn new(rotation_id: &str, at: u64, copies: Vec<Digest>, what: Entry) -> Self {
        Self { version: VERSION, rotation_id: rotation_id.to_owned(), at, copies, what }
    }

    /// Writes the line, with its end.
    pub(super) fn encode(&self) -> serde_json::Result<Vec<u8>> {
        let json = serde_json::to_string(self)?;
        Ok(format!("{:016x} {json}\n", checksum(json.as_bytes())).into_bytes())
    }

    /// Reads a line without its end.
    fn decode(text: &[u8]) -> Result<Self, LineError> {
        let (sum, json) = text.split_at_checked(CHECKSUM).ok_or(LineError::Damaged)?;
        let json = json.strip_prefix(b" ").ok_or(LineError::Damaged)?;
        if sum != format!("{:016x}", checksum(json)).as_bytes() {
            return Err(LineError::Damaged);
        }
        let unknown = |error: serde_json::Error| LineError::Unknown(error.to_string());
        let value: Value = serde_json::from_slice(json).map_err(unknown)?;
        match value.get("version").and_then(Value::as_u64) {
            Some(VERSION) => serde_json::from_value(value).map_err(unknown),
            version => Err(LineError::Unknown(format!("version {}", version.unwrap_or_default()))),
        }
    }
}

/// The lines that a text holds.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The whole ones.
    pub(super) whole: Vec<Line>,
    /// How many bytes they take. What follows is the rest of a line whose writer was stopped: it
    /// announced nothing that was done.
    pub(super) length: usize,
}

impl Lines {
    /// Reads all lines; a torn last one is left out.
    ///
    /// # Errors
    /// The number of the first line that is wrong, from 1, and what is wrong with it.
    pub(super) fn read(text: &[u8]) -> Result<Self, (usize, LineError)> {
        let mut lines = Self::default();
        for piece in text.split_inclusive(|byte| *byte == b'\n') {
            let end = lines.length + piece.len();
            let read = piece.strip_suffix(b"\n").ok_or(LineError::Damaged).and_then(Line::decode);
            match read {
                Ok(line) => lines.whole.push(line),
                // Blocks of a write may reach the disk in any order: even its end may be there.
                Err(LineError::Damaged) if end == text.len() => break,
                Err(error) => return Err((lines.whole.len() + 1, error)),
            }
            lines.length = end;
        }
        Ok(lines)
    }
}

fn checksum(bytes: &[u8]) -> u64 {
    XxHash64::oneshot(0, bytes)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::journal::tests::{intent, line};
    use crate::secret::Secret;

    fn text(lines: &[Line]) -> Vec<u8> {
        lines.iter().flat_map(|line| line.encode().unwrap()).collect()
    }

    fn lines() -> Vec<Line> {
        let second = Duration::new(1, 500);
        let made = Entry::Made { handle: "k\n2".to_owned(), field: None };
        [
            intent("u1"),
            Entry::Try { marker: "m".to_owned(), at: second, until: second },
            made,
            Entry::Saving { revision: i64::MAX },
            Entry::Done,
        ]
        .map(|entry| line("r1", entry))
        .to_vec()
    }

    fn framed(json: &str) -> Vec<u8> {
        format!("{:016x} {json}\n", checksum(json.as_bytes())).into_bytes()
    }

    #[test]
    fn lines_are_read_as_they_were_written() {
        let lines = lines();
        let text = text(&lines);
        let read = Lines::read(&text).unwrap();
        assert_eq!((read.whole, read.length), (lines, text.len()));
    }

    #[test]
    fn a_text_that_is_cut_anywhere_loses_its_torn_line_only() {
        let lines = lines();
        let text = text(&lines);
        let ends: Vec<_> = (0..=lines.len()).map(|count| self::text(&lines[..count]).len()).collect();
        for cut in 0..=text.len() {
            let read = Lines::read(&text[..cut]).unwrap();
            let whole = ends.iter().rposition(|end| *end <= cut).unwrap();
            assert_eq!((read.whole.len(), read.length), (whole, ends[whole]), "cut at {cut}");
        }
    }

    #[test]
    fn a_tail_of_zeros_is_torn() {
        let mut text = text(&lines());
        let length = text.len();
        text.resize(length + 4096, 0);
        assert_eq!(Lines::read(&text).unwrap().length, length);
    }

    #[test]
    fn what_another_version_wrote_is_neither_damaged_nor_torn() {
        let newer = r#"{"version":2,"rotation_id":"r1","at":0,"what":{"entry":"done"}}"#;
        let error = Lines::read(&framed(newer)).unwrap_err();
        assert_eq!(error, (1, LineError::Unknown("version 2".to_owned())));
        let entry = r#"{"version":1,"rotation_id":"r1","at":0,"what":{"entry":"postponing"}}"#;
        let (number, error) = Lines::read(&[text(&lines()), framed(entry)].concat()).unwrap_err();
        assert!(number == 6 && error.to_string().contains("unknown variant `postponing`"), "{error}");
    }

    /// The second implementation makes the first one ambiguous for whatever can be serialized.
    trait NotSerialize<Marker> {
        fn holds() {}
    }
    impl<T> NotSerialize<()> for T {}
    impl<T: Serialize> NotSerialize<u8> for T {}

    #[test]
    fn no_entry_can_hold_a_secret_since_secrets_cannot_be_serialized() {
        // This compiles only as long as it holds.
        <Secret as NotSerialize<_>>::holds();
    }

    proptest! {
        #[test]
        fn a_changed_byte_costs_a_torn_last_line_or_is_told_with_its_line(
            at in any::<prop::sample::Index>(),
            change in 1_u8..,
        ) {
            let lines = lines();
            let mut text = text(&lines);
            let at = at.index(text.len());
            let line = text[..at].split(|byte| *byte == b'\n').count() - 1;
            text[at] ^= change;
            match Lines::read(&text) {
                Ok(read) => prop_assert!(read.whole == lines[..read.whole.len()] && line >= lines.len() - 2),
                Err((number, error)) => {
                    prop_assert_eq!(error, LineError::Damaged);
                    prop_assert!(number == line + 1);
                }
            }
        }
    }
}
