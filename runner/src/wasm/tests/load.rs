use super::guests::{MANIFEST, plugin};
use crate::limits::Limits;
use crate::wasm::{LoadError, Runtime, inspect};

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
        assert!(matches!(refusal(&wat(text)), LoadError::AnotherWorld));
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
        assert!(matches!(refusal(&wat(&text)), LoadError::NotGranted { import: named } if named == import));
    }
    let text = r#"(module (import "env" "abort" (func))
                    (func (export "pamrun:plugin/rotation@0.1.0#describe") (result i32) unreachable))"#;
    assert!(matches!(refusal(&wat(text)), LoadError::NotGranted { import } if import == "env"));
}

#[test]
fn a_core_module_without_all_steps_cannot_be_adapted() {
    let text = r#"(module (memory (export "memory") 1)
                    (func (export "pamrun:plugin/rotation@0.1.0#describe") (result i32) unreachable))"#;
    assert!(matches!(refusal(&wat(text)), LoadError::NotAdaptable(_)));
}

#[test]
fn a_component_whose_rotation_lacks_the_steps_does_not_fit() {
    let text = r#"(component (instance $i) (export "pamrun:plugin/rotation@0.1.0" (instance $i)))"#;
    assert!(matches!(refusal(&wat(text)), LoadError::NotLinkable(_)));
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
