//! The journal on a real folder: what it keeps, whom it keeps out, and what it says when the disk
//! does not.

#![expect(clippy::disallowed_methods, reason = "tests look at the files past the journal, and damage them")]

mod copies;
mod disk;
mod locks;
mod reading;

use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;

use super::line::Line;
use super::*;
use crate::catalog::PluginFile;
use crate::cli::StateFolder;
use crate::model::{Plan, Strategy};
use crate::rotation::{Entry, Intent, Journal, Lock};

pub(super) fn intent(uid: &str) -> Entry {
    let plan =
        Plan { target: "t".to_owned(), creates: String::new(), removes: Vec::new(), ..Plan::default() };
    Entry::Intent(Box::new(Intent {
        record_uid: uid.to_owned(),
        strategy: Some(Strategy::Overlap),
        plan,
        spared: Vec::new(),
        records: vec![uid.to_owned()],
        consumers: Vec::new(),
        setup: serde_json::json!({ "timeout_ms": 600_000, "ratio": 0.5 }),
    }))
}

pub(super) fn line(rotation_id: &str, entry: Entry) -> Line {
    Line::new(rotation_id, 1_767_225_600_000, Vec::new(), entry)
}

/// A state folder.
struct Machine {
    _folder: TempDir,
    state: StateFolder,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let state = StateFolder::open(&folder.path().join("state")).unwrap();
        Self { _folder: folder, state }
    }

    /// The journal of a process.
    fn journal(&self) -> FileJournal {
        FileJournal::new(&self.state).unwrap()
    }

    /// The journal of a process that has locked the record.
    async fn locked(&self, uid: &str) -> FileJournal {
        let mut journal = self.journal();
        assert_eq!(Journal::lock_record(&mut journal, uid, Duration::ZERO).await, Ok(Lock::Free));
        journal
    }

    /// The journal of a process that has begun a rotation of the record.
    async fn begun(&self, uid: &str, rotation_id: &str) -> FileJournal {
        let mut journal = self.locked(uid).await;
        journal.append(rotation_id, intent(uid)).unwrap();
        journal
    }

    /// The ids of the rotations that whoever comes next finds open.
    async fn left_open(&self, uid: &str) -> Vec<String> {
        let open = self.locked(uid).await.open_rotations();
        open.into_iter().map(|open| open.rotation_id).collect()
    }

    fn files(&self, folder: &str) -> Vec<PathBuf> {
        std::fs::read_dir(self.state.path().join(folder)).unwrap().map(|file| file.unwrap().path()).collect()
    }

    /// The only journal.
    fn file(&self) -> PathBuf {
        let [file] = self.files("journal").try_into().unwrap();
        file
    }
}

fn plugin(bytes: &[u8]) -> PluginFile {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.wasm");
    std::fs::write(&path, [b"\0asm", bytes].concat()).unwrap();
    PluginFile::read(&path, 1 << 10).unwrap()
}
