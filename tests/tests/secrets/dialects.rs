//! Files of variables, written by the real binary and read by those that they are for, as far as they can be
//! had here. `runner/src/dotenv/tests` has the published grammar of the others.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use pamrun_tests::gateway::{VaultKind, target};

use super::*;

/// What people have in their vaults, and readers stumble over.
const VALUES: [&str; 30] = [
    "plain",
    "Pay8Q~example.of.a.secret",
    "~home",
    "a:~b",
    "a b",
    " both ends ",
    "\ttab\t",
    "it's",
    "say \"x\"",
    "it's \"both\"",
    "#first",
    "a #comment",
    "a#b",
    "$HOME",
    "${HOME}",
    "$(id) `id`",
    "back\\slash",
    "C:\\dir\\",
    "a\\\\b",
    "a\\nb",
    "line one\nline two",
    "-----BEGIN KEY-----\nabc=\n-----END KEY-----\n",
    "cr\rlf\r\n",
    "é名🔑",
    "!bang!",
    "=x=",
    "a;b&c|d<e>f(g)*?[h]",
    "'quoted'",
    "\"quoted\"",
    "{\"json\": [1, \"two\"]}",
];

type Variables = BTreeMap<String, String>;

/// Asks for each value in a dialect; returns the file and what should be read in it. Those that are refused
/// are told, and nothing is written of them.
fn written(bench: &Bench, dialect: &str) -> (String, Variables) {
    let (mut file, mut expected) = (String::new(), Variables::new());
    for (number, value) in VALUES.iter().enumerate() {
        bench.gateway.vault().edit(UID, |record| record["fields"][0]["value"] = json!([value]));
        let exec = bench.ask(&format!("{UID}/field/login > V{number}")).flag("--to", dialect);
        let run = exec.run(Vec::new);
        if run.exit == Some(0) {
            file.push_str(&run.stdout);
            expected.insert(format!("V{number}"), (*value).to_owned());
        } else {
            assert_eq!((run.exit, run.stdout.as_str()), (Some(2), ""), "{dialect}: {value:?}\n{run}");
            assert!(run.stderr.contains("line 1: the value has "), "{run}");
        }
    }
    (file, expected)
}

/// Lets a program print the variables that it reads in a file, as JSON.
fn told_by(command: &mut Command) -> Variables {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn python(file: &Path) -> Variables {
    let python = target().join("python/bin/python");
    assert!(python.exists(), "{} is missing: run tests/python/setup.sh first", python.display());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/read_dotenv.py");
    told_by(Command::new(python).arg(script).arg(file).env("HOME", "/wrong").env("A", "wrong"))
}

fn node(file: &Path) -> Variables {
    let script = "console.log(JSON.stringify(require('util').parseEnv(require('fs').readFileSync(process.argv[1], 'utf8'))))";
    told_by(Command::new("node").args(["-e", script]).arg(file))
}

fn sh(file: &Path, names: &Variables) -> Variables {
    let value = |name: &String| {
        let script = "set -a; . \"$1\"; printenv \"$2\"";
        let output = Command::new("sh").args(["-c", script, "sh"]).arg(file).arg(name).output().unwrap();
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        (name.clone(), text.strip_suffix('\n').unwrap_or(&text).to_owned())
    };
    names.keys().map(value).collect()
}

/// systemd prints what it read as a shell would want it.
fn systemd(file: &Path) -> Variables {
    let read = target().join("systemd/read");
    assert!(read.exists(), "{} is missing: run tests/systemd/setup.sh first", read.display());
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("environment.d")).unwrap();
    std::fs::copy(file, home.path().join("environment.d/50-pamrun.conf")).unwrap();
    let output = Command::new(read).arg(home.path()).output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let unescaped = |text: &str| {
        let (mut plain, mut characters) = (String::new(), text.chars());
        while let Some(character) = characters.next() {
            match (character, if character == '\\' { characters.next() } else { None }) {
                (_, Some('n')) => plain.push('\n'),
                (_, Some('t')) => plain.push('\t'),
                (_, Some(other)) | (other, None) => plain.push(other),
            }
        }
        plain
    };
    let lines = String::from_utf8(output.stdout).unwrap();
    let ours = lines.lines().filter(|line| line.starts_with('V')).filter_map(|line| line.split_once('='));
    ours.map(|(name, value)| {
        let bare = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
        (name.to_owned(), unescaped(bare))
    })
    .collect()
}

fn refused(expected: &Variables) -> Vec<&'static str> {
    let is_there = |number: usize| expected.contains_key(&format!("V{number}"));
    VALUES.iter().enumerate().filter(|(number, _)| !is_there(*number)).map(|(_, value)| *value).collect()
}

