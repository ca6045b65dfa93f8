//! A host and its port, parsed once and compared as parsed.
//!
//! | written | means |
//! |---|---|
//! | `graph.microsoft.com` | that host on port 443, and none of its subdomains |
//! | `Graph.Microsoft.COM` | the same: names are kept in lower case |
//! | `bücher.example` | `xn--bcher-kva.example`: names are kept in their ASCII form |
//! | `vault.corp:8200` | that host on port 8200 alone |
//! | `10.1.2.3`, `10.1.2.3:8200` | that IPv4 address (which is judged like any other) |
//! | `[2001:db8::1]`, `[2001:db8::1]:8200` | that IPv6 address |
//!
//! Everything else is refused, so that nothing is allowed that its writer did not see: wildcards,
//! schemes, paths, user names, a dot at the end, and the other spellings of an IPv4 address
//! (`127.1`, `0x7f000001`, `2130706433`, `010.0.0.1`), which resolvers read differently. A list without
//! entries allows nothing.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// The port where none is written.
const HTTPS: u16 = 443;

/// A host and a port; the port is 443 unless written.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostPort {
    host: String,
    port: u16,
}

/// Why a text is not a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// Nothing is written.
    #[error("no host is given")]
    Empty,
    /// It contains a wildcard.
    #[error("wildcards are not accepted; name every host")]
    Wildcard,
    /// It contains more than a host and a port.
    #[error("write only HOST or HOST:PORT, without scheme, path, user name or blanks")]
    NotBare,
    /// The port is out of range, or no number.
    #[error("the port must be a number from 1 to 65535")]
    Port,
    /// It is an address, but not in its one usual form.
    #[error("write an address as 192.0.2.1 or [2001:db8::1]")]
    Address,
    /// It cannot be a name.
    #[error("this is not a valid host name")]
    Name,
}

impl HostPort {
    /// Reads a host, with this port where none is written.
    ///
    /// # Errors
    /// What it is instead.
    pub fn parse(text: &str, default_port: u16) -> Result<Self, HostError> {
        if text.is_empty() {
            return Err(HostError::Empty);
        }
        if text.contains('*') {
            return Err(HostError::Wildcard);
        }
        let foreign = |c: char| c.is_whitespace() || c.is_control() || "/\\?#@".contains(c);
        if text.contains(foreign) {
            return Err(HostError::NotBare);
        }
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (address, port) = rest.split_once(']').ok_or(HostError::Address)?;
                let port = match port {
                    "" => None,
                    port => Some(port.strip_prefix(':').ok_or(HostError::NotBare)?),
                };
                let address: Ipv6Addr = address.parse().map_err(|_| HostError::Address)?;
                (format!("[{address}]"), port)
            }
            None => match text.split_once(':') {
                Some((_, rest)) if rest.contains(':') => return Err(HostError::Address),
                Some((host, port)) => (name_or_ipv4(host)?, Some(port)),
                None => (name_or_ipv4(text)?, None),
            },
        };
        Ok(Self { host, port: port.map_or(Ok(default_port), parse_port)? })
    }

    /// Makes one of a host that was parsed before, an IPv6 address in brackets or without.
    #[must_use]
    pub fn of(host: &str, port: u16) -> Self {
        let host =
            if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() };
        Self { host, port }
    }

    /// The host as a resolver and TLS take it: an IPv6 address without brackets.
    #[must_use]
    pub fn bare(&self) -> &str {
        self.host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(&self.host)
    }

    /// The host: a name in lower-case ASCII, an IPv4 address, or an IPv6 address in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            HTTPS => f.write_str(&self.host),
            port => write!(f, "{}:{port}", self.host),
        }
    }
}

impl FromStr for HostPort {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        Self::parse(text, HTTPS)
    }
}

/// Reads a port as it is usually written: `+443` and `0443` are other texts.
fn parse_port(text: &str) -> Result<u16, HostError> {
    let port: u16 = text.parse().map_err(|_| HostError::Port)?;
    if port == 0 || port.to_string() != text { Err(HostError::Port) } else { Ok(port) }
}

