//! `pamrun test`: our plugins' cases pass, and what is wrong with a case is said well.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use pamrun_tests::azure::Azure;
use pamrun_tests::gateway::{Exec, Gateway, Run};
use serde_json::Value;

/// One at a time: each of them keeps all processors busy.
static BUSY: Mutex<()> = Mutex::new(());

/// Runs `pamrun test`. Compiled plugins are kept from one test to the next.
fn test(gateway: &Gateway, options: &[&str], paths: &[PathBuf]) -> Run {
    let _turn = BUSY.lock().unwrap_or_else(PoisonError::into_inner);
    let state = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cases");
    let command = gateway.command(&["test"]).flag("--state-dir", &state);
    let command = options.iter().fold(command, Exec::argument);
    paths.iter().fold(command, Exec::argument).run(Vec::new)
}

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")
}

#[test]
fn our_plugins_do_what_their_cases_say() {
    let gateway = Gateway::new();
    let run = test(&gateway, &[], &[cases()]);
    assert_eq!(run.exit, Some(0), "{run}");
    assert!(run.stdout.lines().last().unwrap_or_default().contains(" passed in "), "{run}");
}

/// A folder with the case `rotates` of our plugin, and something replaced in it.
fn changed(gateway: &Gateway, replace: &str, by: &str) -> PathBuf {
    let folder = gateway.path("case");
    fs::create_dir_all(&folder).unwrap();
    let from = cases().join("azure-app-secret");
    let text = fs::read_to_string(from.join("rotates/case.toml")).unwrap();
    assert!(text.contains(replace), "{replace} is not in the case");
    let text = text.replace("../service.toml", &from.join("service.toml").display().to_string());
    fs::write(folder.join("case.toml"), text.replace(replace, by)).unwrap();
    folder
}

#[test]
fn a_case_that_fails_shows_what_was_expected_and_what_was_found() {
    let gateway = Gateway::new();
    let folder = changed(&gateway, "proof = \"verified\"", "proof = \"unproven\"");
    let run = test(&gateway, &[], &[folder]);
    assert_eq!(run.exit, Some(1), "{run}");
    assert!(run.stdout.contains("FAILED case"), "{run}");
    assert!(run.stdout.contains("    proof\n      - unproven\n      + verified\n"), "{run}");
}

#[test]
fn a_request_that_nobody_answers_is_shown_with_the_nearest_peer() {
    let gateway = Gateway::new();
    let other = "settings = { authority = \"login.microsoftonline.us\", graph = \"graph.microsoft.us\" }";
    let folder = changed(&gateway, "[expect]", &format!("{other}\n[expect]"));
    let run = test(&gateway, &[], &[folder]);
    assert_eq!(run.exit, Some(1), "{run}");
    for part in [
        "no peer answers this request:",
        "POST login.microsoftonline.us/33333333-bbbb-4000-8000-000000000001/oauth2/v2.0/token   (`token` in preflight)",
        "client_secret = {secret:admin}",
        "the nearest one is \"the admin app logs in\" (service.toml:",
        "host: expected login.microsoftonline.com, found login.microsoftonline.us",
    ] {
        assert!(run.stdout.contains(part), "{part} is missing\n{run}");
    }
}

#[test]
fn a_mistake_in_a_case_is_told_with_its_line_before_anything_runs() {
    let gateway = Gateway::new();
    let folder = changed(&gateway, "outcome =", "outcom =");
    let run = test(&gateway, &[], &[folder]);
    assert_eq!((run.exit, run.stdout.as_str()), (Some(2), ""), "{run}");
    assert!(run.stderr.contains("unknown key `outcom`; did you mean `outcome`?"), "{run}");
    assert!(run.stderr.contains("case.toml, line "), "{run}");
}

#[test]
fn what_pamrun_promises_holds_with_every_fault_at_every_moment() {
    for case in [
        "azure-app-secret/rotates",
        "azure-app-secret/delivered",
        "azure-devops-variable-group/lost-answer",
        "azure-key-vault-secret/may-not-write",
        "entra-user-password/delivered",
        "entra-user-password/rotates",
    ] {
        let run = test(&Gateway::new(), &["--sweep"], &[cases().join(case)]);
        assert_eq!(run.exit, Some(0), "{run}");
        assert!(run.stdout.lines().last().unwrap_or_default().starts_with("1 case with "), "{run}");
    }
}

#[test]
fn the_sweep_finds_a_consumer_that_is_left_without_a_credential() {
    let gateway = Gateway::new();
    let folder = gateway.path("case");
    fs::create_dir_all(&folder).unwrap();
    let service = cases().join("azure-key-vault-secret/service.toml");
    // The vault shows what it was handed, and the consumer never gets it.
    let case = format!(
        "version = 1\nbase = {service:?}\nconsumers = [\"reader\"]\n[state]\nreader = \"{{secret:old}}\"\n\
         [expect]\noutcome = \"rotated\"\n"
    );
    fs::write(folder.join("case.toml"), case).unwrap();
    let run = test(&gateway, &["--sweep"], &[folder]);
    assert_eq!(run.exit, Some(1), "{run}");
    assert!(
        run.stdout.contains("1. the consumer reader does not have the credential that the record holds"),
        "{run}"
    );
}

