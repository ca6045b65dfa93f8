//! What a step of GitHub Actions tells its runner: on stdout what to mask, and in two files its variables.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::Destination;
use super::mask::each_part;
use crate::dotenv::{Dialect, line};
use crate::secret::Secret;
use crate::system::no_links;

/// Makes the commands that keep a value out of the log. The runner masks a line of its log by what it was
/// told, so that a value of several lines is told line by line.
pub(super) fn masks(value: &str) -> Zeroizing<String> {
    let mut commands = Zeroizing::new(String::new());
    let mut mask = |text: &str| {
        if !text.trim().is_empty() {
            commands.push_str("::add-mask::");
            commands.push_str(&escape(text));
            commands.push('\n');
        }
    };
    if !value.contains('\n') {
        mask(value);
    }
    each_part(value, &mut mask);
    commands
}

/// Escapes what would end a command.
fn escape(text: &str) -> Zeroizing<String> {
    let mut escaped = Zeroizing::new(String::with_capacity(text.len() * 2));
    for character in text.chars() {
        match character {
            '%' => escaped.push_str("%25"),
            '\r' => escaped.push_str("%0D"),
            '\n' => escaped.push_str("%0A"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// The runner's file of variables, or of outputs, to which a step adds its own.
#[derive(Debug)]
pub struct RunnerFile {
    path: PathBuf,
    file: File,
}

impl RunnerFile {
    /// Opens a file that the runner made.
    ///
    /// # Errors
    /// When it is not there, or cannot be written.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = no_links(OpenOptions::new().read(true).append(true)).open(path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file"));
        }
        Ok(Self { path: path.to_owned(), file })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds variables, each of which [`check_value`](super::check_value) let pass.
    ///
    /// # Errors
    /// When that fails. Some may be there then.
    pub fn add(&mut self, variables: &[(&Destination, &Secret)]) -> io::Result<()> {
        let mut text = Zeroizing::new(String::new());
        if !self.ends_in_line()? {
            text.push('\n');
        }
        for (destination, value) in variables {
            let name = destination.name().unwrap_or_default();
            let line = line(Dialect::Github, name, value.expose()).map_err(io::Error::other)?;
            text.push_str(&line);
            text.push('\n');
        }
        self.file.write_all(text.as_bytes())?;
        self.file.flush()
    }

    /// Whether what somebody added before ends as it should.
    fn ends_in_line(&mut self) -> io::Result<bool> {
        if self.file.metadata()?.len() == 0 {
            return Ok(true);
        }
        let mut last = [0];
        self.file.seek(SeekFrom::End(-1))?;
        self.file.read_exact(&mut last)?;
        Ok(last == *b"\n")
    }
}
