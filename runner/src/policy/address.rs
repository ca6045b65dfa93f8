//! Judges a resolved address.
//!
//! A permitted name proves nothing about where it leads: whoever controls its DNS, or answers in
//! DNS's place, may point it at the metadata service of the cloud that pamrun runs in, at a service on
//! the loopback interface, or at a neighbour that trusts the local network. The plugin would then
//! carry its request, and bring home the answer, from inside. So the name is resolved first, every
//! address is judged, and the connection goes to the judged address and to no other.
//!
//! IPv6 can carry an IPv4 address in several ways, each of which leads to the same place; such an
//! address is judged by what it carries. What a network's own NAT64 prefix carries cannot be known here.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

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

impl fmt::Display for AddressKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loopback => "this machine itself",
            Self::Private => "an address in a private network",
            Self::LinkLocal => "an address on the local link",
            Self::Metadata => "the metadata service of a cloud",
            Self::Special => "not the address of any one host (reserved, multicast or documentation)",
        })
    }
}

impl AddressKind {
    /// Tells whether `--allow-private` opens addresses of this kind: there may be a host behind them.
    pub(super) fn can_be_opened(self) -> bool {
        self != Self::Special
    }
}

#[derive(Clone, Copy)]
enum Verdict {
    Public,
    Refused(AddressKind),
    /// Judged by the IPv4 address in it.
    Carries(fn(Ipv6Addr) -> Ipv4Addr),
}

use AddressKind::{LinkLocal, Loopback, Metadata, Private, Special};
use Verdict::{Carries, Public, Refused};

/// The first row that holds an address judges it. From the special-purpose registries of IANA and
/// the documentation of the clouds.
const TABLE: &[(IpNet, Verdict)] = &[
    // AWS, Azure, Google, Oracle and most others; AWS for containers; Alibaba; Azure's wire server; Oracle Classic.
    (v4([169, 254, 169, 254], 32), Refused(Metadata)),
    (v4([169, 254, 170, 2], 32), Refused(Metadata)),
    (v4([169, 254, 170, 23], 32), Refused(Metadata)),
    (v4([100, 100, 100, 200], 32), Refused(Metadata)),
    (v4([168, 63, 129, 16], 32), Refused(Metadata)),
    (v4([192, 0, 0, 192], 32), Refused(Metadata)),
    // "This network"; Linux takes 0.0.0.0 for itself.
    (v4([0, 0, 0, 0], 8), Refused(Special)),
    (v4([10, 0, 0, 0], 8), Refused(Private)),
    // Shared by carriers, and by overlay networks.
    (v4([100, 64, 0, 0], 10), Refused(Private)),
    (v4([127, 0, 0, 0], 8), Refused(Loopback)),
    (v4([169, 254, 0, 0], 16), Refused(LinkLocal)),
    (v4([172, 16, 0, 0], 12), Refused(Private)),
    // Protocol assignments, documentation, the relays of 6to4, documentation, benchmarks.
    (v4([192, 0, 0, 0], 24), Refused(Special)),
    (v4([192, 0, 2, 0], 24), Refused(Special)),
    (v4([192, 88, 99, 0], 24), Refused(Special)),
    (v4([192, 168, 0, 0], 16), Refused(Private)),
    (v4([198, 18, 0, 0], 15), Refused(Special)),
    (v4([198, 51, 100, 0], 24), Refused(Special)),
    (v4([203, 0, 113, 0], 24), Refused(Special)),
    // Multicast; reserved, with broadcast.
    (v4([224, 0, 0, 0], 4), Refused(Special)),
    (v4([240, 0, 0, 0], 4), Refused(Special)),
    (v4([0, 0, 0, 0], 0), Public),
    // fd00:ec2::254 and ::23 (AWS), fd20:ce::254 (Google), fd00:42::42 (Scaleway)
    (v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254], 128), Refused(Metadata)),
    (v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23], 128), Refused(Metadata)),
    (v6([0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254], 128), Refused(Metadata)),
    (v6([0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42], 128), Refused(Metadata)),
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 128), Refused(Special)),
    (v6([0, 0, 0, 0, 0, 0, 0, 1], 128), Refused(Loopback)),
    // IPv4-compatible, -mapped, -translated; NAT64 64:ff9b::/96
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 96), Carries(last_four)),
    (v6([0, 0, 0, 0, 0, 0xffff, 0, 0], 96), Carries(last_four)),
    (v6([0, 0, 0, 0, 0xffff, 0, 0, 0], 96), Carries(last_four)),
    (v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96), Carries(last_four)),
    // NAT64 of one network; where in it the IPv4 address stands, that network alone knows.
    (v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48), Refused(Private)),
    // Teredo, then the protocol assignments around it; documentation; 6to4; documentation.
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32), Carries(last_four_inverted)),
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), Refused(Special)),
    (v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), Refused(Special)),
    (v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16), Carries(after_the_prefix)),
    (v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), Refused(Special)),
    (v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3), Public),
    (v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7), Refused(Private)),
    (v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), Refused(LinkLocal)),
    // Site-local, as private networks were called once.
    (v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10), Refused(Private)),
    // The rest: discard-only (100::/64), multicast, and what nobody has been given.
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 0), Refused(Special)),
];

