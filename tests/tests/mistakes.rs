//! The mistakes that plugin authors make most often, and what the real binary says of each: what an
//! author reads on the terminal. A message here must say what is wrong, where, and what to change.

use std::ops::Deref;

use pamrun_tests::desk::Desk;
use pamrun_tests::gateway::{Exec, Run, plugin};

/// A desk, and what an author reads there on the terminal.
struct Terminal(Desk);

impl Deref for Terminal {
    type Target = Desk;

    fn deref(&self) -> &Desk {
        &self.0
    }
}

impl Terminal {
    fn new() -> Self {
        Self(Desk::new("cpu = \"300ms\"\nsettle_window = \"1s\"\noutage_patience = \"1s\"\n"))
    }

    /// Runs the guest with this behaviour.
    fn run(&self, exec: Exec<'_>) -> String {
        self.told(&self.0.run(exec))
    }

    /// Checks a file of this name.
    fn check(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let file = self.gateway.write(name, content);
        let run = self.gateway.command(&["plugin", "check"]).argument(file).run(Vec::new);
        assert_eq!((run.exit, run.stdout.as_str()), (Some(2), ""), "{run}");
        self.told(&run)
    }

    /// What stands on the terminal, without what is different in every run.
    fn told(&self, run: &Run) -> String {
        let folder = self.gateway.path("");
        let lines = run.stderr.lines().filter(|line| !line.contains("--resolve sends"));
        lines.collect::<Vec<_>>().join("\n").replace(folder.to_str().unwrap(), "")
    }
}

