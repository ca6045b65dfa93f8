//! Lets a script run while nobody but who waits for it is held up, and no longer than somebody waits.

use std::io;
use std::panic::resume_unwind;
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

use super::system::{Hand, Leash, leash};

/// The thread at work; to drop this is to let go of the leash, and to wait until the work has ended.
struct Work {
    hand: Option<Hand>,
    thread: Option<JoinHandle<()>>,
}

impl Work {
    fn end(&mut self) -> thread::Result<()> {
        self.hand = None;
        self.thread.take().map_or(Ok(()), JoinHandle::join)
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

/// Does `work` in a thread of its own. Whoever drops the future lets go of the leash, and has the work
/// behind him then.
///
/// # Errors
/// That there is no thread for it, and those of the work itself.
pub(super) async fn leashed<T: Send + 'static>(
    work: impl FnOnce(&Leash) -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (held, hand) = leash()?;
    let (done, answer) = oneshot::channel();
    let run = move || {
        // Nobody may be there any more to take it.
        let _ = done.send(work(&held));
    };
    let thread = thread::Builder::new().name("script".to_owned()).spawn(run)?;
    let mut work = Work { hand: Some(hand), thread: Some(thread) };
    match answer.await {
        Ok(ended) => ended,
        // It panicked: a bug of ours, which is told as such.
        Err(_) => match work.end() {
            Err(panic) => resume_unwind(panic),
            Ok(()) => Err(io::Error::other("it ended without an answer")),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
    }

    #[test]
    fn work_that_nobody_waits_for_any_more_has_ended_when_they_are_gone() {
        let (ended, heard) = mpsc::channel();
        let work = leashed(move |leash| {
            while !leash.is_let_go() {
                thread::yield_now();
            }
            ended.send(()).map_err(io::Error::other)
        });
        block_on(async { tokio::time::timeout(Duration::from_millis(20), work).await }).unwrap_err();
        heard.try_recv().unwrap();
    }

    #[test]
    fn a_bug_in_the_work_is_a_bug_of_who_waits_for_it() {
        let work = leashed(|_| -> io::Result<()> { panic!("a bug") });
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| block_on(work)));
        assert!(caught.is_err());
    }
}
