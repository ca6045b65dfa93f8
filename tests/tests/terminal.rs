//! What people see who sit at a terminal.

use std::path::Path;

use pamrun_tests::gateway::{Exec, Gateway, Python, Run};

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
