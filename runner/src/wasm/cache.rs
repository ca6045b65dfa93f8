//! Compiled code, kept from one run to the next.
//!
//! The folder is as trusted as the program itself: whoever writes there runs code as us. It is
//! therefore used only while it belongs to us and nobody else can write to it.

use std::fs::{self, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use twox_hash::XxHash64;
use wasmtime::Engine;
use wasmtime::component::Component;

use super::prune::{UNFINISHED, prune, touch};
use crate::catalog::Digest;
use crate::system::{make_folder, no_links, rights};

/// The checksum that stands behind the code of an entry, in little-endian order.
const CHECKSUM: usize = size_of::<u64>();

/// Why compiled code cannot be kept. The plugin runs all the same, after being compiled anew.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The folder could become a way to run code as us.
    #[error("compiled plugins are not kept: {} {fault}; it must be a folder of this user's with mode 0700", .folder.display())]
    NotPrivate {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// The folder cannot be written.
    #[error("compiled plugins are not kept in {}: {source}", .folder.display())]
    NotWritable {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The folder of compiled code.
pub(super) struct Cache {
    folder: PathBuf,
    /// What code must be compiled for to be of use: this engine, configured like this.
    engine: u64,
}

impl Cache {
    pub(super) fn new(folder: &Path, engine: &Engine) -> Self {
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Self { folder: folder.to_owned(), engine: hasher.finish() }
    }

    /// Takes compiled code out. An entry that is missing, damaged, not ours, or for another engine
    /// is nothing; it will be written anew.
    pub(super) fn get(&self, engine: &Engine, digest: &str) -> Result<Option<Component>, CacheError> {
        match self.check() {
            Ok(()) => {}
            Err(CacheError::NotWritable { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        }
        let key = self.key(digest);
        let entry = self.folder.join(&key);
        Ok(if is_sound(&entry, &key).unwrap_or(false) { deserialize(engine, &entry) } else { None })
    }

    /// Puts compiled code in, and removes what nobody uses any more.
    pub(super) fn put(&self, component: &Component, digest: &str) -> Result<(), CacheError> {
        let code = component.serialize().map_err(|error| self.not_writable(io::Error::other(error)))?;
        make_folder(&self.folder).map_err(|error| self.not_writable(error))?;
        self.check()?;
        let key = self.key(digest);
        self.write(&key, &code).map_err(|error| self.not_writable(error))?;
        // The entry is kept; whoever writes the next one prunes again.
        let _ = prune(&self.folder, key.as_ref());
        Ok(())
    }

    /// Writes an entry so that a reader sees a whole one or none.
    fn write(&self, key: &str, code: &[u8]) -> io::Result<()> {
        let mut checksum = checksum(key);
        checksum.write(code);
        let mut file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(&self.folder)?;
        file.write_all(code)?;
        file.write_all(&checksum.finish().to_le_bytes())?;
        file.persist(self.folder.join(key))?;
        Ok(())
    }

    fn not_writable(&self, source: io::Error) -> CacheError {
        CacheError::NotWritable { folder: self.folder.clone(), source }
    }

    /// Checks that the folder is ours alone.
    fn check(&self) -> Result<(), CacheError> {
        let found = fs::symlink_metadata(&self.folder).map_err(|error| self.not_writable(error))?;
        let fault = match rights(&found) {
            _ if !found.is_dir() => "is not a folder",
            None => "cannot be known to be closed to other users on this system",
            Some(rights) if !rights.are_ours() => "belongs to another user",
            Some(rights) if !rights.are_private() => "is open to other users",
            Some(_) => return Ok(()),
        };
        Err(CacheError::NotPrivate { folder: self.folder.clone(), fault })
    }

    /// Names what is compiled, how it was made a component, and what it is compiled for.
    fn key(&self, digest: &str) -> String {
        Digest::of(format!("{} {:016x} {digest}", env!("CARGO_PKG_VERSION"), self.engine).as_bytes()).digits()
    }
}

/// Begins the checksum of an entry. It guards against damage, and against being taken for another
/// entry; whoever could forge one could run code as us anyway.
fn checksum(key: &str) -> XxHash64 {
    let mut checksum = XxHash64::with_seed(0);
    checksum.write(key.as_bytes());
    checksum
}

/// Tells whether an entry is ours, and as it was written. That the folder is ours says nothing of
/// what came into it before it was.
fn is_sound(entry: &Path, key: &str) -> io::Result<bool> {
    let file = no_links(OpenOptions::new().read(true)).open(entry)?;
    let found = file.metadata()?;
    let is_ours = rights(&found).is_some_and(|rights| rights.are_ours() && rights.are_kept());
    if !found.is_file() || !is_ours {
        return Ok(false);
    }
    // On a disk that cannot be written the entry is as good as before.
    let _ = touch(&file);
    let length = found.len().saturating_sub(CHECKSUM as u64);
    let mut code = BufReader::with_capacity(1 << 16, file).take(length);
    let mut checksum = checksum(key);
    loop {
        let piece = code.fill_buf()?;
        if piece.is_empty() {
            break;
        }
        checksum.write(piece);
        let read = piece.len();
        code.consume(read);
    }
    let mut stored = [0; CHECKSUM];
    code.into_inner().read_exact(&mut stored)?;
    Ok(u64::from_le_bytes(stored) == checksum.finish())
}

/// Makes a component of the code in an entry; `None` when it is not for this engine.
///
/// The code is mapped from its file, so that only the pages that run are ever touched.
#[expect(unsafe_code, reason = "compiling anew takes seconds for some plugins")]
#[expect(clippy::disallowed_methods, reason = "the cache owns its folder")]
fn deserialize(engine: &Engine, entry: &Path) -> Option<Component> {
    // SAFETY: the file must hold what `Component::serialize` returned, and must not change while
    // it is mapped. Its one caller, `Cache::get`, has found that nobody but us can write to it or
    // to its folder (`is_sound`, `check`), and that it ends with the checksum that `put` wrote.
    // `put` renames whole files into place; none is written to once it has its name. That the code
    // is for this engine Wasmtime checks itself, and it ignores what stands behind the code.
    let mapped = unsafe { Component::deserialize_file(engine, entry) };
    mapped.ok().or_else(|| {
        // What lies on a file system without execution (`noexec`) can be run from a copy only.
        let code = fs::read(entry).ok()?;
        // SAFETY: as above.
        unsafe { Component::deserialize(engine, code) }.ok()
    })
}
