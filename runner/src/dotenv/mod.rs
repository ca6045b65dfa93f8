//! Files of environment variables, in the dialects of the programs that read them.
//!
//! In: keys and values, the text of a file. Out: lines that their reader takes as they are meant, or why there
//! are none. Touches: nothing.

mod dialect;
mod scan;
mod update;
mod write;

#[cfg(test)]
mod tests;

pub use dialect::{Dialect, is_key};
pub use update::{SetError, check, set};
pub use write::{GITLAB_FILE, Unfit, line};
