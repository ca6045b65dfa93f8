//! From a guest and a plugin.toml to a plugin: `pamrun plugin pack`, and what `check`, `inspect` and `render` say of
//! it.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests run the binary, write what it reads, and stop where it surprises them"
)]

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

const TOML: &str = include_str!("../../plugins/azure-app-secret/plugin.toml");

/// A core module with the five steps, each of which traps.
fn guest(more: &str) -> Vec<u8> {
    let step = |step: &str| {
        let params = if step == "preflight" { "i32 ".repeat(15) } else { "i32".to_owned() };
        format!(
            r#"(func (export "pamrun:plugin/rotation@1.0.0#{step}") (param {params}) (result i32) unreachable)"#
        )
    };
    let steps = ["preflight", "rotate", "verify", "commit", "rollback"].map(step).concat();
    wat::parse_str(format!(
        r#"(module $a-name-for-debuggers {more} (memory (export "memory") 1)
          (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable) {steps})"#
    ))
    .unwrap()
}

/// What came of one run.
struct Run {
    exit: Option<i32>,
    stdout: String,
    stderr: String,
}

/// A folder with a guest and its manifest.
struct Bench(TempDir);

impl Bench {
    fn new() -> Self {
        let bench = Self(tempfile::tempdir().unwrap());
        bench.write("guest.wasm", guest(""));
        bench.write("plugin.toml", TOML);
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn run(&self, line: &str) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pamrun"));
        command.arg("plugin").args(line.split_whitespace()).current_dir(self.0.path()).env_clear();
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Run { exit: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Runs what has to work.
    fn good(&self, line: &str) -> String {
        let run = self.run(line);
        assert_eq!((run.exit, run.stderr.as_str()), (Some(0), ""), "{line}");
        run.stdout
    }

    /// Runs what has to be refused; without a word on stdout.
    fn refused(&self, line: &str) -> String {
        let run = self.run(line);
        assert_eq!((run.exit, run.stdout.as_str()), (Some(2), ""), "{line}: {}", run.stderr);
        run.stderr
    }

    fn packed(self) -> Self {
        self.good("pack guest.wasm plugin.toml -o p.wasm");
        self
    }
}

#[test]
fn a_guest_and_its_manifest_become_a_plugin_that_checks() {
    let bench = Bench::new();
    let said = bench.good("pack guest.wasm plugin.toml -o p.wasm");
    assert!(said.starts_with("azure-app-secret 0.1.0 is packed: p.wasm, "), "{said}");
    assert!(said.lines().nth(1).unwrap().starts_with("sha256:"), "{said}");
    assert_eq!(bench.names(), ["guest.wasm", "p.wasm", "plugin.toml"]);
    let plugin = bench.read("p.wasm");
    assert_eq!(&plugin[..8], b"\0asm\x0d\0\x01\0");
    let beginning = String::from_utf8_lossy(&plugin[..200]);
    assert!(
        beginning.contains(r#"pamrun:manifest{"contract":"1.0","name":"azure-app-secret""#),
        "{beginning}"
    );
    let said = bench.good("check p.wasm");
    assert!(said.starts_with("azure-app-secret 0.1.0 fits this pamrun"), "{said}");
    assert!(said.contains("a packed plugin"), "{said}");
}

#[test]
fn packing_is_reproducible_and_packing_again_replaces_the_manifest() {
    let bench = Bench::new().packed();
    let first = bench.read("p.wasm");
    bench.good("pack guest.wasm plugin.toml -o p.wasm");
    assert_eq!(bench.read("p.wasm"), first);
    bench.write("other.toml", TOML.replace("version = \"0.1.0\"", "version = \"0.1.1\""));
    bench.good("pack p.wasm other.toml -o q.wasm");
    assert!(bench.good("check q.wasm").starts_with("azure-app-secret 0.1.1 fits"));
    bench.good("pack q.wasm plugin.toml -o r.wasm");
    assert_eq!(bench.read("r.wasm"), first);
}

#[test]
fn all_that_is_wrong_with_manifest_and_guest_is_told_at_once_with_lines() {
    let bench = Bench::new();
    let wrong = TOML
        .replace("{app.id|lower}", "{apps.id|lower}")
        .replace("success = [\"204\"]", "success = [\"404\"]");
    bench.write("plugin.toml", &wrong);
    bench.write("guest.wasm", guest(r#"(import "wasi:http/types@0.2.6" "x" (func))"#));
    let told = bench.refused("pack guest.wasm plugin.toml -o p.wasm");
    let line = |needle: &str| wrong.lines().position(|line| line.contains(needle)).unwrap() + 1;
    for problem in [
        format!("error: plugin.toml:{}: target: {{apps.id|lower}}: ", line("apps.id")),
        format!("error: plugin.toml:{}: requests.remove-password.success", line("404")),
        "error: guest.wasm: the plugin imports `wasi:http/types@0.2.6`, and no plugin sends HTTP itself"
            .to_owned(),
    ] {
        assert!(told.contains(&problem), "{problem}\n{told}");
    }
    assert!(told.contains("did you mean `app`?"), "{told}");
    assert_eq!(bench.names(), ["guest.wasm", "plugin.toml"]);
}

#[test]
fn what_is_no_guest_is_refused() {
    let bench = Bench::new();
    for (guest, problem) in [
        (b"print()".to_vec(), "this is a text, not WebAssembly"),
        (wat::parse_str(r#"(module (func (export "_start")))"#).unwrap(), "a plugin is a library"),
        (
            wat::parse_str(r#"(module (func (export "run")))"#).unwrap(),
            "does not export pamrun:plugin/rotation@1.0.0",
        ),
        (
            wat::parse_str(r#"(module (func (export "pamrun:plugin/rotation@0.1.0#describe")))"#).unwrap(),
            "built for version 0.1.0",
        ),
        (guest(r#"(import "env" "now" (func))"#), "imports `env`, which pamrun does not give"),
    ] {
        bench.write("guest.wasm", guest);
        let told = bench.refused("pack guest.wasm plugin.toml -o p.wasm");
        assert!(told.starts_with("error: guest.wasm: ") && told.contains(problem), "{told}");
    }
    assert_eq!(bench.names(), ["guest.wasm", "plugin.toml"]);
}

#[test]
fn nothing_that_it_is_made_of_is_written_over() {
    let bench = Bench::new();
    let before = bench.read("guest.wasm");
    for output in ["guest.wasm", "plugin.toml", "./plugin.toml"] {
        let told = bench.refused(&format!("pack guest.wasm plugin.toml -o {output}"));
        assert!(told.contains("is what the plugin is made of"), "{told}");
    }
    assert_eq!((bench.read("guest.wasm"), bench.read("plugin.toml")), (before, TOML.into()));
}

#[test]
fn what_cannot_be_written_is_a_failure_and_leaves_nothing() {
    let bench = Bench::new();
    let run = bench.run("pack guest.wasm plugin.toml -o missing/p.wasm");
    assert_eq!(run.exit, Some(1), "{}", run.stderr);
    assert!(run.stderr.contains("cannot be written to missing/p.wasm"), "{}", run.stderr);
    fs::create_dir(bench.path("folder")).unwrap();
    assert!(bench.refused("pack guest.wasm plugin.toml -o folder").contains("is a folder"));
    assert_eq!(bench.names(), ["folder", "guest.wasm", "plugin.toml"]);
}

#[test]
fn a_guest_that_nobody_packed_is_told_how() {
    let bench = Bench::new();
    for line in ["check guest.wasm", "inspect guest.wasm", "render guest.wasm app"] {
        let told = bench.refused(line);
        assert!(told.contains("`pamrun plugin pack GUEST.wasm plugin.toml -o NAME.wasm`"), "{line}: {told}");
    }
    let run = bench.run("check --format json guest.wasm");
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((run.exit, &document["problems"][0]["code"]), (Some(2), &Value::from("not-packed")));
}

#[test]
fn a_packed_file_that_somebody_changed_is_refused_everywhere() {
    let bench = Bench::new().packed();
    let plugin = bench.read("p.wasm");
    let text = |from: &[u8], to: &[u8]| {
        assert_eq!(from.len(), to.len());
        let at = plugin.windows(from.len()).position(|window| window == from).unwrap();
        [&plugin[..at], to, &plugin[at + from.len()..]].concat()
    };
    let section = &plugin[8..];
    for (changed, code, problem) in [
        (text(b"\"contract\":\"1.0\"", b"\"contract\":\"2.0\""), "manifest-unreadable", "contract \"2.0\""),
        (
            text(b"\"effect\":\"deletes\"", b"\"effect\":\"creates\""),
            "manifest-invalid",
            "requests.remove-password",
        ),
        (plugin[..plugin.len() - 3].to_vec(), "damaged", "damaged"),
        ([&plugin[..], section].concat(), "manifest-doubled", "more than one manifest"),
    ] {
        bench.write("p.wasm", changed);
        for line in ["check p.wasm", "inspect p.wasm", "render p.wasm app"] {
            let told = bench.refused(line);
            assert!(told.contains(problem), "{line}: {told}");
        }
        let run = bench.run("check --format json p.wasm");
        let document: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(document["problems"][0]["code"], code, "{document}");
    }
}

#[test]
fn a_manifest_alone_is_checked_inspected_and_rendered() {
    let bench = Bench::new().packed();
    assert!(bench.good("check plugin.toml").contains("azure-app-secret 0.1.0 fits this pamrun"));
    let (of_toml, of_plugin): (Value, Value) = ["plugin.toml", "p.wasm"]
        .map(|file| serde_json::from_str(&bench.good(&format!("inspect --format json {file}"))).unwrap())
        .into();
    assert_eq!(of_toml["overview"], of_plugin["overview"]);
    assert_eq!((&of_toml["form"], &of_plugin["form"]), (&"manifest".into(), &"packed".into()));
    assert!(
        bench
            .good("inspect p.wasm")
            .contains("allow_hosts = [\"login.microsoftonline.com\", \"graph.microsoft.com\"]")
    );
    for file in ["plugin.toml", "p.wasm"] {
        let line = format!("render {file} remove-password --param key=abc --set graph=graph.microsoft.us");
        let shown = bench.good(&line);
        assert!(
            shown.starts_with("POST https://graph.microsoft.us/v1.0/applications/{app.id}/removePassword\n"),
            "{shown}"
        );
        assert!(shown.ends_with("\n\n{\"keyId\":\"abc\"}\n"), "{shown}");
    }
    let told = bench.refused("render p.wasm remove-pasword");
    assert!(told.contains("did you mean `remove-password`?"), "{told}");
    bench.write("plugin.toml", TOML.replace("strategy =", "stratgy ="));
    let told = bench.refused("check plugin.toml");
    assert!(told.starts_with("error: plugin.toml:") && told.contains("did you mean `strategy`?"), "{told}");
}
