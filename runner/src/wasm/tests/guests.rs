//! Guests in WebAssembly text. They are core modules without a note of their world, so that the
//! whole way of adapting is walked too.

use std::fmt::Write;

/// A manifest that asks for nothing.
pub(super) const MANIFEST: &str = r#"{"name":"tiny","version":"0.1.0","strategy":"overlap",
"records":[],"returns":[],"hosts":[],"requests":[]}"#;

/// Where the guests keep the answer of preflight that [`answer`] writes.
const ANSWER: &str = "(i32.const 512)";

/// What a plugin for WASI 0.1 imports besides.
pub(super) const PREVIEW1: &str = r#"
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))"#;

/// A plugin with this manifest, whose preflight runs `preflight` (instructions that leave the
/// address of an answer). Its other steps trap.
pub(super) fn plugin(manifest: &str, preflight: &str) -> Vec<u8> {
    plugin_with("", manifest, preflight)
}

/// A plugin that has imports of its own.
pub(super) fn plugin_with(imports: &str, manifest: &str, preflight: &str) -> Vec<u8> {
    let escaped = manifest.bytes().fold(String::new(), |mut text, byte| {
        write!(text, "\\{byte:02x}").unwrap();
        text
    });
    let length = manifest.len();
    let step = |name: &str, parameters: &str, body: &str| {
        format!(
            "(func (export \"pamrun:plugin/rotation@0.1.0#{name}\") (param {parameters}) (result i32) {body})"
        )
    };
    let fourteen = "i32 ".repeat(14);
    let text = format!(
        r#"(module
          (import "pamrun:plugin/log@0.1.0" "write" (func $log (param i32 i32 i32)))
          (import "wasi:clocks/monotonic-clock@0.2.12" "subscribe-duration" (func $after (param i64) (result i32)))
          (import "wasi:io/poll@0.2.12" "[method]pollable.block" (func $block (param i32)))
          {imports}
          (memory (export "memory") 8)
          (global $top (mut i32) (i32.const 32768))
          (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
            (global.get $top)
            (global.set $top (i32.add (global.get $top) (i32.and (i32.add (local.get 3) (i32.const 15)) (i32.const -16)))))
          (func $say (param i32) (call $log (i32.const 1) (i32.const 256) (local.get 0)))
          (data (i32.const 256) "the password is hunter2-hunter2\0aline two \1b[31m")
          (data (i32.const 1024) "{escaped}")
          (func (export "pamrun:plugin/rotation@0.1.0#describe") (result i32)
            (i32.store (i32.const 0) (i32.const 1024))
            (i32.store (i32.const 4) (i32.const {length}))
            (i32.const 0))
          {}{}{}{}{})"#,
        step("preflight", &fourteen, preflight),
        step("rotate", "i32", "unreachable"),
        step("verify", "i32", "unreachable"),
        step("commit", "i32", "unreachable"),
        step("rollback", "i32", "unreachable"),
    );
    wat::parse_str(text).unwrap()
}

/// Instructions that leave a plan: its target is so many bytes of memory, and it has so many notes,
/// all empty.
pub(super) fn plan(target: u32, notes: u32) -> String {
    format!(
        "(i32.store {ANSWER} (i32.const 0))
         (i32.store offset=4 {ANSWER} (i32.const 256)) (i32.store offset=8 {ANSWER} (i32.const {target}))
         (i32.store offset=28 {ANSWER} (i32.const 65536)) (i32.store offset=32 {ANSWER} (i32.const {notes}))
         {ANSWER}"
    )
}

/// Instructions that leave the failure `denied`, with the guest's text as its code and message.
pub(super) fn denied(code: u32, message: u32) -> String {
    format!(
        "(i32.store {ANSWER} (i32.const 1)) (i32.store offset=4 {ANSWER} (i32.const 1))
         (i32.store offset=8 {ANSWER} (i32.const 260)) (i32.store offset=12 {ANSWER} (i32.const {code}))
         (i32.store offset=16 {ANSWER} (i32.const 256)) (i32.store offset=20 {ANSWER} (i32.const {message}))
         {ANSWER}"
    )
}
