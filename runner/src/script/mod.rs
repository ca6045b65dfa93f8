//! Runs a script with the interpreter that it is written for: the second runtime.
//!
//! In: a script's path and bytes, the gateway's line; then, step by step, a request. Out: a
//! [`Plugin`](crate::rotation::Plugin), lines for the log. May touch: processes and their pipes, `/proc`
//! to find what a script started, the script's file and its working folder. Prints nothing.

mod answer;
mod bounds;
mod call;
mod confine;
mod error;
mod folder;
mod head;
mod in_hand;
mod interpreter;
mod json;
mod kept;
mod launch;
mod launcher;
mod leash;
mod line;
mod near_miss;
mod plugin;
mod process;
mod request;
mod saas;
mod shape;
mod sift;
mod source;
mod suspects;
mod system;
mod text;
mod tokens;
mod verdict;

pub use confine::Confinement;
pub use error::ScriptError;
pub use folder::WorkFolders;
pub use head::Declared;
pub use launch::{LAUNCH, launch};
pub use line::Line;
pub use plugin::ScriptPlugin;
pub use saas::is_saas_plugin;
pub use source::{Options, Script};
pub(crate) use system::SHORTCOMING;
