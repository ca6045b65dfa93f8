//! SaaS plugins as they were written for Keeper's gateway, unchanged, run by the real binary.

use std::path::PathBuf;
use std::process::Command;

use pamrun_tests::canary::random_text;
use pamrun_tests::gateway::{Exec, Python, Run, VaultKind, script};
use pamrun_tests::record::{Record, fields, set, text};
use serde_json::{Value, json};

use crate::bench::Bench;

const VAULTS: [VaultKind; 2] = [VaultKind::File, VaultKind::Keeper];
const LOGIN: &str = "svc-payroll";
/// What the plugin returns as secret, by how often it changed the password.
const KEYS: [&str; 3] = ["key of call 00001", "key of call 00002", "key of call 00003"];

/// A router, which is a file, with a user whose password the record holds, and the plugin's config record.
struct Router {
    bench: Bench,
    old: String,
}

impl Router {
    fn new(vault: VaultKind) -> Self {
        Self::with(vault, &[])
    }

    /// With these custom fields in the config record.
    fn with(vault: VaultKind, config: &[(&str, &str)]) -> Self {
        let record = Record::pam_user("Payroll");
        let old = text(&record.json, "password");
        let mut bench = Bench::with(vault, record);
        bench.gateway.write(
            "config.toml",
            "version = 1\n[limits]\ntimeout = '2m'\nreserve = '30s'\nsettle_window = '1s'\noutage_patience = '1s'\n",
        );
        let token = random_text(24);
        let router = json!({"token": token, "users": {LOGIN: old}, "calls": 0});
        let store = bench.gateway.write_input("router.json", router.to_string());
        bench.gateway.plant("token", &token);
        for key in KEYS {
            bench.gateway.plant("key", key);
        }
        let mut attached = Record::new("login", "Router (config)")
            .text("SaaS Type", "Router Users")
            .text("Router URL", "https://router.example.com")
            // As Keeper's own tool saves it: a text field whose value is only hidden from sight.
            .text("Router Token", &token)
            .text("Router Store", store.to_str().unwrap());
        for (label, value) in config {
            if text(&attached.json, label).is_empty() {
                attached = attached.text(label, value);
            }
            set(&mut attached.json, label, value);
        }
        bench.gateway.vault().add(&attached);
        bench.attached = attached;
        Self { bench, old }
    }

    fn exec(&self) -> Exec<'_> {
        self.bench.exec(&script("saas/router_users.py"))
    }

    fn rotate(&self) -> Run {
        self.bench.run(self.exec())
    }

    fn recover(&self) -> Run {
        let gateway = &self.bench.gateway;
        let recover = gateway.command(&["recover", "--all"]).flag("--config", gateway.path("config.toml"));
        let ca = gateway.path("ca.pem");
        self.bench.run(recover.flag("--state-dir", gateway.path("state")).flag("--ca-file", ca))
    }

    fn router(&self) -> Value {
        let router = std::fs::read(self.bench.gateway.path("inputs/router.json")).unwrap();
        serde_json::from_slice(&router).unwrap()
    }

    /// The password that the router takes.
    fn accepted(&self) -> String {
        self.router()["users"][LOGIN].as_str().unwrap().to_owned()
    }

    fn is_pending(&self) -> bool {
        let record = self.bench.gateway.vault().record(&self.bench.record.uid);
        fields(&record).any(|field| field["label"] == "pamrun_pending")
    }

    /// Whether the record's own field holds what works, and nothing is pending.
    #[track_caller]
    fn expect_agreement(&self, run: &Run) {
        assert!(self.accepted() == self.bench.saved("password") && !self.is_pending(), "\n{run}");
    }

    /// Whether nobody knows, and the record holds both values.
    #[track_caller]
    fn expect_undecided(&self, run: &Run) {
        run.ends("uncertain", 5);
        let pending: Value = self.bench.saved("pamrun_pending").parse().unwrap();
        assert!([&pending["new"], &pending["old"]].iter().any(|value| **value == self.accepted()), "\n{run}");
    }
}

