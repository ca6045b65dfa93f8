//! Which plugin copies are there, and until when.

use super::*;

const LIMIT: usize = 1 << 10;

#[tokio::test]
async fn a_copy_is_kept_with_the_intent_and_until_the_rotation_is_closed() {
    let machine = Machine::new();
    let plugin = plugin(b"one");
    let mut journal = machine.locked("u1").await;
    journal.set_plugin(plugin.clone());
    assert!(machine.files("copies").is_empty());
    journal.append("r1", intent("u1")).unwrap();
    let copy = journal.copy(plugin.digest, LIMIT).unwrap();
    assert_eq!((copy.bytes, copy.digest), (plugin.bytes, plugin.digest));
    assert!(copy.path.extension().unwrap() == "wasm");
    journal.finish();
    assert_eq!(machine.files("copies").len(), 1);

    let mut journal = machine.locked("u1").await;
    journal.append("r1", Entry::RolledBack).unwrap();
    journal.finish();
    assert!(machine.files("copies").is_empty());
}

#[tokio::test]
async fn a_script_without_steps_leaves_no_copy_since_nobody_runs_it_again() {
    let machine = Machine::new();
    let mut journal = machine.locked("u1").await;
    journal.set_plugin(plugin(b"one"));
    let Entry::Intent(mut once) = intent("u1") else { panic!("it is an intent") };
    once.strategy = None;
    journal.append("r1", Entry::Intent(once)).unwrap();
    assert!(machine.files("copies").is_empty());
}

#[tokio::test]
async fn a_copy_stays_as_long_as_any_record_needs_it_or_somebody_is_at_work() {
    let machine = Machine::new();
    let mut one = machine.locked("u1").await;
    one.set_plugin(plugin(b"one"));
    one.append("r1", intent("u1")).unwrap();
    let mut other = machine.locked("u2").await;
    other.set_plugin(plugin(b"one"));
    other.append("r2", intent("u2")).unwrap();
    other.append("r2", Entry::Done).unwrap();
    one.append("r1", Entry::Done).unwrap();
    one.finish();
    assert_eq!(machine.files("copies").len(), 1, "the other one is at work");
    other.finish();
    assert!(machine.files("copies").is_empty());
}

#[tokio::test]
async fn a_journal_that_cannot_be_read_may_need_every_copy() {
    let machine = Machine::new();
    let mut journal = machine.locked("u1").await;
    journal.set_plugin(plugin(b"one"));
    journal.append("r1", intent("u1")).unwrap();
    journal.append("r1", Entry::Done).unwrap();
    let mut text = std::fs::read(machine.file()).unwrap();
    text[0] ^= 1;
    std::fs::write(machine.file(), text).unwrap();
    journal.finish();
    assert_eq!(machine.files("copies").len(), 1);
}

#[tokio::test]
async fn a_copy_that_is_damaged_or_missing_is_not_used() {
    let machine = Machine::new();
    let plugin = plugin(b"one");
    let mut journal = machine.locked("u1").await;
    let error = journal.copy(plugin.digest, LIMIT).unwrap_err();
    assert!(error.code == "copy-missing" && error.message.contains(&plugin.digest.to_string()), "{error}");
    journal.set_plugin(plugin.clone());
    journal.append("r1", intent("u1")).unwrap();
    let [copy] = machine.files("copies").try_into().unwrap();
    std::fs::write(&copy, b"\0asmtwo").unwrap();
    assert_eq!(journal.copy(plugin.digest, LIMIT).unwrap_err().code, "copy-damaged");
    journal.append("r2", intent("u1")).unwrap();
    assert_eq!(journal.copy(plugin.digest, LIMIT).unwrap().bytes, plugin.bytes);
}

#[tokio::test]
async fn what_was_left_half_written_goes_with_the_next_run() {
    let machine = Machine::new();
    let journal = machine.begun("u1", "r1").await;
    for folder in ["copies", "journal"] {
        std::fs::write(machine.state.path().join(folder).join(".new-x"), "").unwrap();
    }
    journal.finish();
    assert!(machine.files("copies").is_empty() && machine.files("journal").len() == 1);
}
