//! The mistakes that plugin authors make most often, and what the real binary says of each: what an
//! author reads on the terminal. A message here must say what is wrong, where, and what to change.

use std::ops::Deref;
use std::path::PathBuf;

use pamrun_tests::desk::Desk;
use pamrun_tests::gateway::{Exec, Run, plugin};
use pamrun_tests::plain::plain;
use pamrun_tests::service::Trouble;

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

    /// Runs the guest with this behaviour in rotate.
    fn rotate(&self, behaviour: &str) -> String {
        self.run(self.exec(behaviour).set("step", "rotate"))
    }

    /// Packs a guest of this name with the manifest of `misbehaving`.
    fn pack(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let file = self.gateway.write(name, content);
        let run = self.0.pack(
            &file,
            &self.manifest("type = \"host\"", "type = \"host\""),
            &self.gateway.path("packed.wasm"),
        );
        assert_eq!((run.exit, run.stdout.as_str()), (Some(2), ""), "{run}");
        self.told(&run)
    }

    /// Checks a file.
    fn check(&self, file: PathBuf) -> String {
        let run = self.gateway.command(&["plugin", "check"]).argument(file).run(Vec::new);
        assert_eq!((run.exit, run.stdout.as_str()), (Some(2), ""), "{run}");
        self.told(&run)
    }

    /// What stands on the terminal, without what is different in every run.
    fn told(&self, run: &Run) -> String {
        let folder = self.gateway.path("");
        let lines = run.stderr.lines().filter(|line| !line.contains("--resolve sends"));
        plain(&lines.collect::<Vec<_>>().join("\n").replace(folder.to_str().unwrap(), ""))
    }
}

