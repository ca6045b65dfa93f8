//! Windows. Who may use a file stands in lists there that cannot be judged without unsafe code: files get
//! those of their folder, and what must be known to be private is refused.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::windows::fs::{FileExt, OpenOptionsExt};
use std::os::windows::io::{AsHandle, AsRawHandle};
use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use tempfile::{NamedTempFile, TempDir};
use tokio::signal::windows::{
    CtrlBreak, CtrlC, CtrlClose, CtrlShutdown, ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown,
};

use winapi_util::file::information;

use super::{PlaceOf, Rights};

/// What is not done here.
pub(crate) const SHORTCOMINGS: &[&str] = &[
    "on Windows pamrun cannot tell who else may use its files: see to it that only this user and administrators \
     may open the state folder, the configuration, and what holds the way to the vault",
    "on Windows pamrun cannot have names of files outlast a power failure: the last save to a vault file may be \
     undone by one",
    "on Windows pamrun cannot forbid error reports of the system that hold its memory: switch them off for this \
     program",
];

/// A folder of the machine where everybody may put files is no place for a configuration.
pub(crate) const CONFIG_FILE: Option<&str> = None;
/// The configuration of a user.
pub(crate) const PERSONAL_CONFIG_FILES: &[PlaceOf] = &[("APPDATA", "pamrun/config.toml")];
/// A user's state folder.
pub(crate) const PERSONAL_STATE_FOLDERS: &[PlaceOf] = &[("LOCALAPPDATA", "pamrun")];
/// There is none for who has none.
pub(crate) const STATE_FOLDER: Option<&str> = None;
/// Where the gateway was installed says its configuration.
pub(crate) const GATEWAY_FILE: Option<&str> = None;
/// Without it, the system looks where it always does.
pub(crate) const PATH: Option<&str> = None;
/// What programs of this system need of the environment, besides what all do.
pub(crate) const VARIABLES: &[&str] = &[
    "SystemRoot",
    "SystemDrive",
    "ComSpec",
    "PATHEXT",
    "PROCESSOR_ARCHITECTURE",
    "NUMBER_OF_PROCESSORS",
    "ProgramData",
    "ProgramFiles",
    "PSModulePath",
    "USERNAME",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
];

/// A name in other capitals is the same name.
pub(crate) const NAMES_IGNORE_CASE: bool = true;

/// `FILE_FLAG_OPEN_REPARSE_POINT`: a symbolic link is opened itself, and is no file then.
const NO_LINKS: u32 = 0x0020_0000;
/// The file in a folder that is locked in its name: a folder itself cannot be.
const LOCK: &str = ".lock";
/// How the names of programs end.
const PROGRAMS: [&str; 4] = ["exe", "com", "bat", "cmd"];

/// A new file has the rights of its folder.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// Makes these options follow no symbolic link.
pub(crate) fn no_links(options: &mut OpenOptions) -> &mut OpenOptions {
    options.custom_flags(NO_LINKS)
}

/// Makes a folder, and those on the way, where they are missing.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// Makes a folder that is gone when it is dropped.
pub(crate) fn new_folder(prefix: &str, parent: &Path) -> io::Result<TempDir> {
    tempfile::Builder::new().prefix(prefix).tempdir_in(parent)
}

/// Makes a file that is gone when it is dropped. What is a program shows its name.
pub(crate) fn new_file(prefix: &str, folder: &Path, _is_program: bool) -> io::Result<NamedTempFile> {
    tempfile::Builder::new().prefix(prefix).tempfile_in(folder)
}

/// Nothing that could be judged.
pub(crate) fn rights(_metadata: &Metadata) -> Option<Rights> {
    None
}

/// What a file or folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    volume: u64,
    index: u64,
}

/// Finds out what is at a path, following symbolic links.
pub(crate) fn identity(path: &Path) -> io::Result<Identity> {
    let found = information(&winapi_util::Handle::from_path_any(path)?)?;
    Ok(Identity { volume: found.volume_serial_number(), index: found.file_index() })
}

