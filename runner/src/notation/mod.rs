//! Keeper Notation: a text that names one value of one record, and how that value is found.
//!
//! In: the text, the records of a vault, the time. Out: a value, or what is wrong with the text or
//! the records, which never quotes a value. Touches: nothing.

mod one_time;
mod parse;
mod resolve;

#[cfg(test)]
mod tests;

pub use one_time::OneTimeError;
pub use parse::{Notation, NotationError, Part, Pick};
pub use resolve::{Found, ResolveError};
