//! The form of a request: what is refused whatever the manifest says, since it could mean to the
//! service something else than it means to us.

use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderMap, Method, Uri};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::deny::excerpt;
use super::pattern::RequestPath;
use super::{Deny, HostPort};

/// A request on its way out, as the gate sees it.
#[derive(Debug, Clone, Copy)]
pub struct OutgoingRequest<'a> {
    /// The method.
    pub method: &'a Method,
    /// The absolute URI.
    pub uri: &'a Uri,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The whole body.
    pub body: &'a [u8],
}

/// Headers, query keys and fields of a body by which frameworks let another method or path take effect than the
/// ones that are sent.
const OVERRIDES: [&str; 6] = [
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
    "x-original-url",
    "x-rewrite-url",
    "_method",
];

/// Where a request of harmless form leads.
#[derive(Debug)]
pub(super) struct Destination {
    pub(super) host: HostPort,
    pub(super) path: RequestPath,
}

/// Judges the form. A fragment needs no rule: no `Uri` has one.
pub(super) fn inspect(request: &OutgoingRequest<'_>) -> Result<Destination, Deny> {
    let OutgoingRequest { method, uri, headers, body } = *request;
    if uri.scheme() != Some(&http::uri::Scheme::HTTPS) {
        let host =
            uri.host().map_or_else(String::new, |host| format!(", and this one is for {}", excerpt(host)));
        return refuse(&format!("only https requests are sent{host}"));
    }
    if [Method::CONNECT, Method::TRACE].contains(method) {
        return refuse("CONNECT and TRACE are never sent");
    }
    let authority = uri.authority().map_or("", http::uri::Authority::as_str);
    let host: HostPort = authority.parse().map_err(|error| Deny::Form(format!("the host: {error}")))?;
    if headers.get_all(HOST).iter().any(|value| {
        let named = value.to_str().ok().and_then(|text| text.parse().ok());
        named.as_ref() != Some(&host)
    }) {
        return refuse("the header `host` names another host than the request goes to");
    }
    if let Some(name) = OVERRIDES.iter().find(|name| headers.contains_key(**name)) {
        return refuse(&format!("the header `{name}` would change what the request does"));
    }
    let mut keys = keys(uri.query().unwrap_or_default().as_bytes()).chain(fields(headers, body));
    if let Some(name) = keys.find(|key| OVERRIDES.contains(&key.as_str())) {
        return refuse(&format!("the parameter `{name}` would change what the request does"));
    }
    let path = RequestPath::parse(uri.path()).map_err(|error| Deny::Form(error.to_string()))?;
    Ok(Destination { host, path })
}

fn refuse<T>(why: &str) -> Result<T, Deny> {
    Err(Deny::Form(why.to_owned()))
}

/// The names of the fields in a body, in lower case: those of a form, those of a JSON object, and whatever
/// may be one in a form of several parts.
fn fields(headers: &HeaderMap, body: &[u8]) -> Vec<String> {
    let says = |kind| {
        let mut types = headers.get_all(CONTENT_TYPE).iter();
        types.any(|value| value.to_str().is_ok_and(|text| text.to_ascii_lowercase().contains(kind)))
    };
    if says("x-www-form-urlencoded") {
        keys(body).collect()
    } else if says("multipart/") {
        let words = body.split(|byte| b"\"'=; \t\r\n".contains(byte));
        words.map(|word| String::from_utf8_lossy(word).to_ascii_lowercase()).collect()
    } else {
        let object: Map<String, Value> = serde_json::from_slice(body).unwrap_or_default();
        object.keys().map(|key| key.to_ascii_lowercase()).collect()
    }
}

