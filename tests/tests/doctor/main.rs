//! `pamrun doctor` with the real binary: what it says of a sound environment, and every finding that
//! is not a plugin's own.

mod machine;
mod record;
mod vault;

use pamrun_tests::azure::Azure;
use pamrun_tests::cloud::Sovereign;
use pamrun_tests::gateway::{Exec, Run, VaultKind, plugin};
use pamrun_tests::plain::plain;
use pamrun_tests::record::Record;
use serde_json::{Value, json};

/// The UID of the attached plugin file.
const FILE: &str = "DDDDDDDDDDDDDDDDDDDDDD";

/// An environment to look at.
struct Ward(Azure);

impl Ward {
    /// A sound one, at Keeper: the plugin's file is attached to the record with this script command.
    fn with_script(command: &str) -> Self {
        let mut azure = Azure::with(VaultKind::Keeper, Sovereign::Global);
        let credential = azure.attached[0].uid.clone();
        let script = json!({"fileRef": FILE, "command": command, "recordRef": [credential]});
        azure.record.json["fields"].as_array_mut().unwrap().push(json!({
            "type": "script", "label": "rotationScripts", "value": [script],
        }));
        azure.fill_vault();
        let content = std::fs::read(plugin("azure-app-secret")).unwrap();
        azure.gateway.keeper().keeper.vault().attach(
            &azure.record.uid,
            FILE,
            "azure-app-secret.wasm",
            &content,
        );
        Self(azure)
    }

    /// One with a vault in a file.
    fn in_file(change: impl FnOnce(&mut Azure)) -> Self {
        let mut azure = Azure::new();
        azure.record = azure.record.clone().script(&azure.attached[0]);
        change(&mut azure);
        azure.fill_vault();
        Self(azure)
    }

    /// A look at machine and vault.
    fn look(&self) -> Exec<'_> {
        let (gateway, cloud) = (&self.0.gateway, self.0.cloud.address());
        gateway
            .command(&["doctor"])
            .flag("--config", gateway.path("config.toml"))
            .flag("--state-dir", gateway.path("state"))
            .flag("--ca-file", gateway.path("ca.pem"))
            .flag("--vault", gateway.vault().flag())
            .host(Sovereign::Global.login(), cloud)
            .host(Sovereign::Global.graph(), cloud)
    }

    /// A look at the record, too.
    fn look_at_record(&self) -> Exec<'_> {
        self.look().flag("--record", &self.0.record.uid)
    }

    /// A look at the record with the plugin named.
    fn look_with_plugin(&self) -> Exec<'_> {
        self.look_at_record().argument(plugin("azure-app-secret"))
    }

    /// Looks, and has it told in JSON. Nothing may have been changed.
    #[track_caller]
    fn diagnose(&self, exec: Exec<'_>) -> Run {
        let run = self.0.run(exec.flag("--format", "json"));
        self.expect_untouched(&run);
        assert_eq!(run.outcome["healthy"].as_bool(), Some(run.exit == Some(0)), "\n{run}");
        run
    }

    #[track_caller]
    fn expect_untouched(&self, run: &Run) {
        let held = self.0.gateway.vault().record(&self.0.record.uid);
        assert_eq!(held, self.0.record.json, "\n{run}");
        assert_eq!(self.0.cloud.keys_of(&self.0.target), std::slice::from_ref(&self.0.old.key_id), "\n{run}");
        assert_eq!(self.0.gateway.path("tmp").read_dir().unwrap().count(), 0, "\n{run}");
    }

    /// A text without what differs from run to run.
    fn plain(&self, text: &str) -> String {
        let azure = &self.0;
        let folder = azure.gateway.path("").display().to_string();
        let address = azure.cloud.address().to_string();
        let names = [
            (azure.record.uid.as_str(), "RECORD"),
            (azure.attached[0].uid.as_str(), "ADMIN"),
            (azure.target.object_id.as_str(), "OBJECT-ID"),
            (azure.target.app_id.as_str(), "APP-ID"),
            (folder.trim_end_matches('/'), "FOLDER"),
            (&address, "ADDRESS"),
        ];
        names.iter().fold(text.to_owned(), |text, (value, name)| text.replace(value, name))
    }

    /// What was found: level, code, message and fix, each on its line.
    fn findings(&self, run: &Run) -> String {
        let found = run.outcome["findings"].as_array().expect("findings");
        let lines = found.iter().map(|finding| {
            let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
            format!("{} {}\n{}\n{}", text("level"), text("code"), text("message"), text("fix"))
        });
        plain(&self.plain(&lines.collect::<Vec<_>>().join("\n\n")))
    }
}

