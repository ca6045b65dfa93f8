//! Scripts with steps that replace a password in place.

use pamrun_tests::gateway::{Exec, Run, VaultKind, script};
use pamrun_tests::record::{Record, fields, text};
use serde_json::Value;

use crate::bench::Bench;

const VAULTS: [VaultKind; 2] = [VaultKind::File, VaultKind::Keeper];

/// An account, which is a file with its password, and the record of it.
struct Account {
    bench: Bench,
    old: String,
}

impl Account {
    fn new(vault: VaultKind, proposed: bool) -> Self {
        let record = Record::pam_user("Account");
        let old = text(&record.json, "password");
        let mut bench = Bench::with(vault, record);
        bench.gateway.write(
            "config.toml",
            "version = 1\n[limits]\ntimeout = '2m'\nreserve = '30s'\nsettle_window = '1s'\noutage_patience = '1s'\n",
        );
        bench.gateway.write_input("account", &old);
        if !proposed {
            bench.new_password = String::new();
        }
        Self { bench, old }
    }

    fn exec(&self, misdeed: &str) -> Exec<'_> {
        let account = self.bench.gateway.path("inputs/account");
        let exec = self.bench.exec(&script("in_place_steps.py"));
        exec.set("account", account.to_str().unwrap()).set("misdeed", misdeed)
    }

    fn accepted(&self) -> String {
        std::fs::read_to_string(self.bench.gateway.path("inputs/account")).unwrap()
    }

    /// Whether the record's own field holds what works, and nothing is pending.
    #[track_caller]
    fn expect_agreement(&self, run: &Run) {
        let record = self.bench.gateway.vault().record(&self.bench.record.uid);
        assert_eq!(text(&record, "password"), self.accepted(), "\n{run}");
        assert!(fields(&record).all(|field| field["label"] != "pamrun_pending"), "\n{run}");
    }
}

#[test]
fn the_password_that_the_gateway_proposes_is_set_and_proven() {
    for vault in VAULTS {
        let account = Account::new(vault, true);
        let run = account.bench.run(account.exec(""));
        run.ends("rotated", 0);
        assert_eq!((run.word("proof"), account.accepted()), ("verified", account.bench.new_password.clone()));
        account.expect_agreement(&run);
        assert_eq!(account.bench.saved("changed_by"), "in_place_steps.py", "{run}");
    }
}

#[test]
fn without_a_proposed_password_one_is_made() {
    let account = Account::new(VaultKind::File, false);
    let run = account.bench.run(account.exec(""));
    run.ends("rotated", 0);
    assert_ne!(account.accepted(), account.old);
    account.expect_agreement(&run);
}

#[test]
fn a_step_that_is_not_there_is_not_called_and_nothing_is_proven() {
    let account = Account::new(VaultKind::File, true);
    let all = std::fs::read_to_string(script("in_place_steps.py")).unwrap();
    let only = all.replace("steps=preflight,rotate,verify,rollback", "steps=rotate");
    assert_ne!(all, only);
    let path = account.bench.gateway.path("inputs/account");
    let run = account.bench.exec_text("rotate_only.py", only).set("account", path.to_str().unwrap());
    let run = account.bench.run(run);
    run.ends("rotated", 0);
    assert_eq!(run.word("proof"), "unproven", "{run}");
    account.expect_agreement(&run);
}

#[test]
fn a_rotate_whose_answer_is_lost_is_repeated_with_the_same_password() {
    for misdeed in ["lose the answer", "lose the request"] {
        let account = Account::new(VaultKind::File, false);
        let run = account.bench.run(account.exec(misdeed));
        run.ends("rotated", 0);
        let repeated = run.list("warnings").iter().any(|line| line.contains("with the same value"));
        assert!(repeated, "{run}");
        account.expect_agreement(&run);
    }
}

#[test]
fn a_password_that_is_wrong_afterwards_is_rolled_back() {
    for vault in VAULTS {
        let account = Account::new(vault, false);
        let run = account.bench.run(account.exec("set another one"));
        run.ends("failed", 1).with_code("wrong-password");
        assert_eq!(account.accepted(), account.old, "{run}");
        account.expect_agreement(&run);
    }
}

#[test]
fn a_script_that_is_refused_changes_nothing() {
    let account = Account::new(VaultKind::File, false);
    let run = account.bench.run(account.exec("refuse"));
    run.ends("failed", 1).with_code("too-weak");
    account.expect_agreement(&run);
}

#[test]
fn a_crash_in_rotate_keeps_both_passwords_until_the_next_run() {
    let account = Account::new(VaultKind::File, true);
    let all = std::fs::read_to_string(script("in_place_steps.py")).unwrap();
    let blind = all.replace("steps=preflight,rotate,verify,rollback", "steps=rotate");
    let path = account.bench.gateway.path("inputs/account");
    let exec = |misdeed| {
        let exec = account.bench.exec_text("blind.py", &blind).set("account", path.to_str().unwrap());
        account.bench.run(exec.set("misdeed", misdeed))
    };
    let run = exec("crash");
    run.ends("uncertain", 5).with_code("plugin-trapped");
    let pending: Value = account.bench.saved("pamrun_pending").parse().unwrap();
    assert_eq!((&pending["new"], &pending["old"]), (&account.accepted().into(), &account.old.clone().into()));
    let run = exec("");
    run.ends("rotated", 0);
    account.expect_agreement(&run);
}

#[test]
fn a_rotation_that_was_killed_is_settled_by_recover() {
    for vault in VAULTS {
        for misdeed in ["kill before", "kill after"] {
            let account = Account::new(vault, false);
            let run = account.exec(misdeed).run(Vec::new);
            assert_eq!(run.exit, None, "{run}");
            let gateway = &account.bench.gateway;
            let recover =
                gateway.command(&["recover", "--all"]).flag("--config", gateway.path("config.toml"));
            let recover = recover.flag("--state-dir", gateway.path("state"));
            let run = account.bench.run(recover.flag("--ca-file", gateway.path("ca.pem")));
            assert_eq!(run.exit, Some(0), "{run}");
            assert_ne!(account.accepted(), account.old, "{run}");
            account.expect_agreement(&run);
        }
    }
}
