//! The URL of a request, in its parts: origin, path and query.

use super::{Piece, Reference, Template};

/// A URL whose parts may hold references.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Scheme, host and port, and where a setting says so the beginning of the path.
    pub origin: Origin,
    /// The path, which begins with a slash or is empty.
    pub path: Template,
    /// The pairs of the query.
    pub query: Vec<Pair>,
}

/// Where a request goes to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A host, and a port if one is written.
    Literal(String),
    /// The host, or host and port, that one setting, or what its choice carries, says.
    Host {
        /// The setting's key.
        key: String,
        /// The name of the value that its choice carries.
        name: Option<String>,
    },
    /// Scheme, host, port and the beginning of the path that one setting says.
    Prefix(String),
}

/// One pair of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// Its name, as it is written.
    pub name: String,
    /// Its value; none where there is no `=`.
    pub value: Option<Template>,
}

impl Address {
    /// Takes a URL apart.
    ///
    /// # Errors
    /// What is wrong with it, and what to write.
    pub fn of(url: &Template) -> Result<Self, (String, String)> {
        let mut pieces = url.pieces().to_vec();
        let origin = take_origin(&mut pieces)?;
        let (path, query) = split_at_query(pieces);
        if let Some(Piece::Literal(text)) = path.first() {
            if !text.starts_with('/') {
                return Err(no_origin("the host is not said by one thing alone"));
            }
        } else if !path.is_empty() {
            return Err(no_origin("the path does not begin with `/`"));
        }
        Ok(Self { origin, path: Template::of(path), query: pairs(query)? })
    }
}

fn no_origin(reason: &str) -> (String, String) {
    let mend = "write `https://HOST/…`, `https://{setting.KEY}/…` of a host or an enum, or `{setting.KEY}/…` of a url";
    (reason.to_owned(), mend.to_owned())
}

/// Takes the origin off the beginning.
fn take_origin(pieces: &mut Vec<Piece>) -> Result<Origin, (String, String)> {
    let first = pieces.first().cloned();
    match first {
        Some(Piece::Expression(expression)) => {
            let Reference::Setting { key, name: None } = expression.reference else {
                return Err(no_origin("the URL begins with what is no setting"));
            };
            if !expression.filters.is_empty() {
                return Err(no_origin("a filter changes where the request goes"));
            }
            pieces.remove(0);
            Ok(Origin::Prefix(key))
        }
        Some(Piece::Literal(text)) => {
            let Some(rest) = text.strip_prefix("https://") else {
                return Err(no_origin("the URL is not https"));
            };
            pieces.remove(0);
            if rest.is_empty() {
                let Some(Piece::Expression(expression)) = pieces.first().cloned() else {
                    return Err(no_origin("the URL has no host"));
                };
                let Reference::Setting { key, name } = expression.reference else {
                    return Err(no_origin(
                        "the host is said by what is no setting; hosts of answers are not in contract 1.0",
                    ));
                };
                if !expression.filters.is_empty() {
                    return Err(no_origin("a filter changes where the request goes"));
                }
                pieces.remove(0);
                return Ok(Origin::Host { key, name });
            }
            let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
            let (host, rest) = rest.split_at_checked(end).unwrap_or((rest, ""));
            let is_whole = !rest.is_empty() || pieces.is_empty();
            if !is_whole || !is_host(host) {
                return Err(no_origin(if is_whole {
                    "this is no host"
                } else {
                    "the host is not said by one thing alone"
                }));
            }
            if !rest.is_empty() {
                pieces.insert(0, Piece::Literal(rest.to_owned()));
            }
            Ok(Origin::Literal(host.to_ascii_lowercase()))
        }
        None => Err(no_origin("the URL is empty")),
    }
}

/// Splits at the first question mark that is written, not referred to.
fn split_at_query(pieces: Vec<Piece>) -> (Vec<Piece>, Option<Vec<Piece>>) {
    let mut path = Vec::new();
    let mut query: Option<Vec<Piece>> = None;
    for piece in pieces {
        match (&mut query, piece) {
            (Some(query), piece) => query.push(piece),
            (None, Piece::Literal(text)) => match text.split_once('?') {
                Some((before, after)) => {
                    path.extend(literal(before));
                    query = Some(literal(after).into_iter().collect());
                }
                None => path.push(Piece::Literal(text)),
            },
            (None, piece) => path.push(piece),
        }
    }
    (path, query)
}

fn literal(text: &str) -> Option<Piece> {
    (!text.is_empty()).then(|| Piece::Literal(text.to_owned()))
}

