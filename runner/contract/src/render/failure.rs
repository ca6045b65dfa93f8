//! Why a request cannot be written.

use crate::value::NotText;

/// Why a request cannot be written; no value of a secret is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unrendered {
    /// The manifest has no request of this name.
    #[error("the manifest declares no request `{0}`; call one that it declares")]
    NoRequest(String),
    /// The plugin gave no value for a parameter, or one too many.
    #[error("{0}")]
    Parameter(String),
    /// A value that must be there is not.
    #[error("{place} needs {reference}, which is not there; {mend}")]
    Missing {
        /// Where it should stand.
        place: String,
        /// The reference, in braces.
        reference: String,
        /// What to do.
        mend: &'static str,
    },
    /// A value must not stand where it should.
    #[error("the value of {reference} cannot stand in {place}: {reason}")]
    Value {
        /// Where it should stand.
        place: String,
        /// The reference, in braces.
        reference: String,
        /// What of it must not be.
        reason: String,
    },
    /// A filter cannot read what it is given.
    #[error("{0}")]
    Filter(String),
    /// Something cannot be computed or signed.
    #[error("{0}")]
    Computed(String),
}

impl Unrendered {
    /// A value that must not stand somewhere.
    pub(super) fn value(
        place: &str,
        reference: &(impl ToString + ?Sized),
        reason: impl Into<String>,
    ) -> Self {
        Self::Value { place: place.to_owned(), reference: reference.to_string(), reason: reason.into() }
    }

    /// A value that is no text.
    pub(super) fn not_text(place: &str, reference: &(impl ToString + ?Sized), error: NotText) -> Self {
        Self::value(place, reference, format!("it {error}"))
    }
}
