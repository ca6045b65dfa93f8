//! Systems without Landlock: confinement is refused there, never left out in silence.

use crate::script::confine::Confined;

const NONE: &str = "it needs Landlock, which only Linux has";

/// Tells whether this machine can confine.
pub(in crate::script) fn available() -> Result<(), String> {
    Err(NONE.to_owned())
}

/// Confines this process.
pub(in crate::script) fn enter(_: &Confined) -> Result<(), String> {
    Err(NONE.to_owned())
}