fn name_or_ipv4(text: &str) -> Result<String, HostError> {
    let ascii = idna::domain_to_ascii_cow(text.as_bytes(), idna::AsciiDenyList::URL)
        .map_err(|_| HostError::Name)?
        .into_owned();
    // A last label that looks like a number makes resolvers take the whole for an address.
    let last = ascii.rsplit('.').next().unwrap_or_default();
    if last.starts_with("0x") || !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()) {
        return ascii.parse::<Ipv4Addr>().map(|_| ascii).map_err(|_| HostError::Address);
    }
    if ascii.len() <= 253 && ascii.split('.').all(is_label) { Ok(ascii) } else { Err(HostError::Name) }
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<String, HostError> {
        text.parse::<HostPort>().map(|parsed| format!("{} {}", parsed.host(), parsed.port()))
    }

    #[test]
    fn every_accepted_form_is_normalised() {
        for (written, means) in [
            ("graph.microsoft.com", "graph.microsoft.com 443"),
            ("Graph.Microsoft.COM", "graph.microsoft.com 443"),
            ("bücher.example", "xn--bcher-kva.example 443"),
            ("BÜCHER.example", "xn--bcher-kva.example 443"),
            ("vault.corp:8200", "vault.corp 8200"),
            ("vault:443", "vault 443"),
            ("my_host.corp", "my_host.corp 443"),
            ("10.1.2.3", "10.1.2.3 443"),
            ("10.1.2.3:8443", "10.1.2.3 8443"),
            ("[2001:DB8:0::1]", "[2001:db8::1] 443"),
            ("[::1]:8443", "[::1] 8443"),
        ] {
            assert_eq!(parse(written).as_deref(), Ok(means), "{written}");
        }
    }

    #[test]
    fn everything_else_is_refused_with_its_reason() {
        for (written, reason) in [
            ("", HostError::Empty),
            ("*", HostError::Wildcard),
            ("*.microsoft.com", HostError::Wildcard),
            ("https://graph.microsoft.com", HostError::NotBare),
            ("graph.microsoft.com/", HostError::NotBare),
            ("graph.microsoft.com?x", HostError::NotBare),
            ("user@graph.microsoft.com", HostError::NotBare),
            ("graph.microsoft.com evil.example", HostError::NotBare),
            ("graph.microsoft.com\n", HostError::NotBare),
            ("evil.example\\graph.microsoft.com", HostError::NotBare),
            ("[::1]8443", HostError::NotBare),
            ("host:", HostError::Port),
            ("host:0", HostError::Port),
            ("host:+443", HostError::Port),
            ("host:0443", HostError::Port),
            ("host:65536", HostError::Port),
            ("::1", HostError::Address),
            ("[::1", HostError::Address),
            ("[fe80::1%eth0]", HostError::Address),
            ("[10.0.0.1]", HostError::Address),
            ("127.1", HostError::Address),
            ("2130706433", HostError::Address),
            ("0x7f000001", HostError::Address),
            ("0x7f.0.0.1", HostError::Address),
            ("010.0.0.1", HostError::Address),
            ("1.2.3.4.5", HostError::Address),
            ("graph.microsoft.com.", HostError::Name),
            (".microsoft.com", HostError::Name),
            ("graph..com", HostError::Name),
            ("-graph.com", HostError::Name),
            ("%67raph.microsoft.com", HostError::Name),
            ("a,b", HostError::Name),
        ] {
            assert_eq!(parse(written), Err(reason), "{written}");
        }
    }

    #[test]
    fn a_host_has_the_port_of_its_protocol_unless_one_is_written() {
        let proxy =
            |text: &str| HostPort::parse(text, 80).map(|proxy| (proxy.bare().to_owned(), proxy.port()));
        assert_eq!(proxy("proxy"), Ok(("proxy".to_owned(), 80)));
        assert_eq!(proxy("[::1]:3128"), Ok(("::1".to_owned(), 3128)));
        for host in ["::1", "[::1]"] {
            assert_eq!(HostPort::of(host, 443).to_string(), "[::1]");
            assert_eq!(HostPort::of(host, 8443).to_string().parse(), Ok(HostPort::of(host, 8443)));
        }
    }

    proptest! {
        #[test]
        fn what_is_parsed_prints_as_what_parses_to_the_same(text in "\\PC{0,24}|[a-z0-9.:-]{1,16}") {
            if let Ok(parsed) = text.parse::<HostPort>() {
                prop_assert_eq!(parsed.to_string().parse::<HostPort>(), Ok(parsed));
            }
        }
    }
}
