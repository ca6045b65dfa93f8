//! Scripts without steps that are broken off, with pamrun or by it.

use crate::bench::Bench;

#[test]
fn a_script_is_ended_when_pamrun_is_told_to_stop_and_nobody_knows_what_it_did() {
    let bench = Bench::new();
    let run = bench.run(bench.exec_text("job.sh", "kill -TERM $PPID\nsleep 60\n"));
    run.ends("uncertain", 5).with_code("interrupted");
}

#[test]
fn a_script_that_died_with_pamrun_is_told_by_the_next_run_and_only_once() {
    let bench = Bench::new();
    let killed = bench.exec_text("job.sh", "kill -KILL $PPID\nexec sleep 60\n").run(Vec::new);
    assert_eq!(killed.exit, None, "{killed}");
    for is_told in [true, false] {
        let run = bench.run(bench.exec_text("other.sh", "read -r line\n"));
        run.ends("ran", 0);
        let warnings = run.list("warnings").join("\n");
        assert_eq!(warnings.contains("what the script had changed by then is not known"), is_told, "{run}");
    }
}
