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
        "/v1.0/applications/*/removePassword",
        "pamrun:plugin/rotation@0.1.0",
    ] {
        assert!(run.stdout.contains(part), "{part} is missing\n{run}");
    }
}

#[test]
fn check_says_that_our_plugins_fit() {
    let gateway = Gateway::new();
    let files = [
        plugin("azure-app-secret"),
        plugin("azure-key-vault-secret"),
        plugin("azure-devops-variable-group"),
        guest("misbehaving"),
        example("azure_app_secret.py"),
    ];
    for file in files {
        let run = gateway.command(&["plugin", "check"]).argument(file).run(Vec::new);
        assert_eq!(run.exit, Some(0), "{run}");
    }
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