#[test]
fn a_plugin_changes_the_password_and_its_fields_are_saved() {
    for vault in VAULTS {
        let router = Router::new(vault);
        let run = router.bench.run(router.exec().flag("--runtime", "saas"));
        run.ends("rotated", 0);
        assert_eq!((run.word("proof"), &run.outcome["saved"]), ("unproven", &true.into()), "{run}");
        assert_eq!(run.outcome["plugin"]["runtime"], "saas", "{run}");
        assert_eq!(router.accepted(), router.bench.new_password, "{run}");
        router.expect_agreement(&run);
        let saved = |label| router.bench.saved(label);
        assert_eq!(
            (saved("Router Key"), saved("Router Calls")),
            (KEYS[0].to_owned(), "1".to_owned()),
            "{run}"
        );
        let said = "own words of the plugin: [redacted] [redacted]";
        assert!(run.stderr.contains(said) && run.stderr.contains("rotating svc-payroll at https"), "{run}");
        assert!(
            run.stderr.contains("checks TLS: True, retries 3, many ['a', 'b'], provider NoneType"),
            "{run}"
        );
    }
}

#[test]
fn without_a_proposed_password_one_is_made() {
    let mut router = Router::new(VaultKind::File);
    router.bench.new_password = String::new();
    let run = router.rotate();
    run.ends("rotated", 0);
    assert_ne!(router.accepted(), router.old, "{run}");
    router.expect_agreement(&run);
}

#[test]
fn a_dry_run_names_plugin_and_config_record_and_calls_nothing() {
    let router = Router::new(VaultKind::File);
    let run = router.bench.run(router.exec().argument("--dry-run"));
    run.ends("planned", 0);
    let creates = &run.outcome["plan"]["creates"];
    let uid = &router.bench.attached.uid;
    let told = format!("a new password, set by Router Users (class SaasPlugin) with config record {uid}");
    assert_eq!(*creates, told, "{run}");
    assert_eq!(router.router()["calls"], 0, "{run}");
    router.bench.expect_unsaved(&run);
}

#[test]
fn everything_that_is_wrong_with_the_config_record_is_told_at_once() {
    let config = [
        ("Router URL", "router.example.com"),
        ("Router Mode", "overwrite"),
        ("Router Retries", "three"),
        ("Router Token", " "),
    ];
    let router = Router::with(VaultKind::File, &config);
    for exec in [router.exec().argument("--dry-run"), router.exec()] {
        let run = router.bench.run(exec);
        run.ends("invalid", 2).with_code("settings-invalid");
        let error = run.outcome["error"]["message"].as_str().unwrap();
        for part in [
            "4 problems",
            "`Router URL` must be a URL",
            "`Router Token` is required",
            "`Router Mode` must be one of merge, replace",
            "`Router Retries` must be an integer number",
        ] {
            assert!(error.contains(part), "{part}\n{run}");
        }
        router.bench.expect_unsaved(&run);
    }
}

#[test]
fn the_config_record_must_be_attached_and_for_this_plugin() {
    let router = Router::with(VaultKind::File, &[("SaaS Type", "Switch Users")]);
    let run = router.rotate();
    run.ends("invalid", 2).with_code("settings-invalid");
    let uid = &router.bench.attached.uid;
    let told =
        format!("has `Router Users` in the custom field `SaaS Type` (record {uid} has `Switch Users`)");
    assert!(run.outcome["error"].to_string().contains(&told), "{run}");
}

#[test]
fn a_config_record_that_the_params_lack_is_found_by_the_record_itself() {
    let router = Router::new(VaultKind::File);
    let mut params = router.bench.params();
    let credential = router.bench.attached.clone();
    params.records.retain(|record| record["uid"] != credential.uid.as_str());
    router.bench.gateway.vault().edit(&router.bench.record.uid, |record| {
        let script = json!({"fileRef": "", "command": "pamrun exec", "recordRef": [credential.uid]});
        let field = json!({"type": "script", "label": "rotationScripts", "value": [script]});
        record["fields"].as_array_mut().unwrap().push(field);
    });
    let run = router.bench.run(router.exec().input(params.line()));
    run.ends("rotated", 0);
    router.expect_agreement(&run);
}

#[test]
fn the_pam_configuration_is_handed_over_where_it_names_the_plugin() {
    for (allowed, told) in [("Other\n Router Users ", "AzureConfig"), ("Other", "NoneType")] {
        let router = Router::new(VaultKind::File);
        let provider = Record::pam_azure_configuration("client-id", &random_text(24), "tenant-id")
            .text("Allow SaaS Access", allowed);
        router.bench.gateway.fill_vault([&provider]);
        let mut params = router.bench.params();
        params.provider.clone_from(&provider.uid);
        params.records.push(provider.flattened());
        let run = router.bench.run(router.exec().input(params.line()));
        run.ends("rotated", 0);
        assert!(run.stderr.contains(&format!("provider {told}")), "{run}");
    }
}

