//! What people see who sit at a terminal.

use std::path::Path;

use pamrun_tests::gateway::{Exec, Gateway, Python, Run};
use pamrun_tests::params::Params;
use pamrun_tests::record::Record;

/// Makes a terminal, runs what follows in it, and prints all that it showed.
const TERMINAL: &str = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";

/// Runs a command of pamrun at a terminal.
fn at_terminal(exec: Exec<'_>) -> Run {
    let python = Python::of_this_machine().program.display();
    exec.started_by(&format!("exec '{python}' -c '{TERMINAL}' \"$@\"")).run(Vec::new)
}

fn inspect_nothing(gateway: &Gateway) -> Exec<'_> {
    gateway.command(&["plugin", "inspect"]).argument(Path::new("/no/such.wasm"))
}

const RED_ERROR: &str = "\u{1b}[31merror";

#[test]
fn a_terminal_shows_colour() {
    let gateway = Gateway::new();
    let run = at_terminal(inspect_nothing(&gateway));
    assert!(run.exit == Some(2) && run.stdout.contains(RED_ERROR), "{run}");
    // What says nothing is no wish.
    let run = at_terminal(inspect_nothing(&gateway).variable("NO_COLOR", ""));
    assert!(run.stdout.contains(RED_ERROR), "{run}");
}

#[test]
fn no_colour_is_shown_to_whoever_wants_none_or_has_no_terminal() {
    let gateway = Gateway::new();
    let run = at_terminal(inspect_nothing(&gateway).variable("NO_COLOR", "1"));
    assert!(run.stdout.contains("error: ") && !run.stdout.contains('\u{1b}'), "{run}");
    let run = inspect_nothing(&gateway).run(Vec::new);
    assert!(run.stderr.contains("error: ") && !run.stderr.contains('\u{1b}'), "{run}");
}

/// What clears a screen, colours, turns the text around, and deletes: of C0, C1 and Unicode.
const HARM: &str = "\u{1b}[2J\u{9b}31m\u{202e}\u{7f}\u{200b}";

/// Fails if anything on the screen could have acted on it.
#[track_caller]
fn expect_harmless(run: &Run) {
    for shown in [&run.stdout, &run.stderr] {
        let acts = |c: char| {
            c.is_control() && !matches!(c, '\n' | '\r')
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        };
        assert!(!shown.contains(acts), "{shown:?}");
    }
    let all = format!("{}{}", run.stdout, run.stderr);
    assert!(all.contains("1b}[2J") || all.contains("u001b[2J"), "nothing of it is shown\n{run}");
}

/// A vault with a record that has harm in its title, a label and a value.
fn harmful(gateway: &Gateway) -> Record {
    let record =
        Record::pam_user(&format!("Title {HARM}")).text(&format!("label {HARM}"), &format!("value {HARM}"));
    gateway.fill_vault([&record]);
    record
}

#[test]
fn texts_of_params_act_on_no_terminal() {
    let gateway = Gateway::new();
    let record = harmful(&gateway);
    let params =
        Params { user_record: record.uid.clone(), records: vec![record.flattened()], ..Params::default() };
    let line = gateway.write("line.txt", params.line());
    for reveal in [false, true] {
        let decode = gateway.command(&["params", "decode"]).argument(&line).variable("NO_COLOR", "1");
        let decode = if reveal { decode.reveal() } else { decode };
        let run = at_terminal(decode);
        assert_eq!(run.exit, Some(0), "{run}");
        expect_harmless(&run);
    }
}

#[test]
fn texts_of_a_vault_act_on_no_terminal() {
    let gateway = Gateway::new();
    let record = harmful(&gateway);
    let uid = &record.uid;
    let secrets = |query: &str, to: &str| {
        let command = gateway.command(&["secrets"]).variable("NO_COLOR", "1");
        let command = command.flag("--vault", gateway.vault().flag()).flag("--to", to);
        at_terminal(command.flag("--query", format!("{uid}/{query} > X")))
    };
    expect_harmless(&secrets("custom_field/label", "json"));
    expect_harmless(&secrets("title", "json"));
    expect_harmless(&secrets("title", "shell"));
    expect_harmless(&secrets("title", "azure-pipelines"));
    for format in ["text", "json"] {
        let doctor = gateway.command(&["doctor"]).variable("NO_COLOR", "1").flag("--format", format);
        let doctor =
            doctor.flag("--vault", gateway.vault().flag()).flag("--state-dir", gateway.path("state"));
        expect_harmless(&at_terminal(doctor.flag("--record", uid)));
    }
}

#[test]
fn texts_of_a_script_act_on_no_terminal() {
    let gateway = Gateway::new();
    let record = harmful(&gateway);
    let params =
        Params { user_record: record.uid.clone(), records: vec![record.flattened()], ..Params::default() };
    let failure =
        serde_json::json!({"failure": {"kind": "denied", "code": "no", "message": format!("no {HARM}")}});
    let script =
        gateway.write("fails.sh", format!("read -r line\necho 'log {HARM}'\necho '{failure}'\nexit 1\n"));
    for format in ["text", "json"] {
        let exec = gateway.exec(&script, params.line()).flag("--format", format).variable("NO_COLOR", "1");
        let run = exec.flag("--vault", gateway.vault().flag()).run(Vec::new);
        assert_ne!(run.exit, Some(0), "{run}");
        expect_harmless(&run);
    }
}