fn pairs(query: Option<Vec<Piece>>) -> Result<Vec<Pair>, (String, String)> {
    let Some(query) = query else { return Ok(Vec::new()) };
    let mut parts: Vec<Vec<Piece>> = vec![Vec::new()];
    for piece in query {
        match piece {
            Piece::Literal(text) => {
                for (index, part) in text.split('&').enumerate() {
                    if index > 0 {
                        parts.push(Vec::new());
                    }
                    if let (Some(last), Some(piece)) = (parts.last_mut(), literal(part)) {
                        last.push(piece);
                    }
                }
            }
            piece @ Piece::Expression(_) => {
                if let Some(last) = parts.last_mut() {
                    last.push(piece);
                }
            }
        }
    }
    parts.into_iter().map(pair).collect()
}

fn pair(mut pieces: Vec<Piece>) -> Result<Pair, (String, String)> {
    let refuse =
        |reason: &str| Err((reason.to_owned(), "write each pair of the query as `name={value}`".to_owned()));
    let Some(Piece::Literal(text)) = pieces.first().cloned() else {
        return refuse("a pair of the query has no name, or one that is not literal");
    };
    pieces.remove(0);
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => {
            let value = literal(value).into_iter().chain(pieces).collect();
            Ok(Pair { name: name.to_owned(), value: Some(Template::of(value)) })
        }
        None if pieces.is_empty() => Ok(Pair { name: text, value: None }),
        _ => refuse("a pair of the query has no name, or one that is not literal"),
    }
}

/// Whether a text is a host as DNS has it, with or without a port. Addresses are for `--resolve`.
#[must_use]
pub fn is_host(text: &str) -> bool {
    let (name, port) = match text.split_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (text, None),
    };
    let is_port = |port: &str| {
        port.len() <= 5
            && port.bytes().all(|b| b.is_ascii_digit())
            && port.parse::<u16>().is_ok_and(|port| port > 0)
    };
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(is_label) && port.is_none_or(is_port)
}

/// Whether a text is the beginning of a URL: https, host, port, and clean segments of a path.
#[must_use]
pub fn is_prefix(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://") else { return false };
    let (host, path) = rest.split_once('/').map_or((rest, None), |(host, path)| (host, Some(path)));
    let path = path.unwrap_or_default();
    is_host(host)
        && path.strip_suffix('/').unwrap_or(path).split('/').enumerate().all(|(index, segment)| {
            (index == 0 && segment.is_empty() && !path.starts_with('/'))
                || (is_segment(segment)
                    && segment
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&b)))
        })
}

/// Whether a text is a clean segment of a path: not empty, no dots alone, no slash, backslash or control.
#[must_use]
pub fn is_segment(text: &str) -> bool {
    !text.is_empty()
        && text != "."
        && text != ".."
        && !text.contains(['/', '\\'])
        && !text.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(url: &str) -> Result<Address, String> {
        Address::of(&url.parse().unwrap()).map_err(|(reason, _)| reason)
    }

    #[test]
    fn a_url_falls_into_origin_path_and_query() {
        let address = of("https://{setting.graph}/v1.0/a(b='{target.id}')?$select=id,x&n={p}&flag").unwrap();
        assert_eq!(address.origin, Origin::Host { key: "graph".into(), name: None });
        assert_eq!(address.path.text(), "/v1.0/a(b='{target.id}')");
        let pairs: Vec<(&str, Option<&str>)> = address
            .query
            .iter()
            .map(|pair| (pair.name.as_str(), pair.value.as_ref().map(Template::text)))
            .collect();
        assert_eq!(pairs, [("$select", Some("id,x")), ("n", Some("{p}")), ("flag", None)]);
        assert_eq!(of("{setting.api}/x").unwrap().origin, Origin::Prefix("api".into()));
        assert_eq!(
            of("https://Api.Example.com:8443").unwrap().origin,
            Origin::Literal("api.example.com:8443".into())
        );
    }

    #[test]
    fn a_host_is_said_by_one_thing_alone() {
        for url in [
            "http://a.example/",
            "HTTPS://a.example/",
            "https:///x",
            "https://{setting.org}.example.com/",
            "https://a.{setting.x}/",
            "https://a.example{setting.x}",
            "https://{setting.host}:8443/",
            "https://{setting.host|lower}/",
            "https://{target.host}/",
            "https://{token.host}/",
            "https://user@a.example/",
            "https://a.example\\@b.example/",
            "https://a.example:0/",
            "https://[::1]/",
            "{setting.url}x/",
            "{setting.a}{setting.b}/",
            "https://a.example/?{p}=x",
            "https://a.example/?=x",
            "https://a.example/?a&&b",
            "",
        ] {
            assert!(of(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_prefix_is_https_and_clean() {
        for text in [
            "https://a.example",
            "https://a.example/",
            "https://a.example:8200/v3/api",
            "https://a.b/api/v3/",
        ] {
            assert!(is_prefix(text), "{text}");
        }
        for text in [
            "http://a.example",
            "https://",
            "https://a b",
            "https://a.example//",
            "https://a.example/../x",
            "https://a.example/x?y",
            "https://a.example/#",
            "https://u@a.example",
            "https://a.example/a%2fb",
        ] {
            assert!(!is_prefix(text), "{text}");
        }
    }
}