const fn v4(octets: [u8; 4], length: u8) -> IpNet {
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::from_octets(octets), length))
}

const fn v6(groups: [u16; 8], length: u8) -> IpNet {
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::from_segments(groups), length))
}

fn last_four(address: Ipv6Addr) -> Ipv4Addr {
    let [.., a, b, c, d] = address.octets();
    Ipv4Addr::new(a, b, c, d)
}

fn last_four_inverted(address: Ipv6Addr) -> Ipv4Addr {
    Ipv4Addr::from_bits(!last_four(address).to_bits())
}

fn after_the_prefix(address: Ipv6Addr) -> Ipv4Addr {
    let [_, _, a, b, c, d, ..] = address.octets();
    Ipv4Addr::new(a, b, c, d)
}

/// Tells whether an address is public; if not, what it is.
///
/// # Errors
/// The kind of address that only `--allow-private` opens.
pub fn judge(address: IpAddr) -> Result<(), AddressKind> {
    let row = TABLE.iter().find(|(network, _)| network.contains(&address));
    match (row, address) {
        (Some((_, Public)), _) => Ok(()),
        (Some((_, Refused(kind))), _) => Err(*kind),
        (Some((_, Carries(ipv4))), IpAddr::V6(address)) => judge(ipv4(address).into()),
        _ => Err(Special),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kind(address: &str) -> Option<AddressKind> {
        judge(address.parse().unwrap_or_else(|_| panic!("{address}"))).err()
    }

    #[test]
    fn public_addresses_are_let_through() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "20.190.151.1",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "168.63.129.15",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "2a00:1450::1",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
            "2002:101:101::1",
        ] {
            assert_eq!(kind(address), None, "{address}");
        }
    }

    #[test]
    fn every_other_address_is_named_for_what_it_is() {
        for (expected, addresses) in [
            (Loopback, "127.0.0.1 127.255.255.255 ::1 ::ffff:127.0.0.1 ::127.0.0.1 2002:7f00:1::"),
            (Private, "10.0.0.0 10.255.255.255 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.0"),
            (Private, "100.127.255.255 fc00:: fd12:3456::1 fec0::1 64:ff9b:1::8.8.8.8 ::ffff:10.0.0.1"),
            (Private, "64:ff9b::10.0.0.1 ::ffff:0:10.0.0.1 2002:c0a8:101::1 2001:0:102:304::f5ff:fffe"),
            (LinkLocal, "169.254.0.1 169.254.255.255 fe80::1 febf::1 ::ffff:169.254.1.1"),
            (Metadata, "169.254.169.254 169.254.170.2 169.254.170.23 100.100.100.200 168.63.129.16"),
            (Metadata, "192.0.0.192 fd00:ec2::254 fd00:ec2::23 fd20:ce::254 fd00:42::42"),
            (Metadata, "::ffff:169.254.169.254 ::169.254.169.254 64:ff9b::a9fe:a9fe 2002:a9fe:a9fe::"),
            (Metadata, "2001:0:102:304::5601:5601 ::ffff:0:169.254.169.254"),
            (Special, "0.0.0.0 0.1.2.3 192.0.0.1 192.0.2.1 192.88.99.1 198.18.0.1 198.19.255.255"),
            (Special, "198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255"),
            (Special, ":: 100::1 2001:2::1 2001:20::1 2001:db8::1 3fff::1 ff02::1 4000::1 5f00::1 e000::1"),
        ] {
            for address in addresses.split(' ') {
                assert_eq!(kind(address), Some(expected), "{address}");
            }
        }
    }

    proptest! {
        #[test]
        fn what_carries_an_ipv4_address_is_judged_as_that_address(high: u16, low: u16) {
            let ipv4 = Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
            let expected = judge(ipv4.into());
            for form in [
                ipv4.to_ipv6_mapped(),
                Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, high, low),
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x2002, high, low, 7, 0, 0, 0, 1),
                Ipv6Addr::new(0x2001, 0, 0x0102, 0x0304, 0, 0, !high, !low),
            ] {
                prop_assert_eq!(judge(form.into()), expected, "{}", form);
            }
        }

        #[test]
        fn only_global_unicast_and_what_carries_ipv4_is_public(bits: u128) {
            let address = Ipv6Addr::from_bits(bits);
            if judge(address.into()).is_ok() {
                let carries = address.octets().starts_with(&[0, 0]) || address.octets().starts_with(&[0, 0x64]);
                prop_assert!(bits >> 125 == 1 || carries);
            }
        }
    }
}
