//! Any bytes as plugin.toml and as a packed manifest: refused in words, or the same whichever way it is read.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pamrun_contract::check::{check, check_source};
use pamrun_contract::manifest::read_packed;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(manifest) = read_packed(bytes) {
        let _ = check(&manifest);
    }
    let Ok(text) = str::from_utf8(bytes) else { return };
    match check_source(text) {
        Ok((manifest, packed)) => {
            let again = read_packed(packed.as_bytes()).expect("what was packed is read");
            assert!(check(&again).is_ok(), "what was accepted is accepted again");
            assert_eq!(format!("{manifest:?}"), format!("{again:?}"));
        }
        Err(refusals) => assert!(refusals.iter().next().is_some(), "a refusal says why"),
    }
});
