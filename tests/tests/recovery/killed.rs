//! Killed at some request, and run again.

use pamrun_tests::azure::Azure;
use pamrun_tests::cloud::{On, Sovereign};
use pamrun_tests::gateway::VaultKind;

use super::cast::{expect_listed, killed, proof, recover, state_files};

/// Kills a rotation, runs the next one, and lets `recover` have the last word: then the record holds
/// a secret of the next run, and no other one is left. Whatever the vault is.
#[track_caller]
fn is_survived(on: impl Fn(&Azure) -> On, lost: bool) {
    for vault in [VaultKind::File, VaultKind::Keeper] {
        let azure = Azure::with(vault, Sovereign::Global);
        killed(&azure, on(&azure), lost);
        let next = azure.rotate(&[]);
        azure.expect_rotated(&next);
        let settled = azure.run(recover(&azure, &["--all"]));
        assert_eq!(settled.exit, Some(0), "{next}\n{settled}");
        azure.expect_keys(&next, &[&azure.current()]);
        expect_listed(&azure, &[]);
        assert!(state_files(&azure, "copies").is_empty(), "{next}\n{settled}");
    }
}

#[test]
fn killed_while_looking_nothing_is_left_and_nothing_is_open() {
    let azure = Azure::new();
    killed(&azure, On::read(), false);
    expect_listed(&azure, &[]);
    azure.expect_rotated(&azure.rotate(&[]));
}

#[test]
fn killed_before_the_new_secret_was_made() {
    is_survived(|_| On::add_password(), true);
}

#[test]
fn killed_when_the_new_secret_was_made_and_not_known_yet() {
    is_survived(|_| On::add_password(), false);
}

#[test]
fn killed_while_proving_the_new_secret() {
    is_survived(proof, false);
}

#[test]
fn killed_when_saved_and_before_the_old_secret_was_removed() {
    is_survived(|_| On::remove_password(), true);
}

#[test]
fn killed_when_saved_and_the_old_secret_was_removed() {
    is_survived(|_| On::remove_password(), false);
}

#[test]
fn killed_again_while_settling() {
    let azure = Azure::new();
    killed(&azure, proof(&azure), false);
    killed(&azure, On::remove_password(), true);
    expect_listed(&azure, &["open"]);
    let next = azure.rotate(&[]);
    azure.expect_rotated(&next);
    azure.expect_keys(&next, &[&azure.current()]);
    expect_listed(&azure, &[]);
}

#[test]
fn the_next_run_says_what_became_of_the_one_that_was_killed() {
    let azure = Azure::new();
    killed(&azure, On::remove_password(), true);
    let run = azure.rotate(&[]);
    let told = run.list("warnings").join("\n");
    assert!(told.contains("which was interrupted, is finished") && told.contains(&azure.old.key_id), "{run}");
}

#[test]
fn what_cannot_be_settled_yet_is_named_and_keeps_nobody_from_rotating() {
    let azure = Azure::new();
    azure.gateway.write("config.toml", "version = 1\n[limits]\nsettle_window = '1m'\n");
    killed(&azure, On::add_password(), true);
    let run = azure.rotate(&[]);
    azure.expect_rotated(&run);
    let told = run.list("warnings").join("\n");
    assert!(told.contains("is still open") && told.contains("pamrun recover"), "{run}");
    expect_listed(&azure, &["open"]);
    assert_eq!(state_files(&azure, "copies").len(), 1);
}

#[test]
fn a_dry_run_names_what_is_open_and_leaves_it() {
    let azure = Azure::new();
    killed(&azure, proof(&azure), false);
    let keys = azure.cloud.keys_of(&azure.target);
    let run = azure.run(azure.exec().argument("--dry-run"));
    run.ends("planned", 0);
    assert!(run.list("warnings").join("\n").contains("is still open"), "{run}");
    assert_eq!(azure.cloud.keys_of(&azure.target), keys);
    expect_listed(&azure, &["open"]);
}
