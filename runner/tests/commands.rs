//! The binary as people and shells meet it: what stands on stdout, what on stderr, and the exit
//! code. All that needs no network and no real plugin.

#![expect(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests run the binary, write what it reads, and stop where it surprises them"
)]

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const PARAMS: &str = r#"{
  "userRecordUid": "u1",
  "newPassword": "canary-new",
  "records": [{ "uid": "u1", "title": "App", "client_secret": "canary-secret" }]
}"#;

/// A component of another world: it exports a function.
const ANOTHER_WORLD: &str = r#"(component
  (core module $m (func (export "run")))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))"#;

/// What came of one run.
struct Run {
    exit: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Run {
    /// stdout, which must be one JSON document on one line.
    fn document(&self) -> Value {
        assert_eq!(self.stdout.lines().count(), 1, "{}", self.stdout);
        serde_json::from_str(&self.stdout).unwrap()
    }

    fn code(&self) -> String {
        self.document()["error"]["code"].as_str().unwrap().to_owned()
    }
}

/// A folder in which commands are run.
struct Shell(TempDir);

impl Shell {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pamrun"));
        command.args(line.split_whitespace()).current_dir(self.0.path());
        command.env_clear().env("HOME", self.0.path());
        command
    }

    /// Runs a command line, with this on stdin.
    fn run(&self, line: &str, input: &str) -> Run {
        let mut command = self.command(line);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // Who refuses the arguments does not read.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Run { exit: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    fn line(&self) -> String {
        self.run("params encode", PARAMS).stdout
    }
}

#[test]
fn help_that_was_asked_for_is_on_stdout_and_a_mistake_on_stderr() {
    let shell = Shell::new();
    let help = shell.run("--help", "");
    assert_eq!((help.exit, help.stderr.as_str()), (Some(0), ""));
    assert!(help.stdout.contains("Exit codes:"));
    for line in ["", "plugin", "plugin inspect", "nonsense", "completions tcsh"] {
        let run = shell.run(line, "");
        assert_eq!((run.exit, run.stdout.as_str()), (Some(2), ""), "{line}");
        assert!(!run.stderr.is_empty(), "{line}");
    }
}

#[test]
fn a_run_is_noted_where_the_configuration_says_and_nothing_begins_where_it_cannot_be() {
    let shell = Shell::new();
    let audit = shell.0.path().join("audit.log");
    shell.write("c.toml", format!("version = 1\naudit = '{}'", audit.display()));
    let run = shell.run("exec --config c.toml --vault file:v p.wasm", &shell.line());
    assert_eq!(run.code(), "plugin-not-found");
    let noted = fs::read_to_string(&audit).unwrap();
    let line: Value = serde_json::from_str(&noted).unwrap();
    assert_eq!((&line["outcome"], &line["record_uid"]), (&Value::from("invalid"), &Value::from("u1")));
    assert!(!noted.contains("canary"), "{noted}");

    shell.write("c.toml", "version = 1\naudit = '/no/such/folder/audit.log'");
    let run = shell.run("exec --config c.toml --vault file:v p.wasm", &shell.line());
    assert_eq!((run.code().as_str(), run.exit), ("audit-unwritable", Some(2)));
}

#[test]
fn exec_prints_a_document_whatever_is_wrong() {
    let shell = Shell::new();
    shell.write("text.wasm", "hello");
    let line = shell.line();
    for (arguments, input, code) in [
        ("exec", "", "usage"),
        ("exec --vault none p.wasm --nonsense", "", "usage"),
        ("exec p.wasm", "", "no-vault"),
        ("exec --vault none p.wasm", "", "reveal-missing"),
        ("exec --vault zip:a p.wasm", "", "bad-value"),
        ("exec --vault file:v p.wasm --config none.toml", "", "file-unreadable"),
        ("exec --vault file:v p.wasm --timeout 20s", "", "no-time-left"),
        ("exec --vault file:v p.wasm", "", "params-empty"),
        ("exec --vault file:v p.wasm", "{}", "params-not-base64"),
        ("exec --vault file:v p.wasm", &line, "plugin-not-found"),
        ("exec --vault file:v text.wasm", &line, "not-wasm"),
    ] {
        let run = shell.run(arguments, input);
        assert_eq!((run.code().as_str(), run.exit), (code, Some(2)), "{arguments}");
        assert_eq!(run.document()["outcome"], "invalid", "{arguments}");
        assert!(run.stderr.starts_with("error: "), "{arguments}: {}", run.stderr);
        assert!(!run.stderr.contains('\x1b'), "colour is for terminals: {}", run.stderr);
    }
}

