//! Guests that do what no plugin should: each is stopped, named and reported.

use std::ops::Deref;

use pamrun_tests::desk::Desk;
use pamrun_tests::gateway::Run;
use pamrun_tests::record::text;

/// Short, so that whoever waits for them does not wait long.
const LIMITS: &str = r#"
timeout = "6s"
reserve = "3s"
request_timeout = "2s"
settle_window = "1s"
outage_patience = "1s"
cpu = "300ms"
requests = 40
"#;

/// A desk, and what must hold at it.
struct Bench(Desk);

impl Deref for Bench {
    type Target = Desk;

    fn deref(&self) -> &Desk {
        &self.0
    }
}

impl Bench {
    fn new() -> Self {
        Self(Desk::new(LIMITS))
    }

    /// Runs the guest with this behaviour in this step.
    fn misbehave(&self, behaviour: &str, step: &str) -> Run {
        self.run(self.exec(behaviour).set("step", step))
    }

    /// Fails unless the run ended like this, named the guest and said why, with everything as before.
    #[track_caller]
    fn expect_stopped(&self, run: &Run, outcome: &str, exit: i32) {
        run.ends(outcome, exit);
        assert_eq!(run.outcome["plugin"]["name"], "misbehaving", "\n{run}");
        assert!(!run.outcome["error"]["message"].as_str().unwrap().is_empty(), "\n{run}");
        assert_eq!(self.gateway.vault().record(&self.record.uid), self.record.json, "\n{run}");
        assert_eq!(self.service.keys(), std::slice::from_ref(&self.old), "\n{run}");
    }

    /// Fails unless what the design guarantees holds, however the run ended.
    #[track_caller]
    fn expect_guaranteed(&self, run: &Run) {
        let outcomes = [("rotated", 0), ("failed", 1), ("refused", 3), ("limit", 4), ("uncertain", 5)];
        let ending = (run.word("outcome"), run.exit.unwrap_or(-1));
        assert!(outcomes.contains(&ending), "{ending:?}\n{run}");
        let record = self.gateway.vault().record(&self.record.uid);
        let saved = text(&record, "key_id");
        assert!(self.service.accepts(&text(&record, "key")), "the vault's key does not log in\n{run}");
        assert_eq!(run.outcome["saved"] == true, saved != self.old.id, "\n{run}");
        for key in self.service.keys().iter().filter(|key| key.id != saved) {
            let marker = key.name.split('.').next().unwrap();
            let named = run.stdout.contains(&key.id) || run.stdout.contains(marker);
            assert!(ending.1 == 5 && named, "{} is left alive in silence\n{run}", key.name);
        }
    }
}

#[test]
fn a_guest_that_behaves_rotates_the_key() {
    let bench = Bench::new();
    let run = bench.run(bench.exec("none"));
    run.ends("rotated", 0);
    bench.expect_guaranteed(&run);
    assert_eq!(run.list("removed"), [bench.old.id.as_str()], "{run}");
}

#[test]
fn an_endless_loop_is_stopped_by_the_time_it_may_compute() {
    let bench = Bench::new();
    let run = bench.misbehave("spin", "preflight");
    bench.expect_stopped(&run, "limit", 4);
    run.with_code("cpu");
}

#[test]
fn sleeping_for_ever_is_stopped_by_the_clock() {
    let bench = Bench::new();
    let run = bench.misbehave("sleep", "preflight");
    bench.expect_stopped(&run, "limit", 4);
    run.with_code("timeout");
}

#[test]
fn a_memory_hoarder_is_stopped_at_its_limit() {
    let bench = Bench::new();
    let run = bench.run(bench.exec("hoard-memory").flag("--memory", "8MiB"));
    bench.expect_stopped(&run, "limit", 4);
    run.with_code("memory");
}

#[test]
fn a_flood_of_what_is_returned_is_stopped_at_its_limit() {
    for behaviour in ["flood-plan", "flood-output"] {
        let bench = Bench::new();
        let run = bench.run(bench.exec(behaviour));
        bench.expect_stopped(&run, "limit", 4);
        run.with_code("output");
    }
}

#[test]
fn a_flood_of_words_is_cut_off() {
    for behaviour in ["flood-log", "flood-stdout", "flood-stderr"] {
        let bench = Bench::new();
        let run = bench.misbehave(behaviour, "preflight");
        assert!(run.stderr.len() < 1 << 20, "{behaviour}: {} bytes on stderr", run.stderr.len());
        bench.expect_guaranteed(&run);
    }
}

#[test]
fn a_flood_of_requests_is_stopped_at_its_limit() {
    let bench = Bench::new();
    let run = bench.misbehave("flood-requests", "preflight");
    bench.expect_stopped(&run, "limit", 4);
    run.with_code("requests");
    assert!(bench.service.requests().len() <= 40, "{run}");
}

#[test]
fn a_host_that_is_not_granted_is_refused_with_a_reason() {
    let bench = Bench::new();
    let run = bench.misbehave("dial-denied-host", "preflight");
    bench.expect_stopped(&run, "refused", 3);
    assert!(run.outcome["error"]["message"].as_str().unwrap().contains("denied.example.com"), "{run}");
}

#[test]
fn a_denial_that_the_guest_ignores_is_told_all_the_same() {
    let bench = Bench::new();
    let run = bench.run(bench.exec("ignore-denial"));
    run.ends("rotated", 0);
    assert!(run.list("warnings").iter().any(|warning| warning.contains("denied.example.com")), "{run}");
}

