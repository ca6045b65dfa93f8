//! From the bytes of a plugin to machine code.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use wasmtime::Engine;
use wasmtime::component::Component;

use super::error::LoadError;

/// Compiles a component.
///
/// The compiler cannot be interrupted. It therefore works on a thread of its own, and after `limit`
/// nobody waits for it any more: it goes on until it is done, or until pamrun ends.
///
/// # Errors
/// That it is damaged, or that it takes too long.
pub(super) fn compile(engine: &Engine, bytes: &[u8], limit: Duration) -> Result<Component, LoadError> {
    let (of, bytes) = (engine.clone(), bytes.to_vec());
    let (done, result) = mpsc::channel();
    let work = move || {
        // Whoever stopped waiting has said so already.
        let _ = done.send(Component::new(&of, &bytes).map_err(|error| LoadError::damaged(&error)));
    };
    let thread = thread::Builder::new().name("compile".to_owned()).spawn(work);
    thread.map_err(|error| LoadError::Engine(error.to_string()))?;
    result.recv_timeout(limit).unwrap_or_else(|error| {
        Err(match error {
            RecvTimeoutError::Timeout => LoadError::TooSlow { limit },
            RecvTimeoutError::Disconnected => LoadError::Engine("the compiler itself failed".to_owned()),
        })
    })
}
