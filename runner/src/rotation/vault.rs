//! A vault, as the engine sees it.

use super::{Outage, Trouble};
use crate::model::{Record, RecordUid, Update};

/// Why records could not be read. Nothing was changed by trying.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct GetError {
    /// A stable word in kebab-case.
    pub code: &'static str,
    /// What was wrong, where, and what to do.
    pub message: String,
    /// That the vault did not answer, or not now; none when this is its answer.
    pub outage: Option<Outage>,
}

/// Why a save did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SaveError {
    /// The record has another revision by now. Nothing was written.
    #[error("the record was changed by somebody else in the meantime")]
    Stale,
    /// The answer was lost: it may have been written, or may still be.
    #[error("it is unknown whether the vault saved the record: {message}")]
    Unclear {
        /// What is known of it.
        message: String,
        /// How long the vault asked to wait.
        outage: Outage,
    },
    /// The vault could not be reached, or did not take it now. Nothing was written.
    #[error("{message}")]
    Unavailable {
        /// A stable word in kebab-case.
        code: &'static str,
        /// What was wrong, where, and what to do.
        message: String,
        /// How long the vault asked to wait.
        outage: Outage,
    },
    /// The vault refused. Nothing was written.
    #[error("{message}")]
    Refused {
        /// A stable word in kebab-case.
        code: &'static str,
        /// What was wrong, where, and what to do.
        message: String,
    },
}

impl SaveError {
    /// What it tells of trying again.
    pub(super) fn trouble(&self) -> Trouble {
        match self {
            Self::Unclear { outage, .. } | Self::Unavailable { outage, .. } => Trouble::Outage(*outage),
            Self::Stale | Self::Refused { .. } => Trouble::NotYet,
        }
    }
}

/// Where records live.
#[async_trait::async_trait(?Send)]
pub trait Vault {
    /// Reads records fresh, in one go. Those that the vault lacks are left out.
    async fn get(&mut self, uids: &[RecordUid]) -> Result<Vec<Record>, GetError>;

    /// Saves `record` with `updates` in it, if the vault still has the record's revision. With no
    /// updates, it saves the record unchanged: the revision moves, and fences off a late save.
    async fn save(&mut self, record: &Record, updates: &[Update]) -> Result<(), SaveError>;

    /// What an operator should know of the vault, as far as it has shown by now.
    fn warnings(&self) -> &[String] {
        &[]
    }
}
