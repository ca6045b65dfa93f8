//! Where it is noted what is about to be done, behind the [`Journal`](crate::rotation::Journal)
//! trait.
//!
//! In: entries and the names of locks. Out: nothing but the promise that they are kept. Touches:
//! nothing yet, see [`MemoryJournal`].

mod memory;

pub use memory::MemoryJournal;
