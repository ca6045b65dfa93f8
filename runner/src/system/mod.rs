//! What systems do each in their own way: a leaf. A port provides what `linux.rs`, `macos.rs` and
//! `windows.rs` provide, here for all rooms and in `script/system` for what scripts need besides.
//!
//! What a system cannot do is refused, or told in its [`SHORTCOMINGS`]; it is never left out in silence.

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
compile_error!("runner/src/system and runner/src/script/system have no file for this system");

#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(target_os = "macos", path = "macos.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod here;
mod spot;
#[cfg(unix)]
mod unix;

/// What an operator should know: what this system does not do for pamrun.
pub(crate) use here::SHORTCOMINGS;
/// Where files are that nobody named, and what of the environment programs need.
pub(crate) use here::{
    CONFIG_FILE, GATEWAY_FILE, PATH, PERSONAL_CONFIG_FILES, PERSONAL_STATE_FOLDERS, STATE_FOLDER, VARIABLES,
};
/// What a file is, whatever it is called, and how many names it has.
pub(crate) use here::{Identity, NAMES_IGNORE_CASE, identity, names_count};
/// What belongs to a process: the signals that end it, its time, its memory, its user and his log.
pub(crate) use here::{Syslog, Terminations, forbid_core_dumps, is_discarded, thread_time, us, user};
/// Files and folders for their owner alone.
pub(crate) use here::{
    can_write_in, give, is_program, make_folder, new_file, new_folder, no_links, private, rights, take_back,
};
/// Files that last, and files that are locked.
pub(crate) use here::{into_exclusive, open_to_lock, put, sync_folder, write_at};
pub(crate) use spot::Spot;

/// A place that a variable names: the variable, and what follows its folder.
pub(crate) type PlaceOf = (&'static str, &'static str);

/// All that others than its owner may do with a file.
const USE_BY_OTHERS: u32 = 0o077;
/// What of that changes it.
const CHANGE_BY_OTHERS: u32 = 0o022;

/// Whose a file is, and who may do what with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rights {
    /// The number of its owner.
    pub(crate) owner: u32,
    /// The number of the user that pamrun runs as.
    pub(crate) us: u32,
    /// The nine bits of who may read, write and enter, and the sticky bit.
    pub(crate) mode: u32,
}

impl Rights {
    /// Tells whether it is ours.
    pub(crate) fn are_ours(self) -> bool {
        self.owner == self.us
    }

    /// Tells whether nobody but its owner may do anything with it.
    pub(crate) fn are_private(self) -> bool {
        self.mode & USE_BY_OTHERS == 0
    }

    /// Tells whether nobody but its owner may change it.
    pub(crate) fn are_kept(self) -> bool {
        self.mode & CHANGE_BY_OTHERS == 0
    }
}
