//! The small languages of option values: vaults, hosts, addresses, proxies, yes and no.

use std::net::SocketAddr;
use std::path::PathBuf;

use http::Uri;
use serde::{Deserialize, Serialize};

use super::{AuditChoice, CliError, Format, Runtime, Sourced};
use crate::model::{HostError, HostPort};
use crate::text::quoted;

/// The port of a proxy where none is written.
const HTTP: u16 = 80;

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

/// Checks `HOST[:PORT]` and returns it in the one form in which hosts are compared.
pub(super) fn host(written: &Written) -> Result<String, CliError> {
    let text = &written.value;
    let host: Result<HostPort, HostError> = text.parse();
    host.map(|host| host.to_string()).map_err(|error| {
        let what = if text.contains("://") {
            "is a URL, and a host is wanted".to_owned()
        } else {
            error.to_string()
        };
        written.wrong(format!("{} is no host: {what}; for example graph.microsoft.com", quoted(text)))
    })
}

/// Parses `HOST:PORT:ADDR:PORT`, an IPv6 address in brackets.
pub(super) fn resolve(written: &Written) -> Result<Resolve, CliError> {
    parse_resolve(&written.value).ok_or_else(|| {
        written.wrong(format!(
            "{} is not HOST:PORT:ADDR:PORT, as in login.example.com:443:10.0.0.7:8443 or \
             login.example.com:443:[fd00::7]:8443",
            quoted(&written.value)
        ))
    })
}

fn parse_resolve(text: &str) -> Option<Resolve> {
    let (host, target) = host_and_port(text)?;
    let (target, nothing) = host_and_port(target?)?;
    let address = SocketAddr::new(target.bare().parse().ok()?, target.port());
    nothing.is_none().then(|| Resolve { host: host.bare().to_owned(), port: host.port(), address })
}

/// Cuts a host and its port off the front, and the colon after them.
fn host_and_port(text: &str) -> Option<(HostPort, Option<&str>)> {
    let host_end = if text.starts_with('[') { text.find(']')? + 1 } else { text.find(':')? };
    let port = text.get(host_end..)?.strip_prefix(':')?;
    let (port, rest) = port.split_once(':').map_or((port, None), |(port, rest)| (port, Some(rest)));
    let host = text.get(..host_end + 1 + port.len())?.parse().ok()?;
    Some((host, rest))
}

/// Checks the URL of a proxy. It is never quoted, since people write passwords into such URLs.
pub(super) fn proxy(written: &Written) -> Result<Uri, CliError> {
    let no_url = || written.wrong("this is no URL of a proxy: write http://HOST:PORT");
    let text = written.value.as_str();
    let authority =
        text.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("http://")).ok_or_else(no_url)?.len();
    let authority = text.get(authority..).unwrap_or_default();
    let authority = authority.strip_suffix('/').unwrap_or(authority);
    if authority.contains('@') {
        return Err(
            written.wrong("a proxy with a password is not supported: leave out what stands before the @")
        );
    }
    let proxy = HostPort::parse(authority, HTTP).map_err(|_| no_url())?;
    format!("http://{}:{}/", proxy.host(), proxy.port()).parse().map_err(|_| no_url())
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
        for text in ["graph.microsoft.com", "localhost:8443", "10.0.0.7", "[fd00::7]", "[::1]:8443"] {
            assert_eq!(host(&written(text)).as_deref(), Ok(text));
        }
        for (text, means) in [
            ("Graph.Microsoft.COM", "graph.microsoft.com"),
            ("graph.microsoft.com:443", "graph.microsoft.com"),
            ("Bücher.example:8443", "xn--bcher-kva.example:8443"),
            ("[FD00:0::7]:443", "[fd00::7]"),
        ] {
            assert_eq!(host(&written(text)).as_deref(), Ok(means), "{text}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in [
            "",
            ":443",
            "host:",
            "host:0",
            "host:+443",
            "host:0443",
            "host:65536",
            "host:443:1",
            "127.1",
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
        let parsed = resolve(&written("bücher.example:443:127.0.0.1:1")).unwrap();
        assert_eq!(parsed.host, "xn--bcher-kva.example", "as a URL has it");
    }

    #[test]
    fn a_resolve_that_lacks_a_part_or_brackets_is_refused() {
        for text in [
            "",
            "h:443:127.0.0.1",
            "h:443:127.0.0.1:",
            "h:443:[::1]",
            "h:443:[::1]:",
            "h:0443:127.0.0.1:1",
            "h:443:127.0.0.1:+1",
            "h::127.0.0.1:1",
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
        for (text, means) in [
            ("http://proxy:3128", "http://proxy:3128/"),
            ("http://Proxy/", "http://proxy:80/"),
            ("HTTP://[::1]:3128", "http://[::1]:3128/"),
            ("http://bücher.example", "http://xn--bcher-kva.example:80/"),
        ] {
            assert_eq!(proxy(&written(text)).unwrap(), means);
        }
        for text in [
            "",
            "proxy:3128",
            "https://proxy",
            "http://proxy/path",
            "http://user:canary@proxy:3128",
            "http://proxy:0443",
            "http://proxy:+80",
            "http://proxy:0",
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
    fn n27_a_path_whose_backslashes_became_escapes_is_told_so() {
        let origin =
            Origin::Key { file: std::path::Path::new("/c.toml").into(), line: 2, key: "vault".into() };
        let error = vault(&Sourced { value: "file:C:\temp\new.json".to_owned(), origin }).unwrap_err();
        let error = error.to_string();
        assert!(error.contains("in single quotes") && !error.contains(char::is_control), "{error}");
        assert!(vault(&written("file:a\tb")).is_err());
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
