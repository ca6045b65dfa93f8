//! The process that becomes a script, before it knows which one. Starting it takes longer than all that
//! it does; who knows early that there will be a script has it ready by then.

use std::io;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use super::launch::LAUNCH;

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
        command.arg(LAUNCH).env_clear();
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

/// This very program, even when its file was replaced meanwhile.
#[cfg(target_os = "linux")]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
fn ourselves() -> io::Result<PathBuf> {
    Ok("/proc/self/exe".into())
}

/// This very program.
#[cfg(not(target_os = "linux"))]
fn ourselves() -> io::Result<PathBuf> {
    std::env::current_exe()
}
