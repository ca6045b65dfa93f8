//! The plugin interface, as Rust types and calls.
//!
//! The world is `contract`, not `rotator`: a host binds only what is its own. What `rotator` takes
//! of WASI comes from Wasmtime's crates, and guests of either world link alike.

wasmtime::component::bindgen!({
    world: "pamrun:plugin/contract",
    path: "../wit/v0",
    imports: { default: trappable },
    exports: { default: async },
    require_store_data_send: true,
});

pub(super) use self::exports::pamrun::plugin::rotation::Guest as Rotation;
pub(super) use self::pamrun::plugin::{log, model};
