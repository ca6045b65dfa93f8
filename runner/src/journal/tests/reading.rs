//! What is found again, by whoever locks the record and by whoever only looks.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;
use crate::rotation::JournalError;

async fn refusal(machine: &Machine) -> JournalError {
    Journal::lock_record(&mut machine.journal(), "u1", Duration::ZERO).await.unwrap_err()
}

#[tokio::test]
async fn what_was_appended_is_found_by_the_next_process() {
    let machine = Machine::new();
    let entries = [intent("u1"), Entry::Saving { revision: 7 }];
    let mut journal = machine.locked("u1").await;
    for entry in &entries {
        journal.append("r1", entry.clone()).unwrap();
    }
    assert_eq!(journal.open_rotations()[0].entries, entries);
    drop(journal);
    let journal = machine.locked("u1").await;
    let [open] = journal.open_rotations().try_into().unwrap();
    assert_eq!((open.rotation_id.as_str(), open.entries.as_slice()), ("r1", entries.as_slice()));
    assert_eq!(journal.entries("r1"), [&entries[0], &entries[1]]);
}

#[tokio::test]
async fn records_have_files_of_their_own_that_nobody_else_can_read() {
    let machine = Machine::new();
    drop((machine.begun("u1", "r1").await, machine.begun("U1", "r2").await));
    assert_eq!(machine.left_open("u1").await, ["r1"]);
    assert_eq!(machine.left_open("U1").await, ["r2"]);
    for file in machine.files("journal") {
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!file.to_string_lossy().contains("u1"));
    }
}

#[tokio::test]
async fn a_record_that_was_only_locked_leaves_no_file() {
    let machine = Machine::new();
    drop(machine.locked("u1").await);
    assert!(machine.files("journal").is_empty());
}

#[tokio::test]
async fn nothing_is_written_without_the_record_and_its_intent() {
    let machine = Machine::new();
    assert!(machine.journal().append("r1", intent("u1")).is_err());
    let mut journal = machine.locked("u1").await;
    assert!(journal.append("r1", Entry::Done).unwrap_err().message.contains("intent is missing"));
    assert!(journal.append("r1", intent("u2")).unwrap_err().message.contains("another record, u2"));
    assert!(machine.files("journal").is_empty());
}

#[tokio::test]
async fn a_torn_line_is_cut_off_by_the_lock_and_overlooked_by_others() {
    let machine = Machine::new();
    drop(machine.begun("u1", "r1").await);
    let whole = fs::read(machine.file()).unwrap();
    for torn in [&whole[..1], &whole[..whole.len() - 1], &[0; 512], b"not a line\n"] {
        OpenOptions::new().append(true).open(machine.file()).unwrap().write_all(torn).unwrap();
        assert_eq!(list_open(&machine.state).unwrap().records.len(), 1);
        assert_eq!(machine.left_open("u1").await, ["r1"]);
        assert_eq!(fs::read(machine.file()).unwrap(), whole);
    }
}

#[tokio::test]
async fn a_journal_of_which_only_a_torn_line_is_there_is_removed() {
    let machine = Machine::new();
    drop(machine.begun("u1", "r1").await);
    OpenOptions::new().write(true).open(machine.file()).unwrap().set_len(9).unwrap();
    assert!(list_open(&machine.state).unwrap().records.is_empty());
    assert!(machine.left_open("u1").await.is_empty());
    assert!(machine.files("journal").is_empty());
}

#[tokio::test]
async fn a_damaged_line_stops_everything_and_is_told_with_its_place() {
    let machine = Machine::new();
    let mut journal = machine.begun("u1", "r1").await;
    journal.append("r1", Entry::Saving { revision: 7 }).unwrap();
    drop(journal);
    let file = machine.file();
    let mut text = fs::read(&file).unwrap();
    text[40] ^= 1;
    fs::write(&file, text).unwrap();
    let error = refusal(&machine).await;
    assert_eq!(error.code, "journal-damaged");
    let place = format!("line 1 of {}", file.display());
    assert!(error.message.starts_with(&place) && error.message.contains("move the file away"), "{error}");
    assert_eq!(list_open(&machine.state).unwrap().unreadable, [error]);
}

