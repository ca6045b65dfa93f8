//! A vault, as those see it who only read.

use crate::model::{RecordUid, SharedRecord};
use crate::rotation::GetError;
use crate::secret::SecretBytes;

/// Where records and the files that are attached to them can be read.
#[async_trait::async_trait(?Send)]
pub trait Reader {
    /// Reads records in one go: those of these UIDs that there are, or all that are shared with us.
    async fn read(&mut self, uids: Option<&[RecordUid]>) -> Result<Vec<SharedRecord>, GetError>;

    /// Fetches the content of a file that is attached to a record which was read.
    async fn fetch(&mut self, file: &str) -> Result<SecretBytes, GetError>;

    /// What an operator should know of the vault, as far as it has shown by now.
    fn notes(&self) -> &[String];
}
