//! Where records live, behind the [`Vault`](crate::rotation::Vault) trait.
//!
//! In: UIDs to read, updates to save. Out: records, with the revision that a save must name.
//! Touches: the vault's own file, and its folder; the network, to Keeper only.

#[cfg(test)]
mod contract;
mod document;
mod file;
mod ksm;
mod reader;
mod replace;
mod update;

pub use file::FileVault;
pub use ksm::{KsmConfig, KsmConfigError, KsmOptions, KsmProxy, KsmSetupError, KsmVault};
pub use reader::Reader;
pub use update::{UpdateError, apply};
