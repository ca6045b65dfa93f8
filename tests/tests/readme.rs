//! The commands of the front page are those that CI runs, and they do what it says.

use std::path::{Path, PathBuf};
use std::process::Command;

use pamrun_tests::azure::Azure;
use pamrun_tests::gateway::{Exec, Run, plugin};

fn read(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)).unwrap()
}

/// The commands of a page: what stands in its code and begins with the word, without comments.
fn commands(page: &str, program: &str) -> Vec<Vec<String>> {
    let page = page.replace("\\\n", " ");
    let mut code = Vec::new();
    let mut fenced = false;
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if fenced || line.starts_with("    ") {
            code.push(line);
        } else {
            code.extend(line.split('`').skip(1).step_by(2));
        }
    }
    let parts = code.iter().flat_map(|line| line.split(" # ").next().unwrap().split('|'));
    let words =
        parts.map(|part| part.split_whitespace().filter(|word| *word != "$").map(str::to_owned).collect());
    words.filter(|words: &Vec<String>| words.len() > 1 && words[0] == program).collect()
}

#[test]
fn ci_runs_the_commands_that_build_and_every_other_one_exists() {
    let (makefile, ci) = (read("Makefile"), read(".ci/run"));
    let named = commands(&read("README.md"), "make");
    for command in &named {
        let target = &command[1];
        assert!(makefile.lines().any(|line| line.starts_with(&format!("{target}:"))), "make {target}");
    }
    for target in ["demo", "test"] {
        assert!(named.iter().any(|command| command[1] == target), "the page does not name make {target}");
        assert!(ci.lines().any(|line| line == format!("make {target}")), "CI does not run make {target}");
    }
}

#[test]
fn every_command_of_the_page_runs() {
    let mut azure = Azure::new();
    azure.record = azure.record.clone().script(&azure.attached[0]);
    let commands = commands(&read("README.md"), "pamrun");
    for command in &commands {
        let run = run(&azure, command);
        assert_eq!(run.exit, Some(0), "{}\n{run}", command.join(" "));
    }
    for expected in [
        &["plugin", "inspect"][..],
        &["plugin", "pack"],
        &["params", "encode"],
        &["exec", "--dry-run"],
        &["recover", "--take"],
    ] {
        let there =
            commands.iter().any(|command| expected.iter().all(|word| command.contains(&(*word).to_owned())));
        assert!(there, "the page does not show pamrun {}", expected.join(" "));
    }
}

/// A text without what is different in every run: ids, digests, times and numbers.
fn steady(text: &str) -> String {
    let is_id = |word: &str| {
        let is_hex = word.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
        (is_hex && word.len() >= 36) || word.bytes().any(|b| b.is_ascii_digit())
    };
    let mut steady = String::new();
    for line in text.trim_end().lines() {
        // A record's UID may be any letters.
        let line = line.split("\"record_uid\"").next().unwrap();
        let mut word = String::new();
        for c in line.chars().chain(['\n']) {
            if c.is_ascii_alphanumeric() || c == '-' {
                word.push(c);
                continue;
            }
            steady += if is_id(&word) { "…" } else { &word };
            word.clear();
            steady.push(c);
        }
    }
    steady
}

#[test]
fn the_page_shows_what_the_demo_prints() {
    let demo = Command::new(env!("CARGO_BIN_EXE_demo")).output().unwrap();
    assert!(demo.status.success(), "{}", String::from_utf8_lossy(&demo.stderr));
    let page = read("README.md");
    let shown = page.split_once("```text\n").unwrap().1.split("```").next().unwrap();
    assert_eq!(steady(&String::from_utf8_lossy(&demo.stdout)), steady(shown));
}

/// Runs a command of the page, with what a test has in the place of what a reader has.
fn run(azure: &Azure, command: &[String]) -> Run {
    let words: Vec<_> = command.iter().map(String::as_str).collect();
    let file = words.iter().find(|word| Path::new(word).extension().is_some_and(|end| end == "wasm"));
    let help = |verb: &[&str]| azure.gateway.command(verb).argument("--help").run(Vec::new);
    match (words.as_slice(), file) {
        ([_, "exec", ..], Some(file)) => {
            let known = help(&["exec"]).stdout;
            for option in words.iter().filter(|word| word.starts_with("--")) {
                assert!(known.contains(option), "{} has the unknown option {option}", words.join(" "));
            }
            assert_eq!(built(file), plugin("azure-app-secret"));
            let is_dry = words.contains(&"--dry-run");
            let run = azure.run(if is_dry { azure.exec().argument("--dry-run") } else { azure.exec() });
            assert_eq!(run.word("outcome"), if is_dry { "planned" } else { "rotated" }, "{run}");
            run
        }
        ([_, "plugin", "pack", _, manifest, "-o", _], Some(file)) => {
            let text = read("plugins/template/plugin.toml").replace("{{name}}", "my-token");
            let manifest = azure.gateway.write(manifest, text);
            // Whatever a compiler made: its manifest is replaced.
            assert_eq!(*file, "guest.wasm");
            let pack = azure.gateway.command(&["plugin", "pack"]).argument(plugin("azure-app-secret"));
            let packed = azure.gateway.path("my-token.wasm");
            let run = pack.argument(manifest).flag("-o", packed).run(Vec::new);
            assert!(run.stdout.contains("my-token 0.1.0 is packed"), "{run}");
            run
        }
        ([_, "plugin", verb @ ("inspect" | "check"), _], Some(file)) => {
            let run = azure.gateway.command(&["plugin", verb]).argument(built(file)).run(Vec::new);
            assert!(run.stdout.contains("sha256:"), "{run}");
            run
        }
        ([_, "doctor", "--record", _], None) => {
            azure.fill_vault();
            let host = azure.cloud.address();
            let doctor = azure.gateway.command(&["doctor", "--record", &azure.record.uid]);
            let doctor = doctor
                .flag("--vault", azure.gateway.vault().flag())
                .flag("--state-dir", azure.gateway.path("state"))
                .flag("--ca-file", azure.gateway.path("ca.pem"))
                .host(azure.sovereign.login(), host)
                .host(azure.sovereign.graph(), host);
            // The script of this record has no file attached.
            azure.run(doctor.argument(plugin("azure-app-secret")))
        }
        ([_, "params", "encode", ..], None) => {
            let plain = azure.gateway.write_input("params.json", read("examples/azure/params.json"));
            let encode: Exec<'_> = azure.gateway.command(&["params", "encode"]).argument(plain);
            encode.capture_secret_stdout().run(Vec::new)
        }
        (
            [
                _,
                verb
                @ ("exec" | "recover" | "secrets" | "params" | "plugin" | "completions" | "new" | "test"),
                ..,
            ],
            None,
        ) => help(&[verb]),
        _ => panic!("this test does not know how to try `{}`", words.join(" ")),
    }
}

fn built(file: &str) -> PathBuf {
    plugin(Path::new(file).file_stem().unwrap().to_str().unwrap())
}
