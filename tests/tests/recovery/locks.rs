//! Two processes at once.

use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

use pamrun_tests::azure::Azure;
use pamrun_tests::cloud::{Fault, On};
use pamrun_tests::gateway::{Run, Signal, Victim};
use pamrun_tests::record::Record;
use serde_json::Value;

use super::cast::{expect_listed, recover, states};

/// Makes `other` run while a rotation of another process, whose id it is given, is under way; that
/// one must succeed.
#[track_caller]
fn meanwhile(azure: &Azure, other: impl FnOnce(u32) -> Run) -> Run {
    let (arrived, arrival) = std::sync::mpsc::channel();
    azure.cloud.before(On::add_password(), move |_| arrived.send(()).unwrap());
    azure.cloud.fault(On::add_password(), Fault::Delay(Duration::from_secs(8)));
    let mut first = azure.exec().command();
    let mut first = first.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    first.stdin.take().unwrap().write_all(&azure.params().line()).unwrap();
    arrival.recv().unwrap();
    let run = other(first.id());
    let first = first.wait_with_output().unwrap();
    let outcome: Value = serde_json::from_slice(&first.stdout).unwrap();
    assert_eq!(outcome["outcome"], "rotated", "{outcome}");
    run
}

#[test]
fn the_second_one_waits_and_begins_with_what_the_first_one_saved() {
    let azure = Azure::new();
    let second = meanwhile(&azure, |_| azure.rotate(&[]));
    azure.expect_rotated(&second);
    azure.expect_keys(&second, &[&azure.current()]);
    assert_eq!(azure.cloud.count("/removePassword"), 2, "{second}");
}

#[test]
fn who_cannot_wait_any_longer_is_told_who_is_at_work() {
    let azure = Azure::new();
    let mut pid = 0;
    let second = meanwhile(&azure, |first| {
        pid = first;
        azure.run(azure.exec().flag("--timeout", "34s"))
    });
    second.ends("failed", 1).with_code("locked");
    assert!(second.stdout.contains(&format!("in the hands of process {pid},")), "{second}");
}

#[test]
fn what_is_under_way_is_listed_as_such_and_not_settled() {
    let azure = Azure::new();
    let second = meanwhile(&azure, |_| {
        expect_listed(&azure, &["running"]);
        azure.run(recover(&azure, &["--all"]))
    });
    assert_eq!(states(&second), (vec!["running".to_owned()], Some(0)), "{second}");
    assert_eq!(azure.cloud.keys_of(&azure.target), [azure.saved("client_secret_id")]);
}

#[test]
fn two_records_of_one_target_are_kept_apart_too() {
    let azure = Azure::new();
    let twin = Record::pam_user("The same app")
        .text("application_object_id", &azure.target.object_id)
        .text("client_secret_id", &azure.old.key_id);
    azure.fill_vault();
    azure.gateway.fill_vault([&twin]);
    let mut params = azure.params();
    params.user_record.clone_from(&twin.uid);
    params.records.push(twin.flattened());
    let second = meanwhile(&azure, |_| azure.run(azure.exec().input(params.line()).flag("--timeout", "34s")));
    second.ends("failed", 1).with_code("locked");
    assert!(second.stdout.contains("target entra:"), "{second}");
    assert!(second.stdout.contains(&format!("works on record {}", azure.record.uid)), "{second}");
}

#[test]
fn who_waits_and_is_told_to_stop_ends_at_once() {
    let azure = Azure::new();
    let second = meanwhile(&azure, |_| {
        let victim = Victim::default();
        let waiter = victim.clone();
        let told = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_secs(1));
            waiter.signal(Signal::TERM);
        });
        let run = azure.run(azure.exec().as_victim(&victim));
        told.join().unwrap();
        run
    });
    second.ends("failed", 1).with_code("interrupted");
}
