//! The Azure plugin, end to end: the real binary, real TLS, a stand-in cloud, and either vault.

mod file;
