//! Texts as people write and read them: what comes out of files, and what goes to a terminal.
//!
//! In: bytes that somebody edited, texts from records and services. Out: text. Touches: nothing.

mod arrival;
mod backslash;
mod decode;
mod nearest;
mod screen;

pub use arrival::{Mishap, mishap};
pub use backslash::{in_single_quotes, single_quoted};
pub use decode::{Decoded, NotText, decode};
pub use nearest::near_miss;
pub use screen::{clean, escape, escape_json, is_harmful, quoted};
