//! What `pamrun plugin` says of the plugins that are built here.

use pamrun_tests::gateway::{Gateway, example, guest, plugin};
use serde_json::Value;

#[test]
fn inspect_shows_what_a_plugin_is_and_what_it_asks_for() {
    let gateway = Gateway::new();
    let run = gateway.command(&["plugin", "inspect"]).argument(plugin("azure-app-secret")).run(Vec::new);
    assert_eq!(run.exit, Some(0), "{run}");
    for part in [
        "azure-app-secret",
        "sha256:",
        "overlap",
        "application_object_id",
        "expiry_days",
        "graph.microsoft.com",
        "/v1.0/applications/*/removePassword",
        "pamrun:plugin/rotation@0.1.0",
    ] {
        assert!(run.stdout.contains(part), "{part} is missing\n{run}");
    }
}

#[test]
fn check_says_that_our_plugins_fit_and_has_no_advice_for_them() {
    let gateway = Gateway::new();
    for file in [
        plugin("azure-app-secret"),
        plugin("entra-user-password"),
        guest("misbehaving"),
        example("azure_app_secret.py"),
    ] {
        let run = gateway.command(&["plugin", "check"]).argument(file).run(Vec::new);
        assert_eq!((run.exit, run.stderr.as_str()), (Some(0), ""), "{run}");
    }
}

#[test]
fn check_shows_what_a_plugin_may_send_in_each_step() {
    let gateway = Gateway::new();
    let check = |format| {
        let arguments = ["plugin", "check", "--format", format];
        gateway.command(&arguments).argument(plugin("azure-app-secret")).run(Vec::new)
    };
    let run = check("text");
    let making = "POST {setting:graph}/v1.0/applications/*/addPassword, counts as a change";
    assert!(run.stdout.contains("azure-app-secret 0.1.0 fits this pamrun"), "{run}");
    assert_eq!(run.stdout.matches(making).count(), 1, "{run}");
    let run = check("json");
    assert_eq!((&run.outcome["fits"], &run.outcome["form"]), (&true.into(), &"component".into()), "{run}");
    let steps = run.outcome["steps"].as_array().unwrap();
    let changing =
        |step: &&Value| step["requests"].as_array().unwrap().iter().any(|it| it["changes"] == true);
    let changing: Vec<_> = steps.iter().filter(changing).map(|step| step["name"].as_str().unwrap()).collect();
    assert_eq!(changing, ["rotate", "commit", "rollback"], "{run}");
}

#[test]
fn inspect_tells_programs_what_a_plugin_is_and_what_made_it() {
    let gateway = Gateway::new();
    let inspect = |file| {
        let run = gateway.command(&["plugin", "inspect", "--format", "json"]).argument(file).run(Vec::new);
        assert_eq!((run.exit, run.stderr.as_str()), (Some(0), ""), "{run}");
        run.outcome
    };
    let file = plugin("azure-app-secret");
    let size = std::fs::metadata(&file).unwrap().len();
    let plugin = inspect(file);
    assert_eq!((&plugin["interface"], &plugin["size"]), (&"0.1.0".into(), &size.into()));
    assert_eq!((&plugin["language"], &plugin["sdk"]), (&"rust".into(), &"0.1.0".into()));
    assert_eq!(plugin["manifest"]["name"], "azure-app-secret");
    let script = inspect(example("azure_app_secret.py"));
    assert_eq!((&script["form"], &script["script"]["strategy"]), (&"script".into(), &"overlap".into()));
}

#[test]
fn inspect_shows_who_runs_a_script_and_which_steps_it_has() {
    let gateway = Gateway::new();
    let run = gateway.command(&["plugin", "inspect"]).argument(example("azure_app_secret.py")).run(Vec::new);
    assert_eq!(run.exit, Some(0), "{run}");
    for part in ["azure_app_secret.py", "sha256:", "python3", "preflight, rotate, verify, commit, rollback"] {
        assert!(run.stdout.contains(part), "{part} is missing\n{run}");
    }
}
