//! Compiled code, kept from one run to the next.
//!
//! The folder is as trusted as the program itself: whoever writes there runs code as us. It is
//! therefore used only while it belongs to us and nobody else can write to it.

use std::fs::{self, DirBuilder, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::process::geteuid;
use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

/// The length of the checksum that stands before the code.
const CHECKSUM: usize = 32;

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
        source: std::io::Error,
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
            Err(CacheError::NotWritable { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        }
        let key = self.key(digest);
        let Ok(Some(entry)) = self.read(&key) else { return Ok(None) };
        let Some((stored, code)) = entry.split_at_checked(CHECKSUM) else { return Ok(None) };
        if stored != checksum(&key, code) {
            return Ok(None);
        }
        Ok(deserialize(engine, code))
    }

    /// Puts compiled code in.
    pub(super) fn put(&self, component: &Component, digest: &str) -> Result<(), CacheError> {
        let code = component.serialize().map_err(|error| self.not_writable(std::io::Error::other(error)))?;
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.folder);
        made.map_err(|error| self.not_writable(error))?;
        self.check()?;
        self.write(&self.key(digest), &code).map_err(|error| self.not_writable(error))
    }

    /// Reads an entry. That the folder is ours says nothing of what came into it before it was.
    fn read(&self, key: &str) -> std::io::Result<Option<Vec<u8>>> {
        let no_link = OFlags::NOFOLLOW.bits().cast_signed();
        let mut file = OpenOptions::new().read(true).custom_flags(no_link).open(self.folder.join(key))?;
        let found = file.metadata()?;
        if !found.is_file() || found.uid() != geteuid().as_raw() || found.mode() & 0o022 != 0 {
            return Ok(None);
        }
        let mut entry = Vec::new();
        file.read_to_end(&mut entry)?;
        Ok(Some(entry))
    }

    /// Writes an entry so that a reader sees a whole one or none.
    fn write(&self, key: &str, code: &[u8]) -> std::io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(&self.folder)?;
        file.write_all(&checksum(key, code))?;
        file.write_all(code)?;
        file.persist(self.folder.join(key))?;
        Ok(())
    }

    fn not_writable(&self, source: std::io::Error) -> CacheError {
        CacheError::NotWritable { folder: self.folder.clone(), source }
    }

    /// Checks that the folder is ours alone.
    fn check(&self) -> Result<(), CacheError> {
        let found = fs::symlink_metadata(&self.folder).map_err(|error| self.not_writable(error))?;
        let fault = if !found.is_dir() {
            "is not a folder"
        } else if found.uid() != geteuid().as_raw() {
            "belongs to another user"
        } else if found.mode() & 0o077 != 0 {
            "is open to other users"
        } else {
            return Ok(());
        };
        Err(CacheError::NotPrivate { folder: self.folder.clone(), fault })
    }

    /// Names what is compiled, how it was made a component, and what it is compiled for.
    fn key(&self, digest: &str) -> String {
        let key = Sha256::new()
            .chain_update(env!("CARGO_PKG_VERSION"))
            .chain_update([0])
            .chain_update(self.engine.to_le_bytes())
            .chain_update(digest)
            .finalize();
        format!("{key:x}")
    }
}

/// Guards an entry against damage, and against being taken for another one.
fn checksum(key: &str, code: &[u8]) -> [u8; CHECKSUM] {
    Sha256::new().chain_update(key).chain_update(code).finalize().into()
}

/// Makes a component of code that was compiled before; `None` when it is not for this engine.
#[expect(unsafe_code, reason = "compiling anew takes seconds for some plugins")]
fn deserialize(engine: &Engine, code: &[u8]) -> Option<Component> {
    // SAFETY: `code` must be what `Component::serialize` returned, unchanged. Its one caller,
    // `Cache::get`, has read it from a file that only we can write to, in a folder that only we can
    // write to (`read`, `check`), and has compared it with the checksum that `put` wrote together with it. It is in our own memory
    // by now, so nothing can change it any more. That it is for this engine Wasmtime checks itself.
    unsafe { Component::deserialize(engine, code) }.ok()
}
