//! Somebody else changes the record while the rotation is under way.

use pamrun_tests::azure::Azure;
use pamrun_tests::cloud::On;
use pamrun_tests::record::{set, text};
use serde_json::Value;

use super::cast;

/// Changes the target's record in the vault when a request arrives.
fn edit_when(azure: &Azure, on: On, mut edit: impl FnMut(&mut Value) + Send + 'static) {
    let (vault, uid) = (azure.gateway.vault(), azure.record.uid.clone());
    azure.cloud.before(on, move |_| vault.edit(&uid, &mut edit));
}

/// The login that proves the new secret.
fn proof(azure: &Azure) -> On {
    On::token_of(&azure.target.app_id)
}

#[test]
fn a_change_of_other_fields_is_kept_and_the_rotation_goes_on() {
    let azure = cast();
    edit_when(&azure, proof(&azure), |record| {
        record["title"] = "Renamed meanwhile".into();
        set(record, "login", "svc-renamed");
    });
    let run = azure.rotate(&[]);
    if azure.is_scripted() {
        run.ends("failed", 1).with_code("record-changed");
        azure.expect_keys(&run, &[&azure.old]);
    } else {
        azure.expect_rotated(&run);
        azure.expect_keys(&run, &[&azure.current()]);
    }
    let record = azure.gateway.vault().record(&azure.record.uid);
    assert_eq!(
        (record["title"].as_str(), &*text(&record, "login")),
        (Some("Renamed meanwhile"), "svc-renamed")
    );
}

#[test]
fn a_change_of_the_fields_that_we_write_wins_and_ours_is_rolled_back() {
    let azure = cast();
    let theirs = azure.cloud.issue(&azure.target, "their rotation");
    azure.gateway.plant("their secret", &theirs.value);
    let saved = theirs.clone();
    edit_when(&azure, proof(&azure), move |record| {
        set(record, "client_secret_id", &saved.key_id);
        set(record, "client_secret", &saved.value);
    });
    let run = azure.rotate(&[]);
    run.ends("failed", 1).with_code("rotated-elsewhere");
    assert_eq!(azure.current(), theirs, "{run}");
    azure.expect_keys(&run, &[&azure.old, &theirs]);
}

#[test]
fn a_record_that_now_names_another_app_is_left_alone() {
    let azure = cast();
    let other = azure.cloud.register("another app");
    let object_id = other.object_id.clone();
    edit_when(&azure, proof(&azure), move |record| set(record, "application_object_id", &object_id));
    let run = azure.rotate(&[]);
    run.ends("failed", 1);
    assert_eq!(azure.current(), azure.old, "{run}");
    azure.expect_keys(&run, &[&azure.old]);
}

#[test]
fn a_change_after_the_save_does_not_stop_the_commit() {
    let azure = cast();
    edit_when(&azure, On::remove_password(), |record| record["title"] = "Renamed afterwards".into());
    let run = azure.rotate(&[]);
    azure.expect_rotated(&run);
    azure.expect_keys(&run, &[&azure.current()]);
}

#[test]
fn a_record_that_is_deleted_meanwhile_gets_no_secret() {
    let azure = cast();
    let (vault, uid) = (azure.gateway.vault(), azure.record.uid.clone());
    azure.cloud.before(proof(&azure), move |_| vault.delete(&uid));
    let run = azure.rotate(&[]);
    assert!(["failed", "uncertain"].contains(&run.word("outcome")), "{run}");
    assert_ne!(run.outcome["saved"], true, "{run}");
    assert!(azure.cloud.keys_of(&azure.target).contains(&azure.old.key_id), "{run}");
}

#[test]
fn a_record_that_the_vault_lacks_is_not_rotated() {
    let mut azure = cast();
    azure.record = azure.record.shown(pamrun_tests::record::Shown::ParamsOnly);
    let run = azure.rotate(&[]);
    run.ends("failed", 1);
    assert_eq!(azure.cloud.requests(), [], "{run}");
    azure.expect_keys(&run, &[&azure.old]);
}
