//! The plugin interface 1.0, as Rust types and calls.

wasmtime::component::bindgen!({
    world: "pamrun:plugin/rotator",
    path: "../wit/v1",
    imports: {
        "pamrun:plugin/http.call": async | trappable,
        default: trappable,
    },
    exports: { default: async },
    require_store_data_send: true,
});

pub(super) use self::exports::pamrun::plugin::rotation::Guest as Rotation;
pub(super) use self::pamrun::plugin::{http, log, model};
