//! What `pamrun plugin` says of the plugins that are built here.

use pamrun_tests::gateway::{Gateway, example, guest, plugin};

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
        "deletes   remove-password: POST https://{setting.graph}/v1.0/applications/{app.id}/removePassword",
        "the plugin fills in {key}, the id of a credential: JSON /keyId",
        "declared to change nothing, not proven: it is a POST",
        "{setting.authority}, form client_secret: token",
        "pamrun:plugin/rotation@1.0.0",
    ] {
        assert!(run.stdout.contains(part), "{part} is missing\n{run}");
    }
}

#[test]
fn check_says_that_our_plugins_fit_and_has_no_advice_for_them() {
    let gateway = Gateway::new();
    let files = [
        plugin("azure-app-secret"),
        plugin("entra-user-password"),
        plugin("azure-key-vault-secret"),
        plugin("azure-devops-variable-group"),
        guest("misbehaving"),
        example("azure_app_secret.py"),
    ];
    for file in files {
        let run = gateway.command(&["plugin", "check"]).argument(file).run(Vec::new);
        assert_eq!((run.exit, run.stderr.as_str()), (Some(0), ""), "{run}");
    }
}

#[test]
fn check_says_what_a_file_is_and_that_it_fits() {
    let gateway = Gateway::new();
    let check = |format| {
        let arguments = ["plugin", "check", "--format", format];
        gateway.command(&arguments).argument(plugin("azure-app-secret")).run(Vec::new)
    };
    let run = check("text");
    assert!(run.stdout.starts_with("azure-app-secret 0.1.0 fits this pamrun\n"), "{run}");
    let run = check("json");
    assert_eq!(run.outcome["fits"], true, "{run}");
    assert_eq!(
        ["form", "contract", "name"].map(|key| run.word(key)),
        ["packed", "1.0", "azure-app-secret"],
        "{run}"
    );
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
    assert_eq!((&plugin["contract"], &plugin["size"]), (&"1.0".into(), &size.into()));
    assert_eq!((&plugin["language"], &plugin["sdk"]), (&"rust".into(), &"0.1.0".into()));
    assert_eq!(plugin["overview"]["name"], "azure-app-secret");
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
