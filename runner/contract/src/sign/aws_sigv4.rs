//! AWS Signature Version 4, in the header `Authorization`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use ring::hmac::{HMAC_SHA256, Key, Tag};
use zeroize::Zeroizing;

use super::{Added, AwsSigV4, Unsigned};
use crate::value::Value;

/// Headers that proxies and HTTP libraries change on the way, which are never signed.
const UNSIGNED: [&str; 11] = [
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "user-agent",
    "x-amzn-trace-id",
];

pub(super) fn sign(
    signer: &AwsSigV4<Value>,
    request: &Unsigned<'_>,
    now: Timestamp,
) -> Result<Vec<Added>, String> {
    let key_id = text("key_id", &signer.key_id)?;
    let secret = text("secret", &signer.secret)?;
    let (service, region) = (text("service", &signer.service)?, text("region", &signer.region)?);
    for (name, part) in [("key_id", &key_id), ("service", &service), ("region", &region)] {
        if part.chars().any(|c| c.is_control() || c.is_whitespace() || matches!(c, '/' | ',' | '=')) {
            return Err(format!("`{name}` has a character that cannot stand in a signature"));
        }
    }
    let time = now.strftime("%Y%m%dT%H%M%SZ").to_string();
    let date = time.get(..8).unwrap_or_default();
    let token = match &signer.session_token {
        Some(token) if !token.is_empty() => Some(text("session_token", token)?),
        _ => None,
    };

    let mut headers = canonical_headers(request.headers);
    headers.insert("host".to_owned(), Zeroizing::new(request.host.to_owned()));
    headers.insert("x-amz-date".to_owned(), Zeroizing::new(time.clone()));
    if let Some(token) = &token {
        headers.insert("x-amz-security-token".to_owned(), Zeroizing::new(trimmed(token)));
    }
    let payload = hex(digest(&SHA256, request.body).as_ref());
    // The one service whose paths are taken as they are, and that wants the body's hash in a header.
    let is_s3 = *service == "s3";
    if is_s3 {
        headers.insert("x-amz-content-sha256".to_owned(), Zeroizing::new(payload.clone()));
    }

    let signed_names = headers.keys().map(String::as_str).collect::<Vec<_>>().join(";");
    let canonical = canonical_request(request, &headers, &signed_names, &payload, is_s3);
    let scope = format!("{date}/{}/{}/aws4_request", *region, *service);
    let to_sign =
        format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hex(digest(&SHA256, canonical.as_bytes()).as_ref()));
    let first = Zeroizing::new(format!("AWS4{}", *secret));
    let key = [date, region.as_str(), service.as_str(), "aws4_request"]
        .iter()
        .fold(Key::new(HMAC_SHA256, first.as_bytes()), |key, part| {
            Key::new(HMAC_SHA256, mac(&key, part).as_ref())
        });
    let signature = hex(mac(&key, &to_sign).as_ref());

    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={signed_names}, Signature={signature}",
        *key_id
    );
    let mut added =
        vec![("X-Amz-Date", Value::text(time)), ("Authorization", Value::text(authorization).secret())];
    added.extend(token.map(|token| ("X-Amz-Security-Token", Value::text(token.as_str()).secret())));
    if is_s3 {
        added.push(("X-Amz-Content-Sha256", Value::text(payload)));
    }
    Ok(added)
}

fn text(name: &str, value: &Value) -> Result<Zeroizing<String>, String> {
    let text = value.to_text().map_err(|error| format!("`{name}` {error}"))?;
    if text.is_empty() { Err(format!("`{name}` is empty")) } else { Ok(text) }
}

fn mac(key: &Key, text: &str) -> Tag {
    ring::hmac::sign(key, text.as_bytes())
}

/// Everything that the signature covers, in the one spelling that both sides make of it.
fn canonical_request(
    request: &Unsigned<'_>,
    headers: &BTreeMap<String, Zeroizing<String>>,
    signed_names: &str,
    payload: &str,
    is_s3: bool,
) -> Zeroizing<String> {
    let path =
        if is_s3 { Cow::Borrowed(request.path) } else { Cow::Owned(encode(&normal(request.path), b"/")) };
    let mut canonical =
        Zeroizing::new(format!("{}\n{path}\n{}\n", request.method, canonical_query(request.query)));
    for (name, value) in headers {
        let _ = writeln!(canonical, "{name}:{}", **value);
    }
    let _ = write!(canonical, "\n{signed_names}\n{payload}");
    canonical
}

/// Headers by name; several of one name are one, in their order.
fn canonical_headers(headers: &[(&str, &str)]) -> BTreeMap<String, Zeroizing<String>> {
    let mut canonical: BTreeMap<String, Zeroizing<String>> = BTreeMap::new();
    for (name, value) in headers {
        let name = name.to_ascii_lowercase();
        if UNSIGNED.contains(&name.as_str()) {
            continue;
        }
        let value = trimmed(value);
        match canonical.get_mut(&name) {
            Some(before) => {
                before.push(',');
                before.push_str(&value);
            }
            None => {
                canonical.insert(name, Zeroizing::new(value));
            }
        }
    }
    canonical
}

/// A header's value without spaces around it, and with one for several inside of it.
fn trimmed(value: &str) -> String {
    value.split([' ', '\t']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The path without empty and dot segments.
fn normal(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            other => segments.push(other),
        }
    }
    let is_folder = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
    let slash = if is_folder && !segments.is_empty() { "/" } else { "" };
    format!("/{}{slash}", segments.join("/"))
}

/// The pairs sorted, with names and values encoded in the one way.
fn canonical_query(query: &str) -> String {
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (encode_again(name), encode_again(value))
        })
        .collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn encode_again(text: &str) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        match (first, after) {
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                decoded.push(digit(*high) << 4 | digit(*low));
                rest = after;
            }
            _ => {
                decoded.push(*first);
                rest = after;
            }
        }
    }
    encode_bytes(&decoded, b"")
}

fn digit(hex: u8) -> u8 {
    match hex {
        b'0'..=b'9' => hex - b'0',
        other => (other | 0x20) - b'a' + 10,
    }
}

fn encode(text: &str, kept: &[u8]) -> String {
    encode_bytes(text.as_bytes(), kept)
}

/// Percent-encodes all but what RFC 3986 calls unreserved.
fn encode_bytes(bytes: &[u8], kept: &[u8]) -> String {
    let mut encoded = String::with_capacity(bytes.len());
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) || kept.contains(byte) {
            encoded.push(char::from(*byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests;
