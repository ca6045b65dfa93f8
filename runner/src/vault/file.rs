//! A vault in one JSON file: for tests, demonstrations and hosts without Keeper.

use std::fs::{self, File, Metadata, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use super::Reader;
use super::document::{Document, DocumentError, move_revision, without_envelope};
use super::replace::{ReplaceError, lock_path, open_lock, replace};
use super::update::{UpdateError, apply};
use crate::model::{Record, RecordUid, SharedRecord, Update};
use crate::rotation::{GetError, Outage, SaveError, Vault};
use crate::secret::SecretBytes;
use crate::system::{can_write_in, rights};
use crate::text::{NotText, decode};

/// How long a save waits for another one to end. It takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it looks.
const POLL: Duration = Duration::from_millis(10);

/// What can be wrong with the file, apart from what [`SaveError`] has its own words for.
#[derive(Debug, thiserror::Error)]
enum FileError {
    #[error("the vault file {path} does not exist; it must hold {{\"records\":[…]}}")]
    Missing { path: PathBuf },
    #[error("the vault file {path} cannot be read: {source}")]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("the vault file {path} {source}")]
    NotText { path: PathBuf, source: NotText },
    #[error("the vault file {path} {source}")]
    Malformed { path: PathBuf, source: DocumentError },
    #[error("{path} cannot be locked: {source}; this user must be able to write to it and to its folder")]
    Lock { path: PathBuf, source: io::Error },
    #[error("{path} has been locked by another process for {PATIENCE:?}; nothing was saved, try again")]
    Busy { path: PathBuf },
    #[error("the vault file {path} has no record {uid}")]
    NoRecord { path: PathBuf, uid: RecordUid },
    #[error("the vault file {path} holds no attached files")]
    NoFiles { path: PathBuf },
    #[error("the vault does not let us change record {uid}: its `isEditable` is false")]
    NotEditable { uid: RecordUid },
    #[error("record {uid} in {path}: {source}")]
    Update { path: PathBuf, uid: RecordUid, source: UpdateError },
    #[error(
        "the vault file {path} cannot be replaced: {source}; free some space or make its folder writable"
    )]
    Write { path: PathBuf, source: io::Error },
}

impl FileError {
    fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "vault-missing",
            Self::Unreadable { .. } => "vault-unreadable",
            Self::NotText { .. } | Self::Malformed { .. } => "vault-malformed",
            Self::Lock { .. } => "vault-not-lockable",
            Self::Busy { .. } => "vault-busy",
            Self::NoRecord { .. } => "record-missing",
            Self::NoFiles { .. } => "file-missing",
            Self::NotEditable { .. } => "record-not-editable",
            Self::Update { .. } => "record-update",
            Self::Write { .. } => "vault-not-writable",
        }
    }
}

impl From<FileError> for GetError {
    fn from(error: FileError) -> Self {
        Self { code: error.code(), message: error.to_string(), outage: None }
    }
}

impl From<FileError> for SaveError {
    fn from(error: FileError) -> Self {
        Self::Refused { code: error.code(), message: error.to_string() }
    }
}

/// A vault in one JSON file: `{"records":[{"uid","revision","type","title","fields","custom",…}]}`,
/// where a record may have `"isEditable": false`. Unknown keys are kept, as are the order of keys
/// and the text of numbers. It is read in every encoding that [`decode`] knows, and written as UTF-8
/// without a mark. A symbolic link is followed: the file that it leads to is replaced.
#[derive(Debug)]
pub struct FileVault {
    path: PathBuf,
    patience: Duration,
    warnings: Vec<String>,
}

/// The file, read.
struct Opened {
    /// Its path without symbolic links: that is what is locked and replaced.
    path: PathBuf,
    metadata: Metadata,
    document: Document,
}

