//! The small languages of option values: vaults, hosts, addresses, proxies, yes and no.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use http::Uri;
use serde::{Deserialize, Serialize};

use super::{AuditChoice, CliError, Format, Runtime, Sourced};

/// `--resolve HOST:PORT:ADDR:PORT`: where connections to a host go instead of where DNS says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolve {
    /// The host that the plugin names, in lower case; an IPv6 address without brackets.
    pub host: String,
    /// The port that the plugin names.
    pub port: u16,
    /// Where to connect to.
    pub address: SocketAddr,
}

type Written = Sourced<String>;

/// A vault, by the name that an operator gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum VaultName {
    /// `ksm`, with the path of its configuration or without.
    Ksm(Option<PathBuf>),
    /// `file:PATH`.
    File(PathBuf),
    /// `none`.
    None,
}

pub(super) fn vault(written: &Written) -> Result<VaultName, CliError> {
    let text = written.value.as_str();
    match text.split_once(':') {
        None if text == "ksm" => Ok(VaultName::Ksm(None)),
        None if text == "none" => Ok(VaultName::None),
        Some(("ksm", path)) => Ok(VaultName::Ksm(Some(written.path(path)?))),
        Some(("file", path)) => Ok(VaultName::File(written.path(path)?)),
        _ => Err(written.wrong(format!("`{text}` is no vault: use ksm, ksm:PATH, file:PATH or none"))),
    }
}

pub(super) fn audit(written: &Written) -> Result<AuditChoice, CliError> {
    match written.value.as_str() {
        "syslog" => Ok(AuditChoice::Syslog),
        path => Ok(AuditChoice::File(written.path(path)?)),
    }
}

pub(super) fn format(written: &Written) -> Result<Format, CliError> {
    match written.value.as_str() {
        "json" => Ok(Format::Json),
        "text" => Ok(Format::Text),
        other => Err(written.wrong(format!("`{other}` is no format: use json or text"))),
    }
}

pub(super) fn runtime(written: &Written) -> Result<Runtime, CliError> {
    match written.value.as_str() {
        "wasm" => Ok(Runtime::Wasm),
        "script" => Ok(Runtime::Script),
        "saas" => Ok(Runtime::Saas),
        other => Err(written.wrong(format!("`{other}` is no runtime: use wasm, script or saas"))),
    }
}

pub(super) fn flag(written: &Written) -> Result<bool, CliError> {
    match written.value.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        other => Err(written.wrong(format!("`{other}` is neither true nor false"))),
    }
}

/// Parses `NAME` or `NAME=VALUE`. It is never quoted, since people write passwords there all the same.
pub(super) fn variable(written: &Written) -> Result<(String, Option<String>), CliError> {
    let text = written.value.as_str();
    let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(is_name) || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(written.wrong("this is no variable: write NAME, or NAME=VALUE for what is not secret"));
    }
    if name.starts_with("PAMRUN_") || name == "TMPDIR" {
        return Err(written.wrong("this variable is pamrun's to set"));
    }
    Ok((name.to_owned(), value.map(str::to_owned)))
}

/// Checks `HOST[:PORT]` and returns it in lower case.
pub(super) fn host(written: &Written) -> Result<String, CliError> {
    let text = written.value.to_ascii_lowercase();
    let problem = |what: &str| {
        written.wrong(format!("`{text}` {what}: write HOST or HOST:PORT, as in graph.microsoft.com"))
    };
    if text.contains("://") {
        return Err(problem("is a URL, not a host"));
    }
    if text.contains('*') {
        return Err(problem("has a wildcard, and each host is allowed by its own name"));
    }
    let (host, port) = split_host(&text).ok_or_else(|| problem("is no host"))?;
    if host.is_empty() || port.is_some_and(|port| parse_port(port).is_none()) {
        return Err(problem("is no host"));
    }
    Ok(text)
}

/// Parses `HOST:PORT:ADDR:PORT`, an IPv6 address in brackets.
pub(super) fn resolve(written: &Written) -> Result<Resolve, CliError> {
    parse_resolve(&written.value).ok_or_else(|| {
        written.wrong(format!(
            "`{}` is not HOST:PORT:ADDR:PORT, as in login.example.com:443:10.0.0.7:8443 or \
             login.example.com:443:[fd00::7]:8443",
            written.value
        ))
    })
}

fn parse_resolve(text: &str) -> Option<Resolve> {
    let (host, rest) = split_host(text)?;
    let (port, target) = rest?.split_once(':')?;
    let (ip, target_port) = split_host(target)?;
    let ip: IpAddr = ip.parse().ok()?;
    Some(Resolve {
        host: host.to_ascii_lowercase(),
        port: parse_port(port)?,
        address: SocketAddr::new(ip, parse_port(target_port?)?),
    })
}

