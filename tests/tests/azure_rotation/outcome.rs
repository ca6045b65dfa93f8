//! What is printed, and what the options of `exec` change about a run.

use super::cast;

#[test]
fn a_dry_run_tells_and_changes_nothing() {
    let azure = cast();
    let run = azure.run(azure.exec().argument("--dry-run"));
    run.ends("planned", 0);
    assert_eq!(run.planned_removals(), [azure.old.key_id.as_str()], "{run}");
    let plan = &run.outcome["plan"];
    assert!(plan["target"].as_str().unwrap().contains(&azure.target.object_id), "{run}");
    assert!(!plan["creates"].as_str().unwrap().is_empty(), "{run}");
    assert_eq!(azure.cloud.count("Password"), 0, "{run}");
    azure.expect_unchanged(&run, &[]);
}

#[test]
fn a_dry_run_names_a_missing_right() {
    let azure = cast();
    azure.cloud.directory().app(&azure.admin).roles.clear();
    let run = azure.run(azure.exec().argument("--dry-run"));
    run.ends("failed", 1);
    assert!(run.outcome["error"].to_string().contains("Application.ReadWrite"), "{run}");
}

#[test]
fn the_document_has_every_part_of_schema_1() {
    let azure = cast();
    let run = azure.rotate(&[]);
    azure.expect_rotated(&run);
    let document = &run.outcome;
    assert_eq!((&document["schema"], document["record_uid"].as_str()), (&1.into(), Some(&*azure.record.uid)));
    let plugin = &document["plugin"];
    let words = ["name", "runtime", "sandbox"].map(|key| plugin[key].as_str().unwrap());
    assert_eq!(words, ["azure-app-secret", "wasm", "wasm"], "{run}");
    assert!(plugin["digest"].as_str().unwrap().starts_with("sha256:"), "{run}");
    assert_eq!(
        (&document["error"], document["deliveries"].as_array().map(Vec::len)),
        (&serde_json::Value::Null, Some(0))
    );
    let updates = document["updates"].as_array().unwrap();
    let labels: Vec<_> = updates.iter().map(|update| update["label"].as_str().unwrap()).collect();
    for label in ["client_secret_id", "client_secret", "expires"] {
        assert!(labels.contains(&label), "{run}");
    }
    let secret = updates.iter().find(|update| update["label"] == "client_secret").unwrap();
    assert_eq!((&secret["type"], &secret["value"]), (&"secret".into(), &"********".into()), "{run}");
    let steps: Vec<_> =
        document["steps"].as_array().unwrap().iter().map(|step| step["name"].clone()).collect();
    for step in ["preflight", "rotate", "verify", "save", "commit"] {
        assert!(steps.contains(&step.into()), "{run}");
    }
    assert!(run.list("warnings").iter().any(|warning| warning.contains("--resolve")), "{run}");
}

#[test]
fn without_a_vault_the_caller_gets_the_values_and_nothing_is_removed() {
    let azure = cast();
    let run = azure.run(azure.exec_without_vault().flag("--vault", "none").reveal());
    run.ends("rotated", 0);
    assert_eq!(run.outcome["saved"], false, "{run}");
    let updates = run.outcome["updates"].as_array().unwrap();
    let secret = updates.iter().find(|update| update["label"] == "client_secret").unwrap();
    assert!(azure.cloud.accepts(&azure.target.app_id, secret["value"].as_str().unwrap()), "{run}");
    assert_eq!(azure.cloud.keys_of(&azure.target).len(), 2, "{run}");
    assert!(run.outcome["retained"].to_string().contains(&azure.old.key_id), "{run}");
    assert_eq!(azure.cloud.count("/removePassword"), 0, "{run}");
}

#[test]
fn without_a_vault_reveal_is_needed() {
    let azure = cast();
    let run = azure.run(azure.exec_without_vault().flag("--vault", "none"));
    assert_eq!(run.exit, Some(2), "{run}");
    assert_eq!(azure.cloud.requests(), [], "{run}");
}

#[test]
fn reveal_shows_the_new_secret_on_stdout() {
    let azure = cast();
    let run = azure.run(azure.exec().reveal());
    azure.expect_rotated(&run);
    assert!(run.stdout.contains(&azure.current().value), "{run}");
}

#[test]
fn text_is_for_people_and_names_the_time_of_each_step() {
    let azure = cast();
    let run = azure.run(azure.exec().flag("--format", "text"));
    assert_eq!(run.exit, Some(0), "{run}");
    for word in ["rotated", "preflight", "rotate", "verify", "commit", "ms"] {
        assert!(run.stdout.contains(word), "{word} is missing\n{run}");
    }
    assert!(!run.stdout.contains('\u{1b}'), "colour without a terminal\n{run}");
}

#[test]
fn the_secret_lives_as_long_as_the_setting_says() {
    let azure = cast();
    let run = azure.rotate(&[("expiry_days", "30")]);
    azure.expect_rotated(&run);
    let made = azure.cloud.secrets_of(&azure.target).pop().unwrap();
    assert_eq!(made.ends.duration_since(made.starts).as_hours(), 30 * 24, "{run}");
}

#[test]
fn a_setting_may_stand_in_the_record_and_the_command_line_wins() {
    let mut azure = cast();
    azure.record = azure.record.text("retire", "none");
    let run = azure.rotate(&[]);
    azure.expect_rotated(&run);
    assert_eq!(azure.cloud.count("/removePassword"), 0, "{run}");
    let run = azure.rotate(&[("retire", "all")]);
    run.ends("rotated", 0);
    azure.expect_keys(&run, &[&azure.current()]);
}

#[test]
fn wrong_settings_are_all_told_at_once() {
    let azure = cast();
    let run = azure.rotate(&[("expiry_days", "soon"), ("retire", "perhaps"), ("verify_succeses", "3")]);
    run.ends("invalid", 2);
    let error = run.outcome["error"].to_string();
    for part in ["expiry_days", "retire", "verify_successes"] {
        assert!(error.contains(part), "{part} is not told\n{run}");
    }
    assert_eq!(azure.cloud.requests(), [], "{run}");
}

#[test]
fn two_rotations_of_one_record_leave_one_secret() {
    let azure = cast();
    for _ in 0..2 {
        azure.rotate(&[]).ends("rotated", 0);
    }
    assert_eq!(azure.cloud.keys_of(&azure.target), [azure.current().key_id]);
    assert!(azure.cloud.accepts(&azure.target.app_id, &azure.current().value));
}
