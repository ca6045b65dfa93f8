//! Reads a plugin's file.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::Digest;

/// What every WebAssembly file begins with.
const MAGIC: &[u8] = b"\0asm";

/// A plugin's file, read and measured.
#[derive(Clone)]
pub struct PluginFile {
    /// Where it was found.
    pub path: PathBuf,
    /// What stands in it.
    pub bytes: Bytes,
    /// The digest of the bytes.
    pub digest: Digest,
}

/// Why there is no plugin to run.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// There is no such file.
    #[error("there is no plugin at {path}{}", .nearest.as_ref().map_or_else(String::new, |near| format!("; did you mean {}?", near.display())))]
    NotFound {
        /// Where it should be.
        path: PathBuf,
        /// A file beside it with a similar name.
        nearest: Option<PathBuf>,
    },
    /// It is a folder, a pipe or the like.
    #[error("{path} is {what}, not a file; name the plugin's .wasm file or the script")]
    NotAFile {
        /// Where it is.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// The system does not let us read it.
    #[error("the plugin {path} cannot be read: {source}")]
    Unreadable {
        /// Where it is.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It cannot be written.
    #[error("the plugin cannot be written to {path}: {source}; nothing is changed")]
    Unwritable {
        /// Where it should be.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It would be written over what it is made of.
    #[error(
        "{path} is what the plugin is made of, and would be lost; write the plugin to another file with -o"
    )]
    OverItself {
        /// Where it should be.
        path: PathBuf,
    },
    /// Nothing stands in it.
    #[error("the plugin {path} is empty; build or download it again")]
    Empty {
        /// Where it is.
        path: PathBuf,
    },
    /// It is larger than the limit.
    #[error("the plugin {path} is larger than {limit} bytes; raise `plugin` in [limits] if it should be")]
    TooLarge {
        /// Where it is.
        path: PathBuf,
        /// The limit, in bytes.
        limit: usize,
    },
}

impl CatalogError {
    /// A stable kebab-case word for the outcome document.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "plugin-not-found",
            Self::NotAFile { .. } => "plugin-not-a-file",
            Self::Unreadable { .. } => "plugin-unreadable",
            Self::Unwritable { .. } => "plugin-unwritable",
            Self::OverItself { .. } => "plugin-over-itself",
            Self::Empty { .. } => "plugin-empty",
            Self::TooLarge { .. } => "plugin-too-large",
        }
    }
}

impl PluginFile {
    /// Reads the plugin at `path`, of at most `limit` bytes.
    ///
    /// # Errors
    /// Why it cannot be one.
    pub fn read(path: &Path, limit: usize) -> Result<Self, CatalogError> {
        let bytes = read(path, limit)?;
        let path = path.to_owned();
        if bytes.is_empty() {
            return Err(CatalogError::Empty { path });
        }
        Ok(Self { digest: Digest::of(&bytes), path, bytes: bytes.into() })
    }
}

impl PluginFile {
    /// Tells whether it is meant to be WebAssembly: it begins as such files do, or is named so.
    #[must_use]
    pub fn is_wasm(&self) -> bool {
        self.bytes.starts_with(MAGIC) || self.path.extension().is_some_and(|end| end == "wasm")
    }
}

impl std::fmt::Debug for PluginFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PluginFile({}, {})", self.path.display(), self.digest)
    }
}

fn read(path: &Path, limit: usize) -> Result<Vec<u8>, CatalogError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => CatalogError::NotFound { path: path.to_owned(), nearest: nearest(path) },
        _ => CatalogError::Unreadable { path: path.to_owned(), source },
    };
    // Looked at first: opening a pipe would wait for somebody to write.
    let found = fs::metadata(path).map_err(failed)?;
    if let Some(what) = special_kind(&found) {
        return Err(CatalogError::NotAFile { path: path.to_owned(), what });
    }
    // Room for all of it at once: a buffer that grows would be moved again and again.
    let mut bytes =
        Vec::with_capacity(usize::try_from(found.len()).map_or(limit, |size| size.min(limit)) + 1);
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    open(path).and_then(|file| file.take(most).read_to_end(&mut bytes)).map_err(failed)?;
    if bytes.len() > limit {
        return Err(CatalogError::TooLarge { path: path.to_owned(), limit });
    }
    Ok(bytes)
}

