//! The process that becomes a script, before it knows which one. Starting it takes longer than all that
//! it does; who knows early that there will be a script has it ready by then.

use std::io;
use std::process::{Child, Command, Stdio};

use super::launch::LAUNCH;
use super::system::{ourselves, strip_environment};

/// A process that waits on its stdin for a [`Launch`](super::launch::Launch). Dropped, it ends.
pub(super) struct Launcher(Option<Child>);

impl Launcher {
    /// Starts it.
    ///
    /// # Errors
    /// Why it was not started.
    pub(super) fn start() -> io::Result<Self> {
        #[expect(clippy::disallowed_methods, reason = "script starts scripts")]
        let mut command = Command::new(ourselves()?);
        strip_environment(command.arg(LAUNCH));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Ok(Self(Some(command.spawn()?)))
    }

    /// The process, unless something ended it while it waited.
    pub(super) fn into_child(mut self) -> Option<Child> {
        self.0.take_if(|child| matches!(child.try_wait(), Ok(None)))
    }
}

impl Drop for Launcher {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            // It ends when nobody can tell it anything any more, which `wait` sees to.
            let _ = child.wait();
        }
    }
}
