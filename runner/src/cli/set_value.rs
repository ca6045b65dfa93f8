//! A value for a setting of a plugin, given directly or as the name of a file.

use std::fs;
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::{CliError, Sourced};
use crate::secret::Secret;
use crate::text::decode;

/// A value for a setting. Which settings are secret only the plugin's manifest says, so that every
/// value is held as if it were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetValue {
    /// It was written as such. A secret setting must not be.
    Text(Secret),
    /// It was read from this file.
    File(PathBuf, Secret),
}

impl SetValue {
    /// Makes the value of what was written after `KEY=`: text, or `@FILE`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(written: &Sourced<Secret>) -> Result<Self, CliError> {
        let Some(file) = written.value.expose().strip_prefix('@') else {
            return Ok(Self::Text(written.value.clone()));
        };
        let path = written.path(file)?;
        #[expect(clippy::disallowed_methods, reason = "the operator named the file")]
        let bytes = fs::read(&path)
            .map(Zeroizing::new)
            .map_err(|error| CliError::Unreadable { path: path.clone(), error: error.kind() })?;
        let text = decode(&bytes).map_err(|problem| CliError::NotText { path: path.clone(), problem })?;
        // Editors put a line end there that nobody means.
        let line = text.strip_suffix('\n').unwrap_or(&text);
        let secret = Secret::new(line.strip_suffix('\r').unwrap_or(line));
        Ok(Self::File(path, secret))
    }

    /// Returns what can be written after `KEY=` to get the same value.
    #[must_use]
    pub fn written(&self) -> String {
        match self {
            Self::Text(value) => value.expose().to_owned(),
            Self::File(path, _) => format!("@{}", path.display()),
        }
    }

    /// The value.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        match self {
            Self::Text(value) | Self::File(_, value) => value,
        }
    }
}
