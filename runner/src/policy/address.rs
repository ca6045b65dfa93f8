//! Judges a resolved address: a permitted name may still resolve to a place inside.

use std::net::IpAddr;

/// Why an address is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressKind {
    /// This machine.
    Loopback,
    /// A private network.
    Private,
    /// The local link.
    LinkLocal,
    /// A cloud's metadata service.
    Metadata,
    /// Everything else that is not one public host: multicast, reserved, documentation …
    Special,
}

/// Tells whether an address is public; if not, what it is.
///
/// # Errors
/// The kind of address that only `--allow-private` opens.
pub fn judge(_address: IpAddr) -> Result<(), AddressKind> {
    todo!()
}
