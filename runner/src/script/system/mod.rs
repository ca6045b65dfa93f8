//! What scripts need of the system that they run on, besides what [`crate::system`] has for all rooms.

#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(target_os = "macos", path = "macos.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod here;
#[cfg(target_os = "linux")]
mod landlock;
#[cfg(unix)]
mod unix;

/// What an operator should know: what this system does not do for scripts.
pub(crate) use here::SHORTCOMING;
/// A script's processes, and how one of them ended.
pub(super) use here::{ChildEnd, Tree, adopt_orphans, computed_too_long, signal_that_ended};
/// Its interpreter, its environment and its answer.
pub(super) use here::{FIRST_LINES_COUNT, PYTHON, TEMPORARY_FOLDER, open_answer};
/// Its pipes, the leash that it is held by, and a wait for any of them.
pub(super) use here::{Hand, Inlet, Leash, Outlet, leash, wait};
/// A process that becomes a script: who it is, what it gives up, and what it becomes.
pub(super) use here::{
    become_program, confine, may_confine, ourselves, own_stdin, restrict, strip_environment,
};
