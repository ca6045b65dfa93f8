//! Who is kept out, for how long, and what he is told. A lock belongs to an open file, so that two
//! journals in one process are kept apart as those of two processes are.

use std::process::{Command, Stdio};
use std::time::Instant;

use super::*;

const SHORT: Duration = Duration::from_millis(60);

#[tokio::test]
async fn a_waiter_gives_up_in_time_and_says_who_holds_the_record() {
    let machine = Machine::new();
    let holder = machine.begun("u1", "r1").await;
    let began = Instant::now();
    let error = Journal::lock_record(&mut machine.journal(), "u1", SHORT).await.unwrap_err();
    assert!((SHORT..SHORT * 20).contains(&began.elapsed()));
    assert_eq!(error.code, "locked");
    let who = format!("record u1 is in the hands of process {}, ", std::process::id());
    assert!(error.message.starts_with(&who) && error.message.contains("for longer than 60ms"), "{error}");
    drop(holder);
}

#[tokio::test]
async fn records_do_not_keep_each_other_out_and_targets_do() {
    let machine = Machine::new();
    let (mut one, mut other) = (machine.locked("u1").await, machine.locked("u2").await);
    assert_eq!(one.lock_target("t", Duration::ZERO).await, Ok(Lock::Free));
    let error = other.lock_target("t", SHORT).await.unwrap_err();
    assert!(error.message.contains("target t is in the hands of process") && error.message.contains("u1"));
    assert_eq!(other.lock_target("t2", Duration::ZERO).await, Ok(Lock::Free));
}

#[tokio::test]
async fn who_had_to_wait_is_told_so() {
    let machine = Machine::new();
    let holder = machine.locked("u1").await;
    let mut waiter = machine.journal();
    let release = async {
        tokio::time::sleep(SHORT).await;
        drop(holder);
    };
    let patience = Duration::from_secs(10);
    let (lock, ()) = tokio::join!(Journal::lock_record(&mut waiter, "u1", patience), release);
    assert_eq!(lock, Ok(Lock::Waited));
}

#[tokio::test]
async fn what_is_ours_already_is_free() {
    let machine = Machine::new();
    let mut journal = machine.begun("u1", "r1").await;
    for _ in 0..2 {
        assert_eq!(journal.lock_target("t", Duration::ZERO).await, Ok(Lock::Free));
        assert_eq!(Journal::lock_record(&mut journal, "u1", Duration::ZERO).await, Ok(Lock::Free));
    }
    assert_eq!(journal.open_rotations().len(), 1);
}

#[tokio::test]
async fn another_target_or_its_release_lets_the_first_one_go() {
    let machine = Machine::new();
    let (mut one, mut other) = (machine.locked("u1").await, machine.locked("u2").await);
    one.lock_target("t1", Duration::ZERO).await.unwrap();
    one.lock_target("t2", Duration::ZERO).await.unwrap();
    assert_eq!(other.lock_target("t1", Duration::ZERO).await, Ok(Lock::Free));
    one.unlock_target();
    assert_eq!(other.lock_target("t2", Duration::ZERO).await, Ok(Lock::Free));
}

#[tokio::test]
async fn another_record_lets_the_first_one_and_its_target_go() {
    let machine = Machine::new();
    let mut one = machine.locked("u1").await;
    one.lock_target("t", Duration::ZERO).await.unwrap();
    Journal::lock_record(&mut one, "u2", Duration::ZERO).await.unwrap();
    let mut other = machine.locked("u1").await;
    assert_eq!(other.lock_target("t", Duration::ZERO).await, Ok(Lock::Free));
}

#[tokio::test]
async fn a_target_is_locked_by_holders_of_a_record_only() {
    let machine = Machine::new();
    assert!(machine.journal().lock_target("t", Duration::ZERO).await.is_err());
}

#[tokio::test]
async fn a_lock_whose_holder_left_no_note_is_held_all_the_same() {
    let machine = Machine::new();
    let holder = machine.locked("u1").await;
    for file in machine.files("locks") {
        std::fs::write(file, "").unwrap();
    }
    let error = Journal::lock_record(&mut machine.journal(), "u1", Duration::ZERO).await.unwrap_err();
    assert!(error.message.contains("in the hands of another process"), "{error}");
    drop(holder);
}

const HELD: &str = "PAMRUN_TEST_HOLD";

/// What the process of the next test does: holds the record until it is killed.
#[tokio::test]
#[ignore = "is run by a_killed_process_lets_go as another process"]
async fn hold_until_killed() {
    let state = StateFolder::open(std::env::var_os(HELD).unwrap().as_ref()).unwrap();
    let mut journal = FileJournal::new(&state).unwrap();
    Journal::lock_record(&mut journal, "u1", Duration::ZERO).await.unwrap();
    journal.append("r1", intent("u1")).unwrap();
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_killed_process_lets_go() {
    let machine = Machine::new();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "journal::tests::locks::hold_until_killed"])
        .env(HELD, machine.state.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let began = Instant::now();
    while list_open(&machine.state).unwrap().records.is_empty() && began.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(5));
    }
    let error = Journal::lock_record(&mut machine.journal(), "u1", SHORT).await.unwrap_err();
    assert!(error.message.contains(&format!("process {}", child.id())), "{error}");
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(machine.left_open("u1").await, ["r1"]);
}
