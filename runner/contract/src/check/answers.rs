//! Answers: which settle an effect, and what may be taken of them.
use super::Checked;
use crate::refusal::Refusals;
pub(super) fn check(_: &Checked<'_>, _: &mut Refusals) {}
