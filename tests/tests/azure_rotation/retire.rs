//! What becomes of the secrets that were there before.

use pamrun_tests::azure::Azure;
use pamrun_tests::cloud::{Issued, On};
use pamrun_tests::record::{Record, set, text};

use super::cast;

/// Lets a stranger add a secret while the rotation is under way; returns its key id afterwards.
fn stranger_meanwhile(azure: &Azure, when: On) -> impl Fn() -> Issued + use<> {
    let target = azure.target.clone();
    let made = std::sync::Arc::new(std::sync::Mutex::new(None));
    let slot = made.clone();
    azure
        .cloud
        .before(when, move |directory| *slot.lock().unwrap() = Some(directory.issue(&target, "stranger")));
    move || made.lock().unwrap().clone().expect("the stranger never came")
}

#[test]
fn all_removes_every_secret_of_the_plan_and_no_stranger_s() {
    for when in [On::add_password(), On::remove_password().nth(1), On::remove_password().nth(2)] {
        let azure = cast();
        let (one, two) = (azure.cloud.issue(&azure.target, "one"), azure.cloud.issue(&azure.target, "two"));
        let stranger = stranger_meanwhile(&azure, when);
        let run = azure.rotate(&[("retire", "all")]);
        azure.expect_rotated(&run);
        azure.expect_keys(&run, &[&azure.current(), &stranger()]);
        let (mut removed, mut planned) = (run.list("removed"), run.planned_removals());
        let mut expected = vec![azure.old.key_id.clone(), one.key_id, two.key_id];
        for list in [&mut removed, &mut planned, &mut expected] {
            list.sort();
        }
        assert_eq!((&removed, &planned), (&expected, &expected), "{run}");
    }
}

#[test]
fn all_is_the_default() {
    let azure = cast();
    azure.cloud.issue(&azure.target, "another");
    let run = azure.rotate(&[]);
    azure.expect_rotated(&run);
    azure.expect_keys(&run, &[&azure.current()]);
}

#[test]
fn previous_removes_the_one_that_the_record_named() {
    let azure = cast();
    let other = azure.cloud.issue(&azure.target, "of another team");
    let stranger = stranger_meanwhile(&azure, On::add_password());
    let run = azure.rotate(&[("retire", "previous")]);
    azure.expect_rotated(&run);
    azure.expect_keys(&run, &[&azure.current(), &other, &stranger()]);
    assert_eq!(run.list("removed"), [azure.old.key_id.as_str()], "{run}");
}

#[test]
fn previous_removes_nothing_when_the_record_names_no_secret_of_the_app() {
    let mut azure = cast();
    let other = azure.cloud.issue(&azure.target, "of another team");
    set(&mut azure.record.json, "client_secret_id", "");
    let run = azure.rotate(&[("retire", "previous")]);
    run.ends("rotated", 0);
    azure.expect_keys(&run, &[&azure.current(), &azure.old, &other]);
}

#[test]
fn none_removes_nothing() {
    let azure = cast();
    let stranger = stranger_meanwhile(&azure, On::add_password());
    let run = azure.rotate(&[("retire", "none")]);
    azure.expect_rotated(&run);
    azure.expect_keys(&run, &[&azure.current(), &azure.old, &stranger()]);
    assert_eq!(run.list("removed"), Vec::<String>::new(), "{run}");
    assert_eq!(azure.cloud.count("/removePassword"), 0, "{run}");
}

#[test]
fn another_word_for_retire_is_refused_before_anything_is_sent() {
    let azure = cast();
    let run = azure.rotate(&[("retire", "everything")]);
    let (outcome, exit) = if azure.is_scripted() { ("failed", 1) } else { ("invalid", 2) };
    run.ends(outcome, exit);
    assert_eq!(azure.cloud.requests(), [], "{run}");
    azure.expect_unchanged(&run, &[]);
}

#[test]
fn a_secret_that_another_record_holds_is_retained_and_named() {
    let mut azure = cast();
    let shared = azure.cloud.issue(&azure.target, "used elsewhere");
    let other = Record::new("login", "Another consumer").text("client_secret_id", &shared.key_id);
    azure.attached.push(other);
    let run = azure.rotate(&[]);
    azure.expect_rotated(&run);
    azure.expect_keys(&run, &[&azure.current(), &shared]);
    assert!(run.outcome["retained"].to_string().contains(&shared.key_id), "{run}");
}

#[test]
fn what_a_rotation_of_another_record_made_is_retained_and_named() {
    let azure = cast();
    azure.fill_vault();
    let mut params = azure.params();
    let other = Record::pam_user("Payroll, test").text("application_object_id", &azure.target.object_id);
    azure.gateway.vault().add(&other);
    params.user_record.clone_from(&other.uid);
    params.records.push(other.flattened());
    azure.run(azure.exec().input(params.line()).set("retire", "none")).ends("rotated", 0);
    let foreign = azure.cloud.secrets_of(&azure.target).pop().unwrap().key_id;
    let run = azure.rotate(&[]);
    azure.expect_rotated(&run);
    assert_eq!(azure.cloud.keys_of(&azure.target), [foreign.clone(), azure.current().key_id], "{run}");
    assert!(run.outcome["retained"].to_string().contains(&foreign), "{run}");
}

#[test]
fn what_an_earlier_rotation_of_this_record_made_is_removed() {
    let azure = cast();
    let first = azure.rotate(&[]);
    azure.expect_rotated(&first);
    let before = azure.current();
    let second = azure.rotate(&[]);
    second.ends("rotated", 0);
    azure.expect_keys(&second, &[&azure.current()]);
    assert_eq!(second.list("removed"), [before.key_id], "{second}");
}

#[test]
fn a_record_that_lacks_the_fields_gets_them() {
    let mut azure = cast();
    azure.record = Record::pam_user("Bare").text("application_object_id", &azure.target.object_id);
    let run = azure.rotate(&[]);
    azure.expect_rotated(&run);
    let record = azure.gateway.vault().record(&azure.record.uid);
    for (label, kind) in [("client_secret_id", "text"), ("client_secret", "secret"), ("expires", "text")] {
        let custom = record["custom"].as_array().unwrap();
        let field = custom.iter().find(|field| field["label"] == label).unwrap();
        assert_eq!(field["type"], kind, "{run}");
    }
}

#[test]
fn everything_else_in_the_vault_stays_as_it_was() {
    let azure = cast();
    azure.fill_vault();
    let before = azure.gateway.vault().read();
    let run = azure.rotate(&[]);
    azure.expect_rotated(&run);
    let mut after = azure.gateway.vault().read();
    for record in after["records"].as_array_mut().unwrap() {
        if record["uid"] == azure.record.uid.as_str() {
            assert_ne!(record["revision"], azure.record.json["revision"], "{run}");
            record["revision"] = azure.record.json["revision"].clone();
            for label in ["client_secret_id", "client_secret", "expires"] {
                let old = text(&azure.record.json, label);
                set(record, label, &old);
            }
        }
    }
    assert!(before == after, "something else in the vault was changed\n{run}");
}
