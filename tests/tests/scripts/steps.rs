//! Scripts with steps that do what they should not: the guarantee holds all the same.

use pamrun_tests::gateway::{Exec, Run, script};
use pamrun_tests::record::Record;
use serde_json::{Value, json};

use crate::bench::Bench;

/// A service of keys in a file, and the record of one of them.
struct Keys {
    bench: Bench,
}

const OLD: &str = "the-old-key";

impl Keys {
    fn new() -> Self {
        let record = Record::pam_user("Key").text("key_id", OLD).hidden("key", "value-of-the-old-key");
        let bench = Bench::of(record);
        let old = json!([{"id": OLD, "name": "by hand", "value": "value-of-the-old-key"}]);
        bench.gateway.write_input("service.json", old.to_string());
        Self { bench }
    }

    /// Leaves little time to the script.
    fn hurry(self) -> Self {
        Self { bench: self.bench.hurry() }
    }

    fn exec(&self) -> Exec<'_> {
        let service = self.bench.gateway.path("inputs/service.json");
        self.bench.exec(&script("misbehaving_steps.py")).set("service", service.to_str().unwrap())
    }

    /// Runs the script with this misdeed in this step.
    #[track_caller]
    fn misbehave(&self, misdeed: &str, step: &str) -> Run {
        let run = self.bench.run(self.exec().set("misdeed", misdeed).set("in", step));
        self.expect_guaranteed(&run);
        run
    }

    fn keys(&self) -> Vec<Value> {
        let text = std::fs::read(self.bench.gateway.path("inputs/service.json")).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    /// Fails unless what the design guarantees holds, however the run ended.
    #[track_caller]
    fn expect_guaranteed(&self, run: &Run) {
        let saved = self.bench.saved("key_id");
        let current = self.keys().into_iter().find(|key| key["id"] == *saved);
        let current = current.unwrap_or_else(|| panic!("the service does not know {saved}\n{run}"));
        assert!(current["value"] == *self.bench.saved("key"), "the record's key is wrong\n{run}");
        assert_eq!(run.outcome["saved"] == true, saved != OLD, "\n{run}");
        for key in self.keys().iter().filter(|key| key["id"] != *saved) {
            let (id, value) = (key["id"].as_str().unwrap(), key["value"].as_str().unwrap());
            let stem = key["name"].as_str().unwrap().split('.').next().unwrap();
            let named = run.stdout.contains(id) || run.stdout.contains(stem);
            assert!(run.exit == Some(5) && named, "{id} is left alive in silence\n{run}");
            assert!(!run.stdout.contains(value) && !run.stderr.contains(value), "a secret shows\n{run}");
        }
        let value = current["value"].as_str().unwrap();
        assert!(!run.stdout.contains(value) && !run.stderr.contains(value), "the secret shows\n{run}");
    }
}

#[test]
fn a_script_that_behaves_rotates_the_key() {
    let keys = Keys::new();
    let run = keys.misbehave("", "rotate");
    run.ends("rotated", 0);
    assert_eq!((run.word("proof"), run.list("removed")), ("verified", vec![OLD.to_owned()]), "{run}");
    assert_eq!(keys.keys().len(), 1, "{run}");
}

#[test]
fn n1_an_answer_in_several_lines_is_one() {
    for step in ["preflight", "rotate", "verify", "commit"] {
        let run = Keys::new().misbehave("answer_in_lines", step);
        run.ends("rotated", 0);
    }
}

#[test]
fn what_goes_wrong_before_rotate_changes_nothing() {
    for (misdeed, outcome, exit, code) in [
        ("crash", "failed", 1, "plugin-trapped"),
        ("sleep", "limit", 4, "timeout"),
        ("flood", "limit", 4, "output"),
        ("say_nothing", "failed", 1, "plugin-contract"),
        ("half_an_answer", "failed", 1, "plugin-contract"),
        ("another_shape", "failed", 1, "plugin-contract"),
        ("deny", "failed", 1, "not-allowed"),
        ("exit_3_after_the_answer", "failed", 1, "plugin-trapped"),
    ] {
        let keys = if code == "timeout" { Keys::new().hurry() } else { Keys::new() };
        let run = keys.misbehave(misdeed, "preflight");
        run.ends(outcome, exit).with_code(code);
        assert_eq!(keys.keys().len(), 1, "{misdeed}\n{run}");
    }
}

#[test]
fn what_goes_wrong_in_rotate_or_verify_is_rolled_back() {
    for misdeed in ["crash", "flood", "say_nothing", "half_an_answer", "another_shape"] {
        for step in ["rotate", "verify"] {
            let keys = Keys::new();
            let run = keys.misbehave(misdeed, step);
            assert!(matches!(run.exit, Some(1 | 4)), "{misdeed} in {step}\n{run}");
            assert_eq!(keys.keys().len(), 1, "{misdeed} in {step}\n{run}");
        }
    }
}

#[test]
fn what_goes_wrong_in_commit_is_uncertain_with_the_new_key_saved() {
    for misdeed in ["crash", "say_nothing", "another_shape"] {
        let run = Keys::new().misbehave(misdeed, "commit");
        run.ends("uncertain", 5);
        assert_eq!(run.outcome["saved"], true, "{misdeed}\n{run}");
    }
}

#[test]
fn a_new_secret_that_is_printed_before_it_is_returned_is_taken_out() {
    let run = Keys::new().misbehave("print_secret", "rotate");
    run.ends("rotated", 0);
    assert_eq!(run.stderr.matches("made [redacted]").count(), 2, "{run}");
}

#[test]
fn a_secret_as_handle_and_a_field_that_is_not_custom_are_refused_and_rolled_back() {
    for misdeed in ["secret_in_handle", "standard_field"] {
        let keys = Keys::new();
        let run = keys.misbehave(misdeed, "rotate");
        run.ends("failed", 1).with_code("plugin-contract");
        assert_eq!(keys.keys().len(), 1, "{misdeed}\n{run}");
    }
}

#[test]
fn a_script_that_is_changed_on_the_way_is_not_run_on() {
    let keys = Keys::new();
    let original = std::fs::read_to_string(script("misbehaving_steps.py")).unwrap();
    let changing = original.replace(
        "answer = json.dumps(globals()",
        "if step == 'preflight':\n    open(__file__, 'a').write('# changed')\nanswer = json.dumps(globals()",
    );
    let service = keys.bench.gateway.path("inputs/service.json");
    let exec = keys.bench.exec_text("changing.py", changing).set("service", service.to_str().unwrap());
    let run = keys.bench.run(exec);
    run.ends("failed", 1).with_code("script-not-started");
    assert_eq!(keys.keys().len(), 1, "{run}");
}

#[test]
fn a_rotation_whose_pamrun_is_killed_by_its_script_is_settled_by_recover() {
    for step in ["rotate", "verify"] {
        let keys = Keys::new();
        let run = keys.exec().set("misdeed", "kill_pamrun").set("in", step).run(Vec::new);
        assert_eq!((run.exit, keys.keys().len()), (None, 2), "{step}\n{run}");
        let gateway = &keys.bench.gateway;
        let recover = gateway.command(&["recover", "--all"]).flag("--config", gateway.path("config.toml"));
        let run = keys.bench.run(recover.flag("--state-dir", gateway.path("state")));
        assert_eq!((run.exit, keys.keys().len()), (Some(0), 1), "{step}\n{run}");
        assert_eq!(keys.bench.saved("key_id"), OLD, "{step}\n{run}");
    }
}