#[tokio::test]
async fn the_journal_of_another_record_is_not_taken_for_this_ones() {
    let machine = Machine::new();
    drop(machine.begun("u1", "r1").await);
    let of_u1 = machine.file();
    drop(machine.begun("u2", "r2").await);
    let of_u2 = machine.files("journal").into_iter().find(|file| *file != of_u1).unwrap();
    fs::rename(of_u2, &of_u1).unwrap();
    assert!(refusal(&machine).await.message.contains("is about another record, u2"));
    let unreadable = list_open(&machine.state).unwrap().unreadable;
    assert!(unreadable[0].message.contains("is the journal of record u2 under a wrong name"));
}

#[tokio::test]
async fn links_and_files_that_others_can_read_are_not_trusted() {
    let machine = Machine::new();
    drop(machine.begun("u1", "r1").await);
    let file = machine.file();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(refusal(&machine).await.code, "journal-not-ours");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let elsewhere = machine.state.path().join("elsewhere");
    fs::rename(&file, &elsewhere).unwrap();
    symlink(&elsewhere, &file).unwrap();
    assert_eq!(refusal(&machine).await.code, "journal-unusable");
}

#[tokio::test]
async fn a_journal_that_grew_too_long_keeps_its_open_rotations_only() {
    let machine = Machine::new();
    let mut journal = machine.begun("u1", "closed").await;
    let handle = "k".repeat(1 << 20);
    journal.append("closed", Entry::Made { handle, field: None }).unwrap();
    journal.append("closed", Entry::Done).unwrap();
    journal.append("open", intent("u1")).unwrap();
    drop(journal);
    let journal = machine.locked("u1").await;
    assert!(journal.entries("closed").is_empty() && journal.entries("open").len() == 1);
    assert!(fs::metadata(machine.file()).unwrap().len() < 1024);
    drop(journal);
    assert_eq!(machine.left_open("u1").await, ["open"]);
}

#[tokio::test]
async fn a_pruned_journal_can_be_written_on() {
    let machine = Machine::new();
    let mut journal = machine.begun("u1", "r1").await;
    let filler = Entry::Made { handle: "k".repeat(1 << 20), field: None };
    for entry in [filler, Entry::Done] {
        journal.append("r1", entry).unwrap();
    }
    drop(journal);
    drop(machine.begun("u1", "r2").await);
    assert_eq!(machine.left_open("u1").await, ["r2"]);
}

#[tokio::test]
async fn the_listing_tells_what_is_left_from_what_is_under_way() {
    let machine = Machine::new();
    let mut done = machine.begun("u0", "r0").await;
    done.append("r0", Entry::Done).unwrap();
    drop(machine.begun("u2", "r2").await);
    std::thread::sleep(Duration::from_millis(2));
    let at_work = machine.begun("u1", "r1").await;
    let records = list_open(&machine.state).unwrap().records;
    let told: Vec<_> = records.iter().map(|record| (record.uid.as_str(), record.held_by.is_some())).collect();
    assert_eq!(told, [("u2", false), ("u1", true)]);
    let holder = records[1].held_by.as_deref().unwrap();
    assert!(holder.starts_with(&format!("process {}", std::process::id())), "{holder}");
    assert!(
        records[0].rotations[0].since.ends_with('Z') && records[0].rotations[0].rotation.rotation_id == "r2"
    );

    assert_eq!(left_open(&machine.state, "u1").unwrap(), []);
    drop(at_work);
    assert_eq!(left_open(&machine.state, "u1").unwrap().len(), 1);
    assert_eq!(left_open(&machine.state, "u3").unwrap(), []);
}
