//! What a script answers, in every way in which people write it: it counts, or the run says that it does not; the
//! fresh secret in it shows nowhere.

use pamrun_tests::canary::random_text;
use pamrun_tests::gateway::{Exec, Run};
use pamrun_tests::record::Record;
use serde_json::Value;

use crate::bench::Bench;

/// A record, and the fresh secret of a script that is to go into its field `api_key`.
struct Trial {
    bench: Bench,
    fresh: String,
}

impl Trial {
    fn new() -> Self {
        let bench = Bench::of(Record::pam_user("svc").hidden("api_key", &random_text(24)));
        let fresh = random_text(24);
        bench.gateway.plant("fresh secret", &fresh);
        Self { bench, fresh }
    }

    /// A script with this text, in which `FRESH` stands for the secret.
    fn exec(&self, name: &str, text: &str) -> Exec<'_> {
        self.bench.exec_text(&format!("inputs/{name}"), text.replace("FRESH", &self.fresh))
    }

    /// Runs a shell script that writes this to its stdout, and then logs the secret.
    fn write(&self, stdout: &str) -> Run {
        let text =
            format!("read -r line\ncat <<'END'\n{stdout}\nEND\necho 'made FRESH'\necho 'made FRESH' >&2\n");
        self.bench.run(self.exec("write.sh", &text))
    }

    #[track_caller]
    fn expect_saved(&self, run: &Run) {
        run.ends("ran", 0);
        assert_eq!(
            (self.bench.saved("api_key"), &run.outcome["saved"]),
            (self.fresh.clone(), &true.into()),
            "{run}"
        );
        assert!(!run.stderr.contains("updates"), "{run}");
    }

    /// Fails unless the run is uncertain, with this code, and the record keeps the secret.
    #[track_caller]
    fn expect_kept(&self, run: &Run, code: &str) {
        run.ends("uncertain", 5).with_code(code);
        assert!(self.bench.saved("pamrun_rescued").contains(&self.fresh), "{run}");
        assert!(run.outcome["error"]["hint"].to_string().contains("--take"), "{run}");
    }
}

const ANSWER: &str = r#"{"updates":[{"label":"api_key","type":"secret","value":"FRESH"}]}"#;
const PRETTY: &str = r#"{
  "updates": [
    {
      "label": "api_key",
      "type": "secret",
      "value": "FRESH"
    }
  ]
}"#;

#[test]
fn n1_an_answer_counts_wherever_its_lines_break_and_whatever_stands_around_it() {
    for stdout in [
        PRETTY.to_owned(),
        PRETTY.replace('\n', "\r\n"),
        format!("\u{feff}{PRETTY}"),
        format!("Result: {ANSWER}"),
        format!("{{\"level\":\"info\",\"msg\":\"on the way\"}}\n[INFO] the answer is {ANSWER} (done)\n{{}}"),
        format!("{ANSWER}\n{PRETTY}"),
        // As `jq -C` writes it.
        PRETTY.replace('"', "\u{1b}[0;32m\"\u{1b}[0m"),
        format!("{{\"failure\":{{\"kind\":\"unavailable\",\"message\":\"again\"}}}}\n{PRETTY}"),
    ] {
        let trial = Trial::new();
        let run = trial.write(&stdout);
        trial.expect_saved(&run);
        assert!(run.stderr.contains("write.sh info: made [redacted]"), "{run}");
    }
}

#[test]
fn n1_n6_an_answer_in_utf_16_or_with_a_mark_counts_on_stdout_and_in_the_file() {
    for encoding in ["utf-16", "utf-16-le-with-mark", "utf-16-be-with-mark", "utf-8-sig"] {
        let name = encoding.trim_end_matches("-with-mark");
        let mark = if name == encoding { "" } else { "\\ufeff" };
        for to in ["sys.stdout.buffer", "open(os.environ['PAMRUN_OUTPUT'], 'wb')"] {
            let text = format!("import os, sys\n{to}.write(('{mark}' + '''{PRETTY}''').encode('{name}'))\n");
            let trial = Trial::new();
            trial.expect_saved(&trial.bench.run(trial.exec("encoded.py", &text)));
        }
    }
}

