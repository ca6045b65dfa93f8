//! A disk that is full, played by a limit on the size of files: it cuts a write short in the same
//! way, and does so in another process, since it holds for all of one.

use std::process::Command;

use super::*;

const FOLDER: &str = "PAMRUN_TEST_FULL";

/// What the process of the next test does: writes until nothing fits, then what still fits.
#[tokio::test]
#[ignore = "is run by a_full_disk_… as another process, under a limit"]
async fn write_until_full() {
    let state = StateFolder::open(std::env::var_os(FOLDER).unwrap().as_ref()).unwrap();
    let mut journal = FileJournal::new(&state).unwrap();
    Journal::lock_record(&mut journal, "u1", Duration::ZERO).await.unwrap();
    journal.append("r1", intent("u1")).unwrap();
    let made = |length| Entry::Made { handle: "k".repeat(length), field: None };
    let error = journal.append("r1", made(4096)).unwrap_err();
    assert_eq!(error.code, "journal-unusable");
    assert!(error.message.contains("cannot be written") && error.message.contains("try again"), "{error}");
    assert_eq!(journal.entries("r1").len(), 1);
    journal.append("r1", Entry::RolledBack).unwrap();
    journal.append("r2", intent("u1")).unwrap();
}

#[tokio::test]
async fn a_full_disk_is_an_error_and_leaves_nothing_behind_that_is_not_whole() {
    let machine = Machine::new();
    // Without the signal, the limit is an error as any other.
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 4; exec \"$@\"", "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "journal::tests::disk::write_until_full"])
        .env(FOLDER, machine.state.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    let text = std::fs::read(machine.file()).unwrap();
    assert_eq!(line::Lines::read(&text).unwrap().length, text.len());
    assert_eq!(machine.left_open("u1").await, ["r2"]);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_an_error_before_anything_is_kept() {
    let machine = Machine::new();
    let mut journal = machine.locked("u1").await;
    std::fs::remove_dir(machine.state.path().join("journal")).unwrap();
    let error = journal.append("r1", intent("u1")).unwrap_err();
    assert_eq!(error.code, "journal-unusable");
    assert!(journal.open_rotations().is_empty());
}