/// Checks the URL of a proxy. It is never quoted, since people write passwords into such URLs.
pub(super) fn proxy(written: &Written) -> Result<Uri, CliError> {
    let uri: Uri =
        written.value.parse().map_err(|_| written.wrong("this is no URL: write http://HOST:PORT"))?;
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    if authority.contains('@') {
        return Err(
            written.wrong("a proxy with a password is not supported: leave out what stands before the @")
        );
    }
    if uri.scheme_str() != Some("http") || !matches!(uri.path(), "" | "/") || uri.query().is_some() {
        return Err(written.wrong("this is no URL of a proxy: write http://HOST:PORT"));
    }
    Ok(uri)
}

/// Cuts a host off the front: its name or address, without brackets, and what follows the colon.
fn split_host(text: &str) -> Option<(&str, Option<&str>)> {
    if let Some(bracketed) = text.strip_prefix('[') {
        let (address, rest) = bracketed.split_once(']')?;
        address.parse::<Ipv6Addr>().ok()?;
        return match rest {
            "" => Some((address, None)),
            _ => Some((address, Some(rest.strip_prefix(':')?))),
        };
    }
    let (host, rest) = text.split_once(':').map_or((text, None), |(host, rest)| (host, Some(rest)));
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    (!host.is_empty() && host.chars().all(is_name)).then_some((host, rest))
}

fn parse_port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Origin;

    fn written(text: &str) -> Written {
        Sourced { value: text.to_owned(), origin: Origin::Flag("option") }
    }

    #[test]
    fn hosts_are_names_or_addresses_with_or_without_port() {
        for text in ["graph.microsoft.com", "localhost:8443", "10.0.0.7", "[fd00::7]", "[fd00::7]:443"] {
            assert_eq!(host(&written(text)).as_deref(), Ok(text));
        }
        assert_eq!(host(&written("Graph.Microsoft.COM")).as_deref(), Ok("graph.microsoft.com"));
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in [
            "",
            ":443",
            "host:",
            "host:0",
            "host:65536",
            "host:443:1",
            "host/path",
            "a b",
            "*.com",
            "https://host",
            "fd00::7",
            "[fd00::7",
            "[host]",
            "[fd00::7]443",
            "user@host",
        ] {
            assert!(host(&written(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn resolve_names_host_port_and_where_to_connect() {
        let parsed = resolve(&written("Login.example.com:443:127.0.0.1:8443")).unwrap();
        let address = "127.0.0.1:8443".parse().unwrap();
        assert_eq!(parsed, Resolve { host: "login.example.com".into(), port: 443, address });
        let parsed = resolve(&written("[fd00::1]:443:[::1]:8443")).unwrap();
        let address = "[::1]:8443".parse().unwrap();
        assert_eq!(parsed, Resolve { host: "fd00::1".into(), port: 443, address });
    }

    #[test]
    fn a_resolve_that_lacks_a_part_or_brackets_is_refused() {
        for text in [
            "",
            "h:443:127.0.0.1",
            "h:127.0.0.1:1",
            "h:1:other:2",
            "h:1:::1:2",
            ":1:127.0.0.1:2",
            "h:0:127.0.0.1:2",
        ] {
            assert!(resolve(&written(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn a_proxy_is_an_http_url_and_never_quoted() {
        assert_eq!(proxy(&written("http://proxy:3128")).unwrap(), "http://proxy:3128/");
        for text in [
            "",
            "proxy:3128",
            "https://proxy",
            "http://proxy/path",
            "http://user:canary@proxy:3128",
            "http://",
        ] {
            let error = proxy(&written(text)).unwrap_err();
            assert!(!error.to_string().contains("canary"), "{text}");
        }
    }

    #[test]
    fn a_vault_is_named_by_its_kind_and_where_it_is() {
        let path = |path: &str| path.into();
        assert_eq!(vault(&written("ksm")), Ok(VaultName::Ksm(None)));
        assert_eq!(vault(&written("ksm:/c.json")), Ok(VaultName::Ksm(Some(path("/c.json")))));
        assert_eq!(vault(&written("file:/v.json")), Ok(VaultName::File(path("/v.json"))));
        assert_eq!(vault(&written("none")), Ok(VaultName::None));
    }

    #[test]
    fn what_names_no_vault_is_refused() {
        for text in ["", "ksm:", "file", "file:", "none:x", "vault.json"] {
            assert!(vault(&written(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn a_variable_is_a_name_with_or_without_a_value() {
        assert_eq!(variable(&written("HTTPS_PROXY")), Ok(("HTTPS_PROXY".to_owned(), None)));
        assert_eq!(variable(&written("A=b=c")), Ok(("A".to_owned(), Some("b=c".to_owned()))));
        assert_eq!(variable(&written("A=")), Ok(("A".to_owned(), Some(String::new()))));
        for text in ["", "=canary", "a canary", "1canary", "PAMRUN_STEP=canary", "TMPDIR=/canary"] {
            let error = variable(&written(text)).unwrap_err();
            assert!(!error.to_string().contains("canary"), "{error}");
        }
    }

    #[test]
    fn yes_and_no_come_in_the_usual_words() {
        for text in ["true", "YES", "on", "1"] {
            assert_eq!(flag(&written(text)), Ok(true));
        }
        for text in ["false", "No", "off", "0"] {
            assert_eq!(flag(&written(text)), Ok(false));
        }
        assert!(flag(&written("maybe")).is_err());
    }
}