#[test]
fn a_script_is_played_and_not_swept_and_that_is_said() {
    let run = test(&Gateway::new(), &["--sweep"], &[cases().join("script/delivers")]);
    assert_eq!(run.exit, Some(0), "{run}");
    assert!(run.stdout.contains("    skipped: it is not swept"), "{run}");
    assert!(run.stdout.contains("1 case: 1 passed, 1 not swept in "), "{run}");
}

#[test]
fn what_cannot_deliver_or_is_not_to_be_handed_anything_is_told_before_it_runs() {
    let gateway = Gateway::new();
    let rotates = |deliver: &str| format!("proof = \"verified\"\n{deliver}");
    let deliver = format!("[[deliver]]\nrun = {:?}", cases().join("script/api_key.py"));
    for (more, told) in [
        (deliver.as_str(), "is not of strategy `deliver`"),
        ("[new]\na = \"b\"", "[new] is for a plugin that delivers"),
    ] {
        let folder = changed(&gateway, "proof = \"verified\"", &rotates(more));
        // What follows would be a part of the table.
        let case = fs::read_to_string(folder.join("case.toml")).unwrap();
        fs::write(folder.join("case.toml"), case.split("\nremoved").next().unwrap()).unwrap();
        let run = test(&gateway, &[], &[folder]);
        assert_eq!((run.exit, run.stdout.as_str()), (Some(2), ""), "{run}");
        assert!(run.stderr.contains(told), "{run}");
    }
}

#[test]
fn the_sweep_finds_a_credential_that_is_left_behind() {
    let gateway = Gateway::new();
    // The service forgets the name that was asked for, by which alone a lost credential is found.
    let forgetful = "[[peer]]\n\
        request.method = \"POST\"\n\
        request.path = \"/v1.0/applications/*/addPassword\"\n\
        makes = { id = \"{uuid:key}\", name = \"unnamed\", secret = \"{secret:new}\" }\n\
        answer.json = { keyId = \"{made:id}\", secretText = \"{made:secret}\" }\n[expect]";
    let folder = changed(&gateway, "[expect]", forgetful);
    let run = test(&gateway, &["--sweep"], &[folder]);
    assert_eq!(run.exit, Some(1), "{run}");
    assert!(run.stdout.contains("carried out, and the answer lost"), "{run}");
    assert!(run.stdout.contains("neither vault nor journal knows it"), "{run}");
}

#[test]
fn the_examples_of_the_documentation_pass() {
    let gateway = Gateway::new();
    let text = fs::read_to_string(cases().join("../../docs/testing-plugins.md")).unwrap();
    let mut examples = text.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    for (name, run, script) in [
        ("api-key", "run = \"../../api-key.wasm\"\n", ("api_key.py", "service", "api")),
        (
            "to-the-app",
            "run = \"../../to-the-app.wasm\"\nsettings = { app = \"app.example.com\" }\n",
            ("hand_over.py", "app", "app"),
        ),
    ] {
        let (file, setting, host) = script;
        let script = format!(
            "run = {:?}\nsettings = {{ {setting} = \"{{service}}/{host}.example.com\" }}\n",
            cases().join("script").join(file)
        );
        let example = examples.next().unwrap();
        assert!(example.contains(run), "{example}");
        let folder = gateway.path(name);
        fs::create_dir_all(&folder).unwrap();
        let case = example.replace(run, &script).replace("{ to-the-app =", &format!("{{ {file:?} ="));
        fs::write(folder.join("case.toml"), case).unwrap();
        let run = test(&gateway, &[], &[folder]);
        assert_eq!(run.exit, Some(0), "{run}");
    }
}

#[test]
fn a_recorded_run_is_a_case_that_passes_at_once() {
    let azure = Azure::new();
    let folder = azure.gateway.path("recorded");
    let run = azure.run(azure.exec().flag("--record", &folder));
    azure.expect_rotated(&run);
    let case = fs::read_to_string(folder.join("case.toml")).unwrap();
    assert!(!azure.gateway.planted().iter().any(|secret| case.contains(secret)), "{case}");
    let run = test(&azure.gateway, &[], &[folder]);
    assert_eq!(run.exit, Some(0), "{run}\n{case}");
}

#[test]
fn results_are_to_be_had_as_json() {
    let gateway = Gateway::new();
    let folder = changed(&gateway, "exit = 0", "exit = 1");
    let run = test(&gateway, &["--format", "json"], &[folder]);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((&report["failed"], &report["cases"][0]["name"]), (&1.into(), &"case".into()));
    let problem = &report["cases"][0]["problems"][0];
    assert_eq!((&problem["what"], &problem["found"]), (&"exit".into(), &"0".into()));
}
