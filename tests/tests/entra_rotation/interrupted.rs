//! Rotations that were killed: `pamrun recover`, or the next run, brings record and service together.

use std::fs;

use pamrun_tests::cloud::{Fault, On};
use pamrun_tests::gateway::{Run, Signal, VaultKind, Victim};
use pamrun_tests::record::{fields, set, text};
use serde_json::Value;

use super::bench::{Bench, VAULTS};

/// A run that is killed when this request arrives, which gets lost with it if `lost` says so.
#[track_caller]
fn killed(bench: &Bench, on: On, lost: bool) {
    let victim = Victim::default();
    let doomed = victim.clone();
    bench.cloud.before(on.clone(), move |_| doomed.signal(Signal::KILL));
    if lost {
        bench.cloud.fault(on, Fault::DropBeforeApply);
    }
    let run = bench.exec().as_victim(&victim).run(Vec::new);
    assert_eq!(run.exit, None, "was to be killed\n{run}");
}

fn recover(bench: &Bench, arguments: &[&str]) -> Run {
    let command = [&["recover"], arguments].concat();
    let config = bench.gateway.path("config.toml");
    let recover = bench.gateway.command(&command).flag("--state-dir", bench.gateway.path("state"));
    if config.exists() { recover.flag("--config", config) } else { recover }.run(Vec::new)
}

#[track_caller]
fn expect_state(run: &Run, state: &str, exit: i32) {
    let rotations = run.outcome["rotations"].as_array().unwrap();
    let states: Vec<_> = rotations.iter().map(|rotation| rotation["state"].as_str().unwrap()).collect();
    assert_eq!((states, run.exit), (vec![state], Some(exit)), "\n{run}");
}

fn is_pending(bench: &Bench) -> bool {
    fields(&bench.saved()).any(|field| field["label"] == "pamrun_pending")
}

/// The new password is in the vault before the service is asked to take it.
#[test]
fn a_run_that_is_killed_leaves_what_the_service_may_accept_in_the_record() {
    for vault in VAULTS {
        let bench = Bench::new(vault, false);
        killed(&bench, On::set_password(), false);
        assert!(is_pending(&bench));
        expect_state(&recover(&bench, &[]), "open", 5);
        let run = recover(&bench, &["--all"]);
        expect_state(&run, "committed", 0);
        assert_ne!(text(&bench.saved(), "password"), text(&bench.record.json, "password"));
        bench.expect_agreement(&run);
        expect_nothing_open(&bench);
    }
}

#[test]
fn a_password_that_never_arrived_leaves_the_old_one_in_force() {
    for vault in VAULTS {
        let bench = Bench::new(vault, false);
        killed(&bench, On::set_password(), true);
        let run = recover(&bench, &["--all"]);
        bench.expect_agreement(&run);
        expect_nothing_open(&bench);
    }
}

#[test]
fn a_run_that_is_killed_while_it_proves_the_password_is_finished() {
    let bench = Bench::new(VaultKind::File, false);
    killed(&bench, On::sign_in_of(&bench.user.principal_name), false);
    let run = recover(&bench, &[&bench.record.uid]);
    expect_state(&run, "committed", 0);
    bench.expect_agreement(&run);
}

#[test]
fn the_next_run_settles_and_then_rotates() {
    for vault in VAULTS {
        let bench = Bench::new(vault, false);
        killed(&bench, On::set_password(), false);
        let pending = text(&bench.saved(), "pamrun_pending");
        let pending: Value = serde_json::from_str(&pending).unwrap();
        let run = bench.rotate();
        run.ends("rotated", 0);
        bench.expect_agreement(&run);
        assert_ne!(text(&bench.saved(), "password"), pending["new"].as_str().unwrap(), "\n{run}");
        expect_nothing_open(&bench);
    }
}

#[test]
fn a_proposed_password_is_settled_without_the_gateway() {
    let bench = Bench::new(VaultKind::File, true);
    killed(&bench, On::set_password(), false);
    let run = recover(&bench, &["--all"]);
    expect_state(&run, "committed", 0);
    assert_eq!(text(&bench.saved(), "password"), bench.proposed, "\n{run}");
    bench.expect_agreement(&run);
}

/// Somebody who sets a password by hand, and saves it, is right.
#[test]
fn a_password_that_was_set_by_hand_meanwhile_stays() {
    let bench = Bench::new(VaultKind::File, false);
    killed(&bench, On::set_password(), false);
    let theirs = "Chosen by 1 person!";
    bench.cloud.directory().reset(&bench.user, theirs);
    bench.gateway.vault().edit(&bench.record.uid, |record| set(record, "password", theirs));
    let run = recover(&bench, &["--all"]);
    expect_state(&run, "superseded", 0);
    assert_eq!(text(&bench.saved(), "password"), theirs, "\n{run}");
    bench.expect_agreement(&run);
}

/// An interrupted rotation that is settled is noted, by `recover` and by the next run alike.
#[test]
fn what_was_settled_is_noted() {
    let bench = Bench::new(VaultKind::File, false);
    let log = bench.gateway.path("state/audit.log");
    let noted = || -> Vec<Value> {
        let text = fs::read_to_string(&log).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    bench.gateway.write(
        "config.toml",
        format!(
            "version = 1\naudit = '{}'\n[limits]\nsettle_window = \"2s\"\noutage_patience = \"3s\"\n",
            log.display()
        ),
    );
    killed(&bench, On::set_password(), false);
    recover(&bench, &["--all"]);
    let [line] = noted().try_into().unwrap();
    assert_eq!((&line["settled"], &line["record_uid"]), (&"committed".into(), &bench.record.uid[..].into()));

    killed(&bench, On::set_password(), false);
    bench.rotate().ends("rotated", 0);
    let [_, settled, run] = noted().try_into().unwrap();
    assert_eq!((&settled["settled"], &run["outcome"]), (&"committed".into(), &"rotated".into()));
    assert_ne!(settled["rotation_id"], run["rotation_id"]);
}

#[track_caller]
fn expect_nothing_open(bench: &Bench) {
    let run = recover(bench, &[]);
    assert_eq!((run.outcome["rotations"].as_array().map(Vec::len), run.exit), (Some(0), Some(0)), "\n{run}");
}
