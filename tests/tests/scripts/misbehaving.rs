//! Scripts that do what they should not: each ends within its limit, is told for what it is, and leaves no
//! process and no file behind, which every run here is checked for.

use pamrun_tests::gateway::{Exec, Run, script};

use crate::bench::Bench;

impl Bench {
    fn misdeed(&self, misdeed: &str) -> Exec<'_> {
        self.exec(&script("misbehaving.py")).argument("--").argument(misdeed)
    }

    #[track_caller]
    fn misbehave(&self, misdeed: &str) -> Run {
        let run = self.run(self.misdeed(misdeed));
        self.expect_unsaved(&run);
        run
    }
}

/// Fails unless the run was stopped by this limit, with the outcome that leaves open what had changed.
#[track_caller]
fn stopped_by(limit: &str, misdeeds: &[&str]) {
    for misdeed in misdeeds {
        let bench = if limit == "timeout" { Bench::new().hurry() } else { Bench::new() };
        let run = bench.misbehave(misdeed);
        run.ends("uncertain", 5).with_code(limit);
        assert!(run.stderr.len() < 1 << 20, "{misdeed}: {} bytes on stderr", run.stderr.len());
    }
}

#[test]
fn a_script_that_behaves_has_run() {
    Bench::new().misbehave("nothing").ends("ran", 0);
}

#[test]
fn a_script_that_sleeps_for_ever_or_ignores_sigterm_is_ended_by_the_clock() {
    stopped_by("timeout", &["sleep", "ignore_sigterm"]);
}

#[test]
fn a_script_that_computes_for_ever_is_ended_by_the_time_it_may_compute() {
    stopped_by("cpu", &["compute"]);
}

#[test]
fn a_fork_bomb_is_ended_by_the_number_of_its_processes() {
    stopped_by("processes", &["fork_bomb"]);
}

#[test]
fn a_flood_is_ended_by_what_may_be_written() {
    stopped_by("output", &["flood", "flood_stderr"]);
}

#[test]
fn a_script_that_hoards_memory_is_refused_more() {
    let run = Bench::new().misbehave("hoard_memory");
    run.ends("uncertain", 5);
    assert!(run.outcome["error"].to_string().contains("MemoryError"), "{run}");
}

#[test]
fn what_a_script_leaves_running_is_ended_and_told() {
    for misdeed in ["grandchild_keeps_the_pipe", "daemon_without_pipes", "daemon_with_a_strange_name"] {
        let run = Bench::new().misbehave(misdeed);
        run.ends("ran", 0);
        assert!(run.stderr.contains("that it left running was ended"), "{misdeed}\n{run}");
    }
}

#[test]
fn secrets_in_five_encodings_and_in_pieces_are_taken_out() {
    // That none shows anywhere is looked for after every run.
    for misdeed in ["print_secrets", "print_line"] {
        let run = Bench::new().misbehave(misdeed);
        run.ends("ran", 0);
        assert!(run.stderr.contains("[redacted]"), "{misdeed}\n{run}");
    }
}

#[test]
fn half_an_answer_is_told_where_it_stops_and_not_shown() {
    let bench = Bench::new();
    let run = bench.run(bench.misdeed("half_an_answer"));
    assert!(bench.saved("pamrun_rescued").contains("half-of-a-secret"), "{run}");
    run.ends("uncertain", 5).with_code("plugin-contract");
    assert!(run.outcome["error"].to_string().contains("line 2, column 1 of stdout stops"), "{run}");
    assert!(!run.stderr.contains("half-of-a-secret") && run.stderr.contains("on the way"), "{run}");
}

#[test]
fn an_error_that_exits_0_has_run_and_nothing_is_promised_of_it() {
    let run = Bench::new().misbehave("fail_and_exit_0");
    run.ends("ran", 0);
    assert!(run.stderr.contains("warn: ERROR: could not log in"), "{run}");
    assert_eq!(run.outcome["proof"], serde_json::Value::Null, "{run}");
}

#[test]
fn binary_garbage_reaches_no_terminal() {
    let run = Bench::new().misbehave("garbage");
    run.ends("ran", 0);
    assert!(!run.stderr.contains('\u{1b}'), "{run}");
}

#[test]
fn a_crash_is_uncertain_and_quotes_no_secret() {
    let run = Bench::new().misbehave("crash");
    run.ends("uncertain", 5).with_code("plugin-trapped");
    let error = run.outcome["error"].to_string();
    assert!(error.contains("RuntimeError: no route to [redacted]"), "{run}");
    let run = Bench::new().misbehave("killed");
    run.ends("uncertain", 5).with_code("plugin-trapped");
    assert!(run.outcome["error"].to_string().contains("signal 11"), "{run}");
}