/// The keys of a query or form, decoded and in lower case.
fn keys(encoded: &[u8]) -> impl Iterator<Item = String> {
    encoded.split(|byte| matches!(byte, b'&' | b';')).map(|pair| {
        let key = pair.split(|byte| *byte == b'=').next().unwrap_or_default();
        let key = String::from_utf8_lossy(key);
        percent_decode_str(&key).decode_utf8_lossy().trim().to_ascii_lowercase()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inspected(uri: &str) -> Result<Destination, Deny> {
        with(&Method::POST, uri, &[], b"")
    }

    fn with(
        method: &Method,
        uri: &str,
        headers: &[(&'static str, &str)],
        body: &[u8],
    ) -> Result<Destination, Deny> {
        let uri = uri.parse().unwrap();
        let headers =
            headers.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()));
        inspect(&OutgoingRequest { method, uri: &uri, headers: &headers.collect(), body })
    }

    #[test]
    fn an_ordinary_request_passes() {
        let found = inspected("https://Graph.Microsoft.com/v1.0/me?$select=id&method=x").unwrap();
        assert_eq!(found.host, "graph.microsoft.com".parse().unwrap());
        assert_eq!(found.path, RequestPath::parse("/v1.0/me").unwrap());
        assert!(
            with(&Method::GET, "https://a:8443/", &[("host", "a:8443"), ("accept", "*/*")], b"_method=x")
                .is_ok()
        );
    }

    #[test]
    fn another_scheme_or_kind_of_connection_is_refused() {
        assert!(inspected("http://graph.microsoft.com/").is_err());
        assert!(inspected("ftp://graph.microsoft.com/").is_err());
        assert!(inspected("/v1.0/me").is_err());
        assert!(with(&Method::CONNECT, "https://graph.microsoft.com/", &[], b"").is_err());
        assert!(with(&Method::TRACE, "https://graph.microsoft.com/", &[], b"").is_err());
    }

    #[test]
    fn an_authority_with_more_than_host_and_port_is_refused() {
        assert!(inspected("https://graph.microsoft.com@evil.example/").is_err());
        assert!(inspected("https://user:password@graph.microsoft.com/").is_err());
        assert!(inspected("https://graph.microsoft.com./").is_err());
        assert!(inspected("https://127.1/").is_err());
    }

    #[test]
    fn a_host_header_for_another_host_is_refused() {
        assert!(with(&Method::GET, "https://a.example/", &[("host", "b.example")], b"").is_err());
        assert!(with(&Method::GET, "https://a.example/", &[("host", "a.example:8443")], b"").is_err());
    }

    #[test]
    fn every_way_to_override_the_method_is_refused() {
        for name in ["x-http-method-override", "x-http-method", "x-method-override", "x-original-url"] {
            assert!(with(&Method::POST, "https://a/", &[(name, "DELETE")], b"").is_err(), "{name}");
        }
        for query in [
            "_method=DELETE",
            "a=b&_Method=DELETE",
            "%5fmethod=x",
            "X-HTTP-Method-Override=DELETE",
            "a;_method=x",
        ] {
            assert!(inspected(&format!("https://a/?{query}")).is_err(), "{query}");
        }
        let form = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
        assert!(with(&Method::POST, "https://a/", &form, b"grant_type=x&_method=DELETE").is_err());
        assert!(with(&Method::POST, "https://a/", &form, b"grant_type=client_credentials").is_ok());
    }

    #[test]
    fn a_method_in_a_form_of_several_parts_or_in_json_is_refused() {
        let parts = [("content-type", "multipart/form-data; boundary=x")];
        for name in ["name=\"_method\"", "name=_Method", "name*=utf-8''_method"] {
            let body = format!("--x\r\nContent-Disposition: form-data; {name}\r\n\r\nDELETE\r\n--x--\r\n");
            assert!(with(&Method::POST, "https://a/", &parts, body.as_bytes()).is_err(), "{name}");
        }
        let json = [("content-type", "application/json")];
        for body in [r#"{"a":1,"_method":"DELETE"}"#, r#"{"\u005fMethod":"DELETE"}"#] {
            assert!(with(&Method::POST, "https://a/", &json, body.as_bytes()).is_err(), "{body}");
        }
        assert!(with(&Method::POST, "https://a/", &json, br#"{"of":{"_method":"DELETE"}}"#).is_ok());
    }

    #[test]
    fn an_odd_path_is_refused_with_its_reason() {
        let refused = inspected("https://a/b/%2e%2e/c").unwrap_err();
        assert!(refused.to_string().contains("hides a slash"), "{refused}");
    }
}
