use std::time::Duration;

use super::guests::{MANIFEST, plugin};
use crate::limits::Limits;
use crate::wasm::inspect::STEPS;
use crate::wasm::{LoadError, Runtime, inspect, look_into};

fn refusal(file: &[u8]) -> LoadError {
    let runtime = Runtime::new(&Limits::default(), None).unwrap();
    runtime.load(file, "").err().unwrap()
}

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

#[test]
fn a_file_that_is_no_webassembly_is_named_for_what_it_seems_to_be() {
    for (file, expected) in [
        (&b""[..], "an empty file"),
        (b"#!/bin/sh\n", "a script"),
        (b"(module)", "a text"),
        (b"\x7fELF\x02", "machine code for one kind of computer"),
        (b"PK\x03\x04", "a compressed archive"),
        (b"\xff\xfe\xfd", "some other binary file"),
    ] {
        assert!(matches!(refusal(file), LoadError::NotWasm { what } if what == expected), "{expected}");
    }
}

#[test]
fn a_truncated_plugin_is_damaged() {
    let file = plugin(MANIFEST, "unreachable");
    assert!(matches!(refusal(&file[..file.len() - 10]), LoadError::Damaged(_)));
}

#[test]
fn a_program_is_told_from_a_plugin() {
    let file = wat(r#"(module (func (export "_start")))"#);
    assert!(matches!(refusal(&file), LoadError::Program));
}

#[test]
fn a_component_or_module_of_another_world_is_told() {
    for text in [
        r#"(component (import "a:b/c@1.0.0" (instance)))"#,
        r#"(module (func (export "add") (result i32) (i32.const 1)))"#,
    ] {
        assert!(matches!(refusal(&wat(text)), LoadError::AnotherWorld { .. }));
    }
}

#[test]
fn a_plugin_of_another_version_is_told_which_side_to_update() {
    for (version, advice) in
        [("0.2.0", "update pamrun"), ("1.0.0", "update pamrun"), ("0.0.9", "SDK of this pamrun")]
    {
        let text =
            format!(r#"(component (instance $i) (export "pamrun:plugin/rotation@{version}" (instance $i)))"#);
        let message = refusal(&wat(&text)).to_string();
        assert!(message.contains(version) && message.contains(advice), "{message}");
    }
}

#[test]
fn an_import_that_nobody_grants_is_named() {
    for import in ["wasi:keyvalue/store@0.2.0", "wasi:http/types@0.3.0", "pamrun:plugin/vault@0.1.0"] {
        let text = format!(
            r#"(component (import "{import}" (instance))
                 (instance $i) (export "pamrun:plugin/rotation@0.1.0" (instance $i)))"#
        );
        assert!(matches!(refusal(&wat(&text)), LoadError::NotGranted { imports } if imports == [import]));
    }
    let functions = shapeless(|step| format!(r#"(func (export "pamrun:plugin/rotation@0.1.0#{step}"))"#));
    let text = format!(r#"(module (import "env" "abort" (func)) {functions})"#);
    assert!(matches!(refusal(&wat(&text)), LoadError::NotGranted { imports } if imports == ["env"]));
}

#[test]
fn the_steps_that_a_plugin_lacks_are_named() {
    let module = r#"(module (memory (export "memory") 1)
                    (func (export "pamrun:plugin/rotation@0.1.0#describe") (result i32) unreachable))"#;
    let expected = ["preflight", "rotate", "verify", "commit", "rollback"];
    assert!(
        matches!(refusal(&wat(module)), LoadError::StepsMissing { missing } if missing == expected),
        "a core module"
    );
    let component = r#"(component (instance $i) (export "pamrun:plugin/rotation@0.1.0" (instance $i)))"#;
    assert!(
        matches!(refusal(&wat(component)), LoadError::StepsMissing { missing } if missing.len() == 6),
        "a component"
    );
}

/// All six functions, none of which takes or returns what it should.
fn shapeless(function: impl Fn(&str) -> String) -> String {
    STEPS.into_iter().map(function).collect()
}

#[test]
fn functions_of_another_shape_do_not_fit() {
    let functions = shapeless(|step| format!(r#"(func (export "pamrun:plugin/rotation@0.1.0#{step}"))"#));
    let module = format!(r#"(module (memory (export "memory") 1) {functions})"#);
    assert!(matches!(refusal(&wat(&module)), LoadError::NotAdaptable(_)));

    let exports = shapeless(|step| format!(r#"(export "{step}" (func $f))"#));
    let component = format!(
        r#"(component
             (import "pamrun:plugin/log@0.1.0" (instance (export "write" (func))))
             (core module $m (func (export "f"))) (core instance $c (instantiate $m))
             (func $f (canon lift (core func $c "f")))
             (instance $i {exports}) (export "pamrun:plugin/rotation@0.1.0" (instance $i)))"#
    );
    assert!(matches!(refusal(&wat(&component)), LoadError::NotLinkable(_)));
}

#[test]
fn everything_that_is_wrong_with_a_file_shows_at_once() {
    let text = r#"(component (import "wasi:keyvalue/store@0.2.0" (instance)) (import "a:b/c" (instance))
                    (instance $i) (export "pamrun:plugin/rotation@0.2.0" (instance $i)))"#;
    let problems = look_into(&wat(text)).unwrap().problems();
    assert!(matches!(
        problems.as_slice(),
        [LoadError::AnotherVersion { .. }, LoadError::NotGranted { imports }] if imports.len() == 2
    ));
}

#[test]
fn compiling_that_takes_too_long_is_not_waited_for() {
    let limits = Limits { timeout: Duration::from_nanos(1), ..Limits::default() };
    let runtime = Runtime::new(&limits, None).unwrap();
    let refusal = runtime.load(&plugin(MANIFEST, "unreachable"), "").err().unwrap();
    assert!(matches!(refusal, LoadError::TooSlow { .. }));
}

#[test]
fn a_file_above_the_limit_is_not_looked_at() {
    let runtime = Runtime::new(&Limits { plugin: 3, ..Limits::default() }, None).unwrap();
    let refusal = runtime.load(b"four", "").err().unwrap();
    assert!(matches!(refusal, LoadError::TooLarge { size: 4, limit: 3 }));
}

#[test]
fn inspection_shows_the_interfaces_and_what_the_sdk_says() {
    let mut file = plugin(MANIFEST, "unreachable");
    let stamp = b"\x0apamrun-sdklanguage=rust sdk=0.1.0";
    file.extend([0, u8::try_from(stamp.len()).unwrap()]);
    file.extend(stamp);
    let inspection = inspect(&file).unwrap();
    assert!(inspection.core_module);
    assert_eq!(inspection.language.as_deref(), Some("rust"));
    assert_eq!(inspection.sdk.as_deref(), Some("0.1.0"));
    assert!(inspection.imports.contains(&"pamrun:plugin/log@0.1.0".to_owned()));
    assert!(inspection.exports.contains(&"pamrun:plugin/rotation@0.1.0#describe".to_owned()));
}
