//! Names that no manifest may write: they route, frame, or say another method than the one declared.

/// Headers that route a request or frame its body, by letters and digits alone. The host writes them.
const FRAMING: [&str; 18] = [
    "host",
    "connection",
    "contentlength",
    "contentencoding",
    "contenttype",
    "transferencoding",
    "te",
    "trailer",
    "upgrade",
    "keepalive",
    "expect",
    "acceptencoding",
    "range",
    "maxforwards",
    "via",
    "proxyauthorization",
    "proxyconnection",
    "http2settings",
];
/// Beginnings of headers by which proxies route.
const ROUTING: [&str; 8] =
    ["forwarded", "xforwarded", "xoriginal", "xrewrite", "xhost", "xrealip", "xaccel", "xsendfile"];
/// Names that say another method.
const OVERRIDES: [&str; 7] = [
    "xhttpmethod",
    "xhttpmethodoverride",
    "xmethodoverride",
    "xmethod",
    "methodoverride",
    "httpmethodoverride",
    "httpmethod",
];

fn bare(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Why a header must not be written; none where it may.
pub(super) fn header(name: &str) -> Option<(&'static str, &'static str)> {
    let bare = bare(name);
    if bare == "contenttype" {
        return Some(("`content_type` says what a body is", "write `content_type = \"…\"` beside the body"));
    }
    if FRAMING.contains(&bare.as_str()) {
        return Some(("the header frames or routes the request, which the host does", "leave it out"));
    }
    if ROUTING.iter().any(|routing| bare.starts_with(routing)) {
        return Some(("proxies route by the header", "leave it out"));
    }
    OVERRIDES.contains(&bare.as_str()).then_some((
        "the header says another method than the request's",
        "declare that method with `method = \"…\"`",
    ))
}

/// Whether a name in a query or body says another method, as frameworks read it.
pub(crate) fn overrides_method(name: &str) -> bool {
    let bare = bare(name);
    // `method` alone is JSON-RPC's; with punctuation around, it is Rails' and its kin's.
    OVERRIDES.contains(&bare.as_str()) || (bare == "method" && !name.eq_ignore_ascii_case("method"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_case_nor_punctuation_hides_a_name() {
        for name in [
            "Host",
            "X-HTTP-Method-Override",
            "x_http_method_override",
            "X-Forwarded-Host",
            "Content-Type",
            "Transfer_Encoding",
            "X-Original-URL",
            "Forwarded",
        ] {
            assert!(header(name).is_some(), "{name}");
        }
        for name in [
            "Accept",
            "X-Vault-Token",
            "PRIVATE-TOKEN",
            "If-Match",
            "Authorization",
            "SOAPAction",
            "X-Amz-Target",
        ] {
            assert!(header(name).is_none(), "{name}");
        }
        for name in ["_method", "_METHOD", "__method", "X-HTTP-Method", "$httpMethod"] {
            assert!(overrides_method(name), "{name}");
        }
        for name in ["method", "Method", "payment_method", "methods"] {
            assert!(!overrides_method(name), "{name}");
        }
    }
}
