//! What Linux and macOS do alike.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{Access, OFlags};
use rustix::process::{Resource, Rlimit, geteuid, getuid, setrlimit};
use rustix::time::{ClockId, clock_gettime};
use tempfile::{NamedTempFile, TempDir};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{PlaceOf, Rights};

/// The configuration of the machine.
pub(crate) const CONFIG_FILE: Option<&str> = Some("/etc/pamrun/config.toml");
/// That of a user: the first of these.
pub(crate) const PERSONAL_CONFIG_FILES: &[PlaceOf] =
    &[("XDG_CONFIG_HOME", "pamrun/config.toml"), ("HOME", ".config/pamrun/config.toml")];
/// A user's state folder: the first of these.
pub(crate) const PERSONAL_STATE_FOLDERS: &[PlaceOf] =
    &[("XDG_STATE_HOME", "pamrun"), ("HOME", ".local/state/pamrun")];
/// The state folder of who has none of those.
pub(crate) const STATE_FOLDER: Option<&str> = Some("/var/lib/pamrun");
/// Where Keeper's gateway has its configuration.
pub(crate) const GATEWAY_FILE: Option<&str> = Some("/etc/keeper-gateway/gateway-config.json");
/// Where programs are when nobody says it: a service may be started with no environment at all.
pub(crate) const PATH: Option<&str> = Some("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
/// What programs of this system need of the environment, besides what all do.
pub(crate) const VARIABLES: &[&str] = &[];

/// Makes what these options create its owner's alone.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options.mode(0o600)
}

/// Makes these options follow no symbolic link.
pub(crate) fn no_links(options: &mut OpenOptions) -> &mut OpenOptions {
    options.custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
}

/// Makes a folder for us alone, and those on the way, where they are missing.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Makes a folder for us alone that is gone when it is dropped.
pub(crate) fn new_folder(prefix: &str, parent: &Path) -> io::Result<TempDir> {
    tempfile::Builder::new().prefix(prefix).permissions(Permissions::from_mode(0o700)).tempdir_in(parent)
}

/// Makes a file for us alone that is gone when it is dropped; one that may be run, if it is a program.
pub(crate) fn new_file(prefix: &str, folder: &Path, is_program: bool) -> io::Result<NamedTempFile> {
    let mode = if is_program { 0o700 } else { 0o600 };
    tempfile::Builder::new().prefix(prefix).permissions(Permissions::from_mode(mode)).tempfile_in(folder)
}

/// Tells whose a file is, and who may use it.
#[expect(clippy::unnecessary_wraps, reason = "Windows does not tell it so")]
pub(crate) fn rights(metadata: &Metadata) -> Option<Rights> {
    let mode = metadata.mode() & 0o1777;
    Some(Rights { owner: metadata.uid(), us: geteuid().as_raw(), mode })
}

/// What a file or folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
}

/// Finds out what is at a path, following symbolic links.
pub(crate) fn identity(path: &Path) -> io::Result<Identity> {
    let found = fs::metadata(path)?;
    Ok(Identity { device: found.dev(), inode: found.ino() })
}

/// Counts the names that a file has.
pub(crate) fn names_count(file: &File) -> io::Result<u64> {
    Ok(file.metadata()?.nlink())
}

/// Tells whether we may put files into a folder.
///
/// # Errors
/// Why not.
pub(crate) fn can_write_in(folder: &Path) -> io::Result<()> {
    Ok(rustix::fs::access(folder, Access::WRITE_OK | Access::EXEC_OK)?)
}

/// Gives a file to the owner and the group of another one.
pub(crate) fn give(file: &File, like: &Metadata) -> io::Result<()> {
    fchown(file, Some(like.uid()), Some(like.gid()))
}

/// Tells whether the system would run a file by itself.
pub(crate) fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o111 != 0)
}

/// Gives us back the rights to a folder of ours, which somebody took.
pub(crate) fn take_back(folder: &Path) {
    let _ = fs::set_permissions(folder, Permissions::from_mode(0o700));
}

/// Opens what is locked in the name of a folder: itself.
#[expect(clippy::disallowed_methods, reason = "a folder is locked through a file handle")]
pub(crate) fn open_to_lock(folder: &Path) -> io::Result<File> {
    File::open(folder)
}

/// Turns a shared lock into the only one; none when somebody else has one, too.
pub(crate) fn into_exclusive(file: File) -> Option<File> {
    file.try_lock().is_ok().then_some(file)
}

/// Writes all of it at this place of a file.
pub(crate) fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    file.write_all_at(bytes, at)
}

/// Gives a file its name, in the place of what has that.
pub(crate) fn put(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.persist(path)?;
    Ok(())
}

/// Makes what was put into a folder outlast a crash.
#[expect(clippy::disallowed_methods, reason = "a folder is synced through a file handle")]
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Forbids core dumps. Where the system does not let us, there is nobody to tell.
pub(super) fn no_core_dumps() {
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
}

/// The time that this thread has computed: a busy machine must not make it look busy.
pub(crate) fn thread_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

/// The number of the user that pamrun runs as.
#[expect(clippy::unnecessary_wraps, reason = "users of Windows have none")]
pub(crate) fn us() -> Option<u32> {
    Some(geteuid().as_raw())
}

/// The number of the user who started it.
#[expect(clippy::unnecessary_wraps, reason = "users of Windows have none")]
pub(crate) fn user() -> Option<u32> {
    Some(getuid().as_raw())
}

/// The requests to end that the system passes on: SIGTERM and SIGINT.
pub(crate) struct Terminations {
    terminate: Signal,
    interrupt: Signal,
}

impl Terminations {
    /// Listens from here on. Until then, and where it fails, one of them ends the process at once.
    pub(crate) fn listen() -> io::Result<Self> {
        let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        Ok(Self { terminate, interrupt })
    }

    /// Waits for the next one; returns the code by which a shell knows who was ended by it.
    pub(crate) async fn next(&mut self) -> i32 {
        let kind = tokio::select! {
            _ = self.terminate.recv() => SignalKind::terminate(),
            _ = self.interrupt.recv() => SignalKind::interrupt(),
        };
        128 + kind.as_raw_value()
    }
}

/// The system's log.
#[derive(Debug)]
pub(crate) struct Syslog(UnixDatagram);

impl Syslog {
    /// Opens the log that listens at a socket.
    pub(crate) fn at(socket: &Path) -> io::Result<Self> {
        let unnamed = UnixDatagram::unbound()?;
        unnamed.connect(socket)?;
        Ok(Self(unnamed))
    }

    /// Hands a message over.
    pub(crate) fn send(&self, message: &str) -> io::Result<()> {
        self.0.send(message.as_bytes()).map(drop)
    }
}

/// Tells whether what is written to a stream is lost. One that is closed counts too: the runtime opens
/// the null device in its place, so that every write succeeds.
pub(crate) fn is_discarded(stream: impl AsFd) -> bool {
    match (rustix::fs::fstat(stream), rustix::fs::stat("/dev/null")) {
        (Ok(stream), Ok(null)) => stream.st_rdev == null.st_rdev && null.st_rdev != 0,
        _ => false,
    }
}