/// A core module with some of the functions of a plugin.
fn module(functions: &[&str]) -> Vec<u8> {
    let export = |name: &&str| {
        format!(r#"(func (export "pamrun:plugin/rotation@1.0.0#{name}") (result i32) unreachable)"#)
    };
    let functions: String = functions.iter().map(export).collect();
    wat::parse_str(format!(r#"(module (memory (export "memory") 1) {functions})"#)).unwrap()
}

/// A component that has all steps, of another shape, and these imports.
fn component(imports: &[&str]) -> Vec<u8> {
    let steps = ["preflight", "rotate", "verify", "commit", "rollback"];
    let exports = steps.map(|name| format!(r#"(export "{name}" (func $f))"#)).concat();
    let import = |name: &&str| format!(r#"(import "{name}" (instance (export "f" (func))))"#);
    let imports: String = imports.iter().map(import).collect();
    let text = format!(
        r#"(component {imports}
             (core module $m (func (export "f"))) (core instance $c (instantiate $m))
             (func $f (canon lift (core func $c "f")))
             (instance $i {exports}) (export "pamrun:plugin/rotation@1.0.0" (instance $i)))"#
    );
    wat::parse_str(text).unwrap()
}

#[test]
fn it_was_built_for_another_world() {
    let proxy = r#"(component (instance $i) (export "wasi:http/incoming-handler@0.2.12" (instance $i)))"#;
    insta::assert_snapshot!(Terminal::new().pack("proxy.wasm", wat::parse_str(proxy).unwrap()), @r"
    error: proxy.wasm: this WebAssembly file does not export pamrun:plugin/rotation@1.0.0, it exports `wasi:http/incoming-handler@0.2.12`; build it with one of pamrun's SDKs, or against the world `rotator` of wit/v1
    ");
}

#[test]
fn it_is_a_program() {
    let program = r#"(module (memory (export "memory") 1) (func (export "_start")))"#;
    insta::assert_snapshot!(Terminal::new().pack("main.wasm", wat::parse_str(program).unwrap()), @r#"
    error: main.wasm: this is a WebAssembly program, with a main function; a plugin is a library: build it with crate-type = ["cdylib"] (Rust) or -mexec-model=reactor (C)
    "#);
}

#[test]
fn it_forgot_an_export() {
    let module = module(&["preflight", "rotate", "rollback"]);
    insta::assert_snapshot!(Terminal::new().pack("key.wasm", module), @r"
    error: key.wasm: the plugin exports pamrun:plugin/rotation@1.0.0 without `verify` and `commit`; all five steps must be there: implement what is missing, or build the plugin with an SDK, which brings all of them
    ");
}

#[test]
fn its_functions_have_another_shape() {
    insta::assert_snapshot!(Terminal::new().pack("key.wasm", component(&[])), @r"
    error: key.wasm: the plugin's types are not those of pamrun:plugin@1.0.0: failed to merge package `pamrun:plugin@1.0.0` into existing copy: failed to merge interface `rotation`: mismatch in function `preflight`: different number of function parameters; build it with the SDK of this pamrun, or against its wit/v1
    ");
}

#[test]
fn it_sends_http_itself_and_wants_what_nobody_gives() {
    let imports = ["wasi:http/types@0.2.6", "wasi:http/outgoing-handler@0.2.6", "wasi:keyvalue/store@0.2.0"];
    insta::assert_snapshot!(Terminal::new().pack("key.wasm", component(&imports)), @r"
    error: key.wasm: the plugin imports `wasi:http/types@0.2.6` and `wasi:http/outgoing-handler@0.2.6`, and no plugin sends HTTP itself: it calls the requests that its plugin.toml declares, by name, with `call`. Build it without what fetches; componentize-js (StarlingMonkey) imports it unless it is given `disableFeatures: ['http', 'fetch-event']`
    error: key.wasm: the plugin imports `wasi:keyvalue/store@0.2.0`, which pamrun does not give: there are pamrun:plugin/http and log in version 1.0.0, and WASI 0.2; build it without what needs that import
    ");
}

#[test]
fn it_is_no_component_at_all() {
    let terminal = Terminal::new();
    insta::assert_snapshot!(terminal.pack("key.py", "def rotate(request): pass\n"), @r"
    error: key.py: this is a text, not WebAssembly; give the .wasm file that the plugin is built to
    ");
    insta::assert_snapshot!(terminal.pack("cut.wasm", &module(&["rotate"])[..30]), @r"
    error: cut.wasm: the WebAssembly file is damaged: unexpected end-of-file (at offset 0x1a); build it again
    ");
}

#[test]
fn it_was_not_packed() {
    let terminal = Terminal::new();
    let file = terminal.gateway.write("key.wasm", component(&[]));
    insta::assert_snapshot!(terminal.run(terminal.exec_of(&file, "none")), @r"
    error: key.wasm: it holds no manifest: no section `pamrun:manifest`; pack it with `pamrun plugin pack GUEST.wasm plugin.toml -o NAME.wasm`
    ");
    insta::assert_snapshot!(terminal.check(file), @r"
    error: key.wasm: it holds no manifest: no section `pamrun:manifest`; pack it with `pamrun plugin pack GUEST.wasm plugin.toml -o NAME.wasm`
    error: key.wasm: the plugin's types are not those of pamrun:plugin@1.0.0: failed to merge package `pamrun:plugin@1.0.0` into existing copy: failed to merge interface `rotation`: mismatch in function `preflight`: different number of function parameters; build it with the SDK of this pamrun, or against its wit/v1
    ");
}

#[test]
fn check_tells_all_of_it_at_once_and_programs_too() {
    let terminal = Terminal::new();
    let old = r#"(component (import "wasi:keyvalue/store@0.2.0" (instance)) (import "a:b/c" (instance))
                   (instance $i) (export "pamrun:plugin/rotation@0.2.0" (instance $i)))"#;
    let file = terminal.gateway.write("key.wasm", wat::parse_str(old).unwrap());
    insta::assert_snapshot!(terminal.check(file.clone()), @r"
    error: key.wasm: it holds no manifest: no section `pamrun:manifest`; pack it with `pamrun plugin pack GUEST.wasm plugin.toml -o NAME.wasm`
    error: key.wasm: the plugin is built for version 0.2.0 of pamrun:plugin/rotation, and this pamrun speaks 1.0.0; build it with the SDK of this pamrun
    error: key.wasm: the plugin imports `wasi:keyvalue/store@0.2.0` and `a:b/c`, which pamrun does not give: there are pamrun:plugin/http and log in version 1.0.0, and WASI 0.2; build it without what needs those imports
    ");

    let check = ["plugin", "check", "--format", "json"];
    let run = terminal.gateway.command(&check).argument(file).run(Vec::new);
    assert_eq!((run.exit, &run.outcome["fits"]), (Some(2), &false.into()), "{run}");
    let codes: Vec<_> = run.outcome["problems"].as_array().unwrap().iter().map(|it| &it["code"]).collect();
    assert_eq!(codes, ["not-packed", "another-version", "import-not-granted"], "{run}");
}

#[test]
fn its_manifest_is_wrong_in_several_places() {
    let terminal = Terminal::new();
    let manifest = r#"name = "My Key"
version = "1"
description = "A key."
strategy = "overlap"
target = "keys:{setting.hots}/{target.key_id}"

[inputs.target]
key_id = "key_id"
key = "key"
secret = ["kye"]

[settings.host]
type = "host"
default = "https://api.example.com"

[settings.days]
type = "int"
default = "thirty"

[requests.create]
effect = "creates"
auth = { bearer = "{target.key}" }
url = "https://{setting.host}/keys?days={day}"
json = { name = "{markers}" }
params = { days = "int" }
id = "/id"
secrets = { key = "/key" }

[[returns]]
label = "key"
type = "secret"
value = "{create.keys}"
"#;
    insta::assert_snapshot!(terminal.check(terminal.gateway.write("plugin.toml", manifest)), @r#"
    error: plugin.toml:1: name: `My Key` is no name of a plugin; write a letter, then lower-case letters, digits and `-`, at most 64
    error: plugin.toml:2: version: `1` is no version; write three numbers, such as "1.0.0"
    error: plugin.toml:5: target: {setting.hots}: there is no setting `hots`; did you mean `host`?
    error: plugin.toml:10: inputs.target.secret.0: there is no input `kye`; did you mean `key`?
    error: plugin.toml:14: settings.host.default: `https://api.example.com` cannot be the default: it is no host; write a value that the setting takes
    error: plugin.toml:18: settings.days.default: `thirty` is no int; write a whole number
    error: plugin.toml:20: requests.create: nothing that is created carries `{marker}`, so a stray could not be told from a stranger's; write `{marker}` into the name that the service keeps, make its id of `{proposed}`, or say `names = false` at the top
    error: plugin.toml:23: requests.create.url: {day}: there is no parameter or computed value `day`; did you mean `days`?
    error: plugin.toml:24: requests.create.json.name: {markers}: there is no parameter or computed value `markers`; did you mean `marker`?
    error: plugin.toml:25: requests.create.params.days: the parameter `days` stands nowhere in the request; write `{days}` where it belongs, or leave it out
    error: plugin.toml:29: returns.0: no returned field has the new credential's id as its value, so a restart could not tell whose value the vault holds; add `[[returns]]` with `label = "…"` and `value = "{REQUEST.id}"` of the request that creates
    error: plugin.toml:32: returns.0.value: {create.keys}: the request `create` takes no `keys` out of its answer; did you mean `key`?
    error: plugin.toml:32: returns.0.value: a field of type secret is not fed from what was made; let its value be one of a request's `secrets`, `{proposed}`, or what is computed
    "#);
    let misspelt = manifest.replace("effect =", "efect =");
    insta::assert_snapshot!(terminal.check(terminal.gateway.write("plugin.toml", misspelt)), @r"
    error: plugin.toml:21: requests.create.efect: `efect` is no key here; did you mean `effect`?
    ");
    let cut = &manifest[..manifest.find("\"creates\"").unwrap()];
    insta::assert_snapshot!(terminal.check(terminal.gateway.write("plugin.toml", cut)), @r"
    error: plugin.toml:21: this is no TOML: string values must be quoted, expected literal string; write it as TOML does
    ");
}

#[test]
fn a_setting_has_the_wrong_type() {
    let terminal = Terminal::new();
    let exec = terminal.exec("none").set("step", "5").set("behavior", "none");
    insta::assert_snapshot!(terminal.run(exec), @r"
    error: settings: 2 problems
      - --set: the plugin has no setting `behavior`; did you mean `behaviour`?
      - `step` must be one of: preflight, rotate, verify, commit, rollback: --set step holds something else
    ");

    let exec = terminal
        .gateway
        .exec(&plugin("azure-app-secret"), terminal.params().line())
        .flag("--vault", terminal.gateway.vault().flag())
        .set("expiry_days", "a year")
        .set("verify_successes", "0")
        .set("verify_window", "5");
    insta::assert_snapshot!(terminal.run(exec), @r"
    error: settings: 3 problems
      - `expiry_days` must be a whole number from 1 to 730: --set expiry_days holds something else
      - `verify_successes` must be a whole number from 1 to 20: --set verify_successes holds something else
      - `verify_window` must be a duration such as 500ms, 2s, 5m or 1h: --set verify_window holds something else
    ");
}

#[test]
fn it_calls_what_its_manifest_does_not_declare() {
    insta::assert_snapshot!(Terminal::new().rotate("call-undeclared"), @r"
    error: in rotate: the manifest declares no request `removes`; did you mean `remove`?
    ");
}

#[test]
fn it_gives_a_parameter_of_another_kind() {
    insta::assert_snapshot!(Terminal::new().rotate("wrong-kinds"), @r"
    warning: refused in rotate: `search`: the value of {before} cannot stand in a request: it is no RFC 3339 time; write one such as TIME
    warning: refused in rotate: `search`: the value of {most} cannot stand in a request: it is no whole number
    warning: refused in rotate: `search`: the parameter `most` is neither a text nor a whole number; give it as one
    warning: refused in rotate: `search`: the value of {order} cannot stand in a request: it is none of up, down
    warning: refused in rotate: `search`: the value of {key} cannot stand in a request: it has to have 1 to 128 characters, and no controls
    warning: refused in rotate: `search`: the parameter `key` is neither a text nor a whole number; give it as one
    warning: refused in rotate: `search`: the parameter {key} is not given; give it a value
    warning: refused in rotate: `search` has no parameter `surplus`; there are `before`, `most`, `order`, `key`
    error: in rotate: `search`: the parameter `key` is given twice; give it once
    ");
}

#[test]
fn it_calls_a_host_that_the_operator_does_not_allow() {
    let terminal = Terminal::new();
    let plugin = terminal.repacked("https://{setting.host}/redirect", "https://denied.example.com/redirect");
    insta::assert_snapshot!(terminal.run(terminal.exec_of(&plugin, "none")), @r#"
    error: the plugin asks for denied.example.com, which the operator does not allow
    hint: --allow-host denied.example.com (or allow_hosts = ["denied.example.com"] under [[plugin]] in the configuration file)
    "#);
}

#[test]
fn it_removes_before_the_new_key_is_saved() {
    insta::assert_snapshot!(Terminal::new().rotate("delete-old"), @r"
    error: in rotate: `remove` deletes, and rotate may not: it is for commit and rollback, once the new credential is saved or is to be undone
    ");
}

#[test]
fn it_creates_twice() {
    insta::assert_snapshot!(Terminal::new().rotate("create-twice"), @r"
    error: in rotate: `create`: this create was sent in this try already, and not rejected; return what came of it, and pamrun decides on another try
    ");
}

#[test]
fn it_creates_nothing_or_says_another_id() {
    insta::assert_snapshot!(Terminal::new().rotate("create-none"), @r"
    error: in rotate: the plugin says that rotate is done, and no request of it created anything; call one that creates, or return a failure
    ");
    insta::assert_snapshot!(Terminal::new().rotate("other-id"), @r"
    error: in rotate: the plugin returned another id than the one that was created; return the `id` of that answer
    ");
}

#[test]
fn it_plans_to_remove_what_is_not_its_own() {
    let terminal = Terminal::new();
    insta::assert_snapshot!(terminal.rotate("plan-guessed"), @r"
    error: in preflight: the plugin's plan removes an id that no listing of preflight shows; plan what a request with `lists` gave
    ");
    terminal.service.issue("of somebody else");
    insta::assert_snapshot!(terminal.rotate("plan-stranger"), @r#"
    error: in preflight: the plugin's plan removes ID, which the record does not name; only with `removes = "listed"` in its manifest may it remove others
    "#);
}

#[test]
fn it_proves_nothing() {
    insta::assert_snapshot!(Terminal::new().rotate("wrong-proof"), @r"
    warning: the new credential could not be proven, so nothing is removed: the plugin calls it verified, but no request that carries the new credential, and takes anything of its answer, succeeded
    ");
}

#[test]
fn it_asks_to_be_shown_a_secret() {
    insta::assert_snapshot!(Terminal::new().rotate("read-a-secret"), @r"
    error: in rotate: the answer to `echo` has a secret in `outputs.you`, which the plugin would see; the manifest must take it as one of its `secrets`, or not at all
    ");
}

#[test]
fn it_turns_to_another_target() {
    insta::assert_snapshot!(Terminal::new().rotate("change-target"), @r"
    error: in rotate: {account.id} is another one than preflight looked at, so the target may be another one
    hint: see who changes the record or the target, and rotate again
    ");
}

#[test]
fn it_hides_that_an_answer_was_lost() {
    let terminal = Terminal::new();
    let create = "POST /accounts/acme/keys";
    terminal.service.disturb(create, Trouble::AnswerLost, 1);
    insta::assert_snapshot!(terminal.rotate("hide-uncertain"), @r"
    warning: rotate was repeated, since its answer was lost: the answer to a request is lost, and the plugin did not settle what it did
    ");
}

#[test]
fn it_returns_a_field_that_is_not_its_to_give() {
    insta::assert_snapshot!(Terminal::new().rotate("return-undeclared"), @r"
    error: in rotate: the plugin gives the field `undeclared`, which its manifest does not leave to it; declare it in `returns` without a `value`, or do not return it
    ");
}

#[test]
fn it_panics() {
    insta::assert_snapshot!(Terminal::new().rotate("trap"), @r"
    error: in rotate: the plugin stopped in the middle: it panicked or aborted. Its author should return a failure instead; what the plugin printed in this step is dropped, but its own unit tests show it
    ");
}

#[test]
fn it_never_returns() {
    insta::assert_snapshot!(Terminal::new().rotate("spin"), @r"
    error: in rotate: cpu limit reached: the plugin computed for more than 300ms in one step, perhaps in a loop without an end; `cpu` under [limits] in the configuration file raises it
    ");
}
