//! The Azure plugin, end to end: the real binary, real TLS, a stand-in cloud, and either vault.

#![expect(clippy::duplicate_mod, reason = "each vault has the same suite")]

mod file;
mod findings;
mod keeper;