#[test]
fn a_mistake_in_the_settings_is_told_as_text_to_who_asked_for_text() {
    let run = Shell::new().run("exec --format text --vault zip:a p.wasm", "");
    insta::assert_snapshot!(run.stdout, @r"
    invalid
      error     --vault: `zip:a` is no vault: use ksm, ksm:PATH, file:PATH or none
      code      bad-value
    ");
    insta::assert_snapshot!(run.stderr, @r"
    error: --vault: `zip:a` is no vault: use ksm, ksm:PATH, file:PATH or none
    ");
}

#[test]
fn a_credential_that_nobody_would_get_is_not_made() {
    let shell = Shell::new();
    let null = File::create("/dev/null").unwrap();
    let mut command = shell.command("exec --vault none --reveal p.wasm");
    let output = command.stdin(Stdio::null()).stdout(null).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("null device"), "{stderr}");
}

#[test]
fn a_full_disk_is_an_error_and_a_reader_who_has_seen_enough_is_none() {
    let shell = Shell::new();
    let Ok(full) = File::options().write(true).open("/dev/full") else { return };
    let output = shell.command("completions bash").stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("error: stdout could not be written"));

    let mut gone = shell.command("completions bash");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = gone.stdout(writer).output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()));
}

#[test]
fn params_come_back_as_they_went_in_and_secrets_are_masked() {
    let shell = Shell::new();
    shell.write("line", shell.line());
    let masked = shell.run("params decode line", "");
    insta::assert_snapshot!(masked.stdout, @r#"
    {
      "userRecordUid": "u1",
      "newPassword": "********",
      "records": [
        {
          "uid": "u1",
          "title": "App",
          "client_secret": "********"
        }
      ]
    }
    "#);
    let revealed = shell.run("params decode --reveal", &shell.line());
    let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert_eq!(parse(&revealed.stdout), parse(PARAMS));
}

#[test]
fn who_encodes_is_told_what_to_write() {
    let shell = Shell::new();
    let run = shell.run("params encode", r#"{"userRecordUid": "u1", "records": [1]}"#);
    assert_eq!((run.exit, run.stdout.as_str()), (Some(2), ""));
    insta::assert_snapshot!(run.stderr, @r"
    error: record 1 of the params' `records` is a number, not a JSON object
    hint: write one JSON object with `userRecordUid`, and with `records` as a list of objects that have `uid` and `title`
    ");
    let folder = shell.run("params encode .", "");
    insta::assert_snapshot!(folder.stderr, @r"
    error: . cannot be read: it is a folder
    ");
    let missing = shell.run("params decode none.json", "");
    insta::assert_snapshot!(missing.stderr, @r"
    error: none.json cannot be read: there is no such file or folder
    ");
}

#[test]
fn a_file_that_is_no_plugin_is_named_with_what_it_is_and_what_to_do() {
    let shell = Shell::new();
    shell.write("text.wasm", "hello");
    shell.write("empty.wasm", "");
    shell.write("module.wasm", b"\0asm\x01\0\0\0");
    shell.write("world.wasm", wat::parse_str(ANOTHER_WORLD).unwrap());
    shell.write("elf.wasm", b"\x7fELF\x02\x01\x01\xff");
    shell.write("cut.wasm", b"\0asm\x0d\0\x01\0\x07");
    let files = ["text", "empty", "module", "world", "elf", "cut", "tex", "none"];
    let told = files.map(|name| {
        let run = shell.run(&format!("plugin check {name}.wasm"), "");
        assert_eq!((run.exit, run.stdout.as_str()), (Some(2), ""), "{name}");
        run.stderr
    });
    insta::assert_snapshot!(told.concat(), @r"
    error: text.wasm: this is a text, not WebAssembly; give the file that `pamrun plugin pack` makes
    error: the plugin empty.wasm is empty; build or download it again
    error: module.wasm: it holds no manifest: no section `pamrun:manifest`; pack it with `pamrun plugin pack GUEST.wasm plugin.toml -o NAME.wasm`
    error: module.wasm: this WebAssembly file does not export pamrun:plugin/rotation@1.0.0, it exports nothing; build it with one of pamrun's SDKs, or against the world `rotator` of wit/v1
    error: world.wasm: it holds no manifest: no section `pamrun:manifest`; pack it with `pamrun plugin pack GUEST.wasm plugin.toml -o NAME.wasm`
    error: world.wasm: this WebAssembly file does not export pamrun:plugin/rotation@1.0.0, it exports `run`; build it with one of pamrun's SDKs, or against the world `rotator` of wit/v1
    error: elf.wasm: this is machine code for one kind of computer, not WebAssembly; give the file that `pamrun plugin pack` makes
    error: cut.wasm: the WebAssembly file is damaged (unexpected end-of-file (at offset 0x9)); pack it, or download it, again
    error: there is no plugin at tex.wasm; did you mean ./text.wasm?
    error: there is no plugin at none.wasm
    ");
}