#[test]
fn n1_the_answer_of_a_step_counts_wherever_its_lines_break() {
    let text = r#"#!/bin/sh
# pamrun: steps=preflight,rotate,verify,commit,rollback strategy=overlap
case $PAMRUN_STEP in
preflight) echo '{"target":"t","creates":"c","removes":[],"notes":[]}';;
rotate) cat <<'END'
{
  "handle": "new-1",
  "updates": [
    {"label": "api_key_id", "type": "text", "value": "new-1"},
    {"label": "api_key", "type": "secret", "value": "FRESH"}
  ]
}
END
;;
verify) echo '{"proof":"verified"}';;
commit) echo '{"removed":[]}';;
rollback) echo '{"seen":["new-1"],"gone":["new-1"]}';;
esac
"#;
    let trial = Trial::new();
    let run = trial.bench.run(trial.exec("steps.sh", text));
    run.ends("rotated", 0);
    assert_eq!(trial.bench.saved("api_key"), trial.fresh, "{run}");
}

#[test]
fn n1_what_looks_like_an_answer_and_is_none_is_uncertain_and_shows_nothing() {
    for (stdout, told) in [
        (
            r#"{"updates":[{"label":"api_key","type":"secret","value":"FRESH"#,
            "line 1, column 1 of stdout stops",
        ),
        (
            "ok\n{'updates': [{'label': 'api_key', 'value': 'FRESH'}]}",
            "from line 2, column 2 on: keys and texts",
        ),
        (r#"{"updates":[{"label":"api_key","value":"FRESH"},]}"#, "a comma too many"),
        ("{\"updates\":[ // new\n{\"label\":\"api_key\",\"value\":\"FRESH\"}]}", "JSON has no comments"),
        (
            "{\n  updates: [\n    { label: 'api_key', value: 'FRESH' }\n  ]\n}",
            "keys must stand in double quotes",
        ),
        (r#"[{"updates":[{"label":"api_key","value":"FRESH"}]}]"#, "stands inside a list"),
        (r#"[{"label":"api_key","type":"secret","value":"FRESH"}]"#, "stands inside a list"),
        (r#"{"Updates":[{"label":"api_key","value":"FRESH"}]}"#, "small letters"),
        (r#"{"result":{"updates":[{"label":"api_key","value":"FRESH"}]}}"#, "inside another object"),
        (r#""{\"updates\":[{\"label\":\"api_key\",\"value\":\"FRESH\"}]}""#, "encoded twice"),
        ("@{updates=System.Object[]}\n{@{label=api_key; type=secret; value=FRESH}}", "is not JSON"),
        (
            "array(1) {\n  [\"updates\"]=>\n  array(1) {\n    [\"value\"]=>\n    string(24) \"FRESH\"\n  }\n}",
            "is not JSON",
        ),
        ("updates:\n- label: api_key\n  value: FRESH", "is not JSON"),
        (r#"{"updates":[{"label":"api_key","value":"FRESH"}],"updates":[]}"#, "stands twice"),
        (r#"{"updates":{"api_key":"FRESH"}}"#, "`updates` must be a list"),
        (r#"{"updates":{"label":"api_key","value":"FRESH"}}"#, "`updates` must be a list"),
        (r#"{"updates":"[{\"label\":\"api_key\",\"value\":\"FRESH\"}]"}"#, "`updates` must be a list"),
        ("map[updates:[map[label:api_key value:FRESH]]]", "is not JSON"),
        (
            "array ( 'updates' => array ( 0 => array ( 'label' => 'api_key', 'value' => 'FRESH' ) ) )",
            "is not JSON",
        ),
        (
            r#"{"message":"{\"updates\":[{\"label\":\"api_key\",\"value\":\"FRESH\"}]}"}"#,
            "inside another object",
        ),
        (
            r#"{"updates":[{"label":"api_key","value":["FRESH"]},{"label":"b","value":"x"}]}"#,
            "`updates[0].value`",
        ),
        (
            "{\"updates\":[{\"label\":\"api_key\",\"value\":\"FRESH\"}]}\n{\"updates\":[{\"label\":\"api_key\",\"value\":\"another\"}]}",
            "two that differ, at line 1, column 1 of stdout and at line 2, column 1 of stdout",
        ),
        (
            "{\"updates\":[{\"label\":\"api_key\",\"value\":\"another\"}]}\n{'updates': [{'value': 'FRESH'}]}",
            "line 2, column 1 of stdout is not JSON",
        ),
    ] {
        let trial = Trial::new();
        let run = trial.write(stdout);
        trial.expect_kept(&run, "plugin-contract");
        assert!(run.outcome["error"]["message"].as_str().unwrap().contains(told), "{told}\n{run}");
        assert!(run.stderr.contains("write.sh warn: ") && run.stderr.contains("[redacted]"), "{run}");
    }
}

#[test]
fn n1_an_answer_on_stderr_is_uncertain_and_told_where_it_belongs() {
    for (answer, told) in [
        (PRETTY, "line 2, column 1 of stderr: write it to stdout"),
        ("{'updates': [{'label': 'api_key', 'value': 'FRESH'}]}", "line 2, column 1 of stderr is not JSON"),
    ] {
        let trial = Trial::new();
        let text =
            format!("read -r line\necho 'made FRESH' >&2\ncat >&2 <<'END'\n{answer}\nEND\necho done FRESH\n");
        let run = trial.bench.run(trial.exec("stderr.sh", &text));
        trial.expect_kept(&run, "plugin-contract");
        assert!(run.outcome["error"]["message"].as_str().unwrap().contains(told), "{run}");
    }
}

#[test]
fn n1_a_log_that_is_no_answer_does_not_keep_a_script_from_having_run() {
    let log = r#"Checking for updates: [1/3] {done}
3 updates, {failures: 0}
{"level":"info","msg":"updates: 3 of {4}"}
{"label":"cpu","value":"3"}
the "handle" of {it
it's {"#;
    for stream in ["", " >&2"] {
        let bench = Bench::new();
        let text = format!("read -r line\ncat{stream} <<'END'\n{log}\nEND\n");
        let run = bench.run(bench.exec_text("log.sh", &text));
        run.ends("ran", 0);
        assert!(run.stderr.contains("3 updates, {failures: 0}") && run.stderr.contains("of {4}"), "{run}");
    }
}

#[test]
fn n1_what_only_repeats_the_answer_does_no_harm() {
    let python = "import json, sys\nkey = 'FRESH'\nanswer = {'updates': [{'label': 'api_key', 'type': 'secret', 'value': key}]}\nprint(answer)\nprint(json.dumps(answer), file=sys.stderr)\nprint(json.dumps(answer, indent=1))\n";
    let traced = "set -x\nread -r line\necho '{\"updates\":[{\"label\":\"api_key\",\"type\":\"secret\",\"value\":\"FRESH\"}]}'\n";
    for (name, text) in [("repr.py", python), ("traced.sh", traced)] {
        let trial = Trial::new();
        trial.expect_saved(&trial.bench.run(trial.exec(name, text)));
    }
}

#[test]
fn n6_an_update_without_a_type_is_saved() {
    let trial = Trial::new();
    trial.expect_saved(&trial.write(r#"{"updates":[{"label":"api_key","value":"FRESH"}]}"#));
}

#[test]
fn n6_an_answer_and_then_a_failure_is_uncertain_and_shows_nothing() {
    for (end, code) in [
        ("echo 'cannot go on with FRESH' >&2\nexit 1", "plugin-trapped"),
        ("kill -SEGV $$", "plugin-trapped"),
        ("sleep 600", "timeout"),
        (r#"echo '{"failure":{"kind":"denied","code":"no","message":"FRESH is refused"}}'"#, "no"),
    ] {
        let mut trial = Trial::new();
        if code == "timeout" {
            trial.bench = trial.bench.hurry();
        }
        let run = trial.bench.run(trial.exec("fails.sh", &format!("read -r line\necho '{ANSWER}'\n{end}\n")));
        trial.expect_kept(&run, code);
    }
}

#[test]
fn n1_a_failure_that_has_new_values_with_it_is_uncertain() {
    let trial = Trial::new();
    let failure = r#","failure":{"kind":"denied","code":"no","message":"FRESH is refused"}}"#;
    let run = trial.write(&ANSWER.replace("]}", &format!("]{failure}")));
    trial.expect_kept(&run, "no");
    assert_eq!(run.outcome["error"]["message"].as_str().unwrap().matches("[redacted]").count(), 1, "{run}");
}

#[test]
fn n1_an_answer_in_an_exception_shows_nothing() {
    let text = "import json\nraise RuntimeError('halfway: ' + json.dumps({'updates': [{'label': 'api_key', 'value': 'FRESH'}]}))\n";
    let trial = Trial::new();
    let run = trial.bench.run(trial.exec("raises.py", text));
    trial.expect_kept(&run, "plugin-trapped");
    assert_ne!(run.outcome["error"]["message"], Value::Null, "{run}");
}
