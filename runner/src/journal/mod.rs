//! Where it is noted what is about to be done, behind the [`Journal`](crate::rotation::Journal)
//! trait; so that whoever comes after a crash knows what was left.
//!
//! In: entries and the names of locks, none of them secret. Out: the promise that they outlast the
//! process; and the open rotations. Touches: the sub-folders `journal`, `locks` and `copies` of
//! the state folder.

mod copies;
mod error;
mod file_journal;
mod folders;
mod history;
mod line;
mod listing;
mod lock;
mod record_file;

#[cfg(test)]
mod tests;

pub use file_journal::FileJournal;
pub use listing::{Left, Listing, OpenRecord, left_open, list_open};
