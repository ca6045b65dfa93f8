//! The journal in a state folder, read as its format says and by nothing of pamrun's.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

/// What closes a rotation.
const CLOSING: [&str; 3] = ["handed-over", "rolled-back", "done"];
/// The checksum and the blank before a line's JSON.
const FRAME: usize = 17;

/// All lines of all journals of a state folder.
#[derive(Debug, Default)]
pub(super) struct Journal(Vec<Line>);

/// One entry.
#[derive(Debug)]
pub(super) struct Line {
    /// The rotation that it belongs to.
    pub rotation_id: String,
    /// What it announces.
    pub entry: String,
    /// How many bytes it takes.
    pub length: u64,
    json: Value,
}

impl Journal {
    /// Reads the whole lines that are there.
    pub fn read(state: &Path) -> Self {
        let files = std::fs::read_dir(state.join("journal")).into_iter().flatten();
        let files = files.map(|entry| entry.unwrap().path());
        let journals = files.filter(|file| file.extension().is_some_and(|end| end == "journal"));
        let texts = journals.filter_map(|file| std::fs::read(file).ok());
        Self(texts.flat_map(|text| lines(&text)).collect())
    }

    /// The lines, in order where there is one record only.
    pub fn lines(&self) -> &[Line] {
        &self.0
    }

    /// The rotations that were begun and not closed.
    pub fn open(&self) -> BTreeSet<&str> {
        let mut open = BTreeSet::new();
        for line in &self.0 {
            if CLOSING.contains(&line.entry.as_str()) {
                open.remove(line.rotation_id.as_str());
            } else {
                open.insert(line.rotation_id.as_str());
            }
        }
        open
    }

    /// The ids of all credentials that any rotation planned to remove.
    pub fn planned_removals(&self) -> BTreeSet<&str> {
        let lists = self.0.iter().filter_map(|line| line.json["what"]["plan"]["removes"].as_array());
        lists.flatten().filter_map(|listed| listed["id"].as_str()).collect()
    }

    /// How many bytes its lines take.
    pub fn length(&self) -> u64 {
        self.0.iter().map(|line| line.length).sum()
    }
}

fn lines(text: &[u8]) -> Vec<Line> {
    let pieces = text.split_inclusive(|byte| *byte == b'\n');
    let whole = pieces.filter_map(|piece| Some((piece.len(), piece.get(FRAME..)?.strip_suffix(b"\n")?)));
    let parsed = whole.filter_map(|(length, json)| {
        let json: Value = serde_json::from_slice(json).ok()?;
        let rotation_id = json["rotation_id"].as_str()?.to_owned();
        let entry = json["what"]["entry"].as_str()?.to_owned();
        Some(Line { rotation_id, entry, length: u64::try_from(length).unwrap(), json })
    });
    parsed.collect()
}
