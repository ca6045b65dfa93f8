//! What is made a plugin of contract 1.0, and what is not.

use super::super::componentize::{PACKAGE, world};
use super::super::{GuestError, check_component, componentize};

/// A core module that exports these steps; each traps. Its types are those of the contract, flattened.
fn guest(steps: &[&str], more: &str) -> Vec<u8> {
    let step = |step: &&str| {
        let params = if *step == "preflight" { "i32 ".repeat(15) } else { "i32".to_owned() };
        format!(
            r#"(func (export "pamrun:plugin/rotation@1.0.0#{step}") (param {params}) (result i32) unreachable)"#
        )
    };
    let steps = steps.iter().map(step).collect::<Vec<_>>().concat();
    let text = format!(
        r#"(module {more} (memory (export "memory") 1)
          (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable) {steps})"#
    );
    wat::parse_str(text).unwrap()
}

const STEPS: [&str; 5] = ["preflight", "rotate", "verify", "commit", "rollback"];

fn import(module: &str, name: &str) -> String {
    format!(r#"(import "{module}" "{name}" (func (param i32 i32 i32)))"#)
}

fn codes(guest: &[u8]) -> Vec<&'static str> {
    componentize(guest).unwrap_err().iter().map(GuestError::code).collect()
}

fn message(guest: &[u8]) -> String {
    componentize(guest).unwrap_err().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_core_module_becomes_a_component_and_that_is_left_as_it_is() {
    let logs = import("pamrun:plugin/log@1.0.0", "write");
    let calls = logs.replace("log@", "http@").replace("write", "call");
    let calls = calls.replace("i32 i32 i32", "i32 i32 i32 i32 i32");
    for more in [String::new(), logs, calls] {
        let component = componentize(&guest(&STEPS, &more)).unwrap();
        assert_eq!(componentize(&component).unwrap(), component);
        check_component(&component).unwrap();
    }
}

#[test]
fn a_module_for_wasi_preview_1_gets_the_adapter() {
    let random = r#"(import "wasi_snapshot_preview1" "random_get" (func (param i32 i32) (result i32)))"#;
    let component = componentize(&guest(&STEPS, random)).unwrap();
    let inspection = super::super::look_into(&component).unwrap();
    assert!(inspection.imports.iter().any(|name| name.starts_with("wasi:random/")), "{inspection:?}");
    assert!(!inspection.core_module);
}

#[test]
fn the_same_guest_makes_the_same_component() {
    let guest = guest(&STEPS, "");
    assert_eq!(componentize(&guest).unwrap(), componentize(&guest).unwrap());
}

#[test]
fn what_is_no_plugin_is_refused_with_what_it_is() {
    assert_eq!(codes(b"print()"), ["not-wasm"]);
    assert_eq!(codes(b""), ["not-wasm"]);
    assert_eq!(codes(b"\0asm\x01\0\0\0\x01\xff"), ["damaged"]);
    let program = wat::parse_str(r#"(module (func (export "_start")))"#).unwrap();
    assert_eq!(codes(&program), ["not-a-library"]);
    let another = wat::parse_str(r#"(module (func (export "run")))"#).unwrap();
    assert_eq!(codes(&another), ["another-world"]);
    assert!(message(&another).contains("it exports `run`"));
    let empty = wat::parse_str("(component)").unwrap();
    assert_eq!(codes(&empty), ["another-world"]);
    let old = wat::parse_str(r#"(module (func (export "pamrun:plugin/rotation@0.1.0#describe")))"#).unwrap();
    assert_eq!(codes(&old), ["another-version"]);
    assert!(message(&old).contains("version 0.1.0"));
}

#[test]
fn missing_steps_are_named_all_at_once() {
    let some = guest(&["preflight", "rotate", "verify"], "");
    assert_eq!(codes(&some), ["steps-missing"]);
    assert!(message(&some).contains("without `commit` and `rollback`"), "{}", message(&some));
}

#[test]
fn a_component_that_lacks_steps_is_refused_too() {
    let component = wat::parse_str(
        r#"(component
             (core module $m (func (export "f")))
             (core instance $i (instantiate $m))
             (func $f (canon lift (core func $i "f")))
             (instance $rotation (export "preflight" (func $f)))
             (export "pamrun:plugin/rotation@1.0.0" (instance $rotation)))"#,
    )
    .unwrap();
    assert_eq!(codes(&component), ["steps-missing"]);
    assert!(message(&component).contains("`rotate`, `verify`, `commit` and `rollback`"));
}

#[test]
fn a_component_with_other_types_is_refused() {
    let steps = STEPS.map(|step| format!(r#"(export "{step}" (func $f))"#)).concat();
    let component = wat::parse_str(format!(
        r#"(component
             (core module $m (func (export "f")))
             (core instance $i (instantiate $m))
             (func $f (canon lift (core func $i "f")))
             (instance $rotation {steps})
             (export "pamrun:plugin/rotation@1.0.0" (instance $rotation)))"#
    ))
    .unwrap();
    assert_eq!(codes(&component), ["other-types"], "{}", message(&component));
}

#[test]
fn http_of_its_own_is_refused_with_what_to_do_instead() {
    let http = import("wasi:http/outgoing-handler@0.2.6", "handle");
    let guest = guest(&STEPS, &http);
    assert_eq!(codes(&guest), ["http-imported"]);
    let message = message(&guest);
    for hint in
        ["calls the requests that its plugin.toml declares", "disableFeatures: ['http', 'fetch-event']"]
    {
        assert!(message.contains(hint), "{message}");
    }
}

#[test]
fn imports_that_nobody_gives_are_named_all_at_once() {
    let imports = [
        import("env", "now"),
        import("pamrun:plugin/http@0.1.0", "call"),
        import("pamrun:plugin/vault@1.0.0", "read"),
        import("wasi:keyvalue/store@0.2.0", "get"),
        import("wasi:http/types@0.2.6", "drop"),
    ];
    let guest = guest(&STEPS[1..], &imports.concat());
    assert_eq!(codes(&guest), ["steps-missing", "http-imported", "import-not-granted"]);
    let message = message(&guest);
    for name in
        ["`env`", "`pamrun:plugin/http@0.1.0`", "`pamrun:plugin/vault@1.0.0`", "`wasi:keyvalue/store@0.2.0`"]
    {
        assert!(message.contains(name), "{message}");
    }
}

/// A guest that was built against another text of the interface, which it says itself.
fn built_against(from: &str, to: &str, more: &str) -> Vec<u8> {
    let texts = PACKAGE.map(|(name, text)| (name, text.replace(from, to)));
    assert!(texts.iter().zip(PACKAGE).any(|((_, ours), (_, theirs))| ours != theirs), "there is no {from}");
    let package = texts.each_ref().map(|(name, text)| (*name, text.as_str()));
    let (resolve, world) = world(&package).unwrap();
    let mut guest = guest(&STEPS, more);
    wit_component::embed_component_metadata(&mut guest, &resolve, world, wit_component::StringEncoding::UTF8)
        .unwrap();
    guest
}

#[test]
fn a_function_that_the_interface_does_not_have_is_refused() {
    let fetch = r#"(import "pamrun:plugin/http@1.0.0" "fetch" (func (param i32 i32)))"#;
    let guest = built_against("    call: func", "    fetch: func(url: string);\n    call: func", fetch);
    assert_eq!(codes(&guest), ["import-not-granted"], "{}", message(&guest));
    assert!(message(&guest).contains("`pamrun:plugin/http@1.0.0#fetch`"));
}

#[test]
fn types_of_another_text_of_the_interface_are_refused_wherever_they_are_used() {
    let call = import("pamrun:plugin/http@1.0.0", "call").replace("i32 i32 i32", "i32 i32 i32 i32 i32");
    for (from, to) in [
        ("        status: u16,", "        status: u32,"),
        ("        wrong-credential,\n", ""),
        ("        disabled: bool,\n", ""),
    ] {
        let guest = built_against(from, to, &call);
        assert_eq!(codes(&guest), ["other-types"], "{from}: {}", message(&guest));
    }
}

#[test]
fn a_guest_that_was_built_against_this_very_interface_says_so_and_is_taken() {
    let (resolve, world) = world(&PACKAGE).unwrap();
    let mut guest = guest(&STEPS, "");
    wit_component::embed_component_metadata(&mut guest, &resolve, world, wit_component::StringEncoding::UTF8)
        .unwrap();
    componentize(&guest).unwrap();
}
