//! How a script is started: by whom, with what, and where.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use pamrun_tests::gateway::{Python, script};

use crate::bench::{Bench, digest};

/// Ends well if the first line of stdin is there.
const PYTHON: &str = "import sys, base64, json\njson.loads(base64.b64decode(sys.stdin.readline()))['userRecordUid']\nprint('ran with', sys.executable)\n";
const SHELL: &str = "read -r line\ntest -n \"$line\"\necho ran\n";

#[test]
fn a_script_is_run_by_what_its_first_line_or_its_name_says() {
    for (name, text) in [
        ("plain.py", PYTHON.to_owned()),
        ("with blanks in its name.py", PYTHON.to_owned()),
        ("shebang", format!("#!/usr/bin/env python3\n{PYTHON}")),
        ("split", format!("#!/usr/bin/env -S python3 -u\n{PYTHON}")),
        ("windows.py", format!("\u{feff}#!/usr/bin/env python3\n{PYTHON}").replace('\n', "\r\n")),
        ("plain.sh", SHELL.to_owned()),
        ("windows.sh", format!("\u{feff}#!/bin/bash\n{SHELL}").replace('\n', "\r\n")),
    ] {
        let bench = Bench::new();
        let run = bench.run(bench.exec_text(name, text));
        run.ends("ran", 0);
        assert!(run.stderr.contains(&format!("{name} info: ran")), "{run}");
    }
}

#[test]
fn any_executable_file_is_a_script_too() {
    let bench = Bench::new();
    let program = bench.write("program", std::fs::read("/bin/cat").unwrap());
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
    let line = String::from_utf8(bench.params().line()).unwrap();
    let run = bench.run(bench.exec(&program));
    run.ends("ran", 0);
    // What it prints is the line, and that is secret as a whole.
    assert!(run.stderr.contains("program info: [redacted]") && !run.stderr.contains(&line[..40]), "{run}");
}

#[test]
fn the_operator_may_name_the_interpreter_in_a_virtual_environment_with_blanks_in_its_path() {
    let bench = Bench::new();
    let bin = bench.gateway.path("my venv/bin");
    std::fs::create_dir_all(&bin).unwrap();
    let python = bin.join("python");
    let installed = Python::of_this_machine();
    std::os::unix::fs::symlink(&installed.program, &python).unwrap();
    let home = installed.program.parent().unwrap().display();
    bench.write("my venv/pyvenv.cfg", format!("home = {home}\n"));
    let run = bench.run(bench.exec_text("job", PYTHON).flag("--interpreter", &python));
    run.ends("ran", 0);
    assert!(run.stderr.contains(&format!("ran with {}", python.display())), "{run}");
}

#[test]
fn a_missing_interpreter_is_named_with_what_would_provide_it() {
    for (name, text, part) in [
        ("a.rb", "puts 1", "package `ruby`"),
        ("b", "#!/usr/bin/env no-such-program\n", "no-such-program"),
        ("c", "hello", "--interpreter"),
    ] {
        let bench = Bench::new();
        let run = bench.run(bench.exec_text(name, text));
        run.ends("invalid", 2);
        assert!(run.outcome["error"].to_string().contains(part), "{run}");
    }
}

#[test]
fn the_gateways_line_arrives_byte_for_byte() {
    let bench = Bench::new();
    let line = String::from_utf8(bench.params().line()).unwrap();
    for line in [line.clone(), line.replace('\n', "\r\n"), line.trim().to_owned(), format!("\u{feff}{line}")]
    {
        let text = "import sys, hashlib\nprint(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())\n";
        let run = bench.run(bench.exec_text("digest.py", text).input(line.clone().into_bytes()));
        run.ends("ran", 0);
        assert!(run.stderr.contains(&digest(line.as_bytes())), "{line:?}\n{run}");
    }
}

#[test]
fn a_script_starts_in_a_folder_of_its_own_and_sees_little() {
    let bench = Bench::new();
    let exec = bench.exec(&script("misbehaving.py")).argument("--").argument("started_in");
    let run = bench.run(exec);
    run.ends("ran", 0);
    assert!(run.stderr.contains("cwd script files 0"), "{run}");
    let seen = run.stderr.lines().find_map(|line| line.split_once("variables ")).unwrap().1;
    // Python itself may set LC_CTYPE.
    let seen: Vec<_> = seen.split(' ').filter(|name| *name != "LC_CTYPE").collect();
    assert_eq!(seen, ["HOME", "PAMRUN_OUTPUT", "PATH", "TAG", "TMPDIR"], "{run}");
    assert!(run.stderr.contains("session True"), "{run}");
}

#[test]
fn a_variable_that_is_passed_on_by_name_is_seen_and_not_shown() {
    let bench = Bench::new();
    bench.gateway.plant("TOKEN", "token-of-the-operator");
    let exec = bench.exec_text("env.sh", "echo \"token: $TOKEN\"\n").flag("--env", "TOKEN");
    let mut command = exec.command();
    command.env("TOKEN", "token-of-the-operator").stdin(std::process::Stdio::piped());
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), &bench.params().line()).unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("env.sh info: token: [redacted]"), "{stderr}");
}

#[test]
fn settings_are_for_scripts_with_steps() {
    let bench = Bench::new();
    let run = bench.run(bench.exec_text("a.sh", SHELL).set("days", "30"));
    run.ends("invalid", 2).with_code("settings-unused");
}

#[test]
fn options_of_scripts_mean_nothing_to_a_plugin() {
    let bench = Bench::new();
    let plugin = pamrun_tests::gateway::plugin("azure-app-secret");
    let run = bench.run(bench.exec(&plugin).flag("--interpreter", "python3"));
    run.ends("invalid", 2);
    assert!(run.outcome["error"].to_string().contains("--interpreter is for scripts"), "{run}");
}

#[test]
fn a_declaration_of_steps_that_makes_no_sense_stops_it() {
    let bench = Bench::new();
    let run = bench.run(bench.exec_text("a.sh", format!("#!/bin/sh\n# pamrun: step=rotate\n{SHELL}")));
    run.ends("invalid", 2).with_code("script-head");
    assert!(run.outcome["error"].to_string().contains("line 2"), "{run}");
}

#[test]
fn what_a_killed_run_left_in_its_folder_is_gone_with_the_next() {
    let bench = Bench::new();
    let work = bench.gateway.path("state").join("work");
    let left = work.join("script-left");
    std::fs::create_dir_all(&left).unwrap();
    for folder in [&work, &left] {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).unwrap();
    }
    bench.run(bench.exec_text("a.sh", SHELL)).ends("ran", 0);
    assert!(!Path::new(&left).exists());
}
