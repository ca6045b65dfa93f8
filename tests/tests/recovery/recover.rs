//! `pamrun recover`: what it lists, what it settles, and what it takes for that.

use std::fs;
use std::time::{Duration, Instant};

use pamrun_tests::azure::Azure;
use pamrun_tests::cloud::On;
use pamrun_tests::gateway::{Run, plugin};
use pamrun_tests::record::Shown;

use super::cast::{expect_listed, killed, killed_run, proof, recover, state_files, states};

#[track_caller]
fn settles(azure: &Azure, arguments: &[&str], state: &str) -> Run {
    let run = azure.run(recover(azure, arguments));
    let exit = if state == "open" { 5 } else { 0 };
    assert_eq!(states(&run), (vec![state.to_owned()], Some(exit)), "{run}");
    run
}

#[test]
fn without_anything_open_the_list_is_empty() {
    let azure = Azure::new();
    let run = azure.run(recover(&azure, &[]));
    assert_eq!(
        (run.stdout.trim(), run.exit),
        (r#"{"schema":1,"rotations":[],"rescued":[],"errors":[]}"#, Some(0))
    );
    let text = azure.run(recover(&azure, &["--format", "text"]));
    assert_eq!((text.stdout.trim(), text.exit), ("no rotation is open", Some(0)));
}

#[test]
fn the_list_names_record_target_plugin_and_credential() {
    let azure = Azure::new();
    killed(&azure, proof(&azure), false);
    let made = azure.cloud.keys_of(&azure.target).pop().unwrap();
    let run = settles(&azure, &[], "open");
    let entry = &run.outcome["rotations"][0];
    assert_eq!(entry["record_uid"], azure.record.uid.as_str(), "{run}");
    assert_eq!(entry["handle"], made.as_str(), "{run}");
    assert_eq!(entry["plugin"]["name"], "azure-app-secret", "{run}");
    assert!(entry["target"].as_str().unwrap().contains(&azure.target.object_id), "{run}");
    assert!(run.stderr.contains("pamrun recover --all"), "{run}");
    let text = azure.run(recover(&azure, &["--format", "text"]));
    assert!(text.stdout.starts_with(&format!("open  record {}", azure.record.uid)), "{text}");
}

#[test]
fn a_secret_that_was_not_saved_is_removed() {
    let azure = Azure::new();
    killed(&azure, proof(&azure), false);
    let run = settles(&azure, &[&azure.record.uid], "rolled-back");
    azure.expect_unchanged(&run, &[]);
    expect_listed(&azure, &[]);
    assert_eq!(state_files(&azure, "copies").len(), 0);
}

#[test]
fn a_secret_that_may_still_show_up_is_waited_for() {
    let azure = Azure::new();
    killed(&azure, On::add_password(), true);
    let run = settles(&azure, &["--all"], "rolled-back");
    azure.expect_unchanged(&run, &[]);
}

#[test]
fn a_secret_that_was_saved_is_kept_and_what_it_replaces_removed() {
    let azure = Azure::new();
    killed(&azure, On::remove_password(), true);
    let run = settles(&azure, &["--all"], "committed");
    assert_eq!(run.outcome["rotations"][0]["removed"][0], azure.old.key_id.as_str(), "{run}");
    azure.expect_keys(&run, &[&azure.current()]);
    expect_listed(&azure, &[]);
}

#[test]
fn other_records_are_left_alone() {
    let azure = Azure::new();
    killed(&azure, proof(&azure), false);
    let run = azure.run(recover(&azure, &["another-record"]));
    assert_eq!(states(&run), (vec![], Some(0)), "{run}");
    expect_listed(&azure, &["open"]);
}

#[test]
fn the_copy_of_the_plugin_finishes_whatever_became_of_the_file() {
    let azure = Azure::new();
    let file = azure.gateway.path("p.wasm");
    fs::copy(plugin("azure-app-secret"), &file).unwrap();
    killed_run(&azure, azure.exec_of(&file), proof(&azure), false);
    fs::write(&file, "gone").unwrap();
    settles(&azure, &["--all"], "rolled-back");
}

#[test]
fn without_the_copy_it_stays_open_and_says_which_file_is_missing() {
    let azure = Azure::new();
    killed(&azure, proof(&azure), false);
    for copy in state_files(&azure, "copies") {
        fs::remove_file(copy).unwrap();
    }
    let run = settles(&azure, &["--all"], "open");
    let error = &run.outcome["rotations"][0]["error"];
    assert_eq!(error["code"], "copy-missing", "{run}");
    assert!(error["message"].as_str().unwrap().contains("sha256:"), "{run}");
    assert_eq!(azure.cloud.keys_of(&azure.target).len(), 2, "{run}");
}

#[test]
fn what_the_vault_lacks_is_read_from_stdin() {
    let mut azure = Azure::new();
    azure.attached[0].shown = Shown::ParamsOnly;
    killed(&azure, proof(&azure), false);
    settles(&azure, &["--all"], "open");
    let line = azure.params().line();
    let run = azure.run(recover(&azure, &["--all"]).input(line));
    assert_eq!(states(&run), (vec!["rolled-back".to_owned()], Some(0)), "{run}");
    azure.expect_unchanged(&run, &[]);
}

#[test]
fn stdin_is_not_waited_for_when_the_vault_has_it_all() {
    let azure = Azure::new();
    killed(&azure, proof(&azure), false);
    // Somebody holds the other end of the pipe, and says nothing.
    let script = r#"pipe="$TMPDIR/pipe"; mkfifo "$pipe"; sleep 20 >"$pipe" 2>/dev/null & exec "$@" <"$pipe""#;
    let began = Instant::now();
    let run = azure.run(recover(&azure, &["--all"]).started_by(script));
    assert_eq!(states(&run), (vec!["rolled-back".to_owned()], Some(0)), "{run}");
    assert!(began.elapsed() < Duration::from_secs(15), "{run}");
}

#[test]
fn a_vault_that_was_moved_is_found_by_a_flag() {
    let azure = Azure::new();
    killed(&azure, On::remove_password(), true);
    let moved = azure.gateway.path("inputs/moved.json");
    fs::rename(azure.gateway.path("vault/vault.json"), &moved).unwrap();
    let run = settles(&azure, &["--all", "--timeout", "33s"], "open");
    assert!(run.stdout.contains("vault.json does not exist"), "{run}");
    settles(&azure, &["--all", "--vault", &format!("file:{}", moved.display())], "committed");
}

#[test]
fn the_settings_that_it_began_with_are_those_that_it_is_finished_with() {
    let azure = Azure::new();
    // Nothing but these flags allows the hosts, and `recover` is not given them.
    killed_run(&azure, azure.exec().set("expiry_days", "30"), On::remove_password(), true);
    let [journal] = state_files(&azure, "journal").try_into().unwrap();
    assert!(fs::read_to_string(journal).unwrap().contains(r#""settings":{"expiry_days":"30""#));
    settles(&azure, &["--all"], "committed");
}

#[test]
fn a_damaged_journal_is_told_with_its_line_and_stops_the_next_run() {
    let azure = Azure::new();
    killed(&azure, proof(&azure), false);
    let [journal] = state_files(&azure, "journal").try_into().unwrap();
    let mut text = fs::read(&journal).unwrap();
    text[30] ^= 1;
    fs::write(&journal, text).unwrap();
    let run = azure.run(recover(&azure, &[]));
    assert_eq!(run.exit, Some(5), "{run}");
    assert_eq!(run.outcome["errors"][0]["code"], "journal-damaged", "{run}");
    let run = azure.rotate(&[]);
    run.ends("failed", 1).with_code("journal-damaged");
    assert!(run.stdout.contains("line 1 of") && run.stdout.contains("move the file away"), "{run}");
}