/// A core module with some of the functions of a plugin.
fn module(functions: &[&str]) -> Vec<u8> {
    let export = |name: &&str| {
        format!(r#"(func (export "pamrun:plugin/rotation@0.1.0#{name}") (result i32) unreachable)"#)
    };
    let functions: String = functions.iter().map(export).collect();
    wat::parse_str(format!(r#"(module (memory (export "memory") 1) {functions})"#)).unwrap()
}

#[test]
fn it_was_built_for_another_world() {
    let proxy = r#"(component (instance $i) (export "wasi:http/incoming-handler@0.2.12" (instance $i)))"#;
    insta::assert_snapshot!(Terminal::new().check("proxy.wasm", wat::parse_str(proxy).unwrap()), @r"
    error: proxy.wasm: this WebAssembly file does not export pamrun:plugin/rotation, it exports `wasi:http/incoming-handler@0.2.12`; build it against the world `rotator` of pamrun's wit folder (with the Rust SDK: is `export!` there?)
    ");
}

#[test]
fn it_is_a_program() {
    let program = r#"(module (memory (export "memory") 1) (func (export "_start")))"#;
    insta::assert_snapshot!(Terminal::new().check("main.wasm", wat::parse_str(program).unwrap()), @r#"
    error: main.wasm: this is a WebAssembly program, with a main function; a plugin is a library: build it with crate-type = ["cdylib"] (Rust), -mexec-model=reactor (C) or -buildmode=c-shared (Go)
    "#);
}

#[test]
fn it_forgot_an_export() {
    let module = module(&["describe", "preflight", "rotate", "rollback"]);
    insta::assert_snapshot!(Terminal::new().check("key.wasm", module), @r"
    error: key.wasm: the plugin exports pamrun:plugin/rotation without `verify` and `commit`; all six functions must be there: implement what is missing, or build the plugin with an SDK, which brings all of them
    ");
}

#[test]
fn its_functions_have_another_shape() {
    let exports = ["describe", "preflight", "rotate", "verify", "commit", "rollback"]
        .map(|name| format!(r#"(export "{name}" (func $f))"#))
        .concat();
    let component = format!(
        r#"(component
             (core module $m (func (export "f"))) (core instance $c (instantiate $m))
             (func $f (canon lift (core func $c "f")))
             (instance $i {exports}) (export "pamrun:plugin/rotation@0.1.0" (instance $i)))"#
    );
    insta::assert_snapshot!(Terminal::new().check("key.wasm", wat::parse_str(component).unwrap()), @r"
    error: the plugin could not describe itself: the plugin's functions do not have the shape of pamrun:plugin/rotation (failed to convert function to given type: type mismatch with results: expected 1-tuple, found 0-tuple); build it against this pamrun's wit folder
    ");
}

#[test]
fn it_calls_a_host_that_is_not_in_its_manifest() {
    let desk = Terminal::new();
    insta::assert_snapshot!(desk.run(desk.exec("dial-denied-host")), @r#"
    error: the manifest does not ask for GET denied.example.com/ in preflight
    hint: for the plugin's author: add "https://denied.example.com" to the manifest's `hosts`, if it is not there, and {"steps":["preflight"],"method":"GET","host":"denied.example.com","path":"/"} to its `requests`
    "#);
}

#[test]
fn a_setting_has_the_wrong_type() {
    let desk = Terminal::new();
    let exec = desk.exec("none").set("step", "5").set("behavior", "none");
    insta::assert_snapshot!(desk.run(exec), @r"
    error: settings: 2 problems
      - --set: the plugin has no setting `behavior`; did you mean `behaviour`?
      - `step` must be one of: preflight, rotate, verify, commit, rollback: --set step holds something else
    ");

    let exec = desk
        .gateway
        .exec(&plugin("azure-app-secret"), desk.params().line())
        .flag("--vault", desk.gateway.vault().flag())
        .set("expiry_days", "a year")
        .set("verify_successes", "0")
        .set("verify_window", "5");
    insta::assert_snapshot!(desk.run(exec), @r"
    error: settings: 3 problems
      - `expiry_days` must be a whole number from 1 to 730: --set expiry_days holds something else
      - `verify_successes` must be a whole number from 1 to 20: --set verify_successes holds something else
      - `verify_window` must be a duration such as 500ms, 2s, 5m or 1h: --set verify_window holds something else
    ");
}

#[test]
fn it_prints_a_secret() {
    let desk = Terminal::new();
    insta::assert_snapshot!(desk.run(desk.exec("print-secret-to-log")), @r"
    misbehaving warn: [redacted]
    misbehaving warn: [redacted]=
    misbehaving warn: [redacted]
    misbehaving warn: what this plugin logged in preflight held a secret, or what may be one; pamrun wrote [redacted] in its place. Its author should leave values out of the log
    ");
}

#[test]
fn it_removes_in_rotate() {
    let desk = Terminal::new();
    insta::assert_snapshot!(desk.run(desk.exec("remove-in-rotate")), @r"
    error: the manifest does not ask for POST keys.example.com/keys/remove in rotate
    hint: for the plugin's author: pamrun grants removals in commit and rollback only, once the new credential is saved or is to be undone; move this one there
    ");
}

#[test]
fn it_panics() {
    let desk = Terminal::new();
    insta::assert_snapshot!(desk.run(desk.exec("trap")), @r"
    error: in preflight: the plugin stopped in the middle: it panicked or aborted. Its author should return a failure instead; what the plugin printed in this step is dropped, but its own unit tests show it
    ");
}

#[test]
fn it_returns_a_field_that_it_did_not_declare() {
    let desk = Terminal::new();
    insta::assert_snapshot!(desk.run(desk.exec("undeclared-update")), @r#"
    error: in rotate: the plugin returned the custom field `undeclared` of type `text`, but its manifest does not list that under `returns`; add {"label":"undeclared","place":"custom","type":"text"} there, or do not return it
    "#);
}

#[test]
fn it_never_returns() {
    let desk = Terminal::new();
    insta::assert_snapshot!(desk.run(desk.exec("spin")), @r"
    error: in preflight: cpu limit reached: the plugin computed for more than 300ms in one step, perhaps in a loop without an end; `cpu` under [limits] in the configuration file raises it
    ");
}

#[test]
fn it_is_no_component_at_all() {
    let desk = Terminal::new();
    insta::assert_snapshot!(desk.check("key.wasm", "def rotate(request): pass\n"), @r"
    error: key.wasm: this is a text, not WebAssembly; give the .wasm file that it is built to (Rust: --target wasm32-wasip2)
    ");
    insta::assert_snapshot!(desk.check("cut.wasm", &module(&["describe"])[..30]), @r"
    error: cut.wasm: the WebAssembly file is damaged (unexpected end-of-file (at offset 0x1a)); build or download it again
    ");
}

#[test]
fn check_tells_all_of_it_at_once_and_programs_too() {
    let desk = Terminal::new();
    let component = r#"(component (import "wasi:keyvalue/store@0.2.0" (instance)) (import "a:b/c" (instance))
                         (instance $i) (export "pamrun:plugin/rotation@0.2.0" (instance $i)))"#;
    let component = wat::parse_str(component).unwrap();
    insta::assert_snapshot!(desk.check("key.wasm", &component), @r"
    error: key.wasm: the plugin speaks version 0.2.0 of pamrun:plugin/rotation, and this pamrun speaks 0.1.0; update pamrun, or build the plugin with an older SDK
    error: key.wasm: the plugin imports `wasi:keyvalue/store@0.2.0` and `a:b/c`, which pamrun does not provide: a plugin has WASI 0.2 and pamrun:plugin/log; build it without what needs those imports
    ");

    let run = desk
        .gateway
        .command(&["plugin", "check", "--format", "json"])
        .argument(desk.gateway.path("key.wasm"))
        .run(Vec::new);
    assert_eq!(run.exit, Some(2), "{run}");
    let codes: Vec<_> = run.outcome["problems"].as_array().unwrap().iter().map(|it| &it["code"]).collect();
    assert_eq!(codes, ["another-version", "import-not-granted"], "{run}");
    assert_eq!((&run.outcome["fits"], &run.outcome["interface"]), (&false.into(), &"0.2.0".into()), "{run}");
}

#[test]
fn a_manifest_is_wrong_in_several_places() {
    let desk = Terminal::new();
    let manifest = r#"{"name":"My Key","version":"1","strategy":"overlap",
        "records":[{"role":"target","fields":["key"]}],
        "returns":[{"label":"key","place":"custom","type":"secret"}],
        "settings":[{"key":"days","type":"int","default":"30"}],
        "hosts":["https://api.example.com"],
        "requests":[{"steps":["rotat"],"method":"POST","host":"api.example.org","path":"/keys"}]}"#;
    insta::assert_snapshot!(desk.check("key.wasm", describing(manifest)), @r"
    error: the plugin's manifest: name: it must be lower-case letters, digits and `-`, begin with a letter, and have at most 64 characters
    error: the plugin's manifest: version: it must be a semantic version: three numbers, such as 0.1.0
    error: the plugin's manifest: settings[0]: the default must be a whole number
    error: the plugin's manifest: requests[0]: there is no step `rotat`; did you mean `rotate`?
    error: the plugin's manifest: requests[0]: its host must be in `hosts`, as `https://api.example.org`; did you mean `https://api.example.com`?
    ");
    let unreadable = r#"{"name":"key","version":"0.1.0","strategie":"overlap"}"#;
    insta::assert_snapshot!(desk.check("key.wasm", describing(unreadable)), @r#"
    error: the plugin's manifest is wrong at line 1, column 43, near `ame":"key","version":"0.1.0","strategie"`: unknown field `strategie`, expected one of `name`, `version`, `description`, `strategy`, `records`, `returns`, `settings`, `hosts`, `requests`
    "#);
}

#[test]
fn a_change_is_granted_to_all_steps() {
    let desk = Terminal::new();
    let manifest = r#"{"name":"key","version":"0.1.0","strategy":"overlap",
        "records":[{"role":"target","fields":["key"]}],
        "returns":[{"label":"key","place":"custom","type":"secret"}],
        "hosts":["https://api.example.com"],
        "requests":[{"steps":["all"],"method":"POST","host":"api.example.com","path":"/keys"}]}"#;
    let file = desk.gateway.write("key.wasm", describing(manifest));
    let run = desk.gateway.command(&["plugin", "check"]).argument(file).run(Vec::new);
    assert_eq!(run.exit, Some(0), "{run}");
    insta::assert_snapshot!(desk.told(&run), @r#"
    warning: requests: rotate may send nothing that preflight may not send, too. Give the request that makes the change an entry of its own with "steps":["rotate"]: what preflight may send is taken for harmless, so pamrun would not see that an interrupted rotate changed something
    warning: requests: no entry for commit has `removes`, so every old credential stays valid until somebody removes it by hand
    warning: requests: no entry for rollback has `removes`, so what a failed rotation made stays, and is reported as uncertain
    "#);
}

/// A core module that can do nothing but hand out this manifest.
fn describing(manifest: &str) -> Vec<u8> {
    let escaped = manifest.replace('"', "\\\"").replace('\n', "\\n");
    let step = |name: &str, parameters: &str| {
        format!(
            r#"(func (export "pamrun:plugin/rotation@0.1.0#{name}") (param {parameters}) (result i32) unreachable)"#
        )
    };
    let steps = [("rotate", "i32"), ("verify", "i32"), ("commit", "i32"), ("rollback", "i32")];
    let steps: String = steps.iter().map(|(name, parameters)| step(name, parameters)).collect();
    let preflight = step("preflight", &"i32 ".repeat(14));
    let length = manifest.len();
    let text = format!(
        r#"(module
          (memory (export "memory") 1)
          (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
          (data (i32.const 1024) "{escaped}")
          (func (export "pamrun:plugin/rotation@0.1.0#describe") (result i32)
            (i32.store (i32.const 0) (i32.const 1024))
            (i32.store (i32.const 4) (i32.const {length}))
            (i32.const 0))
          {preflight}{steps})"#
    );
    wat::parse_str(text).unwrap()
}
