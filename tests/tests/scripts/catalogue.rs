//! Scripts as administrators have them today, unmodified: only the script command changes.

use std::path::Path;

use pamrun_tests::gateway::script;
use pamrun_tests::record::Record;
use serde_json::Value;

use crate::bench::Bench;

#[test]
fn a_python_script_of_today_runs_as_it_is() {
    let bench = Bench::new();
    let run = bench.run(bench.exec(&script("catalogue/router.py")));
    run.ends("ran", 0);
    let plugin = &run.outcome["plugin"];
    let words = ["name", "runtime", "sandbox"].map(|key| plugin[key].as_str().unwrap());
    assert_eq!(words, ["router.py", "script", "none"], "{run}");
    assert!(plugin["digest"].as_str().unwrap().starts_with("sha256:"), "{run}");
    assert_eq!((&run.outcome["proof"], &run.outcome["plan"]), (&Value::Null, &Value::Null), "{run}");
    let said = "router.py info: Running the post-rotation script for: svc-router";
    assert!(run.stderr.contains(said), "{run}");
    let warning = "declares no steps";
    assert!(run.list("warnings").iter().any(|line| line.contains(warning)), "{run}");
    bench.expect_unsaved(&run);
}

#[test]
fn a_shell_script_of_today_runs_as_it_is() {
    let bench = Bench::new();
    let run = bench.run(bench.exec(&script("catalogue/database.sh")));
    run.ends("ran", 0);
    assert!(run.stderr.contains("Post-rotation for svc-router"), "{run}");
}

#[test]
fn exit_1_is_uncertain_and_says_what_the_script_said() {
    for name in ["catalogue/router.py", "catalogue/database.sh"] {
        let mut bench = Bench::new();
        bench.attached = Record::new("login", "Another record").text("x", "y");
        let run = bench.run(bench.exec(&script(name)));
        run.ends("uncertain", 5).with_code("plugin-trapped");
        let error = run.outcome["error"].to_string();
        assert!(error.contains("status 1") && error.contains("is not known"), "{run}");
        assert!(error.contains(&bench.record.uid), "the hint names no record\n{run}");
        bench.expect_unsaved(&run);
    }
}

#[test]
fn what_a_script_without_steps_returns_is_saved() {
    for way in ["stdout", "file"] {
        let bench = Bench::new();
        let exec = bench.exec(&script("catalogue/returns.py")).argument("--").argument(way);
        let run = bench.run(exec);
        run.ends("ran", 0);
        assert_eq!(run.outcome["saved"], true, "{run}");
        let made = format!("made-by-the-script-{}", bench.record.uid);
        assert_eq!((bench.saved("api_key"), bench.saved("made_by")), (made.clone(), "returns.py".to_owned()));
        assert!(!run.stderr.contains(&made) && !run.stdout.contains(&made), "{run}");
        assert!(run.stderr.contains("the key is [redacted]"), "{run}");
        let updates = run.outcome["updates"].as_array().unwrap();
        assert_eq!((updates.len(), &updates[0]["value"]), (2, &"********".into()), "{run}");
    }
}

#[test]
fn a_dry_run_does_not_run_a_script_without_steps() {
    let bench = Bench::new();
    let run = bench.run(bench.exec(&script("catalogue/returns.py")).argument("--dry-run"));
    run.ends("planned", 0);
    assert!(run.list("warnings").iter().any(|line| line.contains("was not run")), "{run}");
    bench.expect_unsaved(&run);
}

#[test]
fn the_page_on_scripts_shows_what_a_script_of_today_says() {
    let bench = Bench::new();
    let run = bench.run(bench.exec(&script("catalogue/router.py")).flag("--format", "text"));
    assert_eq!(run.exit, Some(0), "{run}");
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/scripts.md");
    let page = std::fs::read_to_string(page).unwrap();
    let shown = page.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    let said =
        shown.lines().filter(|line| line.starts_with("router.py info:") || line.contains("  warning "));
    assert_eq!(said.clone().count(), 5, "{shown}");
    for line in said {
        assert!(run.stderr.contains(line) || run.stdout.contains(line), "{line}\n{run}");
    }
}

#[test]
fn a_value_of_a_type_that_nobody_knows_is_taken_for_a_secret() {
    let bench = Bench::new();
    let answer =
        r#"{"updates": [{"label": "key", "type": "secrett", "value": "a-new-value-that-is-secret"}]}"#;
    let run = bench.run(bench.exec_text("a.sh", format!("read -r line\necho '{answer}'\n")));
    run.ends("ran", 0);
    assert_eq!(run.outcome["updates"][0]["value"], "********", "{run}");
    assert!(!run.stdout.contains("a-new-value") && !run.stderr.contains("a-new-value"), "{run}");
    assert_eq!(bench.saved("key"), "a-new-value-that-is-secret");
}
