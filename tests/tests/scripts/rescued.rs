//! New values that could be neither saved nor undone: the record keeps them until somebody takes or drops
//! them.

use pamrun_tests::gateway::{Run, VaultKind};
use pamrun_tests::record::Record;

use crate::bench::Bench;

const VAULTS: [VaultKind; 2] = [VaultKind::File, VaultKind::Keeper];
const NEW: &str = "N3w-S3cr3t-Value+/ABCDEF";

/// Makes a key that cannot be removed again, and then fails in verify.
const STEPS: &str = r#"#!/bin/sh
# pamrun: steps=preflight,rotate,verify,commit,rollback strategy=overlap
# In two parts, so that the file does not hold what is looked for everywhere.
value=N3w-S3cr3t-Val
value=${value}ue+/ABCDEF
failure() { echo "{\"failure\":{\"kind\":\"denied\",\"code\":\"not-allowed\",\"message\":\"no right to $1\"}}"; }
case $PAMRUN_STEP in
preflight) echo '{"target":"keys","creates":"a key","removes":[]}';;
rotate) echo "{\"handle\":\"new-1\",\"updates\":[{\"label\":\"client_secret_id\",\"type\":\"text\",\"value\":\"new-1\"},{\"label\":\"client_secret\",\"type\":\"secret\",\"value\":\"$value\"}]}";;
verify) if test -e "$MAY_LOG_IN"; then echo '{"proof":"verified"}'; else failure 'log in'; fi;;
commit) echo '{"removed":[]}';;
rollback) failure remove;;
esac
"#;

fn bench(vault: VaultKind) -> Bench {
    let bench =
        Bench::with(vault, Record::pam_user("Payroll").hidden("client_secret", "old-secret-of-payroll"));
    bench.gateway.plant("the new key", NEW);
    bench
}

impl Bench {
    fn fail_to_rotate(&self) -> Run {
        let mark = format!("MAY_LOG_IN={}", self.gateway.path("may-log-in").display());
        self.run(self.exec_text("keys.sh", STEPS).flag("--env", mark))
    }

    fn recover(&self, options: &[&str]) -> Run {
        let command = [&["recover", &self.record.uid], options].concat();
        let recover = self
            .gateway
            .command(&command)
            .flag("--config", self.gateway.path("config.toml"))
            .flag("--state-dir", self.gateway.path("state"))
            .flag("--ca-file", self.gateway.path("ca.pem"))
            .flag("--vault", self.gateway.vault().flag());
        self.run(recover)
    }
}

#[test]
fn n3_what_cannot_be_undone_is_kept_shown_and_taken() {
    for vault in VAULTS {
        let bench = bench(vault);
        let run = bench.fail_to_rotate();
        run.ends("uncertain", 5);
        let error = run.outcome["error"].to_string();
        assert!(error.contains("`pamrun_rescued`") && error.contains("--take"), "{run}");
        assert!(bench.saved("pamrun_rescued").contains(NEW), "{run}");
        assert_eq!(bench.saved("client_secret"), "old-secret-of-payroll");

        let shown = bench.recover(&[]);
        assert_eq!(shown.exit, Some(5), "{shown}");
        let rescued = &shown.outcome["rescued"][0];
        assert_eq!((&rescued["state"], &rescued["plugin"]), (&"kept".into(), &"keys.sh".into()), "{shown}");
        assert_eq!(rescued["updates"][1]["value"], "********", "{shown}");

        bench.gateway.write("may-log-in", "");
        let taken = bench.recover(&["--take"]);
        assert_eq!(taken.exit, Some(0), "{taken}");
        assert_eq!(taken.outcome["rescued"][0]["state"], "taken", "{taken}");
        assert_eq!(taken.outcome["rotations"][0]["state"], "committed", "{taken}");
        assert_eq!(
            (bench.saved("client_secret"), bench.saved("client_secret_id")),
            (NEW.into(), "new-1".into())
        );
        assert_eq!(bench.saved("pamrun_rescued"), "");
    }
}

#[test]
fn n3_the_next_run_names_what_is_kept_and_dropping_it_ends_that() {
    let bench = bench(VaultKind::File);
    bench.fail_to_rotate();
    bench.gateway.write("may-log-in", "");
    let next = bench.run(bench.exec_text("other.sh", "read -r line\n"));
    next.ends("ran", 0);
    assert!(next.outcome["warnings"].to_string().contains("the record keeps a value"), "{next}");
    let dropped = bench.recover(&["--drop"]);
    assert_eq!(dropped.outcome["rescued"][0]["state"], "dropped", "{dropped}");
    assert_eq!(
        (bench.saved("pamrun_rescued"), bench.saved("client_secret")),
        (String::new(), "old-secret-of-payroll".into())
    );
}

#[test]
fn n3_taking_and_dropping_need_a_record_and_one_of_the_two() {
    let bench = bench(VaultKind::File);
    for options in
        [&["recover", "--take"][..], &["recover", "--drop", "--all"], &["recover", "uid", "--take", "--drop"]]
    {
        let run = bench.run(bench.gateway.command(options));
        assert_eq!(run.exit, Some(2), "{run}");
    }
    let none = bench.recover(&["--take"]);
    assert_eq!((none.exit, &none.outcome["rescued"]), (Some(0), &serde_json::json!([])), "{none}");
}