#[test]
fn a_pam_configuration_that_cannot_be_handed_over_stops_it_before_it_is_called() {
    let router = Router::new(VaultKind::File);
    let provider = Record::new("pamDomainConfiguration", "Domain").text("Allow SaaS Access", "Router Users");
    router.bench.gateway.fill_vault([&provider]);
    let mut params = router.bench.params();
    params.provider.clone_from(&provider.uid);
    params.new_password = String::new();
    let run = router.bench.run(router.exec().input(params.line()));
    run.ends("failed", 1).with_code("provider-unknown");
    assert_eq!(router.router()["calls"], 0, "{run}");
    router.expect_agreement(&run);
}

#[test]
fn a_plugin_that_fails_leaves_both_passwords_in_the_record_and_the_next_run_settles_it() {
    for misdeed in ["raise before", "raise after", "break", "exit"] {
        let router = Router::with(VaultKind::File, &[("Misdeed", misdeed)]);
        let run = router.rotate();
        router.expect_undecided(&run);
        run.with_code("plugin-trapped");
        assert_eq!(
            run.outcome["steps"].as_array().unwrap().iter().filter(|s| s["name"] == "rotate").count(),
            1
        );
        let config = &router.bench.attached.uid;
        router.bench.gateway.vault().edit(config, |record| set(record, "Misdeed", ""));
        let settled = router.rotate();
        settled.ends("rotated", 0);
        router.expect_agreement(&settled);
    }
}

#[test]
fn what_the_plugin_says_of_its_failure_is_told_without_secrets() {
    let router = Router::with(VaultKind::File, &[("Misdeed", "raise before")]);
    let run = router.rotate();
    assert!(
        run.outcome["error"]["message"].as_str().unwrap().contains("SaasException: no: [redacted]"),
        "{run}"
    );
}

#[test]
fn a_plugin_that_can_puts_the_old_password_back() {
    for vault in VAULTS {
        let config = [("Misdeed", "raise after"), ("Router Mode", "replace")];
        let mut router = Router::with(vault, &config);
        router.bench.new_password = String::new();
        let run = router.rotate();
        run.ends("failed", 1).with_code("router-timeout");
        let told = "the router did not answer; the plugin has put the old password back";
        assert!(run.outcome["error"]["message"].as_str().unwrap().contains(told), "{run}");
        assert_eq!((router.accepted(), &router.router()["calls"]), (router.old.clone(), &2.into()), "{run}");
        router.expect_agreement(&run);
    }
}

#[test]
fn a_password_that_was_put_back_against_the_gateways_word_is_kept_in_the_record() {
    let router = Router::with(VaultKind::File, &[("Misdeed", "raise after"), ("Router Mode", "replace")]);
    let run = router.rotate();
    run.ends("uncertain", 5);
    let pending: Value = router.bench.saved("pamrun_pending").parse().unwrap();
    assert_eq!((&pending["new"], &pending["old"]), (&Value::Null, &router.accepted().into()), "{run}");
}

#[test]
fn a_plugin_that_cannot_put_it_back_either_is_undecided() {
    let router = Router::with(VaultKind::File, &[("Misdeed", "break"), ("Router Mode", "replace")]);
    let run = router.rotate();
    router.expect_undecided(&run);
    let error = run.outcome["error"].to_string();
    assert!(error.contains("no such thing") && error.contains("and it does not come back"), "{run}");
}

#[test]
fn a_rotation_that_was_killed_in_the_plugin_is_settled_by_recover_or_the_next_run() {
    for vault in VAULTS {
        for is_next in [false, true] {
            let mut router = Router::with(vault, &[("Misdeed", "kill")]);
            if !is_next {
                router.bench.new_password = String::new();
            }
            let run = router.exec().run(Vec::new);
            assert_eq!(run.exit, None, "{run}");
            let config = &router.bench.attached.uid;
            router.bench.gateway.vault().edit(config, |record| set(record, "Misdeed", ""));
            let run = if is_next { router.rotate() } else { router.recover() };
            assert_eq!(run.exit, Some(0), "{run}");
            assert_ne!(router.accepted(), router.old, "{run}");
            router.expect_agreement(&run);
            let calls: usize = router.bench.saved("Router Calls").parse().unwrap();
            assert_eq!(router.bench.saved("Router Key"), KEYS[calls - 1], "{run}");
        }
    }
}

