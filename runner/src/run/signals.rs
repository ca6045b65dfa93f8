//! SIGTERM and SIGINT, or what stands for them: the first one lets a rotation come to an end in which
//! nothing is left behind, and a second one ends the process where it is, with the rest in the journal.

use std::io;
use std::thread;

use tokio::sync::watch;

use super::block_on::block_on;
use crate::report::{Console, Message};
use crate::rotation::Interrupt;
use crate::system::Terminations;

/// Hears whether a signal came.
#[derive(Debug, Clone)]
pub(super) struct Signals(watch::Receiver<bool>);

impl Signals {
    /// Listens from here on, for as long as the process lives. Where the system does not let us,
    /// a signal ends the process at once, as it did before.
    pub(super) fn listen() -> Self {
        let (told, heard) = watch::channel(false);
        // A thread of its own: however busy the other one is, a second signal ends the process.
        let _ = thread::Builder::new().name("signals".to_owned()).spawn(|| block_on(hear(told)));
        Self(heard)
    }
}

#[async_trait::async_trait(?Send)]
impl Interrupt for Signals {
    fn is_set(&self) -> bool {
        *self.0.borrow()
    }

    async fn wait(&self) {
        if self.0.clone().wait_for(|is_told| *is_told).await.is_err() {
            // Nobody listens any more, so that no signal will be heard.
            std::future::pending::<()>().await;
        }
    }
}

async fn hear(told: watch::Sender<bool>) -> io::Result<()> {
    let mut terminations = Terminations::listen()?;
    for is_second in [false, true] {
        let exit_code = terminations.next().await;
        if is_second {
            end(exit_code);
        }
        told.send_replace(true);
        Console::plain().say(Message::Warning(
            "told to stop: what was begun is put in order; a second signal ends at once, and leaves that to `pamrun recover`",
        ));
    }
    Ok(())
}

/// Ends the process, with the code of such an end.
#[expect(clippy::exit, clippy::disallowed_methods, reason = "whoever sends two signals means it")]
fn end(exit_code: i32) {
    std::process::exit(exit_code);
}