/// Counts the names that a file has.
pub(crate) fn names_count(file: &File) -> io::Result<u64> {
    Ok(information(file)?.number_of_links())
}

/// Tells whether we may put files into a folder, by trying to.
///
/// # Errors
/// Why not.
pub(crate) fn can_write_in(folder: &Path) -> io::Result<()> {
    tempfile::tempfile_in(folder).map(drop)
}

/// A file keeps the owner that its folder gives it.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(crate) fn give(_file: &File, _like: &Metadata) -> io::Result<()> {
    Ok(())
}

/// Tells whether the system would run a file by itself.
pub(crate) fn is_program(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    PROGRAMS.iter().any(|program| extension.eq_ignore_ascii_case(program))
}

/// Nobody can take them.
pub(crate) fn take_back(_folder: &Path) {}

/// Opens what is locked in the name of a folder: a file in it.
pub(crate) fn open_to_lock(folder: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(folder.join(LOCK))
}

/// Turns a shared lock into the only one; none when somebody else has one, too. Here it has to be let go
/// first.
pub(crate) fn into_exclusive(file: File) -> Option<File> {
    file.unlock().ok()?;
    file.try_lock().is_ok().then_some(file)
}

/// Writes all of it at this place of a file.
pub(crate) fn write_at(file: &File, mut bytes: &[u8], mut at: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.seek_write(bytes, at)? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            written => {
                bytes = bytes.get(written..).unwrap_or_default();
                at += u64::try_from(written).unwrap_or_default();
            }
        }
    }
    Ok(())
}

/// Gives a file its name, in the place of what has that, even if somebody reads it.
pub(crate) fn put(file: NamedTempFile, path: &Path) -> io::Result<()> {
    // The name that `persist` gives cannot be that of an open file.
    let new = file.into_temp_path();
    fs::rename(&new, path)?;
    // It has another name by now, under which there is nothing to remove.
    let _ = new.keep();
    Ok(())
}

/// Nothing can be done here: when names are on disk is for the file system to say.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(crate) fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Nothing can be done here.
pub(crate) fn forbid_core_dumps() {}

/// The time that passes: that of a thread is not told here, and a busy machine makes it look busy.
pub(crate) fn thread_time() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}

/// Users have no numbers.
pub(crate) fn us() -> Option<u32> {
    None
}

/// Users have no numbers.
pub(crate) fn user() -> Option<u32> {
    None
}

/// The requests to end that the system passes on.
pub(crate) struct Terminations {
    c: CtrlC,
    stop: CtrlBreak,
    close: CtrlClose,
    shutdown: CtrlShutdown,
}

/// By this code Windows knows who was ended by Ctrl-C (`STATUS_CONTROL_C_EXIT`).
const ENDED: u32 = 0xC000_013A;

impl Terminations {
    /// Listens from here on. Until then, and where it fails, one of them ends the process at once.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self { c: ctrl_c()?, stop: ctrl_break()?, close: ctrl_close()?, shutdown: ctrl_shutdown()? })
    }

    /// Waits for the next one; returns the code by which others know who was ended by it.
    pub(crate) async fn next(&mut self) -> i32 {
        tokio::select! {
            _ = self.c.recv() => {}
            _ = self.stop.recv() => {}
            _ = self.close.recv() => {}
            _ = self.shutdown.recv() => {}
        }
        ENDED.cast_signed()
    }
}

/// The system's log, which takes no lines of text.
#[derive(Debug)]
pub(crate) enum Syslog {}

impl Syslog {
    /// There is none.
    pub(crate) fn open() -> io::Result<Self> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "Windows has no syslog; name a file"))
    }

    /// Hands a message over.
    pub(crate) fn send(&self, _message: &str) -> io::Result<()> {
        match *self {}
    }
}

/// Tells whether what is written to a stream is lost, since it is closed. The null device is not known
/// from a pipe.
pub(crate) fn is_discarded(stream: impl AsHandle) -> bool {
    stream.as_handle().as_raw_handle().is_null()
}