#[expect(clippy::disallowed_methods, reason = "catalog reads plugins")]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

pub(super) fn special_kind(metadata: &Metadata) -> Option<&'static str> {
    if metadata.is_dir() {
        Some("a folder")
    } else if !metadata.is_file() {
        Some("a pipe or a device")
    } else {
        None
    }
}

/// Finds the file beside `path` whose name is most like the one asked for.
fn nearest(path: &Path) -> Option<PathBuf> {
    let wanted = path.file_name()?.to_string_lossy();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let likeness = |file: &PathBuf| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        strsim::jaro_winkler(&wanted, &name).max(strsim::jaro_winkler(&wanted, &stem))
    };
    fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|file| file.is_file())
        .map(|file| (likeness(&file), file))
        .filter(|(likeness, _)| *likeness > 0.85)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, file)| file)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests put the files there")]
mod tests {
    use tempfile::TempDir;

    use super::*;

    const LIMIT: usize = 64;

    fn folder_with(files: &[(&str, &[u8])]) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        folder
    }

    fn error_of(bytes: &[u8]) -> CatalogError {
        let folder = folder_with(&[("p.wasm", bytes)]);
        PluginFile::read(&folder.path().join("p.wasm"), LIMIT).unwrap_err()
    }

    #[test]
    fn a_plugin_comes_with_the_digest_of_its_bytes() {
        let folder = folder_with(&[("p.wasm", b"\0asm and so on")]);
        let file = PluginFile::read(&folder.path().join("p.wasm"), LIMIT).unwrap();
        assert_eq!(file.bytes, b"\0asm and so on"[..]);
        assert_eq!(file.digest, Digest::of(b"\0asm and so on"));
    }

    #[test]
    fn a_file_of_exactly_the_limit_is_read_and_one_byte_more_is_too_large() {
        let mut bytes = MAGIC.to_vec();
        bytes.resize(LIMIT, 0xff);
        let folder = folder_with(&[("p.wasm", &bytes)]);
        assert!(PluginFile::read(&folder.path().join("p.wasm"), LIMIT).is_ok());
        bytes.push(0xff);
        assert!(matches!(error_of(&bytes), CatalogError::TooLarge { limit: LIMIT, .. }));
    }

    #[test]
    fn what_is_meant_to_be_webassembly_is_told_by_its_beginning_or_its_name() {
        let folder =
            folder_with(&[("a", MAGIC), ("b.wasm", b"text"), ("c.py", b"print()"), ("d", b"\x7fELF")]);
        let is_wasm = |name: &str| PluginFile::read(&folder.path().join(name), LIMIT).unwrap().is_wasm();
        assert_eq!(["a", "b.wasm", "c.py", "d"].map(is_wasm), [true, true, false, false]);
    }

    #[test]
    fn an_empty_file_and_a_folder_are_named_as_such() {
        assert!(matches!(error_of(b""), CatalogError::Empty { .. }));
        let folder = folder_with(&[]);
        let message = PluginFile::read(folder.path(), LIMIT).unwrap_err().to_string();
        assert!(message.contains("is a folder, not a file"), "{message}");
    }

    #[test]
    fn a_missing_file_is_answered_with_the_one_beside_it_that_may_be_meant() {
        let folder = folder_with(&[("azure-app-secret.wasm", MAGIC), ("other.wasm", MAGIC)]);
        for asked in ["azure-ap-secret.wasm", "azure-app-secret", "azure_app_secret.wasm"] {
            let message = PluginFile::read(&folder.path().join(asked), LIMIT).unwrap_err().to_string();
            assert!(message.ends_with("azure-app-secret.wasm?"), "{message}");
        }
    }

    #[test]
    fn a_missing_file_without_a_likely_neighbour_gets_no_guess() {
        let folder = folder_with(&[("vault.json", b"{}")]);
        let error = PluginFile::read(&folder.path().join("azure.wasm"), LIMIT).unwrap_err();
        assert!(matches!(error, CatalogError::NotFound { nearest: None, .. }), "{error}");
    }
}
