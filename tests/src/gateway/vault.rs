//! The vault of a gateway, whichever it is.

use serde_json::Value;

use super::vault_file::VaultFile;
use super::vault_keeper::VaultKeeper;
use crate::record::Record;

/// Which vault a gateway has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VaultKind {
    /// One file.
    File,
    /// The stand-in for Keeper.
    Keeper,
}

/// A vault, to look at and to change. Its clones are the same one.
#[derive(Clone)]
pub enum Vault {
    /// One file.
    File(VaultFile),
    /// The stand-in for Keeper.
    Keeper(VaultKeeper),
}

impl Vault {
    /// The value of `--vault`.
    pub fn flag(&self) -> String {
        match self {
            Self::File(vault) => vault.flag(),
            Self::Keeper(vault) => vault.flag(),
        }
    }

    /// Everything in it: `{"records": [{"uid", "revision", …}]}`.
    pub fn read(&self) -> Value {
        match self {
            Self::File(vault) => vault.read(),
            Self::Keeper(vault) => vault.read(),
        }
    }

    /// One record of it.
    pub fn record(&self, uid: &str) -> Value {
        match self {
            Self::File(vault) => vault.record(uid),
            Self::Keeper(vault) => vault.record(uid),
        }
    }

    /// Changes one record as somebody else would: its revision moves.
    pub fn edit(&self, uid: &str, edit: impl FnOnce(&mut Value)) {
        match self {
            Self::File(vault) => vault.edit(uid, edit),
            Self::Keeper(vault) => vault.edit(uid, edit),
        }
    }

    /// Adds a record.
    pub fn add(&self, record: &Record) {
        match self {
            Self::File(vault) => vault.add(record),
            Self::Keeper(vault) => vault.add(record),
        }
    }

    /// Deletes a record.
    pub fn delete(&self, uid: &str) {
        match self {
            Self::File(vault) => vault.delete(uid),
            Self::Keeper(vault) => vault.delete(uid),
        }
    }
}