/// The state of each check.
fn states(run: &Run) -> Vec<String> {
    let checks = run.outcome["checks"].as_array().expect("checks");
    let state = |check: &Value| format!("{} {}", check["name"], check["state"]).replace('"', "");
    checks.iter().map(state).collect()
}

/// A text without the words that stand behind this one: they differ from run to run.
fn without_word_after(text: &str, before: &str) -> String {
    let mut parts = text.split(before);
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |text, part| {
        text + before + "…" + part.trim_start_matches(|c: char| !c.is_whitespace() && c != ',')
    })
}

#[test]
fn a_sound_environment_is_told_with_what_a_rotation_would_do() {
    let ward = Ward::with_script("/usr/local/bin/pamrun exec --set retire=previous");
    let run = ward.0.run(ward.look_at_record());
    assert_eq!(run.exit, Some(0), "{run}");
    ward.expect_untouched(&run);
    let told = without_word_after(&ward.plain(&run.stdout), " that ends ");
    insta::assert_snapshot!(without_word_after(&told, "certificates ok       "));
}

#[test]
fn the_page_on_azure_shows_what_is_printed() {
    let page =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/azure-setup.md")).unwrap();
    let shown = page.split("```text\n").nth(1).unwrap().split("\n```").next().unwrap();
    let ward = Ward::with_script("pamrun exec");
    let run = ward.0.run(ward.look_at_record());
    assert_eq!(run.exit, Some(0), "{run}");
    let plain = |text: &str| {
        let text = ward.plain(text).replace("Payroll – Löhne €", "Azure: payroll");
        let text = text.replace("FOLDER/inputs/ksm.json", "/etc/keeper-gateway/gateway-config.json");
        let text = text.replace("FOLDER/state", "/var/lib/pamrun").replace("(RECORD)", "(RECORD_UID)");
        let text = text.replace("OBJECT-ID/APP-ID", "OBJECT-ID/CLIENT-ID");
        let text = without_word_after(&without_word_after(&text, " that ends "), "certificates ok       ");
        // Whoever uses --resolve is warned of it.
        text.replace("preflight    warning ", "preflight    ok      ")
    };
    let printed = plain(&run.stdout);
    let table = |text: &str| text.split("\n\n").next().unwrap().to_owned();
    assert_eq!(table(&plain(shown)), table(&printed));
}

#[test]
fn programs_are_told_in_a_document() {
    let ward = Ward::with_script("pamrun exec");
    let run = ward.diagnose(ward.look_at_record());
    assert_eq!(run.exit, Some(0), "{run}");
    assert_eq!((&run.outcome["schema"], run.word("record_uid")), (&json!(1), ward.0.record.uid.as_str()));
    assert_eq!(run.outcome["plugin"]["name"], "azure-app-secret");
    assert_eq!(run.planned_removals(), std::slice::from_ref(&ward.0.old.key_id));
    assert!(!states(&run).iter().any(|state| state.ends_with(" error")), "{run}");
}

#[test]
fn without_a_record_machine_and_vault_are_looked_at() {
    for ward in [Ward::with_script("pamrun exec"), Ward::in_file(|_| ())] {
        let run = ward.diagnose(ward.look());
        assert_eq!(states(&run), ["settings ok", "state folder ok", "certificates ok", "vault ok"], "{run}");
        assert_eq!(ward.0.cloud.requests().len(), 0);
    }
}

#[test]
fn warnings_fail_only_when_that_is_asked_for() {
    let ward = Ward::in_file(|azure| azure.record.json["type"] = "login".into());
    assert_eq!(ward.diagnose(ward.look_with_plugin()).exit, Some(0));
    assert_eq!(ward.diagnose(ward.look_with_plugin().argument("--strict")).exit, Some(1));
}

#[test]
fn a_wrong_option_is_wrong_usage() {
    let ward = Ward::in_file(|_| ());
    let run = ward.0.run(ward.look().argument("--no-such"));
    assert_eq!(run.exit, Some(2), "{run}");
}

/// A second PAM configuration, or a first one.
fn provider(title: &str) -> Record {
    Record::new("pamAzureConfiguration", title)
}