#[test]
fn what_a_plugin_requires_is_named_and_not_installed() {
    let guarded = std::fs::read_to_string(script("saas/needs_more.py")).unwrap();
    let import = "import no_such_module_of_anybody\n";
    for text in [guarded.clone(), format!("{import}{guarded}")] {
        let router = Router::new(VaultKind::File);
        let run = router.bench.run(router.bench.exec_text("needs_more.py", text));
        run.ends("invalid", 2).with_code("requirements-missing");
        let python = Python::of_this_machine().program.display();
        let line = format!("{python} -m pip install 'no-such-module-of-anybody>=2' another-missing-one");
        assert!(run.outcome["error"]["message"].as_str().unwrap().contains(&line), "{run}");
    }
}

#[test]
fn a_file_that_is_no_plugin_is_told_why() {
    let base = "from kdnrm.saas_plugins import SaasPluginBase\n";
    for (text, problem) in [
        (
            format!("{base}class A(SaasPluginBase): name = 'A'\nclass B(A): name = 'B'\n"),
            "plugin classes (A, B)",
        ),
        (format!("{base}class SaasPlugin(SaasPluginBase): pass\n"), "has no `name`"),
        (base.to_owned(), "no class that derives from SaasPluginBase"),
        (format!("{base}class SaasPlugin(SaasPluginBase:\n"), "line 2 is no Python"),
        (format!("{base}raise OSError('gone')\n"), "OSError: gone"),
        ("import no_such_module_of_anybody\n".to_owned(), "it imports `no_such_module_of_anybody`"),
        ("import sys\nsys.exit(3)\n".to_owned(), "SystemExit: 3"),
        ("import os\nos._exit(0)\n".to_owned(), "it ended while it was loaded"),
    ] {
        let router = Router::new(VaultKind::File);
        let run = router.bench.run(router.bench.exec_text("plugin.py", text).flag("--runtime", "saas"));
        run.ends("invalid", 2);
        assert!(run.outcome["error"]["message"].as_str().unwrap().contains(problem), "{problem}\n{run}");
    }
}

/// A log that says whose it is, and that, as Keeper's own, must be opened before anybody writes to it.
const LOG: &str = "
import sys

class Log:
    stream = None

    @classmethod
    def init(cls, **_):
        cls.stream = sys.stderr

    @classmethod
    def info(cls, text):
        cls.stream.write('the operator: ' + text + '\\n')

    warning = add_secret = info
";

/// A virtual environment with a package `kdnrm` of the operator's, which says so.
fn environment(router: &Router) -> PathBuf {
    let folder = router.bench.gateway.path("venv");
    let made = Command::new(&Python::of_this_machine().program)
        .args(["-m", "venv", "--without-pip"])
        .arg(&folder)
        .status();
    assert!(made.unwrap().success());
    let python = folder.join("bin/python");
    let code = "import sysconfig; print(sysconfig.get_path('purelib'))";
    let output = Command::new(&python).args(["-c", code]).output().unwrap();
    let packages = PathBuf::from(String::from_utf8(output.stdout).unwrap().trim()).join("kdnrm");
    std::fs::create_dir_all(&packages).unwrap();
    let ours = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../runner/src/script/saas/kdnrm");
    for file in std::fs::read_dir(ours).unwrap().flatten().map(|entry| entry.path()) {
        std::fs::copy(&file, packages.join(file.file_name().unwrap())).unwrap();
    }
    std::fs::write(packages.join("log.py"), LOG).unwrap();
    python
}

#[test]
fn the_package_of_the_operators_python_goes_before_ours() {
    let router = Router::new(VaultKind::File);
    let run = router.bench.run(router.exec().flag("--interpreter", environment(&router)));
    run.ends("rotated", 0);
    assert!(run.stderr.contains("router_users.py warn: the operator: rotating svc-payroll"), "{run}");
    router.expect_agreement(&run);
}

#[test]
fn settings_of_a_plugin_stand_in_its_config_record_only() {
    let router = Router::new(VaultKind::File);
    let run = router.bench.run(router.exec().set("Router Mode", "replace"));
    run.ends("invalid", 2).with_code("settings-invalid");
    assert!(run.outcome["error"].to_string().contains("--set"), "{run}");
}

#[test]
fn inspect_and_check_tell_a_saas_plugin_from_a_script() {
    let router = Router::new(VaultKind::File);
    for (verb, told) in
        [("inspect", "saas: a plugin made for Keeper's gateway"), ("check", "fits this pamrun")]
    {
        let file = script("saas/router_users.py");
        let run = router.bench.gateway.command(&["plugin", verb]).argument(file).run(Vec::new);
        assert!(run.exit == Some(0) && run.stdout.contains(told), "{run}");
    }
}
