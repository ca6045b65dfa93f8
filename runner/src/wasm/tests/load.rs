use std::time::Duration;

use super::guests::{component, kept};
use crate::limits::Limits;
use crate::wasm::{LoadError, look_into};

fn refusal(bytes: Vec<u8>, limits: &Limits) -> LoadError {
    kept(bytes, "", limits, None).load().unwrap_err()
}

#[test]
fn a_truncated_plugin_is_damaged() {
    let mut file = component("unreachable");
    file.truncate(file.len() - 10);
    assert!(matches!(refusal(file, &Limits::default()), LoadError::Damaged(_)));
    assert!(matches!(refusal(b"print()".to_vec(), &Limits::default()), LoadError::Damaged(_)));
}

#[test]
fn what_nobody_gives_is_linked_to_nothing() {
    for import in
        ["wasi:http/outgoing-handler@0.2.6", "wasi:keyvalue/store@0.2.0", "pamrun:plugin/vault@1.0.0"]
    {
        let text = format!(r#"(component (import "{import}" (instance (export "get" (func)))))"#);
        let refusal = refusal(wat::parse_str(text).unwrap(), &Limits::default());
        assert!(matches!(&refusal, LoadError::NotLinkable(why) if why.contains(import)), "{refusal}");
    }
    let empty = wat::parse_str("(component)").unwrap();
    assert!(matches!(refusal(empty, &Limits::default()), LoadError::NotLinkable(_)));
}

#[test]
fn compiling_that_takes_too_long_is_not_waited_for() {
    let limits = Limits { timeout: Duration::from_nanos(1), ..Limits::default() };
    assert!(matches!(refusal(component("unreachable"), &limits), LoadError::TooSlow { .. }));
}

#[test]
fn a_file_above_the_limit_is_not_looked_at() {
    let limits = Limits { plugin: 3, ..Limits::default() };
    assert!(matches!(refusal(b"four".to_vec(), &limits), LoadError::TooLarge { size: 4, limit: 3 }));
}

#[test]
fn what_was_loaded_is_not_loaded_again() {
    let limits = Limits::default();
    let packed = kept(component("unreachable"), "", &limits, None);
    let first: *const _ = packed.loaded().unwrap();
    assert!(std::ptr::eq(first, packed.loaded().unwrap()));
}

#[test]
fn inspection_shows_the_interfaces_and_what_the_sdk_says() {
    let mut file = component("unreachable");
    let stamp = b"\x0apamrun-sdklanguage=rust sdk=0.1.0";
    file.extend([0, u8::try_from(stamp.len()).unwrap()]);
    file.extend(stamp);
    let inspection = look_into(&file).unwrap();
    assert!(!inspection.core_module);
    assert_eq!(inspection.language.as_deref(), Some("rust"));
    assert_eq!(inspection.sdk.as_deref(), Some("0.1.0"));
    assert!(inspection.imports.contains(&"pamrun:plugin/log@1.0.0".to_owned()));
    assert!(inspection.exports.contains(&"pamrun:plugin/rotation@1.0.0".to_owned()));
}