#[test]
fn n7_libraries_for_env_files_read_what_is_written_for_them() {
    let bench = Bench::new(VaultKind::File);
    let (file, expected) = written(&bench, "dotenv");
    let path = bench.gateway.write_input(".env", &file);
    assert_eq!(python(&path), expected, "{file}");
    assert_eq!(node(&path), expected, "{file}");
    assert_eq!(sh(&path, &expected), expected, "{file}");
    let mixed = ["it's \"both\"", "${HOME}", "C:\\dir\\", "a\\\\b", "cr\rlf\r\n"];
    assert_eq!(refused(&expected), mixed);
}

#[test]
fn n7_a_shell_reads_what_is_written_for_it() {
    let bench = Bench::new(VaultKind::File);
    let (file, expected) = written(&bench, "shell");
    assert_eq!(sh(&bench.gateway.write_input("env.sh", &file), &expected), expected, "{file}");
    assert_eq!(refused(&expected), Vec::<&str>::new());
}

#[test]
fn n7_systemd_reads_what_is_written_for_it() {
    let bench = Bench::new(VaultKind::File);
    let (file, expected) = written(&bench, "systemd");
    assert_eq!(refused(&expected), ["cr\rlf\r\n"]);
    // The generator replaces references, which `EnvironmentFile=` does not.
    let plain: Variables = expected.into_iter().filter(|(_, value)| !value.contains('$')).collect();
    let path = bench.gateway.write_input("systemd.env", &file);
    let mut read = systemd(&path);
    read.retain(|name, _| plain.contains_key(name));
    assert_eq!(read, plain, "{file}");
}

#[test]
fn n7_docker_and_gitlab_get_values_to_the_letter_or_not_at_all() {
    let bench = Bench::new(VaultKind::File);
    for (dialect, has_none) in [("docker", &["\n"][..]), ("gitlab", &["\n", " ", "\t", "\r"])] {
        let (lines, expected) = written(&bench, dialect);
        let read = lines.lines().filter_map(|line| line.split_once('='));
        let read: Variables = read.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        assert_eq!(read, expected);
        let left = VALUES.iter().filter(|value| has_none.iter().any(|none| value.contains(none)));
        assert_eq!(refused(&expected), left.copied().collect::<Vec<_>>(), "{dialect}");
    }
}

#[test]
fn n7_gitlab_masks_nothing_and_that_is_told() {
    let bench = Bench::new(VaultKind::File);
    let run = bench.ask(&format!("{UID}/field/login > LOGIN")).flag("--to", "gitlab").run(Vec::new);
    assert_eq!((run.exit, run.stdout.as_str()), (Some(0), "LOGIN=svc-payroll\n"), "{run}");
    assert!(run.stderr.contains("GitLab masks no value"), "{run}");
}

#[test]
fn n7_a_step_of_github_is_masked_and_then_has_its_variables_and_outputs() {
    both(|bench| {
        let (variables, outputs) =
            (bench.gateway.write_input("set_env", "A=1"), bench.gateway.write_input("set_output", ""));
        let queries = format!(
            "{UID}/field/password > var:PASSWORD\n{UID}/custom_field/PEM > env:KEY\n{UID}/field/login > user"
        );
        let exec = bench.ask(&queries).flag("--to", "github");
        let exec = exec.variable("GITHUB_ENV", variables.to_str().unwrap());
        let run = done(exec.variable("GITHUB_OUTPUT", outputs.to_str().unwrap()));
        let masked: Vec<_> =
            run.stdout.lines().map(|line| line.strip_prefix("::add-mask::").unwrap()).collect();
        let mut expected = vec![bench.password.replace('%', "%25")];
        expected.extend(bench.key.lines().map(str::to_owned));
        expected.push("svc-payroll".to_owned());
        assert_eq!(masked, expected);
        assert_eq!(
            read(variables),
            format!("A=1\nPASSWORD={}\nKEY<<PAMRUN_EOF\n{}\nPAMRUN_EOF\n", bench.password, bench.key)
        );
        assert_eq!(read(outputs), "user=svc-payroll\n");
    });
}

#[test]
fn n7_github_is_for_its_steps_and_keeps_its_names() {
    let bench = Bench::new(VaultKind::File);
    let variables = bench.gateway.write_input("set_env", "");
    let ask = |query: &str| {
        let exec =
            bench.command().flag("--to", "github").flag("--query", format!("{UID}/field/login > {query}"));
        let run = exec.variable("GITHUB_ENV", variables.to_str().unwrap()).run(Vec::new);
        assert_eq!((run.exit, run.stdout.as_str()), (Some(2), ""), "{run}");
        run.stderr
    };
    assert!(ask("out:X").contains("GITHUB_OUTPUT names no file"));
    assert!(ask("env:GITHUB_X").contains("`GITHUB_X` is reserved"));
    assert_eq!(read(variables.clone()), "");
}
