//! Guests in WebAssembly text. They are core modules without a note of their world, so that the
//! whole way of making components of them is walked too.

use std::path::Path;
use std::sync::Arc;

use pamrun_contract::check::check_source;

use crate::limits::Limits;
use crate::wasm::{Packed, componentize};

/// A manifest that asks for as little as one can.
const MANIFEST: &str = r#"
name = "tiny"
version = "0.1.0"
description = "Does what its test says."
strategy = "overlap"
target = "keys:{target.key_id}"

[inputs.target]
key_id = "key_id"
key = "key"
secret = ["key"]

[requests.create]
effect = "creates"
auth = { bearer = "{target.key}" }
url = "https://api.example/keys"
json = { name = "{marker}" }
id = "/id"
secrets = { key = "/key" }

[[returns]]
label = "key_id"
value = "{create.id}"

[[returns]]
label = "key"
type = "secret"
value = "{create.key}"
"#;

/// Where the guests keep the answer of preflight.
const ANSWER: &str = "(i32.const 512)";

/// What the functions below call of the host.
const IMPORTS: &str = r#"
  (import "pamrun:plugin/log@1.0.0" "write" (func $log (param i32 i32 i32)))
  (import "pamrun:plugin/http@1.0.0" "call" (func $http (param i32 i32 i32 i32 i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $arguments (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))"#;

/// The component of a plugin whose preflight runs `preflight` (instructions that leave the address of an
/// answer). Its other steps trap. `$say` logs so many bytes of its text, and `$call` calls a request by the
/// first of them.
pub(super) fn component(preflight: &str) -> Vec<u8> {
    let step = |name: &str, parameters: &str, body: &str| {
        format!(
            "(func (export \"pamrun:plugin/rotation@1.0.0#{name}\") (param {parameters}) (result i32) {body})"
        )
    };
    let text = format!(
        r#"(module
          {IMPORTS}
          (memory (export "memory") 8)
          (global $top (mut i32) (i32.const 32768))
          (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
            (global.get $top)
            (global.set $top (i32.add (global.get $top) (i32.and (i32.add (local.get 3) (i32.const 15)) (i32.const -16)))))
          (func $say (param i32) (call $log (i32.const 1) (i32.const 256) (local.get 0)))
          (func $call (param i32)
            (call $http (i32.const 256) (local.get 0) (i32.const 0) (i32.const 0) (i32.const 1024)))
          (data (i32.const 256) "the password is hunter2-hunter2\0aline two \1b[31m")
          {}{}{}{}{})"#,
        step("preflight", &"i32 ".repeat(15), preflight),
        step("rotate", "i32", "unreachable"),
        step("verify", "i32", "unreachable"),
        step("commit", "i32", "unreachable"),
        step("rollback", "i32", "unreachable"),
    );
    componentize(&wat::parse_str(text).unwrap()).unwrap()
}

/// Such a plugin, whose compiled code is kept in a folder under this digest.
pub(super) fn kept(bytes: Vec<u8>, digest: &str, limits: &Limits, cache: Option<&Path>) -> Packed {
    let (manifest, _) = check_source(MANIFEST).unwrap_or_else(|refusals| panic!("{refusals}"));
    Packed::new(bytes.into(), digest.to_owned(), manifest, limits, cache)
}

/// Such a plugin.
pub(super) fn packed(preflight: &str, limits: &Limits) -> Arc<Packed> {
    Arc::new(kept(component(preflight), "", limits, None))
}

/// Instructions that leave a plan: what it creates is so many bytes of the text, and it has so many findings,
/// all empty.
pub(super) fn plan(creates: u32, findings: u32) -> String {
    format!(
        "(i32.store {ANSWER} (i32.const 0))
         (i32.store offset=4 {ANSWER} (i32.const 256)) (i32.store offset=8 {ANSWER} (i32.const {creates}))
         (i32.store offset=40 {ANSWER} (i32.const 65536)) (i32.store offset=44 {ANSWER} (i32.const {findings}))
         {ANSWER}"
    )
}

/// Instructions that leave the failure `denied`, with the text as its code and message.
pub(super) fn denied(code: u32, message: u32) -> String {
    format!(
        "(i32.store {ANSWER} (i32.const 1)) (i32.store offset=4 {ANSWER} (i32.const 1))
         (i32.store offset=8 {ANSWER} (i32.const 260)) (i32.store offset=12 {ANSWER} (i32.const {code}))
         (i32.store offset=16 {ANSWER} (i32.const 256)) (i32.store offset=20 {ANSWER} (i32.const {message}))
         {ANSWER}"
    )
}

/// Instructions that wait.
pub(super) fn wait(time: std::time::Duration) -> String {
    // One subscription, to the monotonic clock.
    format!(
        "(i32.store (i32.const 2064) (i32.const 1)) (i64.store (i32.const 2072) (i64.const {}))
         (drop (call $poll (i32.const 2048) (i32.const 2112) (i32.const 1) (i32.const 2176)))",
        time.as_nanos()
    )
}
