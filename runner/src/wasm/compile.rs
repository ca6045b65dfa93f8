//! From the bytes of a plugin to machine code.

use std::borrow::Cow;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use wasmtime::Engine;
use wasmtime::component::Component;

use super::adapt::adapt;
use super::inspect::{Inspection, STEPS};
use super::load::LoadError;
use crate::rotation::clean;

/// Compiles a plugin that was inspected; a core module is made a component first.
///
/// The compiler cannot be interrupted. It therefore works on a thread of its own, and after `limit`
/// nobody waits for it any more: it goes on until it is done, or until pamrun ends.
///
/// # Errors
/// What the file is instead of a plugin for this host, or that it takes too long.
pub(super) fn compile(
    engine: &Engine,
    bytes: &[u8],
    inspection: &Inspection,
    limit: Duration,
) -> Result<Component, LoadError> {
    let (of, bytes, inspection) = (engine.clone(), bytes.to_vec(), inspection.clone());
    in_time(limit, move || component(&of, &bytes, &inspection))
}

/// Compiles a packed plugin.
///
/// # Errors
/// As [`compile`].
pub(super) fn compile_packed(engine: &Engine, bytes: &[u8], limit: Duration) -> Result<Component, LoadError> {
    let (of, bytes) = (engine.clone(), bytes.to_vec());
    in_time(limit, move || {
        Component::new(&of, &bytes).map_err(|error| LoadError::Damaged(clean(&format!("{error:#}"), 500)))
    })
}

/// Waits for some work on a thread of its own.
fn in_time<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> Result<T, LoadError> + Send + 'static,
) -> Result<T, LoadError> {
    let (done, result) = mpsc::channel();
    let work = move || {
        // Whoever stopped waiting has said so already.
        let _ = done.send(work());
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

fn component(engine: &Engine, bytes: &[u8], inspection: &Inspection) -> Result<Component, LoadError> {
    let component =
        if inspection.core_module { Cow::Owned(adapt(bytes, inspection)?) } else { Cow::Borrowed(bytes) };
    let component = Component::new(engine, component)
        .map_err(|error| LoadError::Damaged(clean(&format!("{error:#}"), 500)))?;
    match missing_steps(&component, inspection) {
        missing if missing.is_empty() => Ok(component),
        missing => Err(LoadError::StepsMissing { missing }),
    }
}

/// The functions that the component's `rotation` lacks.
fn missing_steps(component: &Component, inspection: &Inspection) -> Vec<&'static str> {
    let rotation = inspection.rotation().and_then(|name| component.get_export_index(None, name));
    let lacks = |step: &&str| component.get_export_index(rotation.as_ref(), step).is_none();
    STEPS.into_iter().filter(lacks).collect()
}
