//! The async runtime.

use tokio::runtime::Builder;

use super::fault::Fault;

/// Runs `work` to its end, on this thread: a rotation waits for the network, one request after the
/// other. What `work` left behind is not waited for: to look up a name can take longer than any
/// limit, and cannot be broken off.
pub(super) fn block_on<T>(work: impl Future<Output = T>) -> Result<T, Fault> {
    block_on_with(Builder::new_current_thread().enable_all(), work)
}

/// The same with a runtime of one's own.
pub(super) fn block_on_with<T>(builder: &mut Builder, work: impl Future<Output = T>) -> Result<T, Fault> {
    let runtime = builder.build().map_err(|error| {
        Fault::internal("async-runtime", format!("the system gives no way to wait for events: {error}"))
    })?;
    let done = runtime.block_on(work);
    runtime.shutdown_background();
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lookup_that_hangs_is_not_waited_for() {
        let (answer, waiting) = std::sync::mpsc::channel::<()>();
        let done = block_on(async {
            tokio::task::spawn_blocking(move || waiting.recv());
            "done"
        });
        assert!(matches!(done, Ok("done")));
        drop(answer);
    }
}
