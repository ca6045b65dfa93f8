//! What is different about a script.

use pamrun_tests::azure::Azure;
use pamrun_tests::cloud::On;

use super::cast::{expect_listed, killed, killed_run, proof, recover, states};

#[test]
fn the_outcome_says_that_a_script_ran_without_a_sandbox() {
    let azure = Azure::new();
    let run = azure.rotate(&[]);
    azure.expect_rotated(&run);
    let plugin = &run.outcome["plugin"];
    let words = ["name", "runtime", "sandbox"].map(|key| plugin[key].as_str().unwrap());
    assert_eq!(words, ["azure_app_secret.py", "script", "none"], "{run}");
    assert_eq!(run.word("proof"), "verified", "{run}");
    assert_eq!(run.list("removed"), [azure.old.key_id.as_str()], "{run}");
}

#[test]
fn a_dry_run_tells_and_changes_nothing() {
    let azure = Azure::new();
    let run = azure.run(azure.exec().argument("--dry-run"));
    run.ends("planned", 0);
    assert_eq!(run.planned_removals(), [azure.old.key_id.as_str()], "{run}");
    azure.expect_unchanged(&run, &[]);
}

#[test]
fn recover_runs_the_copy_of_the_script_as_it_was_begun_and_with_a_line_of_its_own() {
    let azure = Azure::new();
    let file = azure.gateway.path("rotate.py");
    std::fs::copy(azure.plugin(), &file).unwrap();
    killed_run(&azure, azure.exec_of(&file), proof(&azure), false);
    std::fs::write(&file, "gone").unwrap();
    let run = azure.run(recover(&azure, &["--all"]));
    assert_eq!(states(&run), (vec!["rolled-back".to_owned()], Some(0)), "{run}");
    assert_eq!(run.outcome["rotations"][0]["plugin"]["name"], "rotate.py", "{run}");
    azure.expect_unchanged(&run, &[]);
    expect_listed(&azure, &[]);
}

#[test]
fn recover_finishes_what_was_saved() {
    let azure = Azure::new();
    killed(&azure, On::remove_password(), true);
    let run = azure.run(recover(&azure, &["--all"]));
    assert_eq!(states(&run), (vec!["committed".to_owned()], Some(0)), "{run}");
    azure.expect_keys(&run, &[&azure.current()]);
}
