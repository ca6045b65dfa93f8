//! What a guest does inside its sandbox: it is stopped at its limits, and has nothing at hand.

use crate::bench::{Bench, CREATE, LIST, why};

#[test]
fn a_guest_that_behaves_rotates_the_key() {
    let bench = Bench::new();
    bench.expect_rotated(&bench.behave("none"));
}

#[test]
fn an_endless_loop_is_stopped_by_the_time_it_may_compute() {
    let bench = Bench::new();
    bench.expect_stopped(&bench.misbehave("spin", "preflight"), "limit", 4, "cpu");
}

#[test]
fn sleeping_for_ever_is_stopped_by_the_clock() {
    let bench = Bench::new();
    bench.expect_stopped(&bench.misbehave("sleep", "preflight"), "limit", 4, "timeout");
}

#[test]
fn a_memory_hoarder_is_stopped_at_its_limit() {
    let bench = Bench::new();
    let run = bench.run(bench.exec("hoard-memory").flag("--memory", "8MiB"));
    bench.expect_stopped(&run, "limit", 4, "memory");
}

#[test]
fn a_flood_of_what_is_returned_is_stopped_at_its_limit() {
    for behaviour in ["flood-plan", "flood-failure"] {
        let bench = Bench::new();
        bench.expect_stopped(&bench.behave(behaviour), "limit", 4, "output");
    }
}

#[test]
fn a_note_to_later_steps_has_an_end() {
    let bench = Bench::new();
    let run = bench.behave("long-context");
    bench.expect_stopped(&run, "failed", 1, "plugin-contract");
    assert!(why(&run).contains("longer than 16384 bytes"), "{run}");
}

#[test]
fn a_flood_of_words_is_stopped_at_its_limit_and_not_shown() {
    for behaviour in ["flood-log", "flood-stdout", "flood-stderr"] {
        let bench = Bench::new();
        let run = bench.misbehave(behaviour, "preflight");
        assert!(run.stderr.len() < 10_000, "{behaviour}: {} bytes on stderr", run.stderr.len());
        bench.expect_stopped(&run, "limit", 4, "log");
    }
}

#[test]
fn a_flood_of_calls_is_stopped_at_its_limit_and_leaves_some_for_the_way_back() {
    let bench = Bench::new();
    bench.expect_stopped(&bench.misbehave("flood-calls", "preflight"), "limit", 4, "requests");
    // A tenth of 60 is for commit and rollback.
    assert_eq!(bench.service.requests().len(), 54);
    assert_eq!(bench.service.count(LIST), 53);
    let bench = Bench::new();
    bench.expect_stopped(&bench.misbehave("flood-calls", "verify"), "limit", 4, "requests");
    assert_eq!(bench.service.count(CREATE), 1);
}

#[test]
fn calls_that_are_refused_count_too_and_are_told_in_short() {
    let bench = Bench::new();
    let run = bench.misbehave("flood-refusals", "preflight");
    bench.expect_stopped(&run, "limit", 4, "requests");
    assert_eq!(
        run.list("warnings").iter().filter(|it| it.contains("declares no request")).count(),
        54,
        "{run}"
    );
    assert_eq!(bench.service.requests().len(), 0, "{run}");
}

#[test]
fn a_trap_is_named_and_a_trap_halfway_is_rolled_back() {
    let bench = Bench::new();
    bench.expect_stopped(&bench.misbehave("trap", "preflight"), "failed", 1, "plugin-trapped");
    bench.expect_stopped(&bench.behave("trap-halfway"), "failed", 1, "plugin-trapped");
    assert_eq!(bench.service.count(CREATE), 1);
}

#[test]
fn there_are_no_files_no_variables_and_no_arguments() {
    // A guest that finds any fails with what it found.
    let bench = Bench::new();
    bench.expect_rotated(&bench.run(bench.exec("look-around").variable("PLANTED", "canary")));
}

/// Every misdeed that is possible anywhere, in one step.
#[track_caller]
fn survives_every_misdeed_in(step: &str) {
    for behaviour in [
        "spin",
        "sleep",
        "hoard-memory",
        "trap",
        "flood-log",
        "flood-failure",
        "flood-calls",
        "call-undeclared",
        "wrong-kinds",
        "delete-stranger",
        "delete-guessed",
        "read-a-secret",
        "follow-redirect",
    ] {
        let bench = Bench::new();
        let stranger = bench.service.issue("of somebody else");
        let run = bench.run(bench.exec(behaviour).set("step", step).flag("--memory", "16MiB"));
        assert_ne!(run.exit, Some(0), "{behaviour} in {step}\n{run}");
        assert!(bench.service.keys().contains(&stranger), "{behaviour} in {step}\n{run}");
        bench.service.forget(&stranger);
        bench.expect_guaranteed(&run);
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
