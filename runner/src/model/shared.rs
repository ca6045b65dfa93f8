//! A record with what is attached to it, as a vault shares it with those who only read.

use super::Record;

/// A file that is attached to a record. Its content is fetched by its UID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its UID.
    pub uid: String,
    /// The name of the file.
    pub name: String,
    /// The title that people see.
    pub title: String,
}

/// A record, and the files that are attached to it.
#[derive(Debug, Clone, PartialEq)]
pub struct SharedRecord {
    /// The record.
    pub record: Record,
    /// The files.
    pub attachments: Vec<Attachment>,
}
