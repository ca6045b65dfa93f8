//! The file of one record's journal, which only the holder of the record's lock changes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::error::FileError;
use super::folders::{Folders, write_whole};
use super::history::History;
use super::line::{Line, Lines};
use crate::system::{no_links, private, rights, sync_folder, write_at};

/// The file of a record's journal.
#[derive(Debug)]
pub(super) struct RecordFile {
    path: PathBuf,
    /// None as long as there is nothing to keep.
    file: Option<File>,
    /// How many bytes the whole lines take.
    length: u64,
    /// Whether something may stand behind them.
    torn: bool,
}

impl RecordFile {
    /// Opens the journal of record `uid`, if there is one, and cuts a torn line off.
    pub(super) fn open(path: PathBuf, uid: &str) -> Result<(Self, History), FileError> {
        let Some((file, text)) = read(&path, true)? else {
            return Ok((Self { path, file: None, length: 0, torn: false }, History::default()));
        };
        let lines = Lines::read(&text).map_err(|error| FileError::line(&path, error))?;
        let history = History::new(uid, lines.whole).map_err(|error| FileError::line(&path, error))?;
        let (length, torn) = (size(lines.length), text.len() > lines.length);
        let mut record = Self { path, file: Some(file), length, torn };
        record.cut().map_err(FileError::io(&record.path, "repaired"))?;
        Ok((record, history))
    }

    /// Writes a line behind the others. When that fails, what was written of it is cut off again.
    pub(super) fn append(&mut self, line: &Line, folders: &Folders) -> Result<(), FileError> {
        self.write(line, folders).map_err(FileError::io(&self.path, "written"))
    }

    fn write(&mut self, line: &Line, folders: &Folders) -> io::Result<()> {
        let text = line.encode()?;
        // Where an earlier failure could not be cleared away, this cannot be written either.
        self.cut()?;
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                let created = private(options(true).create(true)).open(&self.path)?;
                folders.sync_journal()?;
                none.insert(created)
            }
        };
        match write_at(file, &text, self.length).and_then(|()| file.sync_data()) {
            Ok(()) => self.length += size(text.len()),
            Err(error) => {
                self.torn = true;
                // A reader knows the rest of a line for what it is, should it have to stay.
                let _ = self.cut();
                return Err(error);
            }
        }
        Ok(())
    }

    /// Puts these lines in the place of all lines. An empty file is removed.
    pub(super) fn replace(&mut self, lines: &[Line]) -> io::Result<()> {
        if lines.is_empty() {
            fs::remove_file(&self.path)?;
            (self.file, self.length) = (None, 0);
            return sync_folder(self.path.parent().unwrap_or(Path::new("/")));
        }
        let encoded: Vec<_> = lines.iter().map(Line::encode).collect::<serde_json::Result<_>>()?;
        let text = encoded.concat();
        write_whole(&self.path, &text, false)?;
        (self.file, self.length) = (Some(options(true).open(&self.path)?), size(text.len()));
        Ok(())
    }

    /// How many bytes it takes.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Tells whether there is a file.
    pub(super) fn exists(&self) -> bool {
        self.file.is_some()
    }

    fn cut(&mut self) -> io::Result<()> {
        if let Some(file) = self.file.as_ref().filter(|_| self.torn) {
            file.set_len(self.length)?;
            file.sync_data()?;
            self.torn = false;
        }
        Ok(())
    }
}

/// Reads the file at `path`; none when it does not exist. Without the lock, its last line may be
/// one that is just being written.
pub(super) fn read(path: &Path, to_write: bool) -> Result<Option<(File, Vec<u8>)>, FileError> {
    let mut file = match options(to_write).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(FileError::io(path, "opened"))?,
    };
    let found = file.metadata().map_err(FileError::io(path, "read"))?;
    let is_ours_alone = rights(&found).is_none_or(|rights| rights.are_ours() && rights.are_private());
    if !found.is_file() || !is_ours_alone {
        return Err(FileError::NotOurs(path.to_owned()));
    }
    let mut text = Vec::new();
    file.read_to_end(&mut text).map_err(FileError::io(path, "read"))?;
    Ok(Some((file, text)))
}

fn options(to_write: bool) -> OpenOptions {
    let mut options = OpenOptions::new();
    no_links(options.read(true).write(to_write));
    options
}

fn size(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
