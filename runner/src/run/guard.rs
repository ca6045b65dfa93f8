//! Keeps what this process holds from leaking when it dies.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;

/// Where the last panic was. What it said is not kept: it may quote a secret.
static PANICKED_AT: Mutex<String> = Mutex::new(String::new());

/// Notes where a panic was, and says nothing: the report does.
pub(super) fn silence_panics() {
    panic::set_hook(Box::new(|info| {
        if let (Ok(mut place), Some(location)) = (PANICKED_AT.lock(), info.location()) {
            *place = format!("{}:{}", location.file(), location.line());
        }
    }));
}

/// Runs `work`; a panic in it becomes the place where it was.
pub(super) fn catch<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    // Nothing that `work` may have left half done is used after a panic but for reading.
    panic::catch_unwind(AssertUnwindSafe(work))
        .map_err(|_| PANICKED_AT.lock().map(|place| place.clone()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_told_by_its_place_and_not_by_what_it_said() {
        silence_panics();
        let place = catch(|| panic!("hunter2")).unwrap_err();
        let _ = panic::take_hook();
        assert!(place.contains("guard.rs:") && !place.contains("hunter2"), "{place}");
    }
}
