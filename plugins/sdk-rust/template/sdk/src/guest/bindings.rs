//! What is generated from the interface.
#![allow(missing_docs, clippy::pedantic, reason = "generated from wit/")]

wit_bindgen::generate!({
    world: "pamrun:plugin/rotator",
    path: "../wit/v1",
    generate_all,
    pub_export_macro: true,
    export_macro_name: "export_steps",
});