impl FileVault {
    /// A vault in the file at `path`, which is looked at only when records are asked for.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), patience: PATIENCE, warnings: Vec::new() }
    }

    fn open(&mut self, path: PathBuf) -> Result<Opened, FileError> {
        let unreadable = |source| FileError::Unreadable { path: path.clone(), source };
        let (metadata, bytes) = read(&path).map_err(unreadable)?;
        if let Some(rights) = rights(&metadata).filter(|rights| !rights.are_private()) {
            self.warn(format!(
                "others could read the vault file {}: its mode was {:04o}; every save makes it 0600",
                path.display(),
                rights.mode & 0o777
            ));
        }
        let text = decode(&bytes).map_err(|source| FileError::NotText { path: path.clone(), source })?;
        let document =
            Document::parse(&text).map_err(|source| FileError::Malformed { path: path.clone(), source })?;
        Ok(Opened { path, metadata, document })
    }

    fn real_path(&self) -> Result<PathBuf, FileError> {
        fs::canonicalize(&self.path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => FileError::Missing { path: self.path.clone() },
            _ => FileError::Unreadable { path: self.path.clone(), source },
        })
    }

    /// Locks the vault against other savers until the returned file is dropped, or we die.
    async fn lock(&self, path: &Path) -> Result<File, FileError> {
        let failed = |source| FileError::Lock { path: lock_path(path), source };
        let owner = fs::metadata(path).map_err(failed)?;
        let file = open_lock(path, &owner).map_err(failed)?;
        let mut waited = Duration::ZERO;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(source)) => return Err(failed(source)),
                Err(TryLockError::WouldBlock) if waited < self.patience => {
                    tokio::time::sleep(POLL).await;
                    waited += POLL;
                }
                Err(TryLockError::WouldBlock) => return Err(FileError::Busy { path: lock_path(path) }),
            }
        }
    }

    fn warn(&mut self, warning: String) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }
}

#[async_trait::async_trait(?Send)]
impl Vault for FileVault {
    async fn get(&mut self, uids: &[RecordUid]) -> Result<Vec<Record>, GetError> {
        let path = self.real_path()?;
        // Found out only by saving, it would cost a credential that is made and rolled back.
        can_be_replaced(&path).map_err(|source| FileError::Write { path: path.clone(), source })?;
        let Opened { document, .. } = self.open(path)?;
        Ok(uids.iter().filter_map(|uid| document.record(uid)).map(without_envelope).collect())
    }

    async fn save(&mut self, record: &Record, updates: &[Update]) -> Result<(), SaveError> {
        // Held from before the read until the rename is durable.
        let path = self.real_path()?;
        let _lock = self.lock(&path).await?;
        let Opened { path, metadata, mut document } = self.open(path)?;
        let uid = &record.uid;
        let Some(stored) = document.record_mut(uid) else {
            return Err(FileError::NoRecord { path, uid: uid.clone() }.into());
        };
        if !stored.editable {
            return Err(FileError::NotEditable { uid: uid.clone() }.into());
        }
        if stored.revision != record.revision {
            return Err(SaveError::Stale);
        }
        if let Err(source) = apply(&mut stored.json, updates) {
            return Err(FileError::Update { path, uid: uid.clone(), source }.into());
        }
        move_revision(stored);
        let replaced = text(&document)
            .map_err(ReplaceError::Untouched)
            .and_then(|text| replace(&path, &text, &metadata));
        match replaced {
            Ok(true) => Ok(()),
            Ok(false) => {
                self.warn(format!("the vault file {} belongs to this user now", path.display()));
                Ok(())
            }
            Err(ReplaceError::Untouched(source)) => Err(FileError::Write { path, source }.into()),
            Err(ReplaceError::Unclear(source)) => {
                let message = format!("{}: {source}", path.display());
                Err(SaveError::Unclear { message, outage: Outage::default() })
            }
        }
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

#[async_trait::async_trait(?Send)]
impl Reader for FileVault {
    async fn read(&mut self, uids: Option<&[RecordUid]>) -> Result<Vec<SharedRecord>, GetError> {
        let Opened { document, .. } = self.open(self.real_path()?)?;
        let is_wanted = |record: &&Record| uids.is_none_or(|uids| uids.contains(&record.uid));
        let shared = |record| SharedRecord { record: without_envelope(record), attachments: Vec::new() };
        Ok(document.records().filter(is_wanted).map(shared).collect())
    }

    async fn fetch(&mut self, _file: &str) -> Result<SecretBytes, GetError> {
        Err(FileError::NoFiles { path: self.path.clone() }.into())
    }

    fn notes(&self) -> &[String] {
        &self.warnings
    }
}

/// Tells whether a save could put its files beside the vault's.
fn can_be_replaced(path: &Path) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    can_write_in(folder)
}

#[expect(clippy::disallowed_methods, reason = "the vault's own file")]
fn read(path: &Path) -> io::Result<(Metadata, Zeroizing<Vec<u8>>)> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    // Room from the start: a buffer that grows leaves copies behind that nobody wipes.
    let room = usize::try_from(metadata.len()).unwrap_or_default().saturating_add(1);
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    file.read_to_end(&mut bytes)?;
    Ok((metadata, bytes))
}

/// The file's new text, indented, since people edit it.
fn text(document: &Document) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    serde_json::to_writer_pretty(&mut *bytes, document)?;
    bytes.push(b'\n');
    Ok(bytes)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests look at the file past the vault")]
mod tests;
