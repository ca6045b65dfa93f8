//! Answers: which of them is a success, and what is taken of it.

mod alternative;
mod document;
mod fault;
mod items;
mod judge;
mod known;
mod lists;
mod next;
mod output;
mod paged;
mod pending;
mod place;
mod received;
mod retry_after;
mod take;
mod typed;
pub(crate) mod written;
mod xml;

pub use alternative::{Alternative, Condition, Expected, Status};
pub use fault::Fault;
pub use items::Item;
pub use judge::{Rejection, Seeing, Takes, Verdict};
pub use known::Known;
pub use lists::{Lists, Rows};
pub use next::{Next, NextPage, PageError, Pages, Part, next_url};
pub use output::{Earlier, FreshFor, Kept, Output};
pub use pending::{Pending, Poll};
pub use place::{Place, Root};
pub use received::Answer;
pub use retry_after::retry_after;
pub use take::Taken;
pub use typed::{Shown, Type};