#[test]
fn a_redirect_to_a_metadata_address_is_refused() {
    let bench = Bench::new();
    let run = bench.misbehave("follow-redirect", "preflight");
    bench.expect_stopped(&run, "refused", 3);
    assert!(run.outcome["error"]["message"].as_str().unwrap().contains("169.254.169.254"), "{run}");
}

#[test]
fn a_name_that_resolves_to_this_machine_is_refused() {
    let bench = Bench::new();
    let host = "inside.example.com";
    let resolve = format!("{host}:443:{}", bench.service.address());
    let exec = bench.exec("none").set("host", host).flag("--allow-host", host).flag("--resolve", resolve);
    let run = bench.run(exec);
    bench.expect_stopped(&run, "refused", 3);
    assert!(run.outcome["error"].to_string().contains("--allow-private inside.example.com"), "{run}");
}

#[test]
fn forms_that_hide_a_path_are_refused_before_they_are_matched() {
    for behaviour in ["encode-dots", "encode-slash", "batch", "dial-plain-http"] {
        let bench = Bench::new();
        let run = bench.misbehave(behaviour, "preflight");
        bench.expect_stopped(&run, "refused", 3);
        assert_eq!(bench.service.requests(), Vec::<String>::new(), "{behaviour}\n{run}");
    }
}

#[test]
fn a_method_in_a_header_is_refused() {
    let bench = Bench::new();
    let run = bench.run(bench.exec("override-method"));
    bench.expect_stopped(&run, "refused", 3);
}

#[test]
fn removing_in_rotate_is_refused_and_what_was_made_is_rolled_back() {
    let bench = Bench::new();
    let run = bench.run(bench.exec("remove-in-rotate"));
    bench.expect_stopped(&run, "refused", 3);
}

#[test]
fn a_denial_that_is_told_after_a_key_was_made_is_not_believed() {
    let bench = Bench::new();
    let run = bench.run(bench.exec("deny-after-making"));
    bench.expect_stopped(&run, "failed", 1);
    run.with_code("denied");
    assert!(bench.service.requests().contains(&"POST /keys".to_owned()), "{run}");
}

#[test]
fn a_rollback_cannot_remove_what_the_record_holds() {
    let bench = Bench::new();
    let run = bench.misbehave("remove-planned", "rollback");
    run.ends("uncertain", 5);
    bench.expect_guaranteed(&run);
    assert!(bench.service.keys().contains(&bench.old), "{run}");
}

#[test]
fn removing_more_than_the_plan_is_refused_and_the_stranger_survives() {
    let bench = Bench::new();
    let stranger = bench.service.issue("of somebody else");
    let run = bench.run(bench.exec("remove-beyond-plan"));
    assert!(bench.service.keys().contains(&stranger), "{run}");
    run.ends("uncertain", 5);
    assert_eq!(run.outcome["saved"], true, "{run}");
    assert!(run.stdout.contains(&stranger.id), "{run}");
}

#[test]
fn a_secret_where_only_names_belong_is_refused_and_rolled_back() {
    for behaviour in ["secret-in-handle", "secret-in-plan", "undeclared-update"] {
        let bench = Bench::new();
        let run = bench.run(bench.exec(behaviour));
        bench.expect_stopped(&run, "failed", 1);
        run.with_code("plugin-contract");
    }
}

#[test]
fn a_secret_that_is_printed_is_redacted() {
    // That it shows nowhere is looked for after every run.
    for behaviour in ["print-secret-to-log", "print-secret-to-stderr"] {
        for step in ["preflight", "verify"] {
            let bench = Bench::new();
            let run = bench.misbehave(behaviour, step);
            run.ends("rotated", 0);
            assert!(run.stderr.contains("[redacted]"), "{behaviour} in {step}\n{run}");
        }
    }
    let bench = Bench::new();
    let run = bench.misbehave("print-secret-in-failure", "preflight");
    bench.expect_stopped(&run, "failed", 1);
    assert!(run.outcome["error"]["message"].as_str().unwrap().contains("[redacted]"), "{run}");
}

#[test]
fn a_trap_is_named_and_a_trap_halfway_is_rolled_back() {
    let bench = Bench::new();
    let run = bench.misbehave("trap", "preflight");
    bench.expect_stopped(&run, "failed", 1);
    run.with_code("plugin-trapped");
    let run = bench.run(bench.exec("trap-halfway"));
    bench.expect_stopped(&run, "failed", 1);
    run.with_code("plugin-trapped");
    assert!(bench.service.requests().contains(&"POST /keys".to_owned()), "{run}");
}

/// Every misdeed that is possible anywhere, in one step.
#[track_caller]
fn survives_every_misdeed_in(step: &str) {
    for behaviour in [
        "spin",
        "sleep",
        "hoard-memory",
        "trap",
        "flood-output",
        "flood-requests",
        "print-secret-in-failure",
        "dial-denied-host",
        "follow-redirect",
        "encode-dots",
    ] {
        let bench = Bench::new();
        let run = bench.misbehave(behaviour, step);
        bench.expect_guaranteed(&run);
        assert_ne!(run.exit, Some(0), "{behaviour} in {step}\n{run}");
    }
}

#[test]
fn no_misdeed_in_rotate_breaks_the_guarantee() {
    survives_every_misdeed_in("rotate");
}

#[test]
fn no_misdeed_in_verify_breaks_the_guarantee() {
    survives_every_misdeed_in("verify");
}

#[test]
fn no_misdeed_in_commit_breaks_the_guarantee() {
    survives_every_misdeed_in("commit");
}

#[test]
fn no_misdeed_in_rollback_breaks_the_guarantee() {
    survives_every_misdeed_in("rollback");
}
