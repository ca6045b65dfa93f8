//! What references in places and conditions stand for.

use crate::value::Value;

/// Gives the values of references, which are written as between braces: `setting.key`, `deliver.value`.
pub trait Given {
    /// The value, where there is one.
    fn value(&self, reference: &str) -> Option<Value>;
}

impl<F: Fn(&str) -> Option<Value>> Given for F {
    fn value(&self, reference: &str) -> Option<Value> {
        self(reference)
    }
}

/// Gives nothing: for places without references.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nothing;

impl Given for Nothing {
    fn value(&self, _: &str) -> Option<Value> {
        None
    }
}
